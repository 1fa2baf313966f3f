"""A call and its offers to operators. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct


class CallState(StrEnum):
    """Where a call is now."""

    WAITING = "waiting"
    RINGING = "ringing"
    """An operator is being rung."""
    TALKING = "talking"
    """With an operator; perhaps somebody else talks with them."""
    HELD = "held"
    """Hears music; the operator may be talking with somebody else."""
    PASSING = "passing"
    """The operator has left; somebody is being rung who is to take the caller."""
    PASSED = "passed"
    """The client's own staff talk with the caller; no operator does."""
    PARKED = "parked"
    """In a numbered place, from where any operator may take the caller."""
    ENDED = "ended"


class Outcome(StrEnum):
    """How a call ended."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    """The caller gave up waiting (放棄呼); see `Call.cut_short`."""
    BLOCKED = "blocked"
    """Refused at the client's line limit (呼損)."""
    OUT_OF_HOURS = "out_of_hours"
    MESSAGE = "message"
    """The caller, with whom nobody talked, left a recorded message."""
    LOST = "lost"
    """The telephone engine died."""
    REFUSED = "refused"
    """Nobody's number."""
    NOT_REACHED = "not_reached"
    """We called, and nobody answered: outbound, or a caller who wanted to be called back."""


class Direction(StrEnum):
    """Who called whom."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    """We called `dialled` for the client, showing `caller`: a call-back. Lists and figures of calls that came in leave it out."""


MISSED = (
    Outcome.ABANDONED,
    Outcome.BLOCKED,
    Outcome.OUT_OF_HOURS,
    Outcome.MESSAGE,
    Outcome.LOST,
    Outcome.NOT_REACHED,
)
"""Outcomes of calls that came in which a client should know of, because nobody talked with the caller."""


class OfferResult(StrEnum):
    """How ringing one operator ended."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    """The caller hung up, or the operator went on a break."""
    FAILED = "failed"
    """The engine could not ring the seat, or the two could not be joined."""


# Structs and not dataclasses: each call is made and changed several times while a phone is to ring, in a tenth of the time.
class Call(Struct, frozen=True):
    """A call as its row has it. Times are aware UTC."""

    id: str
    client_id: str | None
    """None: nobody's number."""
    leg: str
    trunk: str
    dialled: str
    """E.164, or what was received when it is no number."""
    caller: str
    """E.164; empty when withheld; what was received when it is no number."""
    arrived_at: datetime
    plan: str = ""
    mode: str = "full"
    script_id: str | None = None
    state: CallState = CallState.WAITING
    outcome: Outcome | None = None
    operator_id: str | None = None
    """Who talks, or talked last."""
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    wait_ms: int = 0
    """Until answered by an operator, or until the caller gave up."""
    recording: str | None = None
    """File name in the folder of recordings."""
    practice: bool = False
    direction: Direction = Direction.INBOUND
    holds: int = 0
    """How often the caller was put on hold."""
    held_at: datetime | None = None
    """Since when the caller is on hold."""
    silenced: bool = False
    """The recording pauses."""
    slot: int | None = None
    """The place where the caller is parked."""
    staff_id: str | None = None
    """Of the client's staff: who took the caller over."""

    @property
    def handed_over(self) -> bool:
        """No operator will talk on it any more: it has ended, or the client's staff have taken it over."""
        return self.ended_at is not None or self.state is CallState.PASSED

    @property
    def cut_short(self) -> bool:
        """An operator had answered, but their phone was lost, and the caller gave up waiting for the next one."""
        return self.outcome is Outcome.ABANDONED and self.answered_at is not None


class Offer(Struct, frozen=True):
    """One operator being rung for a call."""

    id: str
    call_id: str
    operator_id: str
    offered_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    result: OfferResult | None = None


class Queued(NamedTuple):
    """A caller whom nobody talks with yet."""

    id: str
    """Of the call."""
    client_id: str | None
    arrived_at: datetime


@dataclass(frozen=True, slots=True)
class Missed:
    """A caller whom nobody talked with, or whose talk was cut off and who gave up waiting for another operator."""

    call_id: str
    number: str
    """E.164; empty when withheld."""
    dialled: str
    at: datetime
    wait_ms: int
    """Until answered, or until the caller gave up."""
    outcome: Outcome
    recording: str | None
    answered_at: datetime | None = None
    """Not None: somebody had answered before the caller was lost."""
    practice: bool = False
