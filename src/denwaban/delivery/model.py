"""The ladder a report climbs until somebody has taken it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """Why somebody is told."""

    FIRST = "first"
    REMINDER = "reminder"
    SUBSTITUTE = "substitute"
    FLOOR = "floor"
    """Nobody of the client: our own floor is asked to look after it."""
    HANDED = "handed"
    """It was given to this person."""
    DEADLINE = "deadline"
    """It was taken, and its time is near."""
    OVERDUE = "overdue"
    """It was taken, and its time has passed."""
    CONFIRM = "confirm"
    """Somebody has taken it; this person is one of all who are to confirm it."""


class State(StrEnum):
    """Of an escalation."""

    WAITING = "waiting"
    ACKNOWLEDGED = "acknowledged"
    EXHAUSTED = "exhausted"
    """Everybody was told and nobody has taken it: a supervisor sees it until somebody does."""


@dataclass(frozen=True, slots=True)
class Target:
    """A channel and where it leads. `address` may hold secrets. `contact_id` is empty for the portal."""

    channel: str
    address: Mapping[str, Any] = field(repr=False)
    contact_id: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody who is told beside the owner of a rung."""

    staff_id: str
    kind: Kind
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Rung:
    """`staff_id` owns the report from here on and is told by `targets` at once, `wait` after the rung before; so are the
    `others`. On a rung of kind `FLOOR` nobody of the client is told."""

    staff_id: str
    kind: Kind
    wait: timedelta
    targets: tuple[Target, ...]
    others: tuple[Told, ...] = ()

    @property
    def told(self) -> tuple[Told, ...]:
        """Everybody who is told, the owner first."""
        own = (Told(self.staff_id, self.kind, self.targets),) if self.targets else ()
        return own + self.others


REMIND_BEFORE = timedelta(minutes=30)
REMIND_AFTER = timedelta(minutes=60)

