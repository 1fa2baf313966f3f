"""Writing what happened to calls, and reading it again."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, String, Table, bindparam, insert, select, update

from denwaban.calls import changes
from denwaban.calls.changes import Change
from denwaban.calls.model import (
    MISSED,
    Call,
    CallState,
    Direction,
    Missed,
    Offer,
    OfferResult,
    Outcome,
    Queued,
)
from denwaban.calls.numbers import forms, kept, learn_keys, parties
from denwaban.calls.rows import call_legs, calls
from denwaban.journal import append
from denwaban.store import Question, Tx, new_id

_CALL_CHANGES = (
    "state",
    "outcome",
    "operator_id",
    "answered_at",
    "ended_at",
    "wait_ms",
    "recording",
    "holds",
    "held_at",
    "silenced",
    "slot",
    "staff_id",
)
_OFFER_CHANGES = ("answered_at", "ended_at", "result")


def record(tx: Tx, happened: Sequence[Change]) -> None:
    """Writes what happened and appends its facts in this order."""
    write_rows(tx, happened)
    append(tx, *(change.fact for change in happened))


def write_rows(tx: Tx, changes: Sequence[Change], *, again: bool = False) -> None:
    """Writes changes in this order, without their facts. Whatever their number: at most four statements, beside
    asking for the keys of clients who were not called for a while.

    `again`: an earlier try may have been committed although it looked failed; rows already there are then changed
    instead of inserted.
    """
    new_calls: dict[str, Call] = {}
    old_calls: dict[str, Call] = {}
    new_offers: dict[str, Offer] = {}
    old_offers: dict[str, Offer] = {}
    for change in changes:
        # Of several changes of one call only the last state is written; the facts tell the rest.
        into = new_calls if change.new_call or change.call.id in new_calls else old_calls
        into[change.call.id] = change.call
        if (offer := change.offer) is not None:
            to = new_offers if change.new_offer or offer.id in new_offers else old_offers
            to[offer.id] = offer
    if again:
        _move_known(tx, calls, new_calls, old_calls)
        _move_known(tx, call_legs, new_offers, old_offers)
    if new_calls:
        tx.execute(insert(calls), [_call_values(tx, call) for call in new_calls.values()])
    if old_calls:
        tx.execute(
            _UPDATE_CALL,
            [
                {f"b_{name}": getattr(call, name) for name in ("id", *_CALL_CHANGES)}
                for call in old_calls.values()
            ],
        )
    if new_offers:
        tx.execute(insert(call_legs), [_offer_values(offer) for offer in new_offers.values()])
    if old_offers:
        tx.execute(
            _UPDATE_OFFER,
            [
                {f"b_{name}": getattr(offer, name) for name in ("id", *_OFFER_CHANGES)}
                for offer in old_offers.values()
            ],
        )


def _updating(table: Table, names: Iterable[str]) -> Any:
    return (
        update(table)
        .where(table.c.id == bindparam("b_id"))
        .values({name: bindparam(f"b_{name}") for name in names})
    )


_UPDATE_CALL = _updating(calls, _CALL_CHANGES)
_UPDATE_OFFER = _updating(call_legs, _OFFER_CHANGES)


def _move_known(tx: Tx, table: Table, new: dict[str, Any], old: dict[str, Any]) -> None:
    known = tx.all(select(table.c.id).where(table.c.id.in_(list(new))))
    for row in known:
        old[row["id"]] = new.pop(row["id"])


def _call_values(tx: Tx, call: Call) -> dict[str, Any]:
    return {name: getattr(call, name) for name in Call.__struct_fields__} | kept(tx, call)


def _offer_values(offer: Offer) -> dict[str, Any]:
    return {name: getattr(offer, name) for name in Offer.__struct_fields__}


def call(tx: Tx, call_id: str) -> Call | None:
    """One call."""
    row = tx.first(_ONE, {"it": call_id})
    return read_call(tx, row) if row else None


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
        calls.c.ended_at.is_(None),
        calls.c.state.in_([CallState.WAITING.value, CallState.RINGING.value]),
        call_legs.c.operator_id.concat("") == bindparam("it", type_=String()),
        call_legs.c.answered_at.is_(None),
        call_legs.c.ended_at.is_(None),
    )
    .order_by(calls.c.arrived_at.desc())
    .limit(1)
)
_QUEUE = Question(
    select(calls.c.id, calls.c.client_id, calls.c.arrived_at)
    .where(
        calls.c.ended_at.is_(None),
        calls.c.state.in_([CallState.WAITING.value, CallState.RINGING.value]),
    )
    .order_by(calls.c.arrived_at)
)


def calls_by_ids(tx: Tx, ids: Collection[str]) -> dict[str, Call]:
    """These calls, by id; one that there is not is left out."""
    rows = tx.all(select(calls).where(calls.c.id.in_(ids)))
    return {found.id: found for found in _read_calls(tx, rows)}


def open_calls(tx: Tx) -> list[Call]:
    """Callers' calls that have not ended, in order of arrival."""
    rows = tx.all(
        select(calls)
        .where(calls.c.ended_at.is_(None), calls.c.direction == Direction.INBOUND)
        .order_by(calls.c.arrived_at)
    )
    return _read_calls(tx, rows)


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
    return [
        Offer(
            id=row["id"],
            call_id=row["call_id"],
            operator_id=row["operator_id"],
            offered_at=row["offered_at"],
            answered_at=row["answered_at"],
            ended_at=row["ended_at"],
            result=OfferResult(row["result"]) if row["result"] else None,
        )
        for row in rows
    ]


