"""Reading calls for lists: with the names of client and operator, filtered, newest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, RowMapping, or_, select

from denwaban.calls.current import read_call, read_offer
from denwaban.calls.model import Call, Direction, Offer, Outcome
from denwaban.calls.numbers import learn_keys
from denwaban.calls.past import NOBODY_TALKED, Place, older
from denwaban.calls.rows import call_legs, calls
from denwaban.journal import Fact
from denwaban.journal.rows import facts
from denwaban.people.rows import clients, operators
from denwaban.store import Tx, among


class Listed(NamedTuple):
    """A call with the names that its ids stand for; empty where there is none."""

    call: Call
    client: str
    operator: str


class OfLeg(NamedTuple):
    """The call of a caller's leg: its id, and whether it is over."""

    id: str
    over: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which calls to list; what is None (or empty) does not restrict."""

    client_id: str | None = None
    client: str = ""
    """Part of a client's name, reading or code."""
    outcome: Outcome | None = None
    missed: bool = False
    """Only callers whom nobody talked with."""
    outbound: bool = False
    """Calls that we made, in place of those that came in."""
    since: datetime | None = None
    until: datetime | None = None
    """The first moment that is too late."""


_NAMED = (
    select(calls, clients.c.name.label("client"), operators.c.name.label("operator"))
    .outerjoin(clients, clients.c.id == calls.c.client_id)
    .outerjoin(operators, operators.c.id == calls.c.operator_id)
)


_OF_LEGS = select(calls.c.leg, calls.c.id, calls.c.ended_at).where(among(calls.c.leg, "legs"))


def calls_of_legs(tx: Tx, legs: Iterable[str]) -> dict[str, OfLeg]:
    """The calls of these legs that are in the record, by leg."""
    rows = tx.all(_OF_LEGS, {"legs": legs})
    return {row["leg"]: OfLeg(row["id"], row["ended_at"] is not None) for row in rows}


_TOLD = (
    select(facts.c.subject, facts.c.kind, facts.c.client_id, facts.c.data)
    .where(among(facts.c.subject, "ids"), among(facts.c.kind, "kinds"))
    .order_by(facts.c.seq)
)


def told_of(tx: Tx, call_ids: Iterable[str], kinds: Iterable[str]) -> dict[str, list[Fact]]:
    """What happened to these calls, of these kinds, by call, oldest first."""
    found: dict[str, list[Fact]] = {}
    for row in tx.all(_TOLD, {"ids": call_ids, "kinds": kinds}):
        fact = Fact(row["kind"], row["subject"], row["client_id"], row["data"])
        found.setdefault(fact.subject, []).append(fact)
    return found


def listed(tx: Tx, wanted: Wanted, before: Place | None = None, limit: int = 100) -> list[Listed]:
    """Calls, newest first, older than `before`."""
    found = (
        _NAMED.where(*_conditions(wanted))
        .order_by(calls.c.arrived_at.desc(), calls.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        found = found.where(older(before))
    rows = tx.all(found)
    learn_keys(tx, rows)
    return [_listed(tx, row) for row in rows]


def one(tx: Tx, call_id: str) -> Listed | None:
    """One call with its names."""
    row = tx.first(_NAMED.where(calls.c.id == call_id))
    return _listed(tx, row) if row is not None else None


def offers_of(tx: Tx, call_id: str) -> list[tuple[Offer, str]]:
    """Every offer of a call with the operator's name, in the order in which they were made."""
    rows = tx.all(
        select(call_legs, operators.c.name.label("operator"))
        .join(operators, operators.c.id == call_legs.c.operator_id)
        .where(call_legs.c.call_id == call_id)
        .order_by(call_legs.c.offered_at, call_legs.c.id)
    )
    return [(read_offer(row), row["operator"]) for row in rows]


def played_since(tx: Tx, call_id: str, user_id: str, since: datetime) -> bool:
    """Whether the journal has it that this person listened to this call's recording since then."""
    rows = tx.all(
        select(facts.c.data).where(
            facts.c.subject == call_id, facts.c.kind == "recording.played", facts.c.at >= since
        )
    )
    return any(row["data"].get("user_id") == user_id for row in rows)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    direction = Direction.OUTBOUND if wanted.outbound else Direction.INBOUND
    found: list[ColumnElement[bool]] = [calls.c.direction == direction]
    if wanted.client_id is not None:
        found.append(calls.c.client_id == wanted.client_id)
    if wanted.client:
        found.append(
            or_(
                *(
                    column.contains(wanted.client, autoescape=True)
                    for column in (clients.c.name, clients.c.kana, clients.c.code)
                ),
            )
        )
    if wanted.outcome is not None:
        found.append(calls.c.outcome == wanted.outcome.value)
    if wanted.missed:
        found.append(NOBODY_TALKED)
    if wanted.since is not None:
        found.append(calls.c.arrived_at >= wanted.since)
    if wanted.until is not None:
        found.append(calls.c.arrived_at < wanted.until)
    return found


def _listed(tx: Tx, row: RowMapping) -> Listed:
    return Listed(read_call(tx, row), row["client"] or "", row["operator"] or "")
