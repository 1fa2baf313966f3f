"""Words of the floor: operators, callers, and what is to be done with them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from denwaban.lines import Step
from denwaban.people import TrainingStage
from denwaban.routing.skills import EVERYONE, NOBODY, Need


class Priority(IntEnum):
    """Who goes before whom; among equals whoever waits longest."""

    NORMAL = 0
    FIRST = 1
    """Whom the client has put before its other callers."""
    EMERGENCY = 2
    """On a number for emergencies, at a time in which the client's plan lets those go first."""


class Chosen(StrEnum):
    """What an operator is between calls."""

    READY = "ready"
    BREAK = "break"
    AWAY = "away"
    """Did not answer; says ready again to be rung."""
    WRAP_UP = "wrap_up"


class Stage(StrEnum):
    """How far a seat is with its caller."""

    FREE = "free"
    OFFERED = "offered"
    CONNECTING = "connecting"
    TALKING = "talking"
    LOST = "lost"
    """Their page is gone in a talk: the caller is kept for them for a while."""
    HELPING = "helping"
    """Asked in by another operator, whose caller it is."""


class Miss(StrEnum):
    """Why an offer came to nothing."""

    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    FAILED = "failed"
    """The engine could not ring the seat or join the two: not the operator's doing."""
    UNREACHED = "unreached"
    """The operator was there, but the caller who was to be called back was not."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Ring this operator for this caller."""

    call_id: str
    operator_id: str
    unread: bool = False
    """The operator has not read what changed at the client in time; nobody who has was free."""


@dataclass(frozen=True, slots=True)
class OfferOver:
    """The offer is over without a talk; the seat's leg, if there is one, is to be ended."""

    call_id: str
    operator_id: str
    why: Miss | None
    """None: withdrawn (the caller hung up or the operator is not available any more)."""


@dataclass(frozen=True, slots=True)
class Connect:
    """Join the two."""

    call_id: str
    operator_id: str


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell the caller that they are in line, then music."""

    call_id: str


@dataclass(frozen=True, slots=True)
class OfferCallBack:
    """From now on the caller may press a key and be called back; tell them so."""

    call_id: str


@dataclass(frozen=True, slots=True)
class Overflow:
    """Nobody could take the call in the time agreed: speak the words, and let them leave a message. The caller is not on the floor any more."""

    call_id: str
    words: str


@dataclass(frozen=True, slots=True)
class Over:
    """The talk is over; end what is left of both legs."""

    call_id: str
    operator_id: str


@dataclass(frozen=True, slots=True)
class Instead:
    """Who was to be called back calls themselves: the operator who is rung, or waits, gets this call instead."""

    place_id: str
    call_id: str
    operator_id: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The operator's page is gone in the talk: the caller is to hear music, and is kept for the operator."""

    call_id: str
    operator_id: str


@dataclass(frozen=True, slots=True)
class RingAgain:
    """Ring the operator for the caller who is kept for them; a ringing that goes on is to be ended first."""

    call_id: str
    operator_id: str


@dataclass(frozen=True, slots=True)
class Returned:
    """The operator's phone was lost while talking: the caller waits again, at the old place."""

    call_id: str
    operator_id: str


@dataclass(frozen=True, slots=True)
class SeatIs:
    """What an operator is between calls has changed (to be kept)."""

    operator_id: str
    shown: bool = True
    """False: only the idle time began anew."""


Action = (
    Offer
    | OfferOver
    | Connect
    | Instead
    | Announce
    | OfferCallBack
    | Overflow
    | Over
    | Lost
    | RingAgain
    | Returned
    | SeatIs
)

Perform = Callable[[Iterable[Action]], None]
"""Does what the floor decided."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for a caller: how soon, and by whom."""

    need: Need = Need()
    priority: Priority = Priority.NORMAL
    previous: str | None = None
    """The operator who talked with them last: kept for them for `previous_seconds` if there."""
    previous_seconds: int = 0
    ladder: tuple[Step, ...] = ()
    """What is done the longer they wait, in this order."""


ANYBODY = Terms()