def call_of_leg(tx: Tx, leg: str) -> Call | None:
    """The call of a caller's leg."""
    row = tx.first(select(calls).where(calls.c.leg == leg).order_by(calls.c.arrived_at.desc()))
    return read_call(tx, row) if row else None


def history(tx: Tx, client_id: str, caller: str, limit: int = 10) -> list[Call]:
    """The newest calls of a caller (E.164) to a client; none when the number was withheld."""
    if not caller:
        return []
    rows = tx.all(
        select(calls)
        .where(
            calls.c.client_id == client_id,
            calls.c.caller.in_(forms(tx, client_id, [caller])),
            calls.c.direction == Direction.INBOUND,
        )
        .order_by(calls.c.arrived_at.desc())
        .limit(limit)
    )
    return _read_calls(tx, rows)


def last_operator(
    tx: Tx, client_id: str, numbers: Collection[str], also: Collection[str] = ()
) -> str | None:
    """The operator who talked last with a caller of this client who has these numbers (E.164), or in one of the calls `also`
    (ids); None when nobody did yet."""
    found = [
        tx.first(_LAST_OPERATOR, {"client": client_id, "callers": forms(tx, client_id, numbers)})
        if numbers
        else None,
        tx.first(_LAST_OF_CALLS, {"those": list(also)}) if also else None,
    ]
    rows = [row for row in found if row is not None]
    return max(rows, key=lambda row: row["arrived_at"])["operator_id"] if rows else None


_TALKED_LAST = (
    select(calls.c.operator_id, calls.c.arrived_at)
    .where(calls.c.operator_id.is_not(None), calls.c.practice.is_(False))
    .order_by(calls.c.arrived_at.desc())
    .limit(1)
)
_LAST_OPERATOR = _TALKED_LAST.where(
    calls.c.client_id == bindparam("client"),
    calls.c.caller.in_(bindparam("callers", expanding=True)),
)
_LAST_OF_CALLS = _TALKED_LAST.where(calls.c.id.in_(bindparam("those", expanding=True)))


def calls_of(
    tx: Tx,
    client_id: str | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 100,
) -> list[Call]:
    """Calls that came in for a client (for all when None), newest first, older than (arrived_at, id)."""
    wanted = (
        select(calls)
        .where(calls.c.direction == Direction.INBOUND)
        .order_by(calls.c.arrived_at.desc(), calls.c.id.desc())
        .limit(limit)
    )
    if client_id is not None:
        wanted = wanted.where(calls.c.client_id == client_id)
    if before is not None:
        at, call_id = before
        wanted = wanted.where(
            (calls.c.arrived_at < at) | ((calls.c.arrived_at == at) & (calls.c.id < call_id))
        )
    return _read_calls(tx, tx.all(wanted))


