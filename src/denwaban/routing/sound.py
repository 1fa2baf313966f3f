"""What callers hear while nobody talks with them: the ring, the comfort, music, the closed message."""

from pathlib import Path

from denwaban.clock import Clock
from denwaban.routing.estimate import Answers
from denwaban.routing.floor import Floor
from denwaban.routing.live import LiveCall
from denwaban.routing.model import Stage
from denwaban.routing.prompts import (
    IN_LINE,
    MAY_PRESS,
    NOT_KEPT,
    Prompts,
    place_words,
    wait_words,
)
from denwaban.telephony.port import Phone, PhoneError


class Sound:
    """Acts for a call's own line. Who has gone, or talks meanwhile, is left alone."""

    def __init__(self, clock: Clock, phone: Phone, floor: Floor, prompts: Prompts) -> None:
        self._clock = clock
        self._phone = phone
        self._floor = floor
        self._prompts = prompts
        self.answers = Answers()

    def waits(self, live: LiveCall) -> bool:
        """Whether the caller is in line, or an operator is being rung for them."""
        caller = self._floor.callers.get(live.call.id)
        if caller is None:
            return False
        return caller.seat is None or self._floor.seats[caller.seat].stage is Stage.OFFERED

    async def ring(self, live: LiveCall) -> None:
        """The engine's own ringing tone, unless the caller hears us already."""
        if not live.voice and not live.gone:
            await self._phone.ring(live.leg)

    async def comfort(self, live: LiveCall) -> None:
        """Asks the caller for a little patience; tells their place, and the key, where that is agreed."""
        if not self.waits(live):
            return
        await self._answer(live)
        live.to_say = [text for text in (*self._place(live), *self._key(live)) if text]
        await self._play(live, await self._prompts.wav(IN_LINE))

    async def offer_key(self, live: LiveCall) -> None:
        """Tells the caller that they may press the key, after what is being said."""
        if not self.waits(live):
            return
        if live.speaking:
            live.to_say += self._key(live)
            return
        await self._answer(live)
        await self._play(live, await self._prompts.wav(MAY_PRESS))

    async def not_kept(self, live: LiveCall) -> None:
        """The key was pressed, but they have to wait on."""
        if self.waits(live):
            await self._play(live, await self._prompts.wav(NOT_KEPT))

    async def go_on(self, live: LiveCall) -> None:
        """What is still to be said, else music."""
        if live.to_say and self.waits(live):
            await self._play(live, await self._prompts.wav(live.to_say.pop(0)))
        else:
            await self.music(live)

    def _key(self, live: LiveCall) -> list[str]:
        return [MAY_PRESS] if live.may_press else []

    def _place(self, live: LiveCall) -> list[str]:
        caller = self._floor.callers.get(live.call.id)
        if caller is None or caller.seat is not None or not live.says_place:
            return []
        place = self._floor.queue.ahead(caller) + 1
        return [place_words(place), wait_words(self.answers.wait(place, self._clock.now()))]

    async def _answer(self, live: LiveCall) -> None:
        if not live.voice:
            await self._phone.answer(live.leg)
            live.voice = True

    async def music(self, live: LiveCall) -> None:
        """Music, unless something is being said."""
        if self.waits(live) and live.voice and not live.speaking:
            await self._phone.music(live.leg)

    async def prompt(self, text: str) -> Path:
        """The file of a spoken text."""
        return await self._prompts.wav(text)

    async def closed(self, live: LiveCall) -> None:
        """Speaks the closed message."""
        wav = await self._prompts.wav(live.message)
        if live.gone:
            return
        live.to_say = []
        await self._answer(live)
        await self._play(live, wav)

    async def _play(self, live: LiveCall, wav: Path) -> None:
        # Before the act: its end may be told before the act returns.
        live.speaking = True
        live.earlier, live.playing = live.playing, ""
        try:
            live.playing = await self._phone.play(live.leg, wav)
        except PhoneError:
            live.speaking = False
            raise
