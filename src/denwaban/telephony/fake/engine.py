"""What there is in the engine that does not exist: parties, who hears what, and events that are told."""

import asyncio
import itertools
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from denwaban.clock import Clock
from denwaban.telephony.port import (
    Event,
    HangUp,
    Leg,
    LegEnded,
    LegGone,
    LegRinging,
    LegState,
    PhoneError,
    Played,
    SeatAccount,
    SeatName,
    Snapshot,
    Unreached,
)

SILENCE, RING, MUSIC = "silence", "ring", "music"


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that was asked of the phone: the verb, the leg it was about, and its other arguments."""

    verb: str
    leg: Leg | None
    given: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Party:
    """Somebody in the engine."""

    leg: Leg
    name: str
    """What the other side hears: `voice of <name>`, the seat or a number."""
    seat: SeatName | None = None
    outside: bool = False
    """We called it out; `name` is the number."""
    answered: bool = False
    in_page: bool = False
    """A page's telephone has answered it."""
    caller: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    talk: set[Leg] = field(default_factory=set)
    """Everybody in its talk, itself too; the same set for all of them. Empty: in none."""
    on_hold: bool = False
    muted: bool = False
    watches: tuple[str, Leg] | None = None
    """How, and which operator's leg."""
    prompt: str = ""
    heard: list[str] = field(default_factory=list)
    ended_with: HangUp | None = None


class Engine:
    """The parties of a `FakePhone` and their state."""

    def __init__(self, clock: Clock, recordings: Path = Path("recordings")) -> None:
        self.acts: list[Act] = []
        self.accounts: list[SeatAccount] = []
        self._clock = clock
        self._recordings = recordings
        self._parties: dict[Leg, Party] = {}
        self._gone: dict[Leg, Party] = {}
        self._online: set[SeatName] = set()
        self._queue: deque[Event] = deque()
        self._woken = asyncio.Event()
        self._numbers = itertools.count(1)
        self._connected = True
        self._read = False
        self._timers: dict[Leg, asyncio.Task[None]] = {}
        self.will_not: set[str] = set()
        """Verbs that the engine refuses."""

    def _tell(self, event: Event) -> None:
        if self._connected:
            self._queue.append(event)
            self._woken.set()

    def _need_connection(self) -> None:
        if not self._connected:
            raise PhoneError("no connection to the engine")

    def _party(self, leg: Leg) -> Party:
        self._need_connection()
        party = self._parties.get(leg)
        if party is None:
            raise LegGone(leg)
        return party

    def _act(self, verb: str, leg: Leg, **given: object) -> Party:
        self._need_connection()
        self.acts.append(Act(verb, leg, given))
        if verb in self.will_not:
            raise PhoneError(f"{verb} is refused")
        return self._party(leg)

    def _need_answer(self, party: Party) -> None:
        if not party.answered:
            raise PhoneError("the leg is not answered")

    def _need_talk(self, party: Party) -> None:
        if not party.talk:
            raise PhoneError("the leg is not connected to anybody")

    def _others(self, party: Party) -> list[Party]:
        return [self._parties[leg] for leg in sorted(party.talk) if leg != party.leg]

    def _ringing(self, seat: SeatName | str) -> Party | None:
        parties = self._parties.values()
        return next((p for p in parties if p.seat == seat and not p.answered), None)

    def _outside(self, number: str, *, answered: bool) -> Party:
        parties = self._parties.values()
        found = (p for p in parties if p.outside and p.name == number and p.answered is answered)
        party = next(found, None)
        assert party is not None, (
            f"{'nobody talks' if answered else 'nothing rings'} at that number"
        )
        return party

    def _talking(self, seat: SeatName | str) -> Party:
        parties = self._parties.values()
        found = next((p for p in parties if p.seat == seat and p.answered), None)
        assert found is not None, f"{seat} has answered nothing"
        return found

    def _sounds(self, *listeners: Party) -> None:
        """Whoever is not on hold hears what there is to hear now, if it is anything else than before."""
        for listener in listeners:
            if listener.on_hold:
                continue
            voices = [
                f"voice of {one.name}"
                for one in self._others(listener)
                if not one.muted and not one.on_hold
            ]
            now = " + ".join(voices) or SILENCE
            if listener.heard[-1:] != [now]:
                listener.heard.append(now)

    def _end_prompt(self, party: Party) -> None:
        if party.prompt:
            self._tell(Played(party.leg, party.prompt, self._clock.now()))
            party.prompt = ""

    def _leave(self, party: Party) -> None:
        """The party is in no talk any more; of two, neither is. Who heard music goes on hearing it."""
        talk, party.talk = party.talk, set()
        talk.discard(party.leg)
        left = [self._parties[leg] for leg in sorted(talk)]
        if len(left) == 1:
            left[0].talk = set()
        self._sounds(*left)
        if len(left) == 1:
            left[0].on_hold = False
        party.on_hold = False

    def _stop_timer(self, leg: Leg) -> None:
        timer = self._timers.pop(leg, None)
        if timer is not None:
            timer.cancel()

    def _ring_for(self, party: Party, seconds: int) -> None:
        # The moment is fixed here: the clock may be moved before the task first runs.
        until = self._clock.now() + timedelta(seconds=seconds)
        self._timers[party.leg] = asyncio.get_running_loop().create_task(
            self._ring_out(party, until)
        )
        self._tell(LegRinging(party.leg, self._clock.now()))

    async def _ring_out(self, party: Party, until: datetime) -> None:
        await self._clock.sleep_until(until)
        del self._timers[party.leg]
        self._end(party, unreached=Unreached.NO_ANSWER)

    def _end(self, party: Party, *, busy: bool = False, unreached: Unreached | None = None) -> None:
        self._stop_timer(party.leg)
        self._leave(party)
        for other in self._parties.values():
            if other.watches is not None and other.watches[1] == party.leg:
                other.watches = None
        del self._parties[party.leg]
        self._gone[party.leg] = party
        told = unreached if party.outside and party.ended_with is None else None
        self._tell(LegEnded(party.leg, self._clock.now(), busy, told, party.in_page))

    def _snapshot(self) -> Snapshot:
        legs = {
            party.leg: LegState(
                party.leg,
                party.answered,
                party.caller | party.notes,
                min(party.talk - {party.leg}, default=None),
                party.seat,
                party.outside,
                frozenset(party.talk - {party.leg}),
                party.prompt,
                party.on_hold,
            )
            for party in self._parties.values()
        }
        return Snapshot(legs, frozenset(self._online))
