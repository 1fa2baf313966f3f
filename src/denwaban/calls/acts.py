"""Writing what happens to calls."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, insert, select, update

from denwaban.calls import changes
from denwaban.calls.changes import Change
from denwaban.calls.current import call, open_offers
from denwaban.calls.model import Call, CallState, Offer, Outcome
from denwaban.calls.numbers import kept
from denwaban.calls.rows import call_legs, calls
from denwaban.journal import append
from denwaban.store import Tx, among_these, new_id

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


def write_rows(tx: Tx, happened: Sequence[Change], *, again: bool = False) -> None:
    """Writes what happened, in this order, without its facts. Whatever their number: at most four statements, beside
    asking for the keys of clients who were not called for a while.

    `again`: an earlier try may have been committed although it looked failed; rows already there are then changed
    instead of inserted.
    """
    new_calls: dict[str, Call] = {}
    old_calls: dict[str, Call] = {}
    new_offers: dict[str, Offer] = {}
    old_offers: dict[str, Offer] = {}
    for change in happened:
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
    known = tx.all(select(table.c.id).where(among_these(table.c.id, new)))
    for row in known:
        old[row["id"]] = new.pop(row["id"])


def _call_values(tx: Tx, call: Call) -> dict[str, Any]:
    return {name: getattr(call, name) for name in Call.__struct_fields__} | kept(tx, call)


def _offer_values(offer: Offer) -> dict[str, Any]:
    return {name: getattr(offer, name) for name in Offer.__struct_fields__}


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
