"""A practice call, and how its caller behaves: speaks when it is its turn, never waits for ever. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

MOST = 5
"""Practice calls at the same time."""

WAITS = 60
"""Seconds a caller waits for an operator."""

LONGEST = 300
"""Seconds after which a practice call ends, whatever happens in it."""

PATIENCE = 7.0
"""Seconds of hearing nothing after which the caller goes on by itself: who has no microphone can practise too."""

FIRST_PATIENCE = 4.0
"""The same, before the greeting has been heard."""

TURN = 25.0
"""A turn of the other side that seems longer than this is noise: the caller goes on."""


class Mood(StrEnum):
    """How the caller feels."""

    CALM = "calm"
    WORRIED = "worried"
    HURRIED = "hurried"


@dataclass(frozen=True, slots=True)
class Story:
    """Somebody who calls, and why. Everything in it is made up."""

    id: str
    title: str
    client_code: str
    """Which example client is called."""
    dialled: str
    """The client's number, E.164."""
    caller_name: str
    caller_number: str
    """E.164."""
    mood: Mood
    about: str
    """What will happen, for who is going to answer."""
    lines: tuple[str, ...]
    """What the caller says, in this order, each when it is the caller's turn. After the last one it hangs up."""


@dataclass(frozen=True, slots=True)
class SayLine:
    """Speak the story's line of this place."""

    index: int


@dataclass(frozen=True, slots=True)
class HangUp:
    """The story is over."""


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Nothing to do until something is heard, or until then."""

    at: float


Step = SayLine | HangUp | WaitUntil


@dataclass(slots=True)
class Conversation:
    """One talk with an operator, from the moment they are connected."""

    count: int
    """How many lines the story has."""
    began: float
    _next: int = 0
    _saying: bool = False
    _talking_since: float | None = None
    _has_spoken: bool = False
    """The other side said something since our last line."""
    _held: bool = False
    _silent_since: float = field(default=0.0)

    def __post_init__(self) -> None:
        self._silent_since = self.began

    def talking(self, at: float) -> None:
        """The other side began to speak."""
        self._talking_since = at

    def quiet(self, at: float) -> None:
        """The other side has finished speaking."""
        # What was said while we spoke was no answer to us, unless it went on after us.
        if self._talking_since is not None and not self._saying:
            self._has_spoken = True
        self._talking_since = None
        self._silent_since = max(self._silent_since, at)

    def said(self, at: float) -> None:
        """Our line is over."""
        self._saying = False
        self._has_spoken = False
        self._silent_since = at

    def held(self, on: bool, at: float) -> None:
        """We were put on hold, or taken back. Music is nobody speaking."""
        self._held = on
        self._talking_since = None
        self._silent_since = at

    def step(self, now: float) -> Step:
        """What to do now. After `SayLine` nothing else comes before `said`."""
        end = self.began + LONGEST
        if now >= end:
            return HangUp()
        turn = end if self._saying or self._held else min(self._turn(), end)
        if now < turn:
            return WaitUntil(turn)
        if self._next >= self.count:
            return HangUp()
        self._saying = True
        self._next += 1
        return SayLine(self._next - 1)

    def _turn(self) -> float:
        """When it is our turn."""
        if self._next >= self.count:
            return self._silent_since  # said good-bye
        if self._talking_since is not None:
            return max(self._talking_since, self._silent_since) + TURN
        if self._has_spoken:
            return self._silent_since
        return self._silent_since + (PATIENCE if self._next else FIRST_PATIENCE)


class PracticeError(Exception):
    """No practice call could be placed; the text is a sentence for the person who asked."""


class TooManyPractices(PracticeError):
    """As many practice calls are under way as are allowed."""


class Ending(StrEnum):
    """How a practice call ended."""

    TALKED = "talked"
    """The story was told to its end, or the operator ended the call."""
    NOBODY = "nobody"
    """Nobody answered."""
    BLOCKED = "blocked"
    CLOSED = "closed"
    """The client's plan says closed: an announcement, no operator."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PracticeCall:
    """One practice call as it is now. `call_id` is the call that the switchboard made of it."""

    id: str
    story: Story
    rung_at: datetime
    call_id: str | None = None
    connected_at: datetime | None = None
    said: int = 0
    """How many lines of the story have been begun."""
    ending: Ending | None = None
    version_id: str | None = None
    """The version of a script that the call follows instead of the published one."""
    operator_id: str | None = None
    """Who asked for it and is rung, if free."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A story, and what a call about it would meet now."""

    story: Story
    number: str
    client_name: str
    window: str
    open: bool
    """False: the client's plan says closed now."""


@dataclass(frozen=True, slots=True)
class FreeSeat:
    """An operator who takes calls now."""

    id: str
    """Of the operator."""
    name: str
