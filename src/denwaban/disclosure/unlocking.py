"""A supervisor's hand in the identity check: a lock is taken off, a field is let be told."""

from sqlalchemy import insert, select, update

from denwaban import audit
from denwaban.calls import call as call_of
from denwaban.calls import forms
from denwaban.calls.rows import calls
from denwaban.clock import day_begins, japan_day
from denwaban.disclosure.rows import targets, tries, unlocks
from denwaban.disclosure.sealing import why_unlocked
from denwaban.disclosure.standing import targets_of
from denwaban.journal import Fact, append
from denwaban.people import PeopleError
from denwaban.store import Tx, new_id
from denwaban.texts import clean_text


def unlock(tx: Tx, call_id: str, client_id: str, user_id: str, reason: str) -> None:
    """A supervisor takes the lock off: wrong tries of the call, of its number and about its people are forgiven for today.
    Raises `PeopleError` without a reason."""
    unlock_id = _hand(tx, call_id, client_id, user_id, None, reason)
    since = day_begins(japan_day(tx.now))
    about = targets_of(tx, call_id)
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
            reason=why_unlocked.seal(tx, client_id, unlock_id, "reason", text),
        )
    )
    return unlock_id
