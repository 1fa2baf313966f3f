"""The identity check of a call: what the caller says is compared, and what is gated is shown."""

from collections.abc import Mapping

from sqlalchemy import insert

from denwaban import audit
from denwaban.calls import Call
from denwaban.disclosure.members import answers_of, found_by, told_of
from denwaban.disclosure.model import FINDERS, GatedField, Kind, heard, matches
from denwaban.disclosure.rows import targets, tries
from denwaban.disclosure.standing import any_locked, standing
from denwaban.journal import Fact, append
from denwaban.store import Tx, new_id


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
    if any_locked(tx, policy, meant):
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
