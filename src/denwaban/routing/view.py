"""The floor as screens show it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from denwaban.people import TrainingStage


class SeatState(StrEnum):
    """What an operator is doing."""

    OFFLINE = "offline"
    """No phone of the seat is signed in."""
    READY = "ready"
    OFFERED = "offered"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    BREAK = "break"
    AWAY = "away"
    """Did not answer; is rung again after saying ready."""


@dataclass(frozen=True, slots=True)
class WaitingView:
    """A caller whom nobody talks with yet."""

    call_id: str
    client_id: str | None
    client_name: str
    arrived_at: datetime
    offered_to: str | None
    """The operator who is being rung."""
    priority: int = 0
    """0 like most, 1 put first by the client, 2 an emergency."""
    matter: str = ""
    """What the number is for."""
    call_back: bool = False
    """Has hung up and is called back when their turn comes."""


@dataclass(frozen=True, slots=True)
class AskedView:
    """Somebody who was asked into a talk."""

    kind: str
    """staff (outside) | operator"""
    id: str
    name: str
    since: datetime
    up: bool
    """Is there; else still rings."""
    waits: bool
    """Hears music, while the operator talks with the caller."""
    ask_first: bool = False
    """Must be there before the caller can be given to them."""


@dataclass(frozen=True, slots=True)
class ParkedView:
    """A caller in a numbered place."""

    slot: int
    call_id: str
    client_id: str | None
    client_name: str
    by: str
    """The operator who parked them."""
    since: datetime
    until: datetime
    """Then the operator is rung."""


@dataclass(frozen=True, slots=True)
class SeatView:
    """An operator on the floor."""

    operator_id: str
    name: str
    seat: str
    state: SeatState
    since: datetime
    online: bool
    chosen: str
    """ready | break | away | wrap_up: what holds between calls, also while offline."""
    after: str | None
    """What the operator asked to be when the present call is over."""
    reason: str
    """Why away: no_answer or refused. Why on a break: rest, when nobody asked for it."""
    call_id: str | None
    client_id: str | None
    client_name: str
    held: bool
    muted: bool
    until: datetime | None = None
    """The end of a rest that was granted (reason rest)."""
    holds: int = 0
    """How often the caller was put on hold."""
    held_since: datetime | None = None
    recorded: bool = False
    """The talk is recorded, unless `silenced`."""
    silenced: bool = False
    """The recording pauses."""
    asked: AskedView | None = None
    """Whom this operator has asked in."""
    helps: str = ""
    """The operator who has asked this one in."""
    lost_until: datetime | None = None
    """Their page is gone in the talk: the caller hears music, and is kept for them as long."""
    training: TrainingStage | None = None
    senior: str = ""
    """Who looks after this one in training."""
    held_back: bool = False
    """Is offered nobody: only observes, or the senior who is to sit beside them is not there."""


@dataclass(frozen=True, slots=True)
class NearView:
    """What one operator's screen shows of the floor."""

    engine: bool
    """The engine is there."""
    seat: SeatView | None
    """None before the operator is on the floor."""
    free: tuple[SeatView, ...]
    """Other operators who can be asked."""
    parked: tuple[ParkedView, ...]
    """By place."""


@dataclass(frozen=True, slots=True)
class FloorView:
    """Everything at one moment; made again only after something changed."""

    engine: bool
    """The engine is there. While it is not, no call can be taken."""
    waiting: tuple[WaitingView, ...]
    """In line: highest priority first, among equals the oldest."""
    seats: tuple[SeatView, ...]
    calls: int
    """Calls in the engine, with those who hear a closed message."""
    parked: tuple[ParkedView, ...] = ()
    """By place."""
    helping: Mapping[str, str] = field(default_factory=dict)
    """The calls of others that operators are asked into, by operator."""

    def seat(self, operator_id: str) -> SeatView | None:
        """One operator's seat."""
        return next((seat for seat in self.seats if seat.operator_id == operator_id), None)
