"""A `Phone` in memory, for tests that tell stories: callers dial, seats answer, somebody hangs up.

It behaves as the real one (the contract tests run against both): acts on a leg that is gone raise `LegGone`, every leg ends
once, a seat rings for as long as it was dialled for, nothing that happens while the connection is lost is told. Time is the
given clock's. Everything that was asked of it stands in `acts`.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from denwaban.clock import Clock
from denwaban.telephony.port import (
    CallArrived,
    Digit,
    EngineLost,
    Event,
    HangUp,
    Leg,
    LegAnswered,
    LegEnded,
    LegGone,
    LegHeld,
    LegRinging,
    LegState,
    PhoneError,
    Played,
    Resynced,
    SeatAccount,
    SeatChanged,
    SeatName,
    Snapshot,
)

SILENCE, RING, MUSIC = "silence", "ring", "music"


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that was asked of the phone: the verb, the leg it was about, and its other arguments."""

    verb: str
    leg: Leg | None
    given: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Party:
    leg: Leg
    name: str
    """What the other side hears: `voice of <name>`, the seat or the caller's number."""
    seat: SeatName | None = None
    answered: bool = False
    caller: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    other: Leg | None = None
    on_hold: bool = False
    muted: bool = False
    prompt: str = ""
    heard: list[str] = field(default_factory=list)
    ended_with: HangUp | None = None


