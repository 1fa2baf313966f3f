"""How calls stand with the identity check: what was right, what is locked, what is open."""

from dataclasses import dataclass

from sqlalchemy import func, select

from denwaban.calls import Call, forms
from denwaban.calls import call as call_of
from denwaban.calls.rows import calls
from denwaban.clock import day_begins, japan_day
from denwaban.disclosure.model import GatedField, Kind, Policy
from denwaban.disclosure.policies import policy_of
from denwaban.disclosure.rows import targets, tries, unlocks
from denwaban.store import Tx


@dataclass(frozen=True, slots=True)
class Shown:
    """A gated field as the seat may know of it: never its value."""

    field: GatedField
    open: bool
    allowed: bool
    """No supervisor's word is lacking."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a call stands with the check of its client."""

    policy: Policy
    locked: bool
    passed: bool
    """What was right opens at least one field (a supervisor's word aside), and it is not locked."""
    whole: bool
    """… opens every field that the client wants open for its scripts (where it named none: any). Only then they go behind
    their checks."""
    left: int
    """Wrong tries that this call still has."""
    right: tuple[Kind, ...]
    """What was right."""
    member_id: str | None
    fields: tuple[Shown, ...]


def standing(tx: Tx, call: Call) -> Standing | None:
    """None where nothing is gated: the client has no rules, or the call is a practice."""
    if call.client_id is None or call.practice:
        return None
    policy = policy_of(tx, call.client_id)
    if policy is None or not policy.fields:
        return None
    done = tx.all(select(tries).where(tries.c.call_id == call.id).order_by(tries.c.at, tries.c.id))
    wrong = sum(not row["right"] and row["forgiven_at"] is None for row in done)
    proved = [row for row in done if row["right"]]
    member_id = proved[-1]["member_id"] if proved else None
    right = {
        Kind(kind)
        for row in proved
        if row["member_id"] == member_id
        for kind in row["kinds"].split(",")
    }
    locked = (
        wrong >= policy.tries_call
        or _wrong_from(tx, policy, forms(tx, call.client_id, [call.caller])) >= policy.tries_day
        or any_locked(tx, policy, targets_of(tx, call.id))
    )
    allowed = _allowed(tx, call.id)
    opened = [not locked and field.opened_by(right) for field in policy.fields]
    wanted = [is_open for field, is_open in zip(policy.fields, opened, strict=True) if field.script]
    return Standing(
        policy,
        locked,
        any(opened),
        all(wanted) if wanted else any(opened),
        max(0, policy.tries_call - wrong),
        tuple(kind for kind in Kind if kind in right),
        member_id,
        tuple(
            Shown(
                field,
                is_open,
                not field.approval or field.label in allowed,
            )
            for field, is_open in zip(policy.fields, opened, strict=True)
        ),
    )


def lacks_check(tx: Tx, call_id: str, client_id: str) -> bool:
    """Whether a script's way behind the identity check is closed to this call: its client demands that the server has
    compared, and what it has found right does not open what the client wants open for its scripts: every field, where it has
    not said otherwise, as a script does not say which one it tells."""
    policy = policy_of(tx, client_id)
    if policy is None or not policy.fields or not policy.demands:
        return False
    found = call_of(tx, call_id)
    now = standing(tx, found) if found is not None else None
    return now is not None and not now.whole


def proven(tx: Tx, call: Call) -> bool:
    """Whether what the server has found right in this call, which goes on, is as much as the client asks of anybody. Never where
    nothing is gated: nobody can prove who they are there."""
    if call.ended_at is not None:
        return False
    now = standing(tx, call)
    return now is not None and now.whole


def _allowed(tx: Tx, call_id: str) -> set[str]:
    rows = tx.all(
        select(unlocks.c.label).where(unlocks.c.call_id == call_id, unlocks.c.label.is_not(None))
    )
    return {row["label"] for row in rows}


def targets_of(tx: Tx, call_id: str) -> set[str]:
    """Whom the wrong tries of a call were about."""
    rows = tx.all(
        select(targets.c.member_id)
        .join(tries, tries.c.id == targets.c.try_id)
        .where(tries.c.call_id == call_id)
        .distinct()
    )
    return {row["member_id"] for row in rows}


def any_locked(tx: Tx, policy: Policy, people: set[str]) -> bool:
    """Whether one of these people was tried too often today."""
    if not people:
        return False
    worst = tx.first(
        select(func.count().label("n"))
        .select_from(targets.join(tries, tries.c.id == targets.c.try_id))
        .where(
            targets.c.member_id.in_(people),
            targets.c.at >= day_begins(japan_day(tx.now)),
            tries.c.forgiven_at.is_(None),
        )
        .group_by(targets.c.member_id)
        .order_by(func.count().desc())
        .limit(1)
    )
    return worst is not None and int(worst["n"]) >= policy.tries_day


def _wrong_from(tx: Tx, policy: Policy, callers: list[str]) -> int:
    """Wrong tries from this number (see `calls.forms`) today; a number that is withheld is nobody's."""
    if not callers:
        return 0
    return int(
        tx.scalar(
            select(func.count())
            .select_from(tries.join(calls, calls.c.id == tries.c.call_id))
            .where(
                tries.c.client_id == policy.client_id,
                tries.c.at >= day_begins(japan_day(tx.now)),
                tries.c.right.is_(False),
                tries.c.forgiven_at.is_(None),
                calls.c.caller.in_(callers),
            )
        )
    )
