"""Who is offered which caller: the floor, and the switchboard that runs it on a telephone engine."""

from denwaban.routing.asking import SeatError
from denwaban.routing.deciding import Where
from denwaban.routing.erasing import forget_places
from denwaban.routing.keeping import Place, turnings
from denwaban.routing.keeping import given_up as place_given_up
from denwaban.routing.keeping import told as place_told
from denwaban.routing.left import LeftCalls, message_to_tell, message_told
from denwaban.routing.prompts import IN_LINE, Speech
from denwaban.routing.supervision import Supervision
from denwaban.routing.switchboard import Switchboard
from denwaban.routing.view import (
    AskedView,
    FloorView,
    NearView,
    ParkedView,
    SeatState,
    SeatView,
    WaitingView,
)
from denwaban.routing.watch import WATCH, NoPhone, WatchView

__all__ = [
    "IN_LINE",
    "WATCH",
    "AskedView",
    "FloorView",
    "NearView",
    "LeftCalls",
    "ParkedView",
    "Place",
    "NoPhone",
    "SeatError",
    "SeatState",
    "SeatView",
    "Speech",
    "Supervision",
    "Switchboard",
    "WaitingView",
    "Where",
    "forget_places",
    "message_to_tell",
    "message_told",
    "place_given_up",
    "place_told",
    "turnings",
    "WatchView",
]
