"""What a client wants to be sent: read, changed, and looked at when its time comes."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import RowMapping, insert, or_, select, update

from denwaban.clock import Clock
from denwaban.journal import Fact, append
from denwaban.oncall import business_hours, contacts_of
from denwaban.people import Changed, Staff, staff_of
from denwaban.people import rows as people_rows
from denwaban.store import Store, StoreError, Tx, new_id
from denwaban.summaries.model import BadPlan, Kind, Period
from denwaban.summaries.rows import summaries, summary_plans
from denwaban.summaries.schedule import EARLIEST, LATEST, Plan, due, next_look, started
from denwaban.texts import N_
from denwaban.work import Duty

log = structlog.get_logger(__name__)

_clients = people_rows.clients

TOGETHER = 200
"""Clients that are taken up in one transaction."""

MOST_STAFF = 20

EVERY = timedelta(minutes=10)
"""How often clients that went live or ended are looked for."""


@dataclass(frozen=True, slots=True)
class KeptPlan:
    plan: Plan
    version: int
    """0: the client has the usual plan."""
    changed_at: datetime | None
    due_at: datetime | None
    """When the next look is."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who gets the mail."""

    staff_id: str
    name: str
    address: str
    """Empty: there is no mail address to send to."""


def plan_of(tx: Tx, client_id: str) -> KeptPlan:
    """The plan of a client; the usual one, from today on, for a client that has none yet."""
    row = tx.first(select(summary_plans).where(summary_plans.c.id == client_id))
    if row is None:
        return KeptPlan(started(Plan(), tx.now), 0, None, None)
    return KeptPlan(_plan(row), row["version"], row["changed_at"], row["due_at"])


def set_plan(
    tx: Tx, client_id: str, plan: Plan, user_id: str | None, seen: int | None = None
) -> KeptPlan:
    """What the client chooses; up to which day it has been told stays as it is, and what was switched off begins anew with
    today. Raises `BadPlan`, and `people.Changed` when there is a newer version than `seen`."""
    before = plan_of(tx, client_id)
    if seen is not None and seen != before.version:
        raise Changed
    _check(tx, client_id, plan)
    fresh = started(plan, tx.now)
    after = replace(
        plan,
        daily_done=before.plan.daily_done if before.plan.daily else fresh.daily_done,
        monthly_done=before.plan.monthly_done if before.plan.monthly else fresh.monthly_done,
    )
    values = {
        **_values(after),
        "version": before.version + 1,
        "changed_at": tx.now,
        "changed_by": user_id,
        "due_at": next_look(after, tx.now) if _live(tx, client_id) else None,
        "leased_until": None,
    }
    if tx.first(select(summary_plans.c.id).where(summary_plans.c.id == client_id)) is None:
        tx.execute(insert(summary_plans).values(id=client_id, **values))
    else:
        tx.execute(update(summary_plans).where(summary_plans.c.id == client_id).values(**values))
    append(tx, Fact("summary.plan_changed", client_id, client_id, {"user_id": user_id}))
    tx.touch(f"work:{summary_plans.name}")
    return plan_of(tx, client_id)


def readers(tx: Tx, client_id: str, plan: Plan) -> list[Reader]:
    """Who gets the mail: whom the client chose, else whoever is in charge and has a mail address. Who was chosen and has
    none (or has left) is among them without one."""
    people = {person.id: person for person in staff_of(tx, client_id, left=True)}
    if plan.staff:
        chosen = [people[one] for one in plan.staff if one in people]
        return [_reader(tx, person) for person in chosen]
    usual = [p for p in people.values() if p.in_charge and p.left_at is None]
    return [one for one in (_reader(tx, person) for person in usual) if one.address]


def _reader(tx: Tx, person: Staff) -> Reader:
    address = "" if person.left_at is not None else mail_address(tx, person.id)
    return Reader(person.id, person.name, address)


def mail_address(tx: Tx, staff_id: str) -> str:
    """Where mails to this person go now; empty for nowhere."""
    found = (one.address["to"] for one in contacts_of(tx, staff_id) if one.channel == "mail")
    return next(found, "")


def look(tx: Tx, client_id: str) -> list[str]:
    """What is due is written down as summaries to be made, each period once for good, and the next look is set. Returns
    their ids. Nothing before the time has come, whoever asks."""
    row = tx.first(select(summary_plans).where(summary_plans.c.id == client_id))
    if row is None or row["due_at"] is None or row["due_at"] > tx.now:
        return []
    plan = _plan(row)
    if not _live(tx, client_id):
        _set(tx, client_id, due_at=None)
        return []
    wanted = due(plan, business_hours(tx, client_id), tx.now)
    made = [found for period in wanted if (found := want(tx, client_id, period, None)) is not None]
    done = {kind: [one.last for one in wanted if one.kind is kind] for kind in Kind}
    _set(
        tx,
        client_id,
        daily_done=max([plan.daily_done, *done[Kind.DAILY]]),
        monthly_done=max([plan.monthly_done, *done[Kind.MONTHLY]]),
        due_at=next_look(plan, tx.now),
    )
    return made


