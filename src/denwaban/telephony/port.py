"""What a telephone engine can do and what it tells, in our words.

Nothing outside `telephony/ari` knows channels, bridges or hang-up causes. Acts return when the engine has done them and
raise `PhoneError` when it has not. Events come in one stream, in the order in which they happened.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NewType, Protocol

from msgspec import Struct

Leg = NewType("Leg", str)
"""One party's connection to the engine."""

SeatName = NewType("SeatName", str)
"""An operator's seat: a browser phone, a SIP phone or both at once."""


class PhoneError(Exception):
    """The engine could not do it (it is away, or it refused)."""


class LegGone(PhoneError):
    """The party had already hung up."""


class HangUp(StrEnum):
    """Why we end or refuse a leg; the caller's network hears the matching cause."""

    NORMAL = "normal"
    BUSY = "busy"
    UNKNOWN_NUMBER = "unknown_number"
    CONGESTION = "congestion"


class Unreached(StrEnum):
    """Why a leg that we called out was never answered."""

    BUSY = "busy"
    REFUSED = "refused"
    """The person declined."""
    NO_ANSWER = "no_answer"
    """It rang for its time, or the phone is switched off."""
    UNREACHABLE = "unreachable"
    """No such number, or the network could not or would not put us through."""


class CallArrived(Struct, frozen=True):
    """A caller is at the door. Nothing has been answered yet; the caller may hear ring-back."""

    leg: Leg
    dialled: str
    """As received, not normalised."""
    caller: str
    """As received; empty when withheld."""
    trunk: str
    at: datetime


class LegRinging(Struct, frozen=True):
    """What we dialled is ringing."""

    leg: Leg
    at: datetime


class LegAnswered(Struct, frozen=True):
    """A leg that we dialled was answered."""

    leg: Leg
    at: datetime


class LegEnded(Struct, frozen=True):
    """A leg is over, whoever ended it. Told once for each leg, also for refused and unanswered ones."""

    leg: Leg
    at: datetime
    busy: bool = False
    """The dialled phone refused (486, 600, 603)."""
    unreached: Unreached | None = None
    """Why, for a leg that we called out, which nobody answered and which we did not hang up ourselves."""
    page: bool = False
    """It was a page's telephone, which goes with the page: nobody need have meant to hang up."""


class LegHeld(Struct, frozen=True):
    """The phone itself put the other side on hold or took it back (re-INVITE)."""

    leg: Leg
    held: bool
    at: datetime


class Played(Struct, frozen=True):
    """A prompt ended (to its end or stopped)."""

    leg: Leg
    play: str
    at: datetime


class Digit(Struct, frozen=True):
    """A key was pressed."""

    leg: Leg
    digit: str
    at: datetime


class Referred(Struct, frozen=True):
    """A seat's phone asks by its own transfer key that the other side be put through elsewhere. Nothing has happened yet;
    `referred` tells the phone what came of it."""

    leg: Leg
    to: str
    """What was dialled, as received."""
    at: datetime


class SeatChanged(Struct, frozen=True):
    """A seat registered or went away (at least one of its phones is online, or none)."""

    seat: SeatName
    online: bool
    at: datetime


class EngineLost(Struct, frozen=True):
    """The connection to the engine broke. Callers may be talking on. Acts fail until `Resynced`."""

    at: datetime


class Resynced(Struct, frozen=True):
    """Connected (again): what happened meanwhile is only to be seen in the snapshot, nothing is replayed."""

    snapshot: "Snapshot"
    restarted: bool
    """The engine itself is new: every earlier leg is gone."""
    at: datetime


Event = (
    CallArrived
    | LegRinging
    | LegAnswered
    | LegEnded
    | LegHeld
    | Played
    | Digit
    | Referred
    | SeatChanged
    | EngineLost
    | Resynced
)


@dataclass(frozen=True, slots=True)
class LegState:
    """A leg as the engine has it now."""

    leg: Leg
    answered: bool
    notes: dict[str, str]
    """What `note` wrote, and for a caller's leg also `dialled`, `caller`, `trunk`."""
    connected_to: Leg | None
    """The other party it is talking with; one of them when there are several."""
    seat: SeatName | None
    """The seat, for a leg that we dialled."""
    outgoing: bool = False
    """We called it out to the phone network (`call_out`); `notes` has the `number` and the `call` that were given."""
    together: frozenset[Leg] = frozenset()
    """All others of its talk, also those on hold."""
    playing: str = ""
    """The prompt that it hears, as `play` named it."""
    on_hold: bool = False
    """In a talk of which it hears nothing (`hold`)."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the engine holds for us."""

    legs: dict[Leg, LegState]
    online: frozenset[SeatName]


@dataclass(frozen=True, slots=True)
class SeatAccount:
    """What a seat signs in with, over SIP or WebSocket."""

    seat: SeatName
    password: str


