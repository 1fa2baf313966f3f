"""The watch over live clients: when nobody is on duty it is written down at once, and holes ahead once a day and after
every change."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import insert, select, update

from denwaban.clock import Clock, japan_day
from denwaban.journal import Fact, Journal, append
from denwaban.oncall import facts
from denwaban.oncall.deciding import decide
from denwaban.oncall.hours import moment
from denwaban.oncall.loading import roster_of
from denwaban.oncall.over_time import AHEAD, edges, holes, reach
from denwaban.oncall.roster import NobodyOnDuty
from denwaban.oncall.rows import oncall_watches
from denwaban.people import client
from denwaban.people import rows as people_rows
from denwaban.store import Store, StoreError, Tx
from denwaban.work import Duty

log = structlog.get_logger(__name__)

MORNING = 7 * 60
"""The minute of the day (JST) at which the coming four weeks are looked at again."""

AGAIN = timedelta(seconds=5)

_PRESENCE = frozenset({"added", "presence", "left_at", "in_charge", "substitute_id"})
"""What of a person decides about a roster and is kept in `people`."""


def watch(tx: Tx, client_id: str) -> None:
    """From now on somebody looks at this client's roster. Doing it again does nothing."""
    known = tx.first(select(oncall_watches.c.id).where(oncall_watches.c.id == client_id))
    if known is None:
        tx.execute(
            insert(oncall_watches).values(id=client_id, client_id=client_id, holes=0, due_at=tx.now)
        )
        tx.touch(f"work:{oncall_watches.name}")


def unwatch(tx: Tx, client_id: str) -> None:
    """Nobody needs to look any more: the client is being prepared, or the contract is over."""
    tx.execute(
        update(oncall_watches)
        .where(oncall_watches.c.id == client_id)
        .values(due_at=None, leased_until=None, nobody_since=None, holes=0, first_hole=None)
    )


def look_again(tx: Tx, client_id: str) -> None:
    """The roster of a watched client has changed: it is looked at now."""
    done = tx.execute(
        update(oncall_watches)
        .where(oncall_watches.c.id == client_id, oncall_watches.c.due_at.is_not(None))
        .values(due_at=tx.now, looked_at=None)
    )
    if done.rowcount:
        tx.touch(f"work:{oncall_watches.name}")


def look(tx: Tx, client_id: str) -> None:
    """Writes down what has changed since the last look, and when to look next: at the next moment at which an answer may
    change, at the latest tomorrow morning."""
    row = tx.first(select(oncall_watches).where(oncall_watches.c.id == client_id))
    found = client(tx, client_id)
    if row is None or row["due_at"] is None:
        return
    if found is None or found.ended_at is not None:
        # The contract may be taken up again.
        _next_look(tx, client_id, _morning(tx.now), {"nobody_since": None})
        return
    known = roster_of(tx, client_id, tx.now - AHEAD, tx.now + AHEAD)
    answer = decide(known, tx.now)
    nobody = isinstance(answer, NobodyOnDuty) and not answer.closed
    before = row["nobody_since"]
    if nobody and before is None:
        told = reach(known, tx.now)
        assert isinstance(told, NobodyOnDuty)  # the same roster and moment
        default = told.default.id if told.default is not None else None
        append(tx, facts.nobody(client_id, tx.now, told.until, default))
    elif not nobody and before is not None:
        append(tx, facts.somebody(client_id, before))
    values: dict[str, Any] = {"nobody_since": (before or tx.now) if nobody else None}
    morning = _morning(tx.now)
    if row["looked_at"] is None or row["looked_at"] < morning - timedelta(days=1):
        ahead = holes(known, tx.now, tx.now + AHEAD)
        first = ahead[0].since if ahead else None
        if (len(ahead), first) != (row["holes"], row["first_hole"]):
            append(tx, facts.holes_found(client_id, len(ahead), first))
        values |= {"holes": len(ahead), "first_hole": first, "looked_at": tx.now}
    following = [morning, *edges(known, tx.now, morning)]
    _next_look(tx, client_id, min(following), values)


def _next_look(tx: Tx, client_id: str, at: datetime, values: dict[str, Any]) -> None:
    tx.execute(
        update(oncall_watches)
        .where(oncall_watches.c.id == client_id)
        .values(due_at=at, leased_until=None, **values)
    )


@dataclass(frozen=True, slots=True)
class Alarm:
    """A live client that nobody takes reports for just now, though somebody should."""

    client_id: str
    client_name: str
    since: datetime


def alarms(tx: Tx) -> list[Alarm]:
    """Clients without anybody on duty, as the watch last found them, the longest first. Cheap: screens ask it often."""
    clients = people_rows.clients
    rows = tx.all(
        select(oncall_watches.c.id, oncall_watches.c.nobody_since, clients.c.name)
        .join(clients, clients.c.id == oncall_watches.c.id)
        .where(oncall_watches.c.nobody_since.is_not(None))
        .order_by(oncall_watches.c.nobody_since, oncall_watches.c.id)
    )
    return [Alarm(row["id"], row["name"], row["nobody_since"]) for row in rows]


def _morning(now: datetime) -> datetime:
    """The next time at which the weeks ahead are looked at."""
    today = japan_day(now)
    morning = moment(today, MORNING)
    return morning if morning > now else morning + timedelta(days=1)


def duty(store: Store) -> Duty:
    """Looking at the rosters of live clients."""

    async def do(client_id: str) -> None:
        await store.write(lambda tx: look(tx, client_id))

    return Duty("rosters", oncall_watches, do, at_once=4)


class PresenceFollower:
    """Follows the journal for people who come, go and leave: their clients are looked at again. Any number of programs
    may; a look that finds nothing new writes nothing down."""

    def __init__(self, store: Store, journal: Journal, clock: Clock) -> None:
        self._store = store
        self._journal = journal
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled. A database that is away is tried again; then, as at the start, every roster is looked at: what
        was missed meanwhile is found."""
        while True:
            try:
                await self._store.write(_look_at_all)
                async for entry in self._journal.follow():
                    client_id = entry.fact.client_id
                    if client_id is not None and _concerns(entry.fact):
                        await self._store.write(partial(look_again, client_id=client_id))
            except StoreError:
                log.warning("oncall.store_away")
                await self._clock.sleep_until(self._clock.now() + AGAIN)


def _concerns(fact: Fact) -> bool:
    if fact.kind == "staff.changed":
        return not _PRESENCE.isdisjoint(fact.data["fields"])
    # A trip leaves somebody reachable only by the contacts they have.
    return fact.kind == "staff.contacts_changed"


def _look_at_all(tx: Tx) -> None:
    tx.execute(
        update(oncall_watches).where(oncall_watches.c.due_at.is_not(None)).values(due_at=tx.now)
    )
    tx.touch(f"work:{oncall_watches.name}")