def want(tx: Tx, client_id: str, period: Period, user_id: str | None) -> str | None:
    """The first edition of a period, to be made now; None when there is one already."""
    same = (
        summaries.c.client_id == client_id,
        summaries.c.kind == period.kind.value,
        summaries.c.first == period.first,
        summaries.c.last == period.last,
        summaries.c.edition > 0,
    )
    if tx.first(select(summaries.c.id).where(*same)) is not None:
        return None
    return add_summary(tx, client_id, period, 1, "", user_id)


def add_summary(
    tx: Tx, client_id: str, period: Period, edition: int, reason: str, user_id: str | None
) -> str:
    """A summary that is to be made now; returns its id."""
    summary_id = new_id()
    tx.execute(
        insert(summaries).values(
            id=summary_id,
            client_id=client_id,
            kind=period.kind.value,
            first=period.first,
            last=period.last,
            edition=edition,
            reason=reason,
            by_user_id=user_id,
            wanted_at=tx.now,
            mailed=False,
            due_at=tx.now,
        )
    )
    tx.touch(f"work:{summaries.name}")
    return summary_id


def look_duty(store: Store) -> Duty:
    """Looking at plans whose time has come."""

    async def do(client_id: str) -> None:
        await store.write(lambda tx: look(tx, client_id))

    return Duty("summary plans", summary_plans, do, at_once=1, late_after=timedelta(hours=1))


class Enrolling:
    """Gives every client whose calls are taken a plan: the usual one, until somebody chooses otherwise."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                while await self._store.write(enrol) == TOGETHER:
                    pass
            except StoreError:
                log.warning("summaries.store_away")
            await self._clock.sleep_until(self._clock.now() + EVERY)


def enrol(tx: Tx) -> int:
    """Takes up to `TOGETHER` clients up; returns how many. A plan that rests because its client was not live goes on with
    today."""
    rows = tx.all(
        select(_clients.c.id, summary_plans.c.id.label("known"))
        .outerjoin(summary_plans, summary_plans.c.id == _clients.c.id)
        .where(
            _clients.c.live_at.is_not(None),
            _clients.c.ended_at.is_(None),
            or_(
                summary_plans.c.id.is_(None),
                summary_plans.c.due_at.is_(None)
                & (summary_plans.c.daily | summary_plans.c.monthly),
            ),
        )
        .limit(TOGETHER)
    )
    for row in rows:
        plan = started(plan_of(tx, row["id"]).plan, tx.now)
        coming = next_look(plan, tx.now)
        if row["known"] is None:
            tx.execute(
                insert(summary_plans).values(
                    id=row["id"], version=0, changed_at=tx.now, due_at=coming, **_values(plan)
                )
            )
        else:
            _set(tx, row["id"], due_at=coming, **_values(plan))
    return len(rows)


def _check(tx: Tx, client_id: str, plan: Plan) -> None:
    if not EARLIEST <= plan.at <= LATEST:
        raise BadPlan(N_("送る時刻は 0:30 から 23:59 までにしてください。"), "at")
    if not 1 <= plan.month_day <= 31:
        raise BadPlan(N_("月報の日は 1 から 31 までにしてください。"), "month_day")
    roster = {person.id for person in staff_of(tx, client_id)}
    before = set(plan_of(tx, client_id).plan.staff)
    if len(plan.staff) > MOST_STAFF or not set(plan.staff) <= roster | before:
        raise BadPlan(N_("送り先は、この顧客の名簿から20人までで選んでください。"), "staff")


def _live(tx: Tx, client_id: str) -> bool:
    row = tx.first(
        select(_clients.c.live_at, _clients.c.ended_at).where(_clients.c.id == client_id)
    )
    return row is not None and row["live_at"] is not None and row["ended_at"] is None


def _plan(row: RowMapping) -> Plan:
    return Plan(
        daily=row["daily"],
        at=row["at"],
        open_days=row["open_days"],
        quiet=row["quiet"],
        monthly=row["monthly"],
        month_day=row["month_day"],
        staff=tuple(row["staff"]),
        daily_done=row["daily_done"],
        monthly_done=row["monthly_done"],
    )


def _values(plan: Plan) -> dict[str, object]:
    return {
        "daily": plan.daily,
        "at": plan.at,
        "open_days": plan.open_days,
        "quiet": plan.quiet,
        "monthly": plan.monthly,
        "month_day": plan.month_day,
        "staff": list(plan.staff),
        "daily_done": plan.daily_done,
        "monthly_done": plan.monthly_done,
    }


def _set(tx: Tx, client_id: str, **values: object) -> None:
    same = summary_plans.c.id == client_id
    tx.execute(update(summary_plans).where(same).values(leased_until=None, **values))
