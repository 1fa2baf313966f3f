"""What a figure was taken on, and where it is written."""

import asyncio
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from bisect import bisect_left
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from denwaban.clock import JST
from denwaban.telephony.engine import Packages

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDER = REPOSITORY / "var" / "bench"

_LOOK_SECONDS = 0.05


def described(packages: Packages | None = None) -> dict[str, Any]:
    """Machine, versions, command, date and load. To be taken before anything is measured."""
    return {
        "date": datetime.now(JST).isoformat(timespec="seconds"),
        "command": " ".join(["python", "-m", _module(), *sys.argv[1:]]),
        "load_average_at_start": os.getloadavg(),
        "cores": len(os.sched_getaffinity(0)),
        "processor": _first_of("/proc/cpuinfo", "model name"),
        "memory": _first_of("/proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "sqlalchemy": version("sqlalchemy"),
        "uvloop": version("uvloop"),
        "engine": _said(*packages.command, "-V") if packages else "",
        "sipp": _said("sipp", "-v").splitlines()[0] if shutil.which("sipp") else "",
        "commit": _said("git", "-C", str(REPOSITORY), "describe", "--always", "--dirty"),
    }


def _module() -> str:
    return (
        Path(sys.argv[0])
        .resolve()
        .relative_to(REPOSITORY)
        .with_suffix("")
        .as_posix()
        .replace("/", ".")
    )


def written(name: str, document: dict[str, Any]) -> Path:
    """Writes `var/bench/<name>.json`."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    print(f"\n→ {path}")
    return path


def at(values: list[float], share: float) -> float:
    """The value below which `share` of the sorted values lie; nan when there are none."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def table(head: list[str], rows: list[list[str]]) -> None:
    """Prints it with straight columns."""
    widths = [max(len(row[n]) for row in [head, *rows]) for n in range(len(head))]
    for row in [head, ["-" * width for width in widths], *rows]:
        cells = [
            row[0].ljust(widths[0]),
            *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)),
        ]
        print("  " + "  ".join(cells).rstrip())


class Disturbances:
    """When other machines on the same hardware took a processor that ours wanted, as the first line of `/proc/stat` tells (proc(5))."""

    def __init__(self) -> None:
        self._seen: list[float] = []
        self._taken = self._spent = 0

    @property
    def share(self) -> float:
        """Of all processors, so far."""
        return self._taken / max(1, self._spent)

    def spared(self, at: float) -> bool:
        """Whether nothing was taken shortly before or after a moment of the wall clock. What comes later does not count: it would
        leave out the slow more often than the quick."""
        place = bisect_left(self._seen, at - 4 * _LOOK_SECONDS)
        return place == len(self._seen) or self._seen[place] > at + _LOOK_SECONDS

    async def watch(self) -> None:
        """Looks until it is cancelled."""
        taken, spent = _ticks()
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            now_taken, now_spent = _ticks()
            if now_taken > taken:
                self._seen.append(time.time())
            self._taken += now_taken - taken
            self._spent += now_spent - spent
            taken, spent = now_taken, now_spent


def _ticks() -> tuple[int, int]:
    spent = [int(one) for one in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return spent[7], sum(spent)


@asynccontextmanager
async def disturbances() -> AsyncIterator[Disturbances]:
    """Watched from now on until the end."""
    found = Disturbances()
    watching = asyncio.create_task(found.watch())
    try:
        yield found
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


def _first_of(file: str, key: str) -> str:
    for line in Path(file).read_text().splitlines():
        if line.startswith(key):
            return line.partition(":")[2].strip()
    return ""


def _said(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return (done.stdout + done.stderr).strip()
