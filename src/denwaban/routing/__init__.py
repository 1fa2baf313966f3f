"""Who is offered which caller: the floor, and the switchboard that runs it on a telephone engine."""

from denwaban.routing.left import LeftCalls, take_message
from denwaban.routing.prompts import IN_LINE, Speech
from denwaban.routing.switchboard import SeatError, Switchboard
from denwaban.routing.view import FloorView, SeatState, SeatView, WaitingView

__all__ = [
    "IN_LINE",
    "FloorView",
    "LeftCalls",
    "SeatError",
    "SeatState",
    "SeatView",
    "Speech",
    "Switchboard",
    "WaitingView",
    "take_message",
]
