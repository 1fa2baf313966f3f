"""Forgetting who called."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import or_, select, update

from denwaban.calls.model import Direction
from denwaban.calls.numbers import every_form
from denwaban.calls.recording_states import OLD
from denwaban.calls.rows import call_decisions, calls, recordings
from denwaban.store import Tx, among_these


def recordings_before(
    tx: Tx, client_id: str, before: datetime, after: str, limit: int
) -> list[str]:
    """Ids of the calls of a client that ended before then and still have a recording, behind the id `after`, in order."""
    rows = tx.all(
        select(recordings.c.id)
        .where(
            recordings.c.client_id == client_id,
            recordings.c.ended_at < before,
            recordings.c.state.in_(OLD),
            recordings.c.id > after,
        )
        .order_by(recordings.c.id)
        .limit(limit)
    )
    return [row["id"] for row in rows]


def numbered_before(tx: Tx, client_id: str, before: datetime, after: str, limit: int) -> list[str]:
    """Ids of the calls of a client that ended before then and still have the caller's number, behind the id `after`."""
    rows = tx.all(
        select(calls.c.id)
        .where(
            calls.c.client_id == client_id,
            calls.c.arrived_at < before,
            calls.c.ended_at.is_not(None),
            calls.c.caller != "",
            calls.c.id > after,
        )
        .order_by(calls.c.id)
        .limit(limit)
    )
    return [row["id"] for row in rows]


def calls_of_numbers(tx: Tx, client_id: str, numbers: Sequence[str]) -> list[str]:
    """Ids of the calls from these numbers to a client and of those from the client to them, oldest first. Raises `VaultError`
    while the client's key does not open: then it cannot be told which those are."""
    inbound = calls.c.direction == Direction.INBOUND.value
    outbound = calls.c.direction == Direction.OUTBOUND.value
    wanted = every_form(tx, client_id, numbers)
    rows = tx.all(
        select(calls.c.id)
        .where(
            calls.c.client_id == client_id,
            or_(
                inbound & among_these(calls.c.caller, wanted),
                outbound & among_these(calls.c.dialled, wanted),
            ),
        )
        .order_by(calls.c.id)
    )
    return [row["id"] for row in rows]


def still_going_on(tx: Tx, call_ids: Collection[str]) -> set[str]:
    """Those of these calls that are not over."""
    rows = tx.all(
        select(calls.c.id).where(among_these(calls.c.id, call_ids), calls.c.ended_at.is_(None))
    )
    return {row["id"] for row in rows}


def forget_numbers(tx: Tx, call_ids: Sequence[str]) -> int:
    """Takes the other party's number out of calls that are over, and what supervisors wrote of them. How many those were."""
    over = among_these(calls.c.id, call_ids) & calls.c.ended_at.is_not(None)
    outbound = calls.c.direction == Direction.OUTBOUND.value
    tx.execute(update(calls).where(over, outbound).values(dialled=""))
    about = call_decisions.c.call_id.in_(select(calls.c.id).where(over))
    tx.execute(update(call_decisions).where(about).values(reason=""))
    return tx.execute(update(calls).where(over).values(caller="", number=None)).rowcount
