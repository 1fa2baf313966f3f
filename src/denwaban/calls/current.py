"""Calls as they are now: one of them, those that go on, who rings where."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import RowMapping, String, bindparam, select

from denwaban.calls.model import Call, CallState, Direction, Offer, OfferResult, Outcome, Queued
from denwaban.calls.numbers import learn_keys, parties
from denwaban.calls.rows import call_legs, calls
from denwaban.store import Question, Tx, among_these

_NOBODY_TALKS = (
    calls.c.ended_at.is_(None),
    calls.c.state.in_([CallState.WAITING.value, CallState.RINGING.value]),
)

# These are asked at every key of every seat: building them anew costs more than the database.
_ONE = Question(select(calls).where(calls.c.id == bindparam("it")))
_TALKING = Question(
    select(calls)
    .where(
        calls.c.operator_id == bindparam("it"),
        calls.c.ended_at.is_(None),
        calls.c.state.in_([CallState.TALKING.value, CallState.HELD.value]),
    )
    .order_by(calls.c.arrived_at)
    .limit(1)
)
# By the calls, which are few: an operator has had ten thousands of offers.
_RINGING = select(call_legs.c.operator_id, call_legs.c.call_id).where(
    call_legs.c.call_id.in_(bindparam("those", expanding=True)),
    call_legs.c.answered_at.is_(None),
    call_legs.c.ended_at.is_(None),
)
_RINGING_AT = Question(
    # By the open calls again: the index of operators must not lead.
    select(calls)
    .join(call_legs, call_legs.c.call_id == calls.c.id)
    .where(
        *_NOBODY_TALKS,
        call_legs.c.operator_id.concat("") == bindparam("it", type_=String()),
        call_legs.c.answered_at.is_(None),
        call_legs.c.ended_at.is_(None),
    )
    .order_by(calls.c.arrived_at.desc())
    .limit(1)
)
_QUEUE = Question(
    select(calls.c.id, calls.c.client_id, calls.c.arrived_at)
    .where(*_NOBODY_TALKS)
    .order_by(calls.c.arrived_at)
)


def call(tx: Tx, call_id: str) -> Call | None:
    """One call."""
    row = tx.first(_ONE, {"it": call_id})
    return read_call(tx, row) if row else None


def calls_by_ids(tx: Tx, ids: Collection[str]) -> dict[str, Call]:
    """These calls, by id; one that there is not is left out."""
    rows = tx.all(select(calls).where(among_these(calls.c.id, ids)))
    return {found.id: found for found in read_calls(tx, rows)}


def open_calls(tx: Tx) -> list[Call]:
    """Callers' calls that have not ended, in order of arrival."""
    rows = tx.all(
        select(calls)
        .where(calls.c.ended_at.is_(None), calls.c.direction == Direction.INBOUND)
        .order_by(calls.c.arrived_at)
    )
    return read_calls(tx, rows)


def talking_with(tx: Tx, operator_id: str) -> Call | None:
    """The call that this operator talks on now, also one that is held."""
    row = tx.first(_TALKING, {"it": operator_id})
    return read_call(tx, row) if row else None


def queue(tx: Tx) -> list[Queued]:
    """Callers whom nobody talks with yet, in order of arrival."""
    return [Queued(row["id"], row["client_id"], row["arrived_at"]) for row in tx.all(_QUEUE)]


def ringing(tx: Tx, queued: Iterable[Queued]) -> dict[str, str]:
    """Where those in the queue ring: ids of calls by operator."""
    ids = [one.id for one in queued]
    rows = tx.all(_RINGING, {"those": ids}) if ids else []
    return {row["operator_id"]: row["call_id"] for row in rows}


def ringing_at(tx: Tx, operator_id: str) -> Call | None:
    """The call that rings at this operator's seat."""
    row = tx.first(_RINGING_AT, {"it": operator_id})
    return read_call(tx, row) if row else None


def open_offers(tx: Tx) -> list[Offer]:
    """Offers of open calls that have not ended."""
    rows = tx.all(
        select(call_legs)
        .join(calls, calls.c.id == call_legs.c.call_id)
        .where(calls.c.ended_at.is_(None), call_legs.c.ended_at.is_(None))
    )
    return [read_offer(row) for row in rows]


def call_of_leg(tx: Tx, leg: str) -> Call | None:
    """The call of a caller's leg."""
    row = tx.first(select(calls).where(calls.c.leg == leg).order_by(calls.c.arrived_at.desc()))
    return read_call(tx, row) if row else None


def read_calls(tx: Tx, rows: Sequence[RowMapping]) -> list[Call]:
    """The calls of such rows, of any clients."""
    learn_keys(tx, rows)
    return [read_call(tx, row) for row in rows]


def read_call(tx: Tx, row: RowMapping) -> Call:
    """The call of a row that has every column of `calls`. A number that cannot be opened is `numbers.UNOPENED_NUMBER`."""
    values = {name: row[name] for name in Call.__struct_fields__}
    values |= parties(tx, row)._asdict()
    values["state"] = CallState(values["state"])
    values["outcome"] = Outcome(values["outcome"]) if values["outcome"] else None
    values["direction"] = Direction(values["direction"])
    return Call(**values)


def read_offer(row: RowMapping) -> Offer:
    """The offer of a row that has every column of `call_legs`."""
    values = {name: row[name] for name in Offer.__struct_fields__}
    values["result"] = OfferResult(values["result"]) if values["result"] else None
    return Offer(**values)
