"""What was found by side, and what it comes to: ours ÷ theirs with the bar for each, and how much the large side adds."""

from dataclasses import dataclass, field
from typing import Any

from bench.machine import at, table

THEIRS, SMALL, LARGE = "app_queue", "ours small", "ours large"
SIDES = (THEIRS, SMALL, LARGE)
BARE = "bare router"
"""What any program beside the engine costs at least; no part of the comparison."""


@dataclass
class Figures:
    """What was found, by side. What was not measured is empty. Latencies are those of calls that other machines left alone."""

    latency: dict[int, dict[str, list[float]]] = field(default_factory=dict)
    recorded: dict[str, list[float]] = field(default_factory=dict)
    """The same when both record."""
    failed: dict[int, dict[str, int]] = field(default_factory=dict)
    processor: dict[int, dict[str, list[dict[str, float]]]] = field(default_factory=dict)
    """Milliseconds for one call, of each run."""
    disturbed: dict[int, dict[str, list[float]]] = field(default_factory=dict)
    """Shares of the processors that other machines took in each run."""
    sustained: dict[str, dict[str, int]] = field(default_factory=dict)
    """By what is done (`plain`, `recording`), then by side."""
    steps: list[dict[str, Any]] = field(default_factory=list)
    crowd: dict[str, list[tuple[float, float, float, int]]] = field(default_factory=dict)
    on_the_wire: bool = True


def ratios(figures: Figures, recorded_rate: int) -> list[dict[str, Any]]:
    """A row for each figure that all three sides have."""
    rows: list[dict[str, Any]] = []
    for rate, by_side in figures.latency.items():
        rows += _latencies(by_side, figures.failed[rate], rate)
    if _whole(figures.recorded):
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            found = [at(sorted(figures.recorded[side]), share) * 1000 for side in SIDES]
            what = f"both recording: INVITE → phone, {recorded_rate}/s, {name}"
            rows.append(_row(what, "ms", found, "≤ 1.5", 1.5))
    for name, best in figures.sustained.items():
        if _whole(best):
            found = [float(best[side]) for side in SIDES]
            what = f"highest sustained, {name}"
            rows.append(_row(what, "calls/s", found, "≥ 0.8", 0.8, more=True))
            if BARE in best:
                rows[-1]["bare"] = float(best[BARE])
    if _whole(figures.crowd):
        for what, column in (("all served", 0), ("longest wait", 2)):
            found = [min(run[column] for run in figures.crowd[side]) for side in SIDES]
            rows.append(_row(f"300 callers on 20 agents: {what}", "s", found, "≤ 1.0", 1.0))
    return rows


def _latencies(
    by_side: dict[str, list[float]], failed: dict[str, int], rate: int
) -> list[dict[str, Any]]:
    if not _whole(by_side):
        return []
    # A call that failed has no latency: a figure without it would be too good.
    whole = not any(failed[side] for side in SIDES[1:])
    rows = []
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        found = [at(sorted(by_side[side]), share) * 1000 for side in SIDES]
        rows.append(_row(f"INVITE → phone, {rate}/s, {name}", "ms", found, "≤ 1.5", 1.5))
        rows[-1]["reached"] &= whole
        if by_side.get(BARE):
            rows[-1]["bare"] = at(sorted(by_side[BARE]), share) * 1000
    small, large = rows[-1]["small"], rows[-1]["large"]
    grown = large / small if small else float("nan")
    rows.append(
        {"what": f"p99 at {rate}/s, large ÷ small", "unit": "×", "theirs": None, "small": 1.0, "large": grown,
         "ratio_small": None, "ratio_large": grown, "bar": "< 1.5", "reached": grown < 1.5 and whole}
    )  # fmt: skip
    return rows


def _whole(by_side: dict[str, Any]) -> bool:
    return all(by_side.get(side) is not None for side in SIDES)


def _row(
    what: str, unit: str, found: list[float], bar: str, limit: float, *, more: bool = False
) -> dict[str, Any]:
    theirs, small, large = found
    first, second = (value / theirs if theirs else float("nan") for value in (small, large))
    good = min(first, second) >= limit if more else max(first, second) <= limit
    return {
        "what": what, "unit": unit, "theirs": theirs, "small": small, "large": large,
        "ratio_small": first, "ratio_large": second, "bar": bar, "reached": good,
    }  # fmt: skip


def shown(rows: list[dict[str, Any]]) -> None:
    """Prints them as a table."""

    def number(value: float | None) -> str:
        return "" if value is None else f"{value:.2f}"

    table(
        ["", "unit", *SIDES, "ratio small", "ratio large", "bar", "reached", BARE],
        [
            [row["what"], row["unit"], *(number(row[key]) for key in ("theirs", "small", "large", "ratio_small", "ratio_large")),
             row["bar"], "yes" if row["reached"] else "NO", number(row.get("bare"))]
            for row in rows
        ],
    )  # fmt: skip
