"""Debian's packages of suite `sid`, taken by the machine's own apt into a folder of ours."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import IO

from denwaban.telephony.engine.mirror import Mirror
from denwaban.telephony.engine.unobtainable import EngineUnobtainable, explained

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

Report = Callable[[str, float, str], None]
"""Called with phase (`find`, `index`, `download`, `unpack`, `done`), fraction of the whole from
0 to 1, never falling, and a short Japanese line for a person."""


def silent(phase: str, fraction: float, text: str) -> None:
    """A `Report` that says nothing."""


def download(work: Path, mirror: Mirror, report: Report) -> None:
    """Fetches Asterisk and all it needs into `work/cache/archives`. Raises `EngineUnobtainable`."""
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
        raise explained(words_said)


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
