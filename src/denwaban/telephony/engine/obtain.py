"""Finding or fetching Asterisk, without root and without changing the machine.

An `asterisk` of version 20 or later on PATH is used as it is. Otherwise Debian's own packages of
suite `sid` are taken by the machine's own apt, which checks their signatures, with lists, cache
and package status in a folder of ours, and are unpacked under `<home>/engine/<version>`. The engine
then runs through that folder's own loader, so nothing of the machine's libraries is mixed in.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from denwaban.telephony.engine.mirror import Mirror, debian_mirrors

LEAST_VERSION = 20
_NEEDED_BYTES = 700 * 1024 * 1024
_STAMP = "denwaban-engine.json"
# What configure.py loads; an engine on PATH that lacks one of them cannot serve.
_TELLING_MODULES = ("chan_pjsip.so", "res_ari_channels.so", "res_srtp.so", "app_stasis.so")
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

Report = Callable[[str, float, str], None]
"""Called with phase (`find`, `index`, `download`, `unpack`, `done`), fraction of the whole from
0 to 1, never falling, and a short Japanese line for a person."""


class EngineUnobtainable(Exception):
    """No engine could be had. `code` is one word for programs; the text says what to do."""

    def __init__(self, code: str, text: str, detail: str = "") -> None:
        super().__init__(text if not detail else f"{text}\n{detail}")
        self.code = code
        self.text = text
        self.detail = detail


@dataclass(frozen=True)
class Packages:
    """An engine that can be started.

    `command` is the argument list that runs it, without options; `modules` and `data` are the
    folders of its loadable modules and of its data (documentation, sounds), both read-only for us.
    `version` is `22.10.1` or longer; `private` tells that it was unpacked by us.
    """

    version: str
    command: tuple[str, ...]
    modules: Path
    data: Path
    private: bool

    @property
    def release(self) -> tuple[int, int]:
        """Major and minor release, such as (22, 10)."""
        found = re.match(r"(?:\d+:)?(\d+)\.(\d+)", self.version)
        return (int(found[1]), int(found[2])) if found else (0, 0)


def silent(phase: str, fraction: float, text: str) -> None:
    """A `Report` that says nothing."""


def found_on_path() -> Packages | None:
    """The machine's own engine, if it is recent enough and complete."""
    binary = shutil.which("asterisk")
    if binary is None:
        return None
    said = subprocess.run(
        [binary, "-V"], capture_output=True, text=True, check=False, timeout=20
    ).stdout
    version = re.search(r"Asterisk\s+((\d+)\S*)", said)
    if version is None or int(version[2]) < LEAST_VERSION:
        return None
    triplet = f"{platform.machine()}-linux-gnu"
    for folder in (
        Path("/usr/lib") / triplet / "asterisk/modules",
        Path("/usr/lib/asterisk/modules"),
        Path("/usr/lib64/asterisk/modules"),
        Path("/usr/local/lib/asterisk/modules"),
    ):
        if all((folder / name).exists() for name in _TELLING_MODULES):
            data = next(
                (
                    place
                    for place in (Path("/usr/share/asterisk"), Path("/var/lib/asterisk"))
                    if (place / "documentation").is_dir()
                ),
                None,
            )
            if data is not None:
                return Packages(version[1], (binary,), folder, data, private=False)
    return None


def already_obtained(home: Path) -> Packages | None:
    """The newest engine unpacked under `home/engine` that is whole, or None."""
    stamps = sorted(
        (home.absolute() / "engine").glob(f"*/{_STAMP}"), key=lambda path: path.stat().st_mtime
    )
    for stamp in reversed(stamps):
        try:
            return _described(stamp.parent, json.loads(stamp.read_text())["version"])
        except (EngineUnobtainable, ValueError, KeyError):
            continue
    return None


def obtain(home: Path, report: Report = silent, *, use_path: bool = True) -> Packages:
    """The engine to run: the machine's own, or the one under `home`, fetched if need be.

    Returns at once when there is one. Otherwise needs the network, about 700 MB of room while it
    works (about 300 MB afterwards) and half a minute. Two processes may call it together: the
    second waits for the first. What is under `home/engine/<version>` is always whole: it is
    unpacked elsewhere and renamed. Raises `EngineUnobtainable`.
    """
    report("find", 0.0, "電話エンジンを探しています")
    room = home.absolute() / "engine"
    try:
        have = (found_on_path() if use_path else None) or already_obtained(home)
        if have is None:
            room.mkdir(parents=True, exist_ok=True)
            with _only_one(room):
                have = already_obtained(home) or _fetch(room, report)
    except OSError as trouble:
        raise _explained(str(trouble)) from trouble
    report("done", 1.0, f"電話エンジン Asterisk {have.version}")
    return have


