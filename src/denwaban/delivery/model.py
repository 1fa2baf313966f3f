"""The ladder a report climbs until somebody has taken it, and what may come of one attempt. No I/O."""

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


class State(StrEnum):
    """Of an escalation."""

    WAITING = "waiting"
    ACKNOWLEDGED = "acknowledged"
    EXHAUSTED = "exhausted"
    """Everybody was told and nobody has taken it: a supervisor sees it until somebody does."""


@dataclass(frozen=True, slots=True)
class Target:
    """A channel and where it leads. `address` may hold secrets."""

    channel: str
    address: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rung:
    """One person told by all their channels at once, `wait` after the rung before."""

    staff_id: str
    kind: Kind
    wait: timedelta
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Ladder:
    """All rungs of a report, at least one, and how long after the last one it counts as untaken. Never changes."""

    rungs: tuple[Rung, ...]
    last_wait: timedelta


@dataclass(frozen=True, slots=True)
class Climb:
    """How far a report has come. `due_at` is set exactly while it waits: then something happens without anybody."""

    ladder: Ladder
    rung: int
    """How many rungs have been climbed, at least one."""
    state: State
    due_at: datetime | None

    @property
    def now_on(self) -> Rung:
        """The rung climbed last; its person owns the report until somebody takes it."""
        return self.ladder.rungs[self.rung - 1]


def build(
    first: str,
    first_targets: Sequence[Target],
    substitute: str | None,
    substitute_targets: Sequence[Target],
    wait: timedelta,
    *,
    first_is_away: bool = False,
) -> Ladder:
    """The ladder of a report: the addressee, a reminder, the substitute, a reminder, `wait` between them.

    An addressee who is away is told all the same, but the substitute is told at once [A9].
    """
    a, b = tuple(first_targets), tuple(substitute_targets)
    rungs = [Rung(first, Kind.FIRST, timedelta(0), a)]
    if substitute is None:
        rungs.append(Rung(first, Kind.REMINDER, wait, a))
    elif first_is_away:
        rungs.append(Rung(substitute, Kind.SUBSTITUTE, timedelta(0), b))
        rungs.append(Rung(substitute, Kind.REMINDER, wait, b))
    else:
        rungs.append(Rung(first, Kind.REMINDER, wait, a))
        rungs.append(Rung(substitute, Kind.SUBSTITUTE, wait, b))
        rungs.append(Rung(substitute, Kind.REMINDER, wait, b))
    return Ladder(tuple(rungs), wait)


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
    """The person of this rung can be reached by no channel: at once to the next rung of somebody else."""
    if climb.state is not State.WAITING:
        return climb
    lost = climb.now_on.staff_id
    following = climb.rung
    while following < len(climb.ladder.rungs) and climb.ladder.rungs[following].staff_id == lost:
        following += 1
    return _next(climb, following, now)


def acknowledged(climb: Climb) -> Climb:
    """Taken: nothing more happens by itself."""
    return replace(climb, state=State.ACKNOWLEDGED, due_at=None)


def _next(climb: Climb, climbed: int, now: datetime) -> Climb:
    if climbed >= len(climb.ladder.rungs):
        return replace(climb, state=State.EXHAUSTED, due_at=None)
    return _at(climb.ladder, climbed + 1, now)


def _at(ladder: Ladder, rung: int, now: datetime) -> Climb:
    more = rung < len(ladder.rungs)
    wait = ladder.rungs[rung].wait if more else ladder.last_wait
    return Climb(ladder, rung, State.WAITING, now + wait)


def to_json(ladder: Ladder) -> dict[str, Any]:
    """The ladder as it is kept with the report."""
    return {
        "last_wait": ladder.last_wait.total_seconds(),
        "rungs": [
            {
                "staff_id": rung.staff_id,
                "kind": rung.kind.value,
                "wait": rung.wait.total_seconds(),
                "targets": [[target.channel, dict(target.address)] for target in rung.targets],
            }
            for rung in ladder.rungs
        ],
    }


def from_json(kept: Mapping[str, Any]) -> Ladder:
    """The ladder that `to_json` kept."""
    return Ladder(
        tuple(
            Rung(
                rung["staff_id"],
                Kind(rung["kind"]),
                timedelta(seconds=rung["wait"]),
                tuple(Target(channel, address) for channel, address in rung["targets"]),
            )
            for rung in kept["rungs"]
        ),
        timedelta(seconds=kept["last_wait"]),
    )


# --- one attempt ---


@dataclass(frozen=True, slots=True)
class Sent:
    """The other side has accepted it."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now; `why` is a Japanese sentence. Tried again later, not before `after`."""

    why: str
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """Never by this address; `why` is a Japanese sentence that says what to mend."""

    why: str


@dataclass(frozen=True, slots=True)
class NotSetUp:
    """This installation has no such channel. It says nothing about the person, so it does not escalate."""

    why: str


Outcome = Sent | Retry | Failed | NotSetUp

WAITS = (5, 15, 45, 120, 300, 600, 1200, 1800)
"""Seconds before the second, third … try; an hour after that."""

MAX_TRIES = 14
"""About seven hours of trying; the ladder has told a supervisor long before."""

OBEYED = timedelta(hours=6)
"""A longer Retry-After than this is cut to it."""


def wait_after(tries: int, after: timedelta | None, chance: float) -> timedelta | None:
    """How long to wait after the `tries`-th try, None when that was the last. `chance` in [0, 1) spreads the waits by
    ±20 %, so that a server that comes back is not met by everybody at once; never shorter than what it asked for."""
    if tries >= MAX_TRIES:
        return None
    base = WAITS[tries - 1] if tries <= len(WAITS) else 3600
    wait = timedelta(seconds=base * (0.8 + 0.4 * chance))
    return max(wait, min(after, OBEYED)) if after is not None else wait
