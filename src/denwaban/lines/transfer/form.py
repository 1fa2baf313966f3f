"""The conditions of transfers as a form has them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from denwaban.lines.plan_form import minute_of, shown_minute
from denwaban.lines.transfer.model import (
    MOST_CONDITIONS,
    MOST_WORDS,
    Condition,
    Say,
    Urgent,
    faults,
    tidy,
)
from denwaban.oncall import DAY_MINUTES, EVERY_DAY, HOLIDAY, WEEKDAYS
from denwaban.web import _

_WEEKEND = EVERY_DAY & ~WEEKDAYS


@dataclass(slots=True)
class Row:
    """A condition as it was typed."""

    then: str = Say.NEVER.value
    staff: str = ""
    words: str = ""
    urgency: str = ""
    days: str = str(EVERY_DAY)
    opens: str = "00:00"
    closes: str = "24:00"
    note: str = ""


def urgency_names() -> dict[str, str]:
    """How urgent it has to be."""
    return {"": _("問わない"), "soon": _("急ぎ以上"), "emergency": _("緊急だけ")}


def day_choices(rows: Sequence[Row]) -> dict[str, str]:
    """The days a condition can be for; one that a program has set otherwise stays as it is."""
    found = {
        str(EVERY_DAY): _("毎日"),
        str(WEEKDAYS): _("平日"),
        str(_WEEKEND): _("土日祝"),
        str(HOLIDAY): _("祝日"),
    }
    for row in rows:
        found.setdefault(row.days, _("ほかの曜日"))
    return found


def row_of(one: Condition) -> Row:
    """What the form shows for a stored condition."""
    return Row(
        one.then.value,
        one.staff_id,
        "、".join(one.words),
        one.urgency,
        str(one.days),
        shown_minute(one.opens),
        shown_minute(one.closes),
        one.note,
    )


def rows_of(fields: Mapping[str, str]) -> list[Row]:
    """The rows of a form; row n has `then-n`, `staff-n` …, and `rows` says how many there are."""
    count = fields.get("rows", "")
    many = min(int(count), MOST_CONDITIONS) if count.isdecimal() and len(count) < 4 else 0
    return [
        Row(**{name: fields.get(f"{name}-{n}", "").strip() for name in Row.__slots__})
        for n in range(many)
    ]


def rearranged(rows: list[Row], wish: str) -> list[Row]:
    """After the button `up-N`, `drop-N` or `add`; anything else changes nothing."""
    verb, _dash, place = wish.partition("-")
    moved = list(rows)
    if wish == "add" and len(moved) < MOST_CONDITIONS:
        return [*moved, Row()]
    if place.isdecimal() and int(place) < len(moved):
        n = int(place)
        if verb == "drop":
            del moved[n]
        elif verb == "up" and n:
            moved[n - 1], moved[n] = moved[n], moved[n - 1]
    return moved


def checked(
    rows: Sequence[Row], roster: Sequence[str]
) -> tuple[tuple[Condition, ...], dict[str, str]]:
    """The conditions, and what is wrong by field (`opens-0`). Only without errors are they of any use."""
    errors: dict[str, str] = {}
    found = list[Condition]()
    for n, row in enumerate(rows):
        opens, closes = minute_of(row.opens), minute_of(row.closes)
        words = tuple(filter(None, row.words.replace(",", "、").split("、")))
        if row.then not in set(Say):
            errors[f"then-{n}"] = _("対応を選んでください")
        if opens is None or opens >= DAY_MINUTES:
            errors[f"opens-{n}"] = _("開始は 0:00〜23:59 で入れてください")
        if closes is None or closes > 2 * DAY_MINUTES - 1:
            errors[f"closes-{n}"] = _("終了は 18:00 のように入れてください")
        if len(words) > MOST_WORDS or any(len(word) > 50 for word in words):
            errors[f"words-{n}"] = _("言葉は20個まで、それぞれ50文字までにしてください")
        if len(row.note) > 100:
            errors[f"note-{n}"] = _("ひとことは100文字までにしてください")
        days = int(row.days) if row.days.isdecimal() and len(row.days) < 4 else 0
        if not 0 < days <= EVERY_DAY:
            errors[f"days-{n}"] = _("曜日を選んでください")
        if row.urgency not in urgency_names():
            errors[f"urgency-{n}"] = _("急ぎの度合いを選んでください")
        if not errors:
            found.append(
                Condition(
                    Say(row.then),
                    row.staff,
                    words,
                    cast("Urgent", row.urgency),
                    days,
                    opens or 0,
                    closes or 0,
                    row.note,
                )
            )
    conditions = tidy(found)
    if not errors:
        errors |= {f"row-{n}": _(fault) for n, fault in faults(conditions, roster).items()}
    return conditions, errors
