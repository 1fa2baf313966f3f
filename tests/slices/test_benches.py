"""Every bench starts and comes to its end, with next to nothing to measure: benches are run seldom, and what changed since then
would be noticed when the figures are wanted.

Those that need an engine, a browser and sipp are loaded and say what they can be asked; a thorough run starts them too.
"""

import asyncio
import gc
import importlib
import json
import runpy
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from bench import machine, mail, sides
from tests.thorough import THOROUGH

SMALL = {
    "delivery": ["sqlite"],
    "improvement": ["--clients", "2"],
    "lint": ["--scripts", "2"],
    "routing": ["--decisions", "50"],
    "routing_cost": ["--clients", "20", "--calls", "20", "--past", "20"],
}
"""What is asked of those that measure without a telephone."""

LESS: dict[str, dict[str, object]] = {
    "delivery": {"ONE_BY_ONE": 2, "AT_ONCE": 20, "WAITING": 20, "IDLE_SECONDS": 0.1, "DUE": 3, "ON_THE_BOARD": (2, 4), "LOOKS": 1},
    "improvement": {"ROUNDS": 1, "TOGETHER": 2},
    "lint": {"TIMES": 1},
    "memory": {"CLIENTS": 10, "QUESTIONS": 2},
    "routing": {"LARGE": (20, 20), "ROUNDS": 1},
    "routing_cost": {"OPERATORS": 5},
    "summaries": {"ALONE_SECONDS": 0.1, "PAPERS": 1},
    "seat": {"OPERATORS": 3, "CLIENTS": 2, "PACE": (0.1, 0.3)},
}  # fmt: skip
"""Numbers of a module that make it long."""

WITH_AN_ENGINE = ("crowded", "memory", "prepare", "screen", "search", "seat", "side_by_side")
"""Whose command is not given to the end here."""

PARTS = {
    "bare",
    "ours",
    "ratios",
    "rival",
    "sealing",
    "sides",
    "sip",
    "wire",
    "machine",
    "mail",
    "__init__",
}
"""What benches share; every one of them is loaded by one of these."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where figures are written: not where real ones are. What benches ask of the process is taken back afterwards."""
    for place in (machine, sides):
        monkeypatch.setattr(place, "FOLDER", tmp_path)
    signals = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    interval = sys.getswitchinterval()
    yield tmp_path
    gc.unfreeze()
    sys.setswitchinterval(interval)
    for one, handler in signals.items():
        signal.signal(one, handler)


def small(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> ModuleType:
    """The bench, with little to do, as if it were called with these words."""
    module = importlib.import_module(f"bench.{name}")
    if hasattr(module, "FOLDER"):
        monkeypatch.setattr(module, "FOLDER", folder)
    for number, value in LESS.get(name, {}).items():
        # A number that another module of benches has made is in both.
        for place in (module, mail):
            if hasattr(place, number):
                monkeypatch.setattr(place, number, value)
    monkeypatch.setattr(sys, "argv", [str(machine.REPOSITORY / f"bench/{name}.py"), *words])
    return module


def test_every_bench_is_started_here() -> None:
    known = {*SMALL, *WITH_AN_ENGINE, *PARTS, "summaries"}
    assert {path.stem for path in (machine.REPOSITORY / "bench").glob("*.py")} == known


@pytest.mark.parametrize("name", SMALL)
def test_it_measures_and_writes(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small(name, folder, monkeypatch, *SMALL[name]).main()
    assert json.loads((folder / f"{name}.json").read_text())


def test_summaries(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(small("summaries", folder, monkeypatch).measure(1, folder))


def test_what_is_looked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whether it is quick enough is no question for a busy machine.
    asyncio.run(small("memory", folder, monkeypatch).main(100, True))
    asyncio.run(small("search", folder, monkeypatch).main(2, 3, "sqlite", 1))
    assert {path.name for path in folder.glob("*.json")} == {"memory.json", "search.json"}


def test_databases_are_prepared(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare = small("prepare", folder, monkeypatch)
    made = asyncio.run(prepare.prepared(folder, 2, 20))
    prepare.copied(made, folder / "home")
    assert (folder / "home/denwaban.db").stat().st_size == made.stat().st_size


@pytest.mark.parametrize("name", ["crowded", "screen", "seat", "side_by_side"])
def test_it_says_what_it_can_be_asked(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small(name, folder, monkeypatch, "--help")
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(machine.REPOSITORY / f"bench/{name}.py"), run_name="__main__")
    assert ended.value.code == 0
    assert "--quick" in capsys.readouterr().out


@pytest.mark.skipif(not THOROUGH, reason="engines, a browser and a minute of the machine")
@pytest.mark.engine
@pytest.mark.browser
@pytest.mark.parametrize("name", ["crowded", "screen", "seat"])
def test_it_comes_to_its_end(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(small(name, folder, monkeypatch).main(True))
    assert json.loads((folder / f"{name}.json").read_text())


@pytest.mark.skipif(not THOROUGH, reason="four engines and sipp")
@pytest.mark.engine
def test_beside_app_queue(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = small("side_by_side", folder, monkeypatch)
    plan = bench.Plan(2, {5: 1}, range(5, 11, 5), 1, (20, 100))
    asyncio.run(bench.main(plan, ["latency"]))
    assert json.loads((folder / "side_by_side.json").read_text())
