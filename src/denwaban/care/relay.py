"""Calls by the telephone relay service (電話リレーサービス): an interpreter speaks for somebody who does not hear. The law
forbids to turn them away, so they are never judged by their length or their pauses."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, String, bindparam, delete, insert, select

from denwaban.calls import Call, Direction, forms, history
from denwaban.calls.rows import calls
from denwaban.care.rows import relay_calls
from denwaban.journal import Fact, append
from denwaban.store import Tx, among_these

_NOBODY = "-"
"""No call has it for a number. Of empty ones a client may have very many."""

REMEMBERED = 100
"""So many calls of a number are looked back over."""


def is_relay(tx: Tx, call: Call) -> bool:
    """Whether this call, or an earlier one of the same number to the same client, was marked."""
    return tx.first(RELAY, relay_asked(tx, call)) is not None


def relay_asked(tx: Tx, call: Call) -> dict[str, str | None]:
    """What `RELAY` is asked about a call."""
    # Three at the most: how the number stands in rows, how it stood while a key did not open, and before it was sealed.
    first, second, third, *_ = (
        *forms(tx, call.client_id, [call.caller]),
        *3 * [_NOBODY],
    )
    return {
        "relay_call": call.id,
        "relay_client": call.client_id,
        "relay_caller": first,
        "relay_stood": second,
        "relay_before": third,
    }


def _earlier(name: str) -> Select[Any]:
    newest = (
        select(calls.c.id)
        .where(
            calls.c.client_id == bindparam("relay_client"),
            calls.c.caller == bindparam(name),
            calls.c.caller != "",
            calls.c.direction == Direction.INBOUND.value,
        )
        .order_by(calls.c.arrived_at.desc())
        .limit(REMEMBERED)
        .subquery()
    )
    return select(newest.c.id)


# One question, for it is asked with every screen of every seat that talks.
RELAY = select(relay_calls.c.call_id).where(
    relay_calls.c.call_id.in_(
        select(bindparam("relay_call", type_=String())).union_all(
            _earlier("relay_caller"), _earlier("relay_stood"), _earlier("relay_before")
        )
    )
)


def mark_relay(tx: Tx, call: Call, operator_id: str, on: bool) -> None:
    """Marks the call, and so its number for this client; or takes the mark from all calls of the number."""
    same = _same_caller(tx, call)
    if on == bool(marked(tx, same)):
        return
    if on:
        tx.execute(
            insert(relay_calls).values(
                call_id=call.id,
                client_id=call.client_id,
                operator_id=operator_id,
                marked_at=tx.now,
            )
        )
    else:
        tx.execute(delete(relay_calls).where(among_these(relay_calls.c.call_id, same)))
    data = {"operator_id": operator_id, "on": on}
    append(tx, Fact("care.relay_marked", call.id, call.client_id, data))


def marked(tx: Tx, call_ids: Iterable[str]) -> set[str]:
    """Those of the calls that were marked. Figures of handling time (`handling`) leave out every call of which `is_relay` is true."""
    rows = tx.all(select(relay_calls.c.call_id).where(among_these(relay_calls.c.call_id, call_ids)))
    return {row["call_id"] for row in rows}


def _same_caller(tx: Tx, call: Call) -> list[str]:
    earlier = history(tx, call.client_id, call.caller, REMEMBERED) if call.client_id else []
    return [call.id, *(one.id for one in earlier if one.id != call.id)]
