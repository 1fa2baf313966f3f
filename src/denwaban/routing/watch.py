"""A supervisor at a call, as the program keeps it and as the floor shows it."""

from dataclasses import dataclass

from denwaban.care import Mode
from denwaban.routing.asking import SeatError
from denwaban.routing.live import LiveCall, Turns
from denwaban.routing.talk import Talk
from denwaban.telephony.port import Leg

WATCH = "watch-"
"""What the page's telephone sees as the call (`X-Call`) begins with this: it answers by itself."""

RING_SECONDS = 20


class NoPhone(SeatError):
    """The supervisor's own telephone is not there, or not yet."""


@dataclass(slots=True, eq=False)
class Watch:
    """A supervisor at a call."""

    user_id: str
    own: str
    """The supervisor's own seat (operator id)."""
    operator_id: str
    """Whose talk it is."""
    live: LiveCall
    heard: Leg
    """The operator's leg."""
    mode: Mode
    line: Turns
    leg: Leg | None = None
    """The supervisor's; None when it is over, or the seat of the talk."""
    answered: bool = False
    record: str = ""
    """The id of the stretch that is open in the record."""
    took: bool = False
    """The talk is the supervisor's now."""
    joined: Talk | None = None
    """The talk as it was when the supervisor joined it."""


@dataclass(frozen=True, slots=True)
class WatchView:
    """As the floor shows it."""

    user_id: str
    operator_id: str
    mode: Mode
    answered: bool
    """False: the supervisor's telephone is being rung."""
