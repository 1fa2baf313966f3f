"""The floor as screens show it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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

    def seat(self, operator_id: str) -> SeatView | None:
        """One operator's seat."""
        return next((seat for seat in self.seats if seat.operator_id == operator_id), None)
