"""What callers hear while nobody talks with them: the ring, the comfort, music, the closed message."""

from pathlib import Path

from denwaban.routing.floor import Floor
from denwaban.routing.live import LiveCall
from denwaban.routing.model import Stage
from denwaban.routing.prompts import IN_LINE, Prompts
from denwaban.telephony.port import Phone, PhoneError


class Sound:
    """Acts for a call's own line. Who has gone, or talks meanwhile, is left alone."""

    def __init__(self, phone: Phone, floor: Floor, prompts: Prompts) -> None:
        self._phone = phone
        self._floor = floor
        self._prompts = prompts

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
        """Asks the caller for a little patience."""
        if not self.waits(live):
            return
        if not live.voice:
            await self._phone.answer(live.leg)
            live.voice = True
        await self._play(live, await self._prompts.wav(IN_LINE))

    async def music(self, live: LiveCall) -> None:
        """Music, unless something is being said."""
        if self.waits(live) and live.voice and not live.speaking:
            await self._phone.music(live.leg)

    async def closed(self, live: LiveCall) -> None:
        """Speaks the closed message."""
        wav = await self._prompts.wav(live.message)
        if live.gone:
            return
        if not live.voice:
            await self._phone.answer(live.leg)
            live.voice = True
        await self._play(live, wav)

    async def _play(self, live: LiveCall, wav: Path) -> None:
        # Before the act: its end may be told before the act returns.
        live.speaking = True
        try:
            await self._phone.play(live.leg, wav)
        except PhoneError:
            live.speaking = False
            raise
