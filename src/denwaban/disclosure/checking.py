"""The identity check of a call: tries, locks, sights, and a supervisor's hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import func, insert, select, update

from denwaban import audit
from denwaban.calls import Call, forms
from denwaban.calls import call as call_of
from denwaban.calls.rows import calls
from denwaban.clock import JST
from denwaban.disclosure.members import answers_of, found_by, told_of
from denwaban.disclosure.model import FINDERS, GatedField, Kind, Policy, heard, matches
from denwaban.disclosure.policies import policy_of
from denwaban.disclosure.rows import targets, tries, unlocks
from denwaban.journal import Fact, append
from denwaban.people import PeopleError
from denwaban.store import Tx, new_id
from denwaban.texts import clean_text


class NoCheck(LookupError):
    """Nothing is gated here: no rules, a practice call, or a call that is over."""


class TooFew(Exception):
    """Fewer answers than would open anything; nothing was compared and no try is counted."""

    def __init__(self, needed: int) -> None:
        super().__init__(str(needed))
        self.needed = needed


class OpensNothing(Exception):
    """These answers, even if all are right, open no field; nothing was compared and no try is counted."""

    def __init__(self, nearest: GatedField) -> None:
        super().__init__(nearest.label)
        self.nearest = nearest
        """What to ask for instead: the field to which the fewest answers lack."""


class NobodyNamed(Exception):
    """No number, telephone or name among the answers: it is not known whom to compare with. No try is counted."""


class Locked(Exception):
    """No more tries; the refusal is to be said."""


class NotOpen(Exception):
    """This field is not told in this call (yet)."""


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
        or _any_locked(tx, policy, _targets_of(tx, call.id))
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


def check(tx: Tx, call: Call, operator_id: str, user_id: str, said: Mapping[Kind, str]) -> bool:
    """Compares what the caller said; whether all of it is right. A wrong try is counted for the call, for the number that
    calls and for everybody it may have been about; so is it when the caller hangs up and calls again. The store runs one
    verb after the other, so tries at the same moment are counted one by one.

    Raises `NoCheck`, `Unreadable`, `TooFew`, `OpensNothing`, `NobodyNamed` (no try is counted), `Locked`.
    """
    now = standing(tx, call)
    if now is None or call.ended_at is not None:
        raise NoCheck(call.id)
    policy = now.policy
    plain = {kind: text for kind, text in heard(said).items() if kind in policy.asks}
    if len(plain) < policy.least:
        raise TooFew(policy.least)
    if not any(field.opened_by(plain) for field in policy.fields):
        raise OpensNothing(policy.nearest(plain))
    finders = [kind for kind in FINDERS if kind in plain]
    if not finders:
        raise NobodyNamed
    if now.locked:
        raise Locked
    found = [set(found_by(tx, policy.client_id, kind, plain[kind])) for kind in finders]
    meant = set.union(*found)
    if _any_locked(tx, policy, meant):
        # Not compared: this call has come to somebody who is locked.
        _put(tx, call, operator_id, user_id, plain, None, meant)
        raise Locked
    known = answers_of(tx, policy.client_id, set.intersection(*found))
    same = [member_id for member_id, answers in known.items() if matches(plain, answers)]
    proved = same[0] if len(same) == 1 else None
    _put(tx, call, operator_id, user_id, plain, proved, meant)
    return proved is not None


def _put(
    tx: Tx,
    call: Call,
    operator_id: str,
    user_id: str,
    said: Mapping[Kind, str],
    member_id: str | None,
    meant: set[str],
) -> None:
    try_id, right = new_id(), member_id is not None
    kinds = ",".join(kind for kind in Kind if kind in said)
    tx.execute(
        insert(tries).values(
            id=try_id,
            client_id=call.client_id,
            call_id=call.id,
            operator_id=operator_id,
            at=tx.now,
            right=right,
            kinds=kinds,
            member_id=member_id,
        )
    )
    if meant and not right:
        tx.execute(
            insert(targets),
            [{"member_id": one, "try_id": try_id, "at": tx.now} for one in sorted(meant)],
        )
    audit.record(
        tx,
        audit.Trace(
            "identity.checked",
            user_id,
            call.client_id,
            call.id,
            member_id or "",
            {"right": right, "kinds": kinds},
        ),
    )
    after = standing(tx, call)
    if after is not None and after.locked:
        append(tx, Fact("identity.locked", call.id, call.client_id, {"operator_id": operator_id}))


def reveal(tx: Tx, call: Call, user_id: str, label: str) -> str:
    """A gated value, for the eyes of this call's operator; the sight is on record with it. Empty when the client has said
    nothing. Raises `NoCheck`, `Locked`, `NotOpen`."""
    now = standing(tx, call)
    if now is None or call.ended_at is not None:
        raise NoCheck(call.id)
    if now.locked:
        raise Locked
    shown = next((one for one in now.fields if one.field.label == label), None)
    if shown is None or not shown.open or not shown.allowed or now.member_id is None:
        raise NotOpen(label)
    audit.record(
        tx,
        audit.Trace(
            "field.shown", user_id, call.client_id, call.id, now.member_id, {"field": label}
        ),
    )
    return told_of(tx, now.policy.client_id, now.member_id).get(label, "")


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


def unlock(tx: Tx, call_id: str, client_id: str, user_id: str, reason: str) -> None:
    """A supervisor takes the lock off: wrong tries of the call, of its number and about its people are forgiven for today.
    Raises `PeopleError` without a reason."""
    unlock_id = _hand(tx, call_id, client_id, user_id, None, reason)
    since = midnight(tx.now)
    about = _targets_of(tx, call_id)
    found = call_of(tx, call_id)
    callers = forms(tx, client_id, [found.caller]) if found is not None else []
    of_people = select(targets.c.try_id).where(
        targets.c.member_id.in_(about), targets.c.at >= since
    )
    of_number = (
        select(tries.c.id)
        .join(calls, calls.c.id == tries.c.call_id)
        .where(calls.c.caller.in_(callers), tries.c.client_id == client_id, tries.c.at >= since)
    )
    wanted = (tries.c.call_id == call_id) | tries.c.id.in_(of_people)
    if callers:
        wanted |= tries.c.id.in_(of_number)
    tx.execute(
        update(tries)
        .where(tries.c.right.is_(False), tries.c.forgiven_at.is_(None), wanted)
        .values(forgiven_at=tx.now)
    )
    audit.record(tx, audit.Trace("identity.unlocked", user_id, client_id, call_id, unlock_id))
    append(tx, Fact("identity.unlocked", call_id, client_id))


def allow(tx: Tx, call_id: str, client_id: str, user_id: str, label: str, reason: str) -> None:
    """A supervisor lets a field be told in this call. Raises `PeopleError` without a reason."""
    unlock_id = _hand(tx, call_id, client_id, user_id, label, reason)
    audit.record(
        tx,
        audit.Trace("field.allowed", user_id, client_id, call_id, unlock_id, {"field": label}),
    )
    append(tx, Fact("identity.unlocked", call_id, client_id))


def _hand(
    tx: Tx, call_id: str, client_id: str, user_id: str, label: str | None, reason: str
) -> str:
    text = clean_text(reason, lines=True)[:500]
    if not text:
        raise PeopleError("理由を書いてください", "reason")
    unlock_id = new_id()
    tx.execute(
        insert(unlocks).values(
            id=unlock_id,
            client_id=client_id,
            call_id=call_id,
            label=label,
            at=tx.now,
            by_user_id=user_id,
            reason=text,
        )
    )
    return unlock_id


def _allowed(tx: Tx, call_id: str) -> set[str]:
    rows = tx.all(
        select(unlocks.c.label).where(unlocks.c.call_id == call_id, unlocks.c.label.is_not(None))
    )
    return {row["label"] for row in rows}


def _targets_of(tx: Tx, call_id: str) -> set[str]:
    """Whom the wrong tries of a call were about."""
    rows = tx.all(
        select(targets.c.member_id)
        .join(tries, tries.c.id == targets.c.try_id)
        .where(tries.c.call_id == call_id)
        .distinct()
    )
    return {row["member_id"] for row in rows}


def _any_locked(tx: Tx, policy: Policy, people: set[str]) -> bool:
    if not people:
        return False
    worst = tx.first(
        select(func.count().label("n"))
        .select_from(targets.join(tries, tries.c.id == targets.c.try_id))
        .where(
            targets.c.member_id.in_(people),
            targets.c.at >= midnight(tx.now),
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
                tries.c.at >= midnight(tx.now),
                tries.c.right.is_(False),
                tries.c.forgiven_at.is_(None),
                calls.c.caller.in_(callers),
            )
        )
    )


def midnight(now: datetime) -> datetime:
    """When today began in Tokyo."""
    return datetime.combine(now.astimezone(JST).date(), time(), JST)
