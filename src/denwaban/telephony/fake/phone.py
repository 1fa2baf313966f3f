"""The acts of a telephone, done in memory."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from denwaban.telephony.fake.engine import MUSIC, RING, SILENCE, Act, Party
from denwaban.telephony.fake.watching import Watching
from denwaban.telephony.port import (
    Event,
    HangUp,
    Leg,
    Resynced,
    SeatAccount,
    SeatName,
    Snapshot,
)


class FakePhone(Watching):
    """A `Phone`. The methods that begin with `caller_`, `seat_`, `outside_` and `connection_` are the story's; the others are
    `Phone`'s."""

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

    def dial(self, seat: SeatName, *, call: str, caller: str, title: str, seconds: int) -> Leg:
        self._need_connection()
        leg = Leg(f"{seat}-{next(self._numbers)}")
        given: dict[str, object] = {"seat": seat, "call": call, "caller": caller, "title": title}
        self.acts.append(Act("dial", leg, given | {"seconds": seconds}))
        party = self._parties[leg] = Party(leg, seat, seat)
        if seat not in self._online:
            self._end(party)
            return leg
        self._ring_for(party, seconds)
        return leg

    async def call_out(
        self, number: str, *, call: str, trunk: str, shown: str, seconds: int
    ) -> Leg:
        self._need_connection()
        leg = Leg(f"outside-{next(self._numbers)}")
        given: dict[str, object] = {"number": number, "call": call, "trunk": trunk}
        self.acts.append(Act("call_out", leg, given | {"shown": shown, "seconds": seconds}))
        party = self._parties[leg] = Party(leg, number, outside=True)
        party.notes = {"number": number, "call": call}
        self._ring_for(party, seconds)
        return leg

    async def connect(self, call: str, caller: Leg, operator: Leg, *, record: bool) -> None:
        self._act("connect", caller, call=call, operator=operator, record=record)
        self._join((caller, operator))

    async def join(self, call: str, legs: Sequence[Leg], *, record: bool) -> None:
        self._act("join", legs[0], call=call, legs=tuple(legs), record=record)
        self._join(legs)

    def _join(self, legs: Sequence[Leg]) -> None:
        parties = [self._party(leg) for leg in legs]
        for party in parties:
            if party.seat is not None or party.outside:
                self._need_answer(party)
        talk = set(legs)
        for party in parties:
            self._leave(party)
            self._end_prompt(party)
        for party in parties:
            party.answered, party.talk = True, talk
        self._sounds(*parties)

    async def part(self, leg: Leg) -> None:
        party = self._act("part", leg)
        if party.talk:
            was_held = party.on_hold
            self._leave(party)
            if not was_held:
                self._sounds(party)

    async def pause_recording(self, call: str, leg: Leg, on: bool) -> None:
        self._need_talk(self._act("pause_recording", leg, call=call, on=on))

    async def press(self, leg: Leg, digits: str) -> None:
        if not digits or set(digits) - set("0123456789*#"):
            raise ValueError("no keys of a telephone")
        self._need_answer(self._act("press", leg, digits=digits))

    async def referred(self, leg: Leg, done: bool) -> None:
        self._act("referred", leg, done=done)

    async def hold(self, leg: Leg) -> None:
        party = self._act("hold", leg)
        self._need_talk(party)
        if not party.on_hold:
            party.on_hold = True
            party.heard.append(MUSIC)
            self._sounds(*self._others(party))

    async def unhold(self, leg: Leg) -> None:
        party = self._act("unhold", leg)
        self._need_talk(party)
        party.on_hold = False
        self._sounds(party, *self._others(party))

    async def mute(self, leg: Leg, on: bool) -> None:
        party = self._act("mute", leg, on=on)
        party.muted = on
        self._sounds(*self._others(party))

    async def take_message(self, leg: Leg, *, words: Path) -> None:
        party = self._act("take_message", leg, words=words)
        self._end_prompt(party)
        party.heard.append(f"prompt {words}")
        self._end(party)

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

    def in_page(self, leg: Leg) -> bool:
        party = self._parties.get(leg)
        return party is not None and party.in_page

    def recording(self, call: str) -> Path:
        return self._recordings / f"{call}.wav"
