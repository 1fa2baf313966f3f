"""People whose telephones we call, in memory: what rings where, what is said there, which keys are pressed."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.delivery_story import eventually

from denwaban.callback import CallBacks
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.outgoing import Outgoing
from denwaban.store import Store
from denwaban.telephony.fake import FakePhone
from denwaban.telephony.port import Leg, Resynced
from denwaban.telephony.speech import Speech, Voice

US = "0312340000"

CALLING = Settings(outbound_trunk="test", outbound_number=US)
"""Settings with a way out."""


def nowhere(store: Store, clock: MovedClock) -> CallBacks:
    """Call-backs of an installation without a line to call out by."""
    settings = Settings()
    outgoing = Outgoing(FakePhone(clock), clock, settings)
    return CallBacks(outgoing, store, Said(settings.home), settings)


class Said(Speech):
    """Speaks by writing down: every text is a file whose name leads back to it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.texts: dict[Path, str] = {}

    async def wav(self, text: str, *, voice: Voice = Voice.ANNOUNCER) -> Path:
        path = self.folder / f"{len(self.texts)}.wav"
        known = next((path for path, said in self.texts.items() if said == text), None)
        if known is None:
            self.texts[path] = text
        made = known or path
        await asyncio.to_thread(made.touch)
        return made


class Outside:
    """A telephone with everybody at its other end."""

    def __init__(self, phone: FakePhone, outgoing: Outgoing, said: Said) -> None:
        self.phone = phone
        self.outgoing = outgoing
        self.said = said
        self.legs: dict[str, Leg] = {}

    async def rings(self, number: str) -> None:
        async def yet() -> bool:
            return self.phone.outside_rings(number)

        await eventually(yet)

    async def answers(self, number: str) -> None:
        await self.rings(number)
        self.legs[number] = self.phone.outside_answers(number)

    def now(self, number: str) -> str:
        """What is said at that number just now."""
        heard = self.phone.hears(self.legs[number])
        return self.said.texts.get(Path(heard.removeprefix("prompt ")), heard)

    def everything(self, number: str) -> list[str]:
        """All that was ever said there."""
        heard = self.phone.heard(self.legs[number])
        texts = [self.said.texts.get(Path(one.removeprefix("prompt "))) for one in heard]
        return [text for text in texts if text is not None]

    async def hears(self, number: str, words: str) -> None:
        """Waits until these words are among what is said there now, letting earlier prompts end."""

        async def yet() -> bool:
            if words in self.now(number):
                return True
            if self.now(number) in self.said.texts.values():
                self.phone.prompt_ends(self.legs[number])
            return False

        await eventually(yet)

    async def hears_out(self, number: str) -> None:
        """Waits until something is said; it comes to its end."""

        async def yet() -> bool:
            return self.now(number) in self.said.texts.values()

        await eventually(yet)
        self.phone.prompt_ends(self.legs[number])
        for _ in range(5):
            await asyncio.sleep(0)

    def presses(self, number: str, key: str) -> None:
        self.phone.outside_presses(number, key)

    @asynccontextmanager
    async def runs(self, work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
        """Something more that runs beside the conversations."""
        task = asyncio.create_task(work)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def is_over(self, number: str) -> None:
        async def yet() -> bool:
            return self.legs[number] not in (await self.phone.snapshot()).legs

        await eventually(yet)


@asynccontextmanager
async def outside(
    clock: MovedClock, folder: Path, settings: Settings = CALLING, phone: FakePhone | None = None
) -> AsyncIterator[Outside]:
    """The program's side runs: a reader of the telephone's events, and the conversations."""
    phone = phone or FakePhone(clock)
    outgoing = Outgoing(phone, clock, settings)

    async def read() -> None:
        async for event in phone.events():
            outgoing.take(event)
            if isinstance(event, Resynced):
                outgoing.sweep()  # there is no switchboard that would claim anything

    tasks = [asyncio.create_task(outgoing.run()), asyncio.create_task(read())]
    await asyncio.sleep(0)
    try:
        yield Outside(phone, outgoing, Said(folder))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
