"""How a client counts 「30分以内に」: by the clock, or only while it is open."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, select

from denwaban.journal import append
from denwaban.oncall import facts
from denwaban.oncall.hours import BusinessHours, NeverOpen
from denwaban.oncall.loading import business_hours
from denwaban.oncall.rows import deadline_terms
from denwaban.store import Question, Tx


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Counts minutes. With `hours` only open ones; without, or where there are not that many within two years, by the
    clock."""

    hours: BusinessHours | None = None

    def after(self, start: datetime, minutes: int) -> datetime:
        """When so many minutes have passed since `start`."""
        if self.hours is not None:
            try:
                return self.hours.add_business_minutes(start, minutes)
            except NeverOpen:
                pass
        return start + timedelta(minutes=minutes)

    def before(self, end: datetime, minutes: int) -> datetime:
        """The last moment from which so many minutes are left until `end`."""
        if self.hours is not None:
            try:
                return self.hours.take_business_minutes(end, minutes)
            except NeverOpen:
                pass
        return end - timedelta(minutes=minutes)


BY_CLOCK = Deadlines()


def deadlines_of(tx: Tx, client_id: str) -> Deadlines:
    """How this client counts; by the clock when it has not said."""
    if not in_business_hours(tx, client_id):
        return BY_CLOCK
    return Deadlines(business_hours(tx, client_id))


def in_business_hours(tx: Tx, client_id: str) -> bool:
    """Whether only open minutes count."""
    return bool(tx.scalar(_BUSINESS, {"it": client_id}))


# Built once: asked at every key of every seat.
_BUSINESS = Question(
    select(deadline_terms.c.business).where(deadline_terms.c.client_id == bindparam("it"))
)


def count_in_business_hours(tx: Tx, client_id: str, business: bool, user_id: str | None) -> None:
    """Holds for the promises made from now on. The journal keeps who changed it."""
    if business is in_business_hours(tx, client_id):
        return
    table = deadline_terms
    tx.execute(delete(table).where(table.c.client_id == client_id))
    tx.execute(insert(table).values(client_id=client_id, business=business, updated_at=tx.now))
    append(tx, facts.deadlines_changed(client_id, business, user_id))