class Phone(Protocol):
    """A telephone engine."""

    def events(self) -> AsyncIterator[Event]:
        """The one ordered stream of events; to be consumed by exactly one reader. Begins with `Resynced`."""
        ...

    async def snapshot(self) -> Snapshot: ...

    async def ring(self, leg: Leg) -> None:
        """Lets the caller hear ring-back (180); does not answer."""
        ...

    async def answer(self, leg: Leg) -> None:
        """Answers the caller."""
        ...

    async def play(self, leg: Leg, wav: Path) -> str:
        """Starts a prompt to the leg (stops music first); returns its name for `Played`. Answer the leg before."""
        ...

    async def music(self, leg: Leg) -> None:
        """Music on hold to this leg until `quiet`, `play` or `connect`."""
        ...

    async def quiet(self, leg: Leg) -> None:
        """Stops prompt and music."""
        ...

    def dial(self, seat: SeatName, *, call: str, caller: str, title: str, seconds: int) -> Leg:
        """Rings every phone of a seat, for at most `seconds`. The phone shows `caller` (a number) and `title` (whose number was
        dialled); browsers get `call` as header `X-Call`. Waits for nothing; events tell the rest, after the return. Whichever phone of the
        seat answers first wins and the others stop ringing."""
        ...

    async def call_out(
        self, number: str, *, call: str, trunk: str, shown: str, seconds: int
    ) -> Leg:
        """Calls a number (E.164) out to the phone network by this trunk, for at most `seconds`; the other side sees `shown`
        (E.164). `call` is kept with the leg. Returns at once; events tell the rest: `LegRinging`, `LegAnswered`,
        `LegEnded` with `unreached`. Whom one may call is not asked here."""
        ...

    async def connect(self, call: str, caller: Leg, operator: Leg, *, record: bool) -> None:
        """Answers the caller if need be, stops music, and joins both; each may be any kind of leg. `record` writes both voices to `recording(call)`."""
        ...

    async def join(self, call: str, legs: Sequence[Leg], *, record: bool) -> None:
        """These legs, two or more and of any kind, talk with each other; music and prompts to them stop. Each leaves the talk
        that it was in: two who are left there talk on, one alone hears silence (or goes on hearing music). When a leg of
        three or more ends, the others talk on. `record` writes all voices to `recording(call)`, behind what is there; that it
        cannot be written is in the log, and no error: they talk."""
        ...

    async def part(self, leg: Leg) -> None:
        """The leg leaves its talk and hears silence; two who are left talk on. In no talk: nothing happens."""
        ...

    async def pause_recording(self, call: str, leg: Leg, on: bool) -> None:
        """What is said in this leg's talk stays out of the recording (in its place is silence) until it goes on again. It
        goes on also where the talk was joined meanwhile without `record`. Nothing recorded to be paused: no error."""
        ...

    async def press(self, leg: Leg, digits: str) -> None:
        """The party at this leg hears these keys (`0-9*#`) being pressed, one after another. Raises `ValueError` for others."""
        ...

    async def referred(self, leg: Leg, done: bool) -> None:
        """Tells a phone what came of `Referred`."""
        ...

    async def hold(self, leg: Leg) -> None:
        """The leg hears music; two others of its talk talk on, one alone hears silence."""
        ...

    async def unhold(self, leg: Leg) -> None: ...

    async def mute(self, leg: Leg, on: bool) -> None:
        """Nobody hears this leg."""
        ...

    async def listen(self, watcher: Leg, operator: Leg) -> None:
        """From now on the watcher hears what the operator says and hears; nobody hears the watcher. This and the next two
        take the place of whatever the watcher did before, and end with either of the two legs. Both must be answered."""
        ...

    async def whisper(self, watcher: Leg, operator: Leg) -> None:
        """As `listen`, but the operator, and nobody else, hears the watcher."""
        ...

    async def barge(self, watcher: Leg, operator: Leg) -> None:
        """The watcher joins the operator's talk: all hear each other, and the recording has all of them."""
        ...

    async def unwatch(self, watcher: Leg) -> None:
        """The watcher hears nothing more and is heard by nobody; the leg stays. One who watches nobody is no error."""
        ...

    async def take_message(self, leg: Leg, *, words: Path) -> None:
        """The engine goes on with the caller alone: it says the words (a file of the folder of speech), records what they say
        after a tone, and hangs up. The leg is over for us with this act (`LegEnded`). What they said is found by the leg in the
        ledger."""
        ...

    async def hang_up(self, leg: Leg, why: HangUp = HangUp.NORMAL) -> None:
        """Ends the leg; a leg that is already gone is no error."""
        ...

    async def note(self, leg: Leg, **values: str) -> None:
        """Keeps small values with the leg in the engine, where they survive a restart of this program."""
        ...

    async def seats(self, accounts: list[SeatAccount]) -> None:
        """Makes exactly these seats able to sign in, without disturbing calls."""
        ...

    def in_page(self, leg: Leg) -> bool:
        """Whether a seat's leg was answered by the telephone in a page, not by one of its own. False for legs that are gone."""
        ...

    def recording(self, call: str) -> Path:
        """Where the recording of a call is (to be) found: WAV, 8 kHz, mono."""
        ...
