"""A client's ladder as it is written down, and how it becomes the frozen ladder of one report. No I/O."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from denwaban.delivery.model import (
    REMIND_AFTER,
    REMIND_BEFORE,
    Kind,
    Ladder,
    Rung,
    Target,
    Told,
)

PORTAL = "portal"
"""The one channel that needs no sending and no contact; a rung always has it."""

MOST_STEPS = 20
LONGEST = timedelta(days=7)


class Whom(StrEnum):
    """Whom a step tells."""

    IN_CHARGE = "in_charge"
    SUBSTITUTE = "substitute"
    EVERYONE = "everyone"
    PERSON = "person"
    FLOOR = "floor"


@dataclass(frozen=True, slots=True)
class Step:
    """One rung as the client wrote it: whom, so long after the step before, by which of their channels (empty: all)."""

    whom: Whom
    wait: timedelta
    staff_id: str = ""
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The ladder of one client for one urgency; see `Ladder` for the rest."""

    steps: tuple[Step, ...]
    last_wait: timedelta
    until_taken: bool = False
    remind_before: timedelta = REMIND_BEFORE
    remind_after: timedelta = REMIND_AFTER


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody on the roster, as they can be reached now."""

    staff_id: str
    targets: tuple[Target, ...]
    away: bool = False


@dataclass(frozen=True, slots=True)
class People:
    """Whom the words of a plan mean for one report."""

    first: Member
    substitute: Member | None
    everyone: tuple[Member, ...] = ()
    """All who are there, or all when nobody is."""
    named: tuple[Member, ...] = ()
    """Those whom a step names."""


def usual(wait: timedelta) -> Plan:
    """Who has set nothing: the addressee, a reminder, the substitute, a reminder, `wait` between them; then the floor [D5, A9]."""
    return Plan(
        (
            Step(Whom.IN_CHARGE, timedelta(0)),
            Step(Whom.IN_CHARGE, wait),
            Step(Whom.SUBSTITUTE, wait),
            Step(Whom.SUBSTITUTE, wait),
        ),
        wait,
    )


class BadPlan(ValueError):
    """A plan that cannot be; the message is a Japanese sentence that says what to mend."""


def check(plan: Plan) -> Plan:
    """The plan. Raises `BadPlan`: nobody is told, a step that comes too late, one without its person."""
    if not plan.steps or plan.steps[0].whom is Whom.FLOOR:
        raise BadPlan("はじめの段は、顧客の担当者にしてください。")
    if len(plan.steps) > MOST_STEPS:
        raise BadPlan("段は20までです。")
    waits = [step.wait for step in plan.steps]
    waits += [plan.last_wait, plan.remind_before, plan.remind_after]
    if any(not timedelta(0) <= wait <= LONGEST for wait in waits):
        raise BadPlan("待つ時間は、0分から7日までにしてください。")
    if plan.last_wait < timedelta(minutes=1) or plan.remind_after < timedelta(minutes=1):
        raise BadPlan("最後に待つ時間と、催促までの時間は、1分以上にしてください。")
    if any(step.whom is Whom.PERSON and not step.staff_id for step in plan.steps):
        raise BadPlan("「決まった人」の段に、名前を選んでください。")
    return replace(plan, steps=(replace(plan.steps[0], wait=timedelta(0)), *plan.steps[1:]))


def freeze(plan: Plan, people: People, also: Sequence[Member] = ()) -> Ladder:
    """The ladder of a report that is sent now.

    Whoever is away is told all the same, but the next one at once, and is not reminded while somebody else can be [A9].
    When neither the addressee nor the substitute is there, the floor is asked at once: nobody on duty is never silent.
    Steps that mean nobody (no substitute named) are left out. `also` are told beside the addressee, who alone owns it.
    """
    return Ladder(
        tuple(_rungs(plan.steps, people, also)),
        plan.last_wait,
        plan.until_taken,
        plan.remind_before,
        plan.remind_after,
    )


def _rungs(steps: Iterable[Step], people: People, also: Sequence[Member]) -> list[Rung]:
    rungs: list[Rung] = []
    known: set[str] = set()
    owner = people.first
    hurry = False
    nobody = people.first.away and (people.substitute is None or people.substitute.away)
    for step in steps:
        members = _members(step, people)
        if not rungs:
            # The addressee is always told first: a plan says when the others are.
            members = _with(members or [people.first], also)
        if step.whom is Whom.FLOOR:
            rungs.append(Rung(owner.staff_id, Kind.FLOOR, step.wait, ()))
            continue
        spared = people.substitute is not None and not nobody
        members = [one for one in members if not (one.away and one.staff_id in known and spared)]
        if not members:
            continue
        owner = _owner(step, members, owner)
        told = [_told(one, step.channels, known, first=not rungs) for one in members]
        own = next((one for one in told if one.staff_id == owner.staff_id), None)
        rungs.append(
            Rung(
                owner.staff_id,
                own.kind if own else told[0].kind,
                timedelta(0) if hurry else step.wait,
                own.targets if own else (),
                tuple(one for one in told if one is not own),
            )
        )
        known |= {one.staff_id for one in members}
        hurry = all(one.away for one in members) and spared
        if len(rungs) == 1 and nobody:
            rungs.append(Rung(owner.staff_id, Kind.FLOOR, timedelta(0), ()))
    return rungs


def _members(step: Step, people: People) -> list[Member]:
    if step.whom is Whom.IN_CHARGE:
        return [people.first]
    if step.whom is Whom.SUBSTITUTE:
        return [people.substitute] if people.substitute is not None else []
    if step.whom is Whom.EVERYONE:
        return list(people.everyone)
    return [one for one in people.named if one.staff_id == step.staff_id]


def _with(members: Sequence[Member], also: Sequence[Member]) -> list[Member]:
    known = {one.staff_id: one for one in (*members, *also)}
    return list(known.values())


def _owner(step: Step, members: Sequence[Member], owner: Member) -> Member:
    """Everybody may take it, but one person has it until then [D3]."""
    if any(one.staff_id == owner.staff_id for one in members) or step.whom is Whom.EVERYONE:
        return owner
    return members[0]


def _told(member: Member, channels: Sequence[str], known: set[str], *, first: bool) -> Told:
    kind = Kind.REMINDER if member.staff_id in known else Kind.SUBSTITUTE
    chosen = tuple(
        target
        for target in member.targets
        if not channels or target.channel in channels or target.channel == PORTAL
    )
    return Told(member.staff_id, Kind.FIRST if first else kind, chosen)


def timeline(plan: Plan, begin: datetime) -> list[tuple[datetime, Step | None]]:
    """When each step comes if nobody takes it and nobody is away; None at the end: then only the floor can help."""
    at, found = begin, []
    for step in plan.steps:
        at += step.wait
        found.append((at, step))
    return [*found, (at + plan.last_wait, None)]


def to_json(plan: Plan) -> dict[str, Any]:
    """The plan as it is kept; minutes."""

    def minutes(wait: timedelta) -> int:
        return round(wait.total_seconds() / 60)

    return {
        "last_wait": minutes(plan.last_wait),
        "until_taken": plan.until_taken,
        "remind_before": minutes(plan.remind_before),
        "remind_after": minutes(plan.remind_after),
        "steps": [
            {
                "whom": step.whom.value,
                "wait": minutes(step.wait),
                "staff_id": step.staff_id,
                "channels": list(step.channels),
            }
            for step in plan.steps
        ],
    }


def from_json(kept: Mapping[str, Any]) -> Plan:
    """The plan that `to_json` kept."""

    def minutes(name: str) -> timedelta:
        return timedelta(minutes=kept[name])

    return Plan(
        tuple(
            Step(
                Whom(step["whom"]),
                timedelta(minutes=step["wait"]),
                step["staff_id"],
                tuple(step["channels"]),
            )
            for step in kept["steps"]
        ),
        minutes("last_wait"),
        bool(kept["until_taken"]),
        minutes("remind_before"),
        minutes("remind_after"),
    )