@contextmanager
def _only_one(room: Path) -> Iterator[None]:
    with (room / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(room: Path, report: Report) -> Packages:
    for tool in ("apt-get", "dpkg-deb", "tar"):
        if shutil.which(tool) is None:
            raise EngineUnobtainable(
                "not-debian",
                f"{tool} がないため、Debian のパッケージから電話エンジンを取得できません。"
                f"Asterisk {LEAST_VERSION} 以上を入れて、asterisk コマンドが PATH に"
                "見えるようにしてください。",
            )
    mirrors = debian_mirrors(Path("/etc/apt"))
    if not mirrors:
        raise EngineUnobtainable(
            "not-debian",
            "この機械の apt の設定に Debian の配布元が見つかりません。"
            f"Asterisk {LEAST_VERSION} 以上を入れて(Ubuntu なら apt install asterisk)、"
            "asterisk コマンドが PATH に見えるようにしてください。",
        )
    if shutil.disk_usage(room).free < _NEEDED_BYTES:
        raise _no_room()
    with tempfile.TemporaryDirectory(prefix=".taking-", dir=room) as name:
        work = Path(name)
        _download(work, mirrors[0], report)
        version = _unpack(work, report)
        tree = work / "tree"
        _finish_tree(tree)
        stamp = {"version": version, "suite": "sid", "mirror": mirrors[0].uri}
        (tree / _STAMP).write_text(json.dumps(stamp))
        _described(tree, version)
        place = room / re.sub(r"[^0-9A-Za-z.+-]", "_", version)
        if place.exists():  # an earlier one that lost its stamp or its loader
            shutil.rmtree(place)
        tree.rename(place)
        return _described(place, version)


def _download(work: Path, mirror: Mirror, report: Report) -> None:
    keyring = mirror.keyring or _KEYRING
    if not keyring.exists():
        raise EngineUnobtainable(
            "no-keyring",
            f"Debian の署名鍵 {keyring} がありません。"
            "「sudo apt install debian-archive-keyring」のあと、もう一度実行してください。",
        )
    for part in ("lists/partial", "cache/archives/partial", "log"):
        (work / part).mkdir(parents=True)
    (work / "status").touch()  # nothing counts as installed, so the whole closure is taken
    (work / "sid.sources").write_text(
        f"Types: deb\nURIs: {mirror.uri}\nSuites: sid\nComponents: main\nSigned-By: {keyring}\n"
    )
    # Given by -c, so it is read after the machine's own apt configuration, whose hooks
    # would act on the machine's cache and need root; its proxy settings stay.
    (work / "apt.conf").write_text(
        "#clear APT::Update::Pre-Invoke;\n#clear APT::Update::Post-Invoke;\n"
        "#clear APT::Update::Post-Invoke-Success;\n#clear DPkg::Post-Invoke;\n"
        "#clear APT::Default-Release;\n#clear Acquire::IndexTargets::deb::DEP-11;\n"
        f"""Dir::Etc::sourcelist "{work}/sid.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "{work}";
Dir::State::Lists "{work}/lists";
Dir::State::status "{work}/status";
Dir::State::extended_states "{work}/extended_states";
Dir::Cache "{work}/cache";
Dir::Log "{work}/log";
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Sandbox::User "";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Debug::NoLocking "1";
"""
    )
    _apt(work, ["update"], report, "index", 0.02, 0.15, "パッケージの一覧を読んでいます")
    _apt(
        work,
        ["install", "-y", "--download-only", "asterisk"],
        report,
        "download",
        0.15,
        0.70,
        "電話エンジンをダウンロードしています",
    )


def _apt(
    work: Path,
    words: list[str],
    report: Report,
    phase: str,
    begin: float,
    end: float,
    text: str,
) -> None:
    """Run apt-get, passing on its progress; raises with the reason in its own words."""
    report(phase, begin, text)
    reader, writer = os.pipe()
    said = work / "log" / f"{phase}.txt"
    with said.open("wb") as out:
        process = subprocess.Popen(
            [
                "apt-get",
                f"--config-file={work}/apt.conf",
                "--option",
                f"APT::Status-Fd={writer}",
                *words,
            ],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            pass_fds=(writer,),
            env={**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"},
        )
        os.close(writer)
        try:
            with os.fdopen(reader, "r", encoding="utf-8", errors="replace") as lines:
                _follow(lines, report, phase, begin, end, text)
            failed = process.wait() != 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    words_said = said.read_text(errors="replace")
    # `apt-get update` answers 0 when an index could not be fetched and says so with W:.
    unread = phase == "index" and not list((work / "lists").glob("*Packages*"))
    if failed or unread:
        raise _explained(words_said)


def _follow(
    lines: IO[str], report: Report, phase: str, begin: float, end: float, text: str
) -> None:
    best = begin
    for line in lines:
        field = line.split(":")
        if field[0] == "dlstatus" and len(field) > 2:
            try:
                percent = float(field[2])
            except ValueError:
                continue
            best = max(best, begin + (end - begin) * min(percent, 100.0) / 100)
            report(phase, best, text)


def _unpack(work: Path, report: Report) -> str:
    debs = sorted((work / "cache" / "archives").glob("*.deb"))
    version = ""
    tree = work / "tree"
    tree.mkdir()
    for done, deb in enumerate(debs):
        report("unpack", 0.70 + 0.29 * done / len(debs), "電話エンジンを展開しています")
        if deb.name.startswith("asterisk_"):
            version = _said(["dpkg-deb", "--field", str(deb), "Version"]).strip()
        with subprocess.Popen(
            ["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE
        ) as source:
            took = subprocess.run(
                ["tar", "-x", "-C", str(tree), "--keep-directory-symlink", "--no-same-owner"],
                stdin=source.stdout,
                capture_output=True,
                text=True,
                check=False,
            )
        if took.returncode != 0 or source.returncode != 0:
            raise _explained(took.stderr or f"{deb.name}: dpkg-deb {source.returncode}")
        deb.unlink()
    if not version:
        raise EngineUnobtainable("incomplete", "ダウンロードした中に Asterisk がありません。")
    return version.split(":")[-1]


def _finish_tree(tree: Path) -> None:
    """What Debian's maintainer scripts would have done and the engine needs."""
    sounds = tree / "usr/share/asterisk/sounds"
    voice = sounds / "en_US_f_Allison"
    if voice.is_dir() and not (sounds / "en").exists():
        (sounds / "en").symlink_to(voice.name)


def _described(tree: Path, version: str) -> Packages:
    libraries = next(iter(sorted(tree.glob("usr/lib/*-linux-gnu*"))), tree / "usr/lib")
    loaders = sorted(libraries.glob("ld-linux*.so.*")) or sorted(tree.glob("usr/lib*/ld-linux*"))
    modules = next(
        (
            place
            for place in (libraries / "asterisk/modules", tree / "usr/lib/asterisk/modules")
            if place.is_dir()
        ),
        None,
    )
    binary = tree / "usr/sbin/asterisk"
    if not loaders or modules is None or not binary.exists():
        raise EngineUnobtainable(
            "incomplete",
            f"{tree} の電話エンジンは不完全です。このフォルダーを消して、もう一度実行してください。",
        )
    paths = [libraries, *(place for place in (libraries / "pulseaudio",) if place.is_dir())]
    command = (
        str(loaders[0]),
        "--library-path",
        ":".join(str(path) for path in paths),
        str(binary),
    )
    return Packages(version, command, modules, tree / "usr/share/asterisk", private=True)


def _said(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _no_room() -> EngineUnobtainable:
    return EngineUnobtainable(
        "disk-full",
        f"ディスクの空きが足りません。取得中に約 {_NEEDED_BYTES // 2**20} MB 使います。"
        "空きを作って、もう一度実行してください。",
    )


def _explained(said: str) -> EngineUnobtainable:
    """The likeliest reason behind what a tool said, keeping its last lines."""
    detail = (
        "\n".join(line for line in said.splitlines() if line.startswith(("E:", "W:", "tar:")))
        or said[-400:]
    )
    low = said.lower()
    if "no space left" in low or "not enough free space" in low or "disk quota" in low:
        return EngineUnobtainable("disk-full", _no_room().text, detail)
    if "no_pubkey" in low or "not signed" in low or "public key" in low or "signature" in low:
        return EngineUnobtainable(
            "no-keyring",
            "Debian の署名を確かめられませんでした。"
            "「sudo apt install --only-upgrade debian-archive-keyring」のあと、"
            "もう一度実行してください。",
            detail,
        )
    if "permission denied" in low or "read-only file system" in low:
        return EngineUnobtainable(
            "no-permission",
            "書き込めないフォルダーです。DENWABAN_HOME に書き込めるフォルダーを指定してください。",
            detail,
        )
    return EngineUnobtainable(
        "no-network",
        "Debian の配布元から取得できませんでした。ネットワーク(必要なら apt のプロキシー設定)を"
        f"確かめて、もう一度実行してください。または Asterisk {LEAST_VERSION} 以上を入れて"
        "PATH に置いてください。",
        detail,
    )
