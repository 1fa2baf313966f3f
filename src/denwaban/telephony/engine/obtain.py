"""Finding or fetching Asterisk, without root and without changing the machine.

An `asterisk` of version 20 or later on PATH is used as it is. Otherwise Debian's own packages of
suite `sid` are taken by the machine's own apt, which checks their signatures, with lists, cache
and package status in a folder of ours, and are unpacked under `<home>/engine/<version>`. The engine
then runs through that folder's own loader, so nothing of the machine's libraries is mixed in.
"""

import fcntl
import json
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from denwaban.telephony.engine.download import Report, download, silent
from denwaban.telephony.engine.mirror import debian_mirrors
from denwaban.telephony.engine.unobtainable import (
    LEAST_VERSION,
    NEEDED_BYTES,
    EngineUnobtainable,
    explained,
    no_room,
)

_STAMP = "denwaban-engine.json"
# What configure.py loads; an engine on PATH that lacks one of them cannot serve.
_TELLING_MODULES = ("chan_pjsip.so", "res_ari_channels.so", "res_srtp.so", "app_stasis.so")


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
        raise explained(str(trouble)) from trouble
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
    if shutil.disk_usage(room).free < NEEDED_BYTES:
        raise no_room()
    with tempfile.TemporaryDirectory(prefix=".taking-", dir=room) as name:
        work = Path(name)
        download(work, mirrors[0], report)
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
            raise explained(took.stderr or f"{deb.name}: dpkg-deb {source.returncode}")
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
