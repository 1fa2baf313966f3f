"""What a client wants: its ladders, its digest, the quiet hours of its people."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import delete, insert, select, update

from denwaban.delivery import facts
from denwaban.delivery.model import Ladder, Target
from denwaban.delivery.plan import (
    PORTAL,
    Member,
    People,
    Plan,
    Whom,
    check,
    freeze,
    from_json,
    to_json,
    usual,
)
from denwaban.delivery.rows import delivery_plans, digests, quiet_hours
from denwaban.journal import append
from denwaban.oncall import contact, contacts_of, reachable, substitute_of
from denwaban.people import Staff, staff_of
from denwaban.reports import Urgency
from denwaban.store import Tx, new_id

MOST_TIMES = 12


class Unreachable(LookupError):
    """Nobody of that name is on the client's roster."""


def plan_of(tx: Tx, client_id: str, urgency: str) -> Plan | None:
    """The client's own ladder for this urgency; None where the usual one holds."""
    found = tx.scalar(
        select(delivery_plans.c.plan).where(
            delivery_plans.c.client_id == client_id, delivery_plans.c.urgency == urgency
        )
    )
    return from_json(found) if found is not None else None


def set_plan(tx: Tx, client_id: str, urgency: Urgency, plan: Plan) -> None:
    """Keeps a ladder for the reports sent from now on; those under way keep theirs. Raises `BadPlan`."""
    kept = to_json(check(plan))
    table = delivery_plans
    same = (table.c.client_id == client_id, table.c.urgency == urgency.value)
    changed = tx.execute(update(table).where(*same).values(plan=kept, updated_at=tx.now))
    if not changed.rowcount:
        tx.execute(
            insert(table).values(
                id=new_id(),
                client_id=client_id,
                urgency=urgency.value,
                plan=kept,
                updated_at=tx.now,
            )
        )
    append(tx, facts.plan_changed(client_id, "ladder"))


def forget_plan(tx: Tx, client_id: str, urgency: Urgency) -> None:
    """The usual ladder holds again."""
    tx.execute(
        delete(delivery_plans).where(
            delivery_plans.c.client_id == client_id, delivery_plans.c.urgency == urgency.value
        )
    )
    append(tx, facts.plan_changed(client_id, "ladder"))


def digest_of(tx: Tx, client_id: str) -> tuple[int, ...]:
    """At which minutes of the day ordinary reports of this client go out together; empty: each at once."""
    found = tx.scalar(select(digests.c.times).where(digests.c.client_id == client_id))
    return tuple(found or ())


def set_digest(tx: Tx, client_id: str, times: Sequence[int]) -> None:
    """Ordinary reports sent from now on wait for these minutes of the day. Raises `ValueError`."""
    kept = sorted(set(times))
    if len(kept) > MOST_TIMES or any(not 0 <= minute < 24 * 60 for minute in kept):
        raise ValueError("times")
    changed = tx.execute(
        update(digests)
        .where(digests.c.client_id == client_id)
        .values(times=kept, updated_at=tx.now)
    )
    if not changed.rowcount:
        tx.execute(insert(digests).values(client_id=client_id, times=kept, updated_at=tx.now))
    append(tx, facts.plan_changed(client_id, "digest"))


def quiet_of(tx: Tx, contact_ids: Iterable[str]) -> dict[tuple[str, str], tuple[int, int]]:
    """(contact, urgency) → (begins, ends), minutes of the day."""
    wanted = [one for one in contact_ids if one]
    if not wanted:
        return {}
    return {
        (row["contact_id"], row["urgency"]): (row["begins"], row["ends"])
        for row in tx.all(select(quiet_hours).where(quiet_hours.c.contact_id.in_(wanted)))
    }


def set_quiet(tx: Tx, contact_id: str, urgency: Urgency, hours: tuple[int, int] | None) -> None:
    """When messages of this urgency wait for the end of the quiet time; None: they never wait.

    Raises `Unreachable` when there is no such contact, `ValueError` for an emergency, which always goes.
    """
    found = contact(tx, contact_id)
    if found is None:
        raise Unreachable("no such contact")
    if urgency is Urgency.EMERGENCY:
        raise ValueError("an emergency always goes")
    tx.execute(
        delete(quiet_hours).where(
            quiet_hours.c.contact_id == contact_id, quiet_hours.c.urgency == urgency.value
        )
    )
    if hours is not None and hours[0] != hours[1]:
        tx.execute(
            insert(quiet_hours).values(
                id=new_id(),
                contact_id=contact_id,
                client_id=found.client_id,
                urgency=urgency.value,
                begins=hours[0],
                ends=hours[1],
            )
        )
    append(tx, facts.plan_changed(found.client_id, "quiet"))


def targets_of(tx: Tx, staff_id: str) -> tuple[Target, ...]:
    """All channels of a person; the portal needs no contact."""
    own = tuple(Target(one.channel, one.address, one.id) for one in contacts_of(tx, staff_id))
    return (*own, Target(PORTAL, {}))


def ladder_for(
    tx: Tx,
    client_id: str,
    urgency: str,
    first_id: str,
    acknowledge_minutes: int,
    also: Sequence[str] = (),
) -> Ladder:
    """The frozen ladder of a report that `first_id` gets now. Raises `Unreachable` when that is nobody of the roster."""
    roster = {person.id: person for person in staff_of(tx, client_id)}
    if first_id not in roster:
        raise Unreachable("not on the roster")
    plan = plan_of(tx, client_id, urgency) or usual(timedelta(minutes=acknowledge_minutes))
    other = substitute_of(tx, first_id, tx.now)

    def member(person: Staff) -> Member:
        return Member(
            person.id, targets_of(tx, person.id), away=not reachable(tx, person.id, tx.now)
        )

    def members(found: Iterable[Staff]) -> tuple[Member, ...]:
        return tuple(member(person) for person in found)

    everyone: Sequence[Staff] = ()
    if any(step.whom is Whom.EVERYONE for step in plan.steps):
        there = [person for person in roster.values() if reachable(tx, person.id, tx.now)]
        everyone = there or list(roster.values())
    named = {step.staff_id for step in plan.steps if step.whom is Whom.PERSON} & set(roster)
    people = People(
        member(roster[first_id]),
        member(other) if other is not None else None,
        members(everyone),
        members(roster[one] for one in sorted(named)),
    )
    beside = [member(roster[one]) for one in also if one in roster and one != first_id]
    return freeze(plan, people, beside)
