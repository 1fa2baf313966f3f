"""A service plan as a form has it: read, checked field by field, and told in words. Pure."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from denwaban.clock import day_begins, japan_day
from denwaban.lines.ladder import HIGHEST_LEVEL
from denwaban.lines.model import Mode, PlanWindow, window_at
from denwaban.oncall import DAY_MINUTES, HOLIDAY
from denwaban.web import _

MOST_WINDOWS = 30
LEVELS = ("", *(str(n) for n in range(HIGHEST_LEVEL + 1)))
_TIME = re.compile(r"(\d{1,2}):([0-5]\d)")
_BITS = tuple(1 << n for n in range(8))


@dataclass(slots=True)
class Row:
    """A window as it was typed."""

    name: str = ""
    days: int = 31
    opens: str = "09:00"
    closes: str = "18:00"
    mode: str = Mode.FULL.value
    script: str = ""
    message: str = ""
    urgent: bool = False
    least: str = ""
    """The level asked for; empty: as for the client."""


def day_names() -> list[tuple[int, str]]:
    """The bits of a window's days, in words."""
    names = (_("月"), _("火"), _("水"), _("木"), _("金"), _("土"), _("日"))
    return [*((1 << n, name) for n, name in enumerate(names)), (HOLIDAY, _("祝"))]


def mode_names() -> dict[str, str]:
    """What is done with calls, in words."""
    return {
        Mode.FULL: _("全対応"),
        Mode.FIRST_RESPONSE: _("一次受け"),
        Mode.CLOSED: _("時間外"),
    }


def shown_minute(minute: int) -> str:
    """540 → 09:00; the hours go on beyond 24, as shop windows have them."""
    return f"{minute // 60:02}:{minute % 60:02}"


def row_of(window: PlanWindow) -> Row:
    """What the form shows for a stored window."""
    return Row(
        window.name,
        window.days,
        shown_minute(window.opens),
        shown_minute(window.closes),
        window.mode.value,
        window.script_id or "",
        window.message,
        window.urgent,
        "" if window.least_level is None else str(window.least_level),
    )


def mark_of(windows: Sequence[PlanWindow]) -> str:
    """Differs when the plan does: a form knows by it whether somebody else has changed the plan since."""
    return hashlib.sha256(repr(list(windows)).encode()).hexdigest()[:16]


def rows_of(fields: Mapping[str, str]) -> list[Row]:
    """The rows of a form in their order. Row n has `name-n`, `opens-n`, `closes-n`, `mode-n`, `script-n`, `message-n`, `urgent-n`, `least-n` and
    for each day `day-n-BIT`; an empty field may be missing altogether, so `rows` says how many there are."""
    count = fields.get("rows", "")
    many = min(int(count), MOST_WINDOWS) if count.isdecimal() and len(count) < 4 else 0
    return [
        Row(
            name=fields.get(f"name-{n}", "").strip(),
            days=sum(bit for bit in _BITS if f"day-{n}-{bit}" in fields),
            opens=fields.get(f"opens-{n}", "").strip(),
            closes=fields.get(f"closes-{n}", "").strip(),
            mode=fields.get(f"mode-{n}", ""),
            script=fields.get(f"script-{n}", ""),
            message=fields.get(f"message-{n}", "").strip(),
            urgent=f"urgent-{n}" in fields,
            least=fields.get(f"least-{n}", "").strip(),
        )
        for n in range(many)
    ]


def rearranged(rows: list[Row], wish: str) -> list[Row]:
    """The rows after the button `up-N`, `down-N`, `drop-N` or `add`; anything else changes nothing."""
    verb, _dash, place = wish.partition("-")
    moved = list(rows)
    if wish == "add" and len(moved) < MOST_WINDOWS:
        return [*moved, Row()]
    if not (place.isdecimal() and int(place) < len(moved)):
        return moved
    n = int(place)
    if verb == "drop":
        del moved[n]
    elif verb in {"up", "down"}:
        to = n - 1 if verb == "up" else n + 1
        if 0 <= to < len(moved):
            moved[n], moved[to] = moved[to], moved[n]
    return moved


def checked(
    rows: Sequence[Row], scripts: Mapping[str, str]
) -> tuple[list[PlanWindow], dict[str, str]]:
    """The windows, and what is wrong by field (`opens-0`). Only without errors are the windows of any use."""
    windows, errors = list[PlanWindow](), dict[str, str]()
    for n, row in enumerate(rows):
        opens, closes = minute_of(row.opens), minute_of(row.closes)
        if not row.name or len(row.name) > 100:
            errors[f"name-{n}"] = _("名前を100文字までで入れてください")
        if not row.days:
            errors[f"days-{n}"] = _("曜日を1つ以上選んでください")
        if opens is None or opens >= DAY_MINUTES:
            errors[f"opens-{n}"] = _("開始は 0:00〜23:59 で入れてください")
        if closes is None:
            errors[f"closes-{n}"] = _(
                "終了は 18:00 のように入れてください。25:00 は翌日の 1:00 です"
            )
        elif opens is not None and not opens < closes <= opens + DAY_MINUTES:
            errors[f"closes-{n}"] = _("終了は開始より後で、24時間以内にしてください")
        if row.mode not in set(Mode):
            errors[f"mode-{n}"] = _("受け方を選んでください")
        if row.script and row.script not in scripts:
            errors[f"script-{n}"] = _("台本を選び直してください")
        if len(row.message) > 500:
            errors[f"message-{n}"] = _("案内の言葉は500文字までにしてください")
        if row.least not in LEVELS:
            errors[f"least-{n}"] = _("段階を選び直してください")
        if not errors:
            windows.append(
                PlanWindow(
                    name=row.name,
                    days=row.days,
                    opens=opens or 0,
                    closes=closes or 0,
                    mode=Mode(row.mode),
                    script_id=row.script or None,
                    message=row.message,
                    urgent=row.urgent,
                    least_level=int(row.least) if row.least else None,
                )
            )
    return windows, errors


def minute_of(text: str) -> int | None:
    """The minute of the day that `9:30` or `25:00` means; None when it is no time."""
    found = _TIME.fullmatch(text.replace("：", ":"))
    if found is None or not found[1].isascii():
        return None
    return int(found[1]) * 60 + int(found[2])


def next_change(
    windows: Sequence[PlanWindow], at: datetime
) -> tuple[datetime, PlanWindow | None] | None:
    """When another window (or none) begins to decide within the coming eight days, and which; None when all stays."""
    today = japan_day(at)
    edges = {
        day_begins(today + timedelta(days=day)) + timedelta(minutes=minute)
        for day in range(-1, 9)
        for window in windows
        for minute in (window.opens, window.closes, 0)
    }
    now = window_at(windows, at)
    for edge in sorted(edges):
        if edge > at and (then := window_at(windows, edge)) != now:
            return edge, then
    return None
