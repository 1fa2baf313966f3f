"""By when a suspected leak has to be reported: dated rows, so that a change of the law is another row (個人情報保護法 26 条,
同施行規則 8 条). Pure.

The day on which it became known counts as the first. A last day that is a holiday may by the guideline be moved to the next
working day; it is not moved here: earlier is never wrong.
"""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from denwaban.clock import JST, japan_day


class Rule(NamedTuple):
    """What holds from a day on; days are counted from the one on which it became known, which is the first."""

    since: date
    preliminary: tuple[int, int]
    """速報: wanted by the first, at the latest by the second."""
    final: int
    """確報."""
    final_wrongful: int
    """確報, where somebody may have done it on purpose."""
    many: int
    """More people than this are reported whatever leaked."""


RULES = (Rule(date(2022, 4, 1), (3, 5), 30, 60, 1_000),)
"""In order; the last one that holds on a day is the one for it."""


class What(StrEnum):
    """What has to be done."""

    CONTAIN = "contain"
    """Stop it, and find out how far it went."""
    CLIENT = "client"
    """Tell the client whose customers they are."""
    PRELIMINARY = "preliminary"
    """速報."""
    PERSONS = "persons"
    """Tell the people concerned."""
    FINAL = "final"
    """確報."""


class Facts(NamedTuple):
    """What is known of a leak, as far as the dates depend on it."""

    known_at: datetime
    wrongful: bool = False
    """Somebody may have done it on purpose."""
    sensitive: bool = False
    """要配慮個人情報."""
    property: bool = False
    """It may cost the people money."""
    people: int | None = None
    """None: nobody knows yet, and then it counts as many."""


class Step(NamedTuple):
    what: What
    remind_at: datetime
    by: datetime


def rule_on(day: date) -> Rule:
    """The one that holds; before the first, the first."""
    return next((rule for rule in reversed(RULES) if rule.since <= day), RULES[0])


def reported(facts: Facts) -> bool:
    """Whether the authority is told."""
    many = rule_on(japan_day(facts.known_at)).many
    return facts.wrongful or facts.sensitive or facts.property or (facts.people or many + 1) > many


def steps(facts: Facts) -> list[Step]:
    """What has to be done by when, in order."""
    known = facts.known_at
    rule = rule_on(japan_day(known))
    soon, latest = rule.preliminary
    last = rule.final_wrongful if facts.wrongful else rule.final
    day, week = timedelta(days=1), timedelta(days=7)
    found = [
        Step(What.CONTAIN, known + day / 2, known + day),
        Step(What.CLIENT, known + day, _end(known, soon)),
    ]
    if reported(facts):
        found += [
            Step(What.PRELIMINARY, _end(known, soon) - day / 2, _end(known, latest)),
            Step(What.PERSONS, _end(known, last) - week, _end(known, last)),
            Step(What.FINAL, _end(known, last) - week, _end(known, last)),
        ]
    return found


def _end(known: datetime, days: int) -> datetime:
    """The last minute of the day that is the `days`-th, in Tokyo."""
    return datetime.combine(japan_day(known) + timedelta(days=days - 1), time(23, 59), JST)