def missed(
    tx: Tx,
    client_id: str,
    since: datetime,
    before: tuple[datetime, str] | None = None,
    limit: int = 1000,
) -> list[Missed]:
    """Callers since then whom nobody talked with to the end, newest first, older than (arrived_at, id)."""
    wanted = (
        select(calls)
        .where(
            calls.c.client_id == client_id,
            calls.c.arrived_at >= since,
            calls.c.outcome.in_([outcome.value for outcome in MISSED]),
            calls.c.direction == Direction.INBOUND,
        )
        # Lost in the middle of a talk is not missed: somebody knows the caller's matter.
        .where((calls.c.outcome != Outcome.LOST) | calls.c.answered_at.is_(None))
        .order_by(calls.c.arrived_at.desc(), calls.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        at, call_id = before
        wanted = wanted.where(
            (calls.c.arrived_at < at) | ((calls.c.arrived_at == at) & (calls.c.id < call_id))
        )
    return [
        Missed(
            call_id=row["id"],
            number=parties(tx, row).caller,
            dialled=row["dialled"],
            at=row["arrived_at"],
            wait_ms=row["wait_ms"],
            outcome=Outcome(row["outcome"]),
            recording=row["recording"],
            answered_at=row["answered_at"],
            practice=row["practice"],
        )
        for row in tx.all(wanted)
    ]


def begin(
    tx: Tx,
    *,
    client_id: str | None,
    dialled: str,
    caller: str,
    leg: str = "",
    trunk: str = "",
    plan: str = "",
    mode: str = "full",
    script_id: str | None = None,
    practice: bool = False,
    arrived_at: datetime | None = None,
) -> Call:
    """A call came in (at `tx.now` when not said)."""
    fresh = Call(
        id=new_id(),
        client_id=client_id,
        leg=leg,
        trunk=trunk,
        dialled=dialled,
        caller=caller,
        arrived_at=arrived_at or tx.now,
        plan=plan,
        mode=mode,
        script_id=script_id,
        practice=practice,
    )
    record(tx, [changes.arrived(fresh)])
    return fresh


def offered(tx: Tx, call_id: str, operator_id: str) -> Offer:
    """An operator is rung. Raises `LookupError` for a call that is not there or has ended (as do the verbs below)."""
    offer = Offer(new_id(), call_id, operator_id, tx.now)
    record(tx, [changes.offered(_open(tx, call_id), offer)])
    return offer


def answered(tx: Tx, call_id: str, operator_id: str) -> Call:
    """Operator and caller talk. Without an offer of that operator, one is made."""
    now = _open(tx, call_id)
    offer = next(
        (o for o in open_offers(tx) if o.call_id == call_id and o.operator_id == operator_id), None
    ) or offered(tx, call_id, operator_id)
    return _do(tx, changes.answered(now, offer, tx.now))


def held(tx: Tx, call_id: str, on: bool) -> Call:
    """The caller was put on hold or taken back."""
    return _do(tx, changes.held(_open(tx, call_id), on, tx.now))


def ended(tx: Tx, call_id: str, outcome: Outcome, recording: str | None = None) -> Call:
    """The call is over."""
    offer = next((o for o in open_offers(tx) if o.call_id == call_id), None)
    return _do(tx, changes.ended(_open(tx, call_id), outcome, tx.now, offer, recording))


def _do(tx: Tx, change: Change) -> Call:
    record(tx, [change])
    return change.call


def _open(tx: Tx, call_id: str) -> Call:
    found = call(tx, call_id)
    if found is None or found.state is CallState.ENDED:
        raise LookupError(call_id)
    return found


def _read_calls(tx: Tx, rows: Sequence[RowMapping]) -> list[Call]:
    learn_keys(tx, rows)
    return [read_call(tx, row) for row in rows]


def read_call(tx: Tx, row: RowMapping) -> Call:
    """The call of a row that has every column of `calls`. A number that cannot be opened is `numbers.UNOPENED`."""
    values = {name: row[name] for name in Call.__struct_fields__}
    values |= parties(tx, row)._asdict()
    values["state"] = CallState(values["state"])
    values["outcome"] = Outcome(values["outcome"]) if values["outcome"] else None
    values["direction"] = Direction(values["direction"])
    return Call(**values)
