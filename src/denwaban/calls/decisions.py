"""What supervisors decided about a call, with their reasons: that it may be put through, whose turn it is."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, insert, select

from denwaban import audit
from denwaban.access.rows import api_keys, users
from denwaban.calls.model import Call
from denwaban.calls.rows import call_decisions
from denwaban.journal import Fact, append
from denwaban.store import Tx, new_id
from denwaban.texts import clean_text
from denwaban.vault import Texts

LONGEST_REASON = 200

_said = Texts(call_decisions, "reason")

turnings = (_said.turning,)


class Decided(StrEnum):
    """What was decided."""

    LET = "transfer_let"
    """May be put through to anybody of the client's staff, whatever its conditions say."""
    FIRST = "moved_first"
    """Goes before others who wait."""
    GROUP = "moved_group"
    OPERATOR = "moved_operator"
    NOT_MOVED = "not_moved"
    """The move that was decided just before could not be done: the caller did not wait any more."""


class NoReason(ValueError):
    """Why is missing, or longer than 200 characters."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One of them."""

    at: datetime
    kind: Decided
    by: str
    """The name of the supervisor, or of the key."""
    target_id: str | None
    """The group, or the operator."""
    reason: str
    """Or `vault.UNOPENED`."""


def tidy_reason(reason: str) -> str:
    """The reason on one line. Raises `NoReason`, also for one in which nothing can be read."""
    words = clean_text(reason)
    if not words or len(words) > LONGEST_REASON:
        raise NoReason
    return words


def decide(
    tx: Tx, call: Call, user_id: str, kind: Decided, reason: str, target_id: str | None = None
) -> None:
    """Writes it down, for the call's page and in the audit; `user_id`: of an account or a key. Raises `NoReason`."""
    made = new_id()
    tx.execute(
        insert(call_decisions).values(
            id=made,
            call_id=call.id,
            client_id=call.client_id,
            user_id=user_id,
            kind=kind.value,
            target_id=target_id,
            reason=_said.seal(tx, call.client_id, made, "reason", tidy_reason(reason)),
            at=tx.now,
        )
    )
    told = {"user_id": user_id, "decision_id": made}
    append(tx, Fact(f"call.{kind.value}", call.id, call.client_id, told))
    audit.record(tx, audit.Trace(f"call.{kind.value}", user_id, call.client_id, call.id, made))


def let_through(tx: Tx, call_id: str) -> bool:
    """Whether a supervisor lets this call be put through to anybody."""
    found = select(call_decisions.c.id).where(
        call_decisions.c.call_id == call_id, call_decisions.c.kind == Decided.LET.value
    )
    return tx.first(found.limit(1)) is not None


def decisions_of(tx: Tx, call_id: str) -> list[Decision]:
    """Everything that was decided about a call, oldest first."""
    rows = tx.all(
        select(
            call_decisions.c.id,
            call_decisions.c.client_id,
            call_decisions.c.at,
            call_decisions.c.kind,
            func.coalesce(users.c.name, api_keys.c.name, "").label("by"),
            call_decisions.c.target_id,
            call_decisions.c.reason,
        )
        .outerjoin(users, users.c.id == call_decisions.c.user_id)
        .outerjoin(api_keys, api_keys.c.id == call_decisions.c.user_id)
        .where(call_decisions.c.call_id == call_id)
        .order_by(call_decisions.c.id)
    )
    return [
        Decision(
            row["at"],
            Decided(row["kind"]),
            row["by"],
            row["target_id"],
            _said.shown(tx, row["client_id"], row["id"], "reason", row["reason"]),
        )
        for row in rows
    ]
