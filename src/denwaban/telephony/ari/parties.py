"""Legs as the engine has them: their channels, the bridges that join them, and how both are named."""

from __future__ import annotations

from dataclasses import dataclass, field

from denwaban.telephony.ari import words
from denwaban.telephony.port import Leg, SeatName

# What the names of our channels and bridges begin with: a new program knows them by it.
SEAT_LEG = "dwb-seat-"
OUTSIDE_LEG = "dwb-out-"
TALK = "dwb-talk-"
ROOM = "dwb-room-"
WATCH = "dwb-watch-"
SPY = "dwb-spy-"

_PHONE = "-phone"


@dataclass(slots=True, eq=False)
class Bridge:
    """Legs that were connected, two or more. It holds all of them but those on hold."""

    id: str
    legs: set[Leg]
    recorded: bool | None = None
    """None: not known, an earlier program made it."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Somebody hears, or joins, what an operator talks. `spy` is the ear on the operator's channel, and `room` the bridge
    in which the watcher is alone with it; `joined` is the bridge of the talk that the watcher has joined instead."""

    watcher: str
    """The channel."""
    operator: Leg
    room: str = ""
    spy: str = ""
    joined: str = ""

    def end(self) -> list[tuple[str, str]]:
        """The requests that end it."""
        if self.joined:
            return [("POST", f"bridges/{self.joined}/removeChannel?channel={self.watcher}")]
        return [("DELETE", f"bridges/{self.room}"), ("DELETE", f"channels/{self.spy}")]


@dataclass(slots=True, eq=False)
class Party:
    """A leg. `voice` is the channel it speaks through; a seat that still rings has several `channels` and no voice."""

    leg: Leg
    seat: SeatName | None = None
    outside: bool = False
    """We called it out to the phone network; it has one channel, which is its name."""
    voice: str = ""
    channels: set[str] = field(default_factory=set)
    up: bool = False
    ringing: bool = False
    refused: bool = False
    music: bool = False
    tone: bool = False
    """Ring-back is played to it, although it was answered."""
    notes: dict[str, str] = field(default_factory=dict)
    prompt: str = ""
    """The playback that plays, or played last, in `room`."""
    room: str = ""
    """The bridge in which it is alone with its prompt. A prompt played straight to a channel would keep the engine from
    doing anything else with the channel until it ends, and us from asking anything."""
    bridge: Bridge | None = None
    """With whom it is connected; None: with nobody."""
    last_pressed: words.AnyEvent | None = None
    given_up: bool = False
    """We have hung it up ourselves."""

    @property
    def in_page(self) -> bool:
        """A page's telephone has answered it."""
        return self.seat is not None and self.voice == f"{self.leg}.0"  # see `phones_of`

    @property
    def dialled(self) -> bool:
        """It came about because we dialled, at a seat or outside."""
        return self.outside or self.seat is not None


def is_seat(endpoint: str) -> bool:
    return endpoint.startswith("seat-")


def is_desk_phone(endpoint: str) -> bool:
    """Whether the endpoint is a seat's SIP phone, not its browser."""
    return endpoint.endswith(_PHONE)


def seat_of(endpoint: str) -> SeatName:
    return SeatName(endpoint.removesuffix(_PHONE))


def phones_of(seat: SeatName) -> tuple[str, str]:
    """The endpoints of a seat: browser and SIP phone."""
    return seat, f"{seat}{_PHONE}"


def caller_of(channel: words.Channel) -> str:
    """The caller's number as received; a withheld one comes as `anonymous`."""
    number = channel.caller.number
    return "" if number.lower() == "anonymous" else number


def refused_transfer(channel: str) -> str:
    """The request that tells a phone that its transfer is not done."""
    return f"channels/{channel}/transfer_progress?states=channel_declined"


def leg_of_seat_channel(channel: str) -> Leg:
    return Leg(channel.rpartition(".")[0])
