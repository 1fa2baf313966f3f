"""A month of promises, for pages."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from denwaban.clock import day_begins, japan_month, month_after
from denwaban.promises.model import Kept, PersonKept
from denwaban.promises.queries import kept_by_person, kept_share
from denwaban.store import Tx


@dataclass(frozen=True, slots=True)
class Month:
    """How the promises went that were due in one month (Tokyo)."""

    first: date
    kept: Kept
    people: list[PersonKept]
    before: str
    after: str
    """The months beside it as 2026-11; the one after is empty for the present month."""


def percent(kept: Kept) -> int | None:
    """The share in whole percents, rounded down: only all is 100. None when none was due."""
    return kept.kept_in_time * 100 // kept.due if kept.due else None


def month_of(tx: Tx, client_id: str, wanted: str) -> Month:
    """The month `wanted` (2026-11) of a client; the present one when that is no month, or to come."""
    present = japan_month(tx.now)
    first = min(_first(wanted) or present, present)
    following = month_after(first)
    span = (day_begins(first), day_begins(following))
    return Month(
        first,
        kept_share(tx, client_id, *span),
        kept_by_person(tx, client_id, *span),
        f"{first - timedelta(days=1):%Y-%m}",
        f"{following:%Y-%m}" if following <= present else "",
    )


def _first(text: str) -> date | None:
    match = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", text)
    return date(int(match[1]), int(match[2]), 1) if match else None
