"""What a figure was taken on, and where it is written."""

import json
import os
import platform
import shutil
import subprocess
import sys
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from denwaban.clock import JST
from denwaban.telephony.engine import Packages

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDER = REPOSITORY / "var" / "bench"


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


def ticks() -> list[int]:
    """What the processors have done since the start, in ticks, as the first line of `/proc/stat` has it (proc(5))."""
    return [int(one) for one in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]


def share_taken(before: list[int], after: list[int]) -> float:
    """The share of the processors that other machines on the same hardware took while ours wanted them."""
    spent = [now - then for then, now in zip(before, after, strict=True)]
    return spent[7] / max(1, sum(spent))


def _first_of(file: str, key: str) -> str:
    for line in Path(file).read_text().splitlines():
        if line.startswith(key):
            return line.partition(":")[2].strip()
    return ""


def _said(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return (done.stdout + done.stderr).strip()
