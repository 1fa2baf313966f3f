"""The record of supervisors at calls: who, whose call, from when to when, how. Written before anything is heard."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, insert, select, update

from denwaban import audit
from denwaban.access.rows import users
from denwaban.calls import Call
from denwaban.care.model import Mode
from denwaban.care.rows import supervisions
from denwaban.journal import Fact, append
from denwaban.store import Tx, new_id


@dataclass(frozen=True, slots=True)
class Watched:
    """A supervisor at a call, in one mode, for a time."""

    id: str
    user: str
    """The supervisor's name."""
    mode: Mode
    told: bool
    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenWatch:
    """A supervisor who is at a call now, as far as the record knows."""

    id: str
    call_id: str
    operator_id: str
    """Whose talk it is."""
    user_id: str
    mode: Mode


def watch_began(
    tx: Tx, call: Call, operator_id: str, user_id: str, mode: Mode, *, told: bool
) -> str:
    """A supervisor is at this operator's talk from now on; returns the id of the stretch."""
    watch_id = new_id()
    tx.execute(
        insert(supervisions).values(
            id=watch_id,
            call_id=call.id,
            client_id=call.client_id,
            operator_id=operator_id,
            user_id=user_id,
            mode=mode.value,
            told=told,
            began_at=tx.now,
        )
    )
    _tell(tx, "began", call.id, call.client_id, operator_id, user_id, mode.value, told)
    return watch_id


def watch_ended(tx: Tx, watch_id: str) -> None:
    """It is over; doing it again does nothing."""
    row = tx.first(
        select(supervisions).where(supervisions.c.id == watch_id, supervisions.c.ended_at.is_(None))
    )
    if row is not None:
        _end(tx, row)


def open_watches(tx: Tx) -> list[OpenWatch]:
    """Stretches that have not ended, oldest first."""
    rows = tx.all(
        select(supervisions)
        .where(supervisions.c.ended_at.is_(None))
        .order_by(supervisions.c.began_at, supervisions.c.id)
    )
    return [
        OpenWatch(row["id"], row["call_id"], row["operator_id"], row["user_id"], Mode(row["mode"]))
        for row in rows
    ]


def watches_of(tx: Tx, call_id: str) -> list[Watched]:
    """Every supervisor that was at this call, in order."""
    rows = tx.all(
        select(supervisions, users.c.name.label("user"))
        .join(users, users.c.id == supervisions.c.user_id)
        .where(supervisions.c.call_id == call_id)
        .order_by(supervisions.c.began_at, supervisions.c.id)
    )
    return [
        Watched(
            row["id"],
            row["user"],
            Mode(row["mode"]),
            row["told"],
            row["began_at"],
            row["ended_at"],
        )
        for row in rows
    ]


def _end(tx: Tx, row: RowMapping) -> None:
    tx.execute(update(supervisions).where(supervisions.c.id == row["id"]).values(ended_at=tx.now))
    who = (row["operator_id"], row["user_id"], row["mode"], row["told"])
    _tell(tx, "ended", row["call_id"], row["client_id"], *who)


def _tell(
    tx: Tx,
    kind: str,
    call_id: str,
    client_id: str | None,
    operator_id: str,
    user_id: str,
    mode: str,
    told: bool,
) -> None:
    data = {"user_id": user_id, "watched": operator_id, "mode": mode}
    if told:
        # What names an operator makes their screen look again.
        data["operator_id"] = operator_id
    append(tx, Fact(f"monitor.{kind}", call_id, client_id, data))
    seen: dict[str, audit.Plain] = {"mode": mode, "told": told}
    trace = audit.Trace(f"monitor.{kind}", user_id, client_id, call_id, operator_id, seen)
    audit.record(tx, trace)
