"""Words of the floor: operators, callers, and what is to be done with them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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


class Miss(StrEnum):
    """Why an offer came to nothing."""

    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    FAILED = "failed"
    """The engine could not ring the seat or join the two: not the operator's doing."""


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
class Over:
    """The talk is over; end what is left of both legs."""

    call_id: str
    operator_id: str
    caller_gone: bool


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


Action = Offer | OfferOver | Connect | Announce | Over | Returned | SeatIs


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
    """Why away: no_answer or refused."""
    resting: bool = False
    stamp: int = 0

    @property
    def available(self) -> bool:
        """Can be offered a caller."""
        return (
            self.chosen is Chosen.READY
            and self.online
            and self.stage is Stage.FREE
            and not self.resting
        )


@dataclass(slots=True)
class Caller:
    """A caller on the floor. Read it, do not change it."""

    call_id: str
    arrived_at: datetime
    order: int
    seat: str | None = None
    """The operator who is rung for, being joined to or talking with this caller."""
    offers: int = 0
    announce_due: bool = False
    """Ring-back has lasted long enough."""
    announced: bool = False
    client: str | None = None
    """Whose caller it is."""
    wants: str | None = None
    """The operator who asked for this practice call: rung before others while free."""
    comfort: int = 0
    """Counts what is said to the caller, so that old timers are known as such."""


class Impossible(Exception):
    """Asked for something that the present state does not allow."""
