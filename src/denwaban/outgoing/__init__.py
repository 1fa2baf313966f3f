"""Calls that we make: whom one may call, how many at once, and a conversation by voice and keys."""

from denwaban.outgoing.exchange import FoundTalk, Full, NoWayOut, Outgoing
from denwaban.outgoing.line import HungUp, Line, NotReached
from denwaban.outgoing.model import MayNotCall, callable_number, spoken_number

__all__ = [
    "FoundTalk",
    "Full",
    "HungUp",
    "Line",
    "MayNotCall",
    "NoWayOut",
    "NotReached",
    "Outgoing",
    "callable_number",
    "spoken_number",
]