MOST_REPEATS = 48
"""A ladder that repeats until taken ends where only the floor can help."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """All rungs of a report, at least one, and how long after the last one it counts as untaken.

    What has been climbed never changes; the rest changes only when a person hands the report on.
    """

    rungs: tuple[Rung, ...]
    last_wait: timedelta
    until_taken: bool = False
    """After the last rung it is repeated every `last_wait`."""
    remind_before: timedelta = REMIND_BEFORE
    """So long before its deadline whoever took it is reminded."""
    remind_after: timedelta = REMIND_AFTER
    """A report without a deadline is to be done within twice this time; after once it is reminded."""


@dataclass(frozen=True, slots=True)
class Climb:
    """How far a report has come. While it waits, `due_at` is set: then something happens without anybody."""

    ladder: Ladder
    rung: int
    """How many rungs have been climbed, at least one; more than there are when the last one is being repeated."""
    state: State
    due_at: datetime | None

    @property
    def now_on(self) -> Rung:
        """The rung climbed last; its owner has the report until somebody takes it."""
        return self.ladder.rungs[self.rung - 1] if not self.repeats else _again(self.ladder)

    @property
    def repeats(self) -> int:
        """How often the end of the ladder has been repeated."""
        return max(0, self.rung - len(self.ladder.rungs))

    @property
    def following(self) -> Rung | None:
        """What is climbed next; None after the last."""
        if self.rung < len(self.ladder.rungs):
            return self.ladder.rungs[self.rung]
        more = self.ladder.until_taken and self.repeats < MOST_REPEATS
        return _again(self.ladder) if more else None


def _again(ladder: Ladder) -> Rung:
    """The last rung that tells somebody, as a reminder."""
    last = next((rung for rung in reversed(ladder.rungs) if rung.told), ladder.rungs[-1])
    others = tuple(replace(one, kind=Kind.REMINDER) for one in last.others)
    return replace(last, kind=Kind.REMINDER, wait=ladder.last_wait, others=others)


def start(ladder: Ladder, now: datetime) -> Climb:
    """The first rung climbed."""
    return _at(ladder, 1, now)


def step(climb: Climb, now: datetime) -> Climb:
    """One rung further if it is due, exhausted after the last. Steps are never skipped: after a long stand-still of
    the program every person still gets their time."""
    if climb.state is not State.WAITING or climb.due_at is None or climb.due_at > now:
        return climb
    return _next(climb, climb.rung, now)


def cut_short(climb: Climb, now: datetime) -> Climb:
    """The owner of this rung cannot be reached or is gone: at once to the next rung that tells somebody else or the floor."""
    if climb.state is not State.WAITING:
        return climb
    lost, rungs = climb.now_on.staff_id, climb.ladder.rungs
    following = climb.rung
    while following < len(rungs) and _only(rungs[following], lost):
        following += 1
    if following >= len(rungs) and _only(_again(climb.ladder), lost):
        return replace(climb, state=State.EXHAUSTED, due_at=None)
    return _next(climb, following, now)


def resumed(climb: Climb, lost: str, now: datetime) -> Climb:
    """Whoever had taken it has it no longer: on from the next rung that is not theirs alone."""
    waiting = replace(climb, state=State.WAITING, due_at=now)
    rungs, following = climb.ladder.rungs, climb.rung
    while following < len(rungs) and _only(rungs[following], lost):
        following += 1
    return _next(waiting, following, now)


def handed(climb: Climb, rungs: Sequence[Rung], now: datetime) -> Climb:
    """Given to somebody: what was climbed stays, `rungs` follow, and the first of them is climbed now."""
    climbed = climb.ladder.rungs[: climb.rung] + (_again(climb.ladder),) * climb.repeats
    return _at(replace(climb.ladder, rungs=(*climbed, *rungs)), climb.rung + 1, now)


def acknowledged(climb: Climb, due_at: datetime | None = None) -> Climb:
    """Taken: the ladder stands. `due_at` is when to ask whether it was done."""
    return replace(climb, state=State.ACKNOWLEDGED, due_at=due_at)


def deadline_of(ladder: Ladder, taken_at: datetime, by: datetime | None) -> datetime:
    """By when a taken report is to be done: its own time, or twice `remind_after` when it has none or is late already."""
    if by is not None and by > taken_at:
        return by
    return taken_at + 2 * ladder.remind_after


@dataclass(frozen=True, slots=True)
class Question:
    """When whoever took a report is asked after it; `last`: its time is over, and others are told too."""

    at: datetime
    last: bool


def question(
    ladder: Ladder,
    taken_at: datetime,
    by: datetime | None,
    asked: int,
    warn_at: datetime | None = None,
) -> Question | None:
    """The next question about a taken report that is not done: before the deadline where there is time for it, and at the
    deadline. `asked` is what was asked already: 0 nothing, 1 before, 2 at the deadline. None after that: the floor sees it.
    `warn_at` is when the first question about `by` comes where the client does not count by the clock.
    """
    deadline = deadline_of(ladder, taken_at, by)
    own = by is not None and by > taken_at
    before = ladder.remind_before if own else ladder.remind_after
    first = warn_at if own and warn_at is not None else deadline - before
    if asked == 0 and before > timedelta(0) and first > taken_at:
        return Question(first, last=False)
    return Question(deadline, last=True) if asked <= 1 else None


def _only(rung: Rung, staff_id: str) -> bool:
    return bool(rung.told) and all(one.staff_id == staff_id for one in rung.told)


def _next(climb: Climb, climbed: int, now: datetime) -> Climb:
    ladder = climb.ladder
    if climbed < len(ladder.rungs):
        return _at(ladder, climbed + 1, now)
    if ladder.until_taken and climbed - len(ladder.rungs) < MOST_REPEATS:
        return _at(ladder, climbed + 1, now)
    return replace(climb, state=State.EXHAUSTED, due_at=None)


def _at(ladder: Ladder, rung: int, now: datetime) -> Climb:
    more = rung < len(ladder.rungs)
    wait = ladder.rungs[rung].wait if more else ladder.last_wait
    return Climb(ladder, rung, State.WAITING, now + wait)


def to_json(ladder: Ladder) -> dict[str, Any]:
    """The ladder as it is kept with the report."""
    return {
        "last_wait": ladder.last_wait.total_seconds(),
        "until_taken": ladder.until_taken,
        "remind_before": ladder.remind_before.total_seconds(),
        "remind_after": ladder.remind_after.total_seconds(),
        "rungs": [
            {
                "staff_id": rung.staff_id,
                "kind": rung.kind.value,
                "wait": rung.wait.total_seconds(),
                "targets": _targets(rung.targets),
                "others": [
                    [one.staff_id, one.kind.value, _targets(one.targets)] for one in rung.others
                ],
            }
            for rung in ladder.rungs
        ],
    }


def _targets(targets: Sequence[Target]) -> list[list[Any]]:
    return [[target.channel, dict(target.address), target.contact_id] for target in targets]


def from_json(kept: Mapping[str, Any]) -> Ladder:
    """The ladder that `to_json` kept, now or in an earlier version."""

    def targets(found: Sequence[Sequence[Any]]) -> tuple[Target, ...]:
        return tuple(Target(*one) for one in found)

    return Ladder(
        tuple(
            Rung(
                rung["staff_id"],
                Kind(rung["kind"]),
                timedelta(seconds=rung["wait"]),
                targets(rung["targets"]),
                tuple(
                    Told(staff_id, Kind(kind), targets(found))
                    for staff_id, kind, found in rung.get("others", ())
                ),
            )
            for rung in kept["rungs"]
        ),
        timedelta(seconds=kept["last_wait"]),
        bool(kept.get("until_taken", False)),
        timedelta(seconds=kept.get("remind_before", REMIND_BEFORE.total_seconds())),
        timedelta(seconds=kept.get("remind_after", REMIND_AFTER.total_seconds())),
    )