@dataclass(slots=True)
class Seat:
    """An operator on the floor. Read it, do not change it."""

    operator_id: str
    chosen: Chosen
    since: datetime
    idle_since: datetime
    online: bool = False
    stage: Stage = Stage.FREE
    call_id: str | None = None
    call_since: datetime | None = None
    after: Chosen | None = None
    """Wanted by the operator when the talk is over."""
    reported: bool = False
    """The report of the present call is already sent."""
    reason: str = ""
    """Why away: no_answer or refused. Why on a break: rest, when it was granted."""
    resting: bool = False
    """Could not be rung: left alone for some seconds."""
    watching: bool = False
    """A supervisor's, who is at another's talk: whatever they are between calls, they get no caller meanwhile."""
    leaving: bool = False
    """Has left for good, and is gone when the talk is over."""
    lost_until: datetime | None = None
    """So long the caller is kept for an operator whose page is gone."""
    until: datetime | None = None
    """The end of a rest that was granted."""
    in_a_row: int = 0
    """Talks since the last pause."""
    row_began: datetime | None = None
    talk_ended: datetime | None = None
    stamp: int = 0
    training: TrainingStage | None = None
    senior: str | None = None
    """The operator who looks after this one in training."""
    senior_away: bool = False
    """At `BESIDE`: the senior has no phone there, so that no caller may come."""

    @property
    def held_back(self) -> bool:
        """Whatever they are between calls, is offered nobody: only observes, or is to have a senior beside who is not there."""
        return self.training is TrainingStage.OBSERVES or self.senior_away

    @property
    def available(self) -> bool:
        """Can be offered a caller."""
        return (
            self.chosen is Chosen.READY
            and self.online
            and self.stage is Stage.FREE
            and not self.resting
            and not self.watching
            and not self.leaving
            and not self.held_back
        )


Key = tuple[int, datetime, int, str]
"""The place in line: priority, arrival, order of arrival, call."""


@dataclass(slots=True)
class Caller:
    """A caller on the floor. Read it, do not change it."""

    call_id: str
    arrived_at: datetime
    order: int
    terms: Terms = ANYBODY
    seat: str | None = None
    """The operator who is rung for, being joined to or talking with this caller."""
    offers: int = 0
    announce_due: bool = False
    """Ring-back has lasted long enough."""
    wants: str | None = None
    """The operator to whom a colleague sent the caller, or who asked for them: rung before others while free, whatever their
    skills."""
    comfort: int = 0
    """Counts what is said to the caller, so that old timers are known as such."""
    level: int = 0
    """Asked for at present; steps of the ladder make it less."""
    need: Need = field(default_factory=Need)
    also: int = NOBODY
    """Operators of other groups, who were added by the ladder."""
    steps: int = 0
    """So many steps of the ladder are done."""
    kept_for: str | None = None
    """At present only this operator, who talked with them last, is for them."""
    alone_until: datetime | None = None
    """Until then only those on duty."""
    stays: bool = False
    """Somebody talked with them already, or promised to call them: whatever happens, they are not sent away."""
    cut_off: bool = False
    """Was talking when the operator's telephone was lost: goes before those to whom nobody has talked yet."""
    only: int = NOBODY
    """To these a supervisor has moved them: until `alone_until` nobody else may be offered them."""
    raised: bool = False
    """A supervisor has put them before others."""
    place: bool = False
    """Has hung up and is to be called back; the place is kept."""
    not_before: datetime | None = None
    """Not called back before; None while the caller is on the line."""
    suspended: bool = False
    """On the line by another call, which goes on at this place."""
    moments: int = 0
    """Counts the changes of that, so that old timers are known as such."""
    able: int = EVERYONE
    """Who may be offered this caller, while in line."""

    @property
    def key(self) -> Key:
        first = self.cut_off or self.raised
        priority = max(self.terms.priority, Priority.FIRST) if first else self.terms.priority
        return (-priority, self.arrived_at, self.order, self.call_id)

    @property
    def priority(self) -> Priority:
        """The client's, or what a supervisor made of it."""
        return max(self.terms.priority, Priority.FIRST) if self.raised else self.terms.priority


class Impossible(Exception):
    """Asked for something that the present state does not allow."""