class FakePhone:
    """See the module. The methods that begin with `caller_`, `seat_` and `connection_` are the story's; the others are
    `Phone`'s."""

    def __init__(self, clock: Clock, recordings: Path = Path("recordings")) -> None:
        self.acts: list[Act] = []
        self.accounts: list[SeatAccount] = []
        self._clock = clock
        self._recordings = recordings
        self._parties: dict[Leg, _Party] = {}
        self._gone: dict[Leg, _Party] = {}
        self._online: set[SeatName] = set()
        self._queue: deque[Event] = deque()
        self._woken = asyncio.Event()
        self._numbers = itertools.count(1)
        self._connected = True
        self._read = False
        self._timers: dict[Leg, asyncio.Task[None]] = {}

    # --- the story

    def caller_dials(self, number: str, from_: str = "09012345678", *, trunk: str = "trunk") -> Leg:
        """A caller is at the door; `from_` is empty when withheld."""
        leg = Leg(f"caller-{next(self._numbers)}")
        party = _Party(leg, from_ or "anonymous")
        party.caller = {"dialled": number, "caller": from_, "trunk": trunk}
        self._parties[leg] = party
        self._tell(CallArrived(leg, number, from_, trunk, self._clock.now()))
        return leg

    def caller_hangs_up(self, leg: Leg) -> None:
        self._end(self._parties[leg])

    def caller_presses(self, leg: Leg, digit: str) -> None:
        self._tell(Digit(self._parties[leg].leg, digit, self._clock.now()))

    def seat_online(self, seat: SeatName | str) -> None:
        """A phone of the seat signs in."""
        name = SeatName(seat)
        if name not in self._online:
            self._online.add(name)
            self._tell(SeatChanged(name, True, self._clock.now()))

    def seat_offline(self, seat: SeatName | str) -> None:
        """The seat's last phone signs out; what it talks about goes on."""
        name = SeatName(seat)
        if name in self._online:
            self._online.remove(name)
            self._tell(SeatChanged(name, False, self._clock.now()))

    def seat_rings(self, seat: SeatName | str) -> bool:
        return self._ringing(seat) is not None

    def seat_answers(self, seat: SeatName | str) -> Leg:
        """Picks up what rings at the seat; AssertionError when nothing does."""
        party = self._ringing(seat)
        assert party is not None, f"{seat} does not ring"
        self._stop_timer(party.leg)
        party.answered = True
        self._tell(LegAnswered(party.leg, self._clock.now()))
        return party.leg

    def seat_refuses(self, seat: SeatName | str) -> None:
        party = self._ringing(seat)
        assert party is not None, f"{seat} does not ring"
        self._end(party, busy=True)

    def seat_hangs_up(self, seat: SeatName | str) -> None:
        self._end(self._talking(seat))

    def seat_holds(self, seat: SeatName | str, on: bool = True) -> None:
        """The phone's own hold key."""
        self._tell(LegHeld(self._talking(seat).leg, on, self._clock.now()))

    def prompt_ends(self, leg: Leg) -> None:
        """The prompt that plays has come to its end."""
        party = self._parties[leg]
        assert party.prompt, "nothing is played"
        self._end_prompt(party)
        party.heard.append(SILENCE)

    def connection_lost(self) -> None:
        """The connection breaks; the engine and its calls go on."""
        self._tell(EngineLost(self._clock.now()))
        self._connected = False

    def connection_back(self, *, restarted: bool = False) -> None:
        """Connected again; `restarted`: the engine had died and everything in it is gone."""
        if restarted:
            for party in list(self._parties.values()):
                self._end(party)
        self._connected = True
        self._tell(Resynced(self._snapshot(), restarted, self._clock.now()))

    def heard(self, leg: Leg) -> list[str]:
        """Everything the leg heard, in order: `ring`, `music`, `silence`, `prompt <path>`, `voice of <seat or number>`."""
        return list((self._parties.get(leg) or self._gone[leg]).heard)

    def hears(self, leg: Leg) -> str:
        """What it hears now."""
        return ([SILENCE, *self.heard(leg)])[-1]

    def ended_with(self, leg: Leg) -> HangUp | None:
        """Why we ended the leg; None when the party did, or it lives."""
        return (self._parties.get(leg) or self._gone[leg]).ended_with

    def leg_of(self, seat: SeatName | str) -> Leg | None:
        """The leg that rings or talks at a seat."""
        return next((p.leg for p in self._parties.values() if p.seat == seat), None)

    # --- Phone

    async def events(self) -> AsyncIterator[Event]:
        assert not self._read, "events() has exactly one reader"
        self._read = True
        self._queue.clear()
        try:
            yield Resynced(self._snapshot(), False, self._clock.now())
            while True:
                while self._queue:
                    yield self._queue.popleft()
                self._woken.clear()
                await self._woken.wait()
        finally:
            self._read = False
            timers, self._timers = list(self._timers.values()), {}
            for timer in timers:
                timer.cancel()
            await asyncio.gather(*timers, return_exceptions=True)

    async def snapshot(self) -> Snapshot:
        self._need_connection()
        return self._snapshot()

    async def ring(self, leg: Leg) -> None:
        self._act("ring", leg).heard.append(RING)

    async def answer(self, leg: Leg) -> None:
        self._act("answer", leg).answered = True

    async def play(self, leg: Leg, wav: Path) -> str:
        party = self._act("play", leg, wav=wav)
        self._need_answer(party)
        self._end_prompt(party)
        party.prompt = f"play-{next(self._numbers)}"
        party.heard.append(f"prompt {wav}")
        return party.prompt

    async def music(self, leg: Leg) -> None:
        party = self._act("music", leg)
        self._end_prompt(party)
        party.heard.append(MUSIC)

    async def quiet(self, leg: Leg) -> None:
        party = self._act("quiet", leg)
        self._end_prompt(party)
        party.heard.append(SILENCE)

    async def dial(
        self, seat: SeatName, *, call: str, caller: str, title: str, seconds: int
    ) -> Leg:
        self._need_connection()
        leg = Leg(f"{seat}-{next(self._numbers)}")
        given: dict[str, object] = {"seat": seat, "call": call, "caller": caller, "title": title}
        self.acts.append(Act("dial", leg, given | {"seconds": seconds}))
        party = self._parties[leg] = _Party(leg, seat, seat)
        if seat not in self._online:
            self._end(party)
            return leg
        # The moment is fixed here: the clock may be moved before the task first runs.
        until = self._clock.now() + timedelta(seconds=seconds)
        self._timers[leg] = asyncio.get_running_loop().create_task(self._ring_out(party, until))
        self._tell(LegRinging(leg, self._clock.now()))
        return leg

    async def connect(self, call: str, caller: Leg, operator: Leg, *, record: bool) -> None:
        first = self._act("connect", caller, call=call, operator=operator, record=record)
        second = self._party(operator)
        self._need_answer(second)
        for party in (first, second):
            self._untie(party)
            self._end_prompt(party)
        first.answered = True
        first.other, second.other = operator, caller
        first.heard.append(f"voice of {second.name}")
        second.heard.append(f"voice of {first.name}")

    async def hold(self, leg: Leg) -> None:
        party = self._act("hold", leg)
        other = self._other(party)
        party.on_hold = True
        party.heard.append(MUSIC)
        other.heard.append(SILENCE)

    async def unhold(self, leg: Leg) -> None:
        party = self._act("unhold", leg)
        other = self._other(party)
        party.on_hold = False
        self._hear_again(party, other)
        self._hear_again(other, party)

    async def mute(self, leg: Leg, on: bool) -> None:
        party = self._act("mute", leg, on=on)
        party.muted = on
        if party.other is not None and not party.on_hold:
            self._hear_again(self._parties[party.other], party)

    async def hang_up(self, leg: Leg, why: HangUp = HangUp.NORMAL) -> None:
        self._need_connection()
        self.acts.append(Act("hang_up", leg, {"why": why}))
        party = self._parties.get(leg)
        if party is not None:
            party.ended_with = why
            self._end(party)

    async def note(self, leg: Leg, **values: str) -> None:
        self._act("note", leg, **values).notes.update(values)

    async def seats(self, accounts: list[SeatAccount]) -> None:
        self.acts.append(Act("seats", None, {"accounts": accounts}))
        self.accounts = list(accounts)

    def recording(self, call: str) -> Path:
        return self._recordings / f"{call}.wav"

    # --- how

    def _tell(self, event: Event) -> None:
        if self._connected:
            self._queue.append(event)
            self._woken.set()

    def _need_connection(self) -> None:
        if not self._connected:
            raise PhoneError("no connection to the engine")

    def _party(self, leg: Leg) -> _Party:
        self._need_connection()
        party = self._parties.get(leg)
        if party is None:
            raise LegGone(leg)
        return party

    def _act(self, verb: str, leg: Leg, **given: object) -> _Party:
        self._need_connection()
        self.acts.append(Act(verb, leg, given))
        return self._party(leg)

    def _need_answer(self, party: _Party) -> None:
        if not party.answered:
            raise PhoneError("the leg is not answered")

    def _other(self, party: _Party) -> _Party:
        if party.other is None:
            raise PhoneError("the leg is not connected to anybody")
        return self._parties[party.other]

    def _ringing(self, seat: SeatName | str) -> _Party | None:
        parties = self._parties.values()
        return next((p for p in parties if p.seat == seat and not p.answered), None)

    def _talking(self, seat: SeatName | str) -> _Party:
        parties = self._parties.values()
        found = next((p for p in parties if p.seat == seat and p.answered), None)
        assert found is not None, f"{seat} has answered nothing"
        return found

    def _hear_again(self, listener: _Party, speaker: _Party) -> None:
        if not listener.on_hold:
            silent = speaker.muted or speaker.on_hold
            listener.heard.append(SILENCE if silent else f"voice of {speaker.name}")

    def _end_prompt(self, party: _Party) -> None:
        if party.prompt:
            self._tell(Played(party.leg, party.prompt, self._clock.now()))
            party.prompt = ""

    def _untie(self, party: _Party) -> None:
        if party.other is not None:
            other = self._parties[party.other]
            other.other = party.other = None
            if not other.on_hold:
                other.heard.append(SILENCE)
            other.on_hold = party.on_hold = False

    def _stop_timer(self, leg: Leg) -> None:
        timer = self._timers.pop(leg, None)
        if timer is not None:
            timer.cancel()

    async def _ring_out(self, party: _Party, until: datetime) -> None:
        await self._clock.sleep_until(until)
        del self._timers[party.leg]
        self._end(party)

    def _end(self, party: _Party, *, busy: bool = False) -> None:
        self._stop_timer(party.leg)
        self._untie(party)
        del self._parties[party.leg]
        self._gone[party.leg] = party
        self._tell(LegEnded(party.leg, self._clock.now(), busy))

    def _snapshot(self) -> Snapshot:
        legs = {
            party.leg: LegState(
                party.leg, party.answered, party.caller | party.notes, party.other, party.seat
            )
            for party in self._parties.values()
        }
        return Snapshot(legs, frozenset(self._online))
