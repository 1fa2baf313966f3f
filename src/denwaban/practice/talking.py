"""Leading the caller of a practice call through its story, once the switchboard knows the call."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from denwaban.calls import Outcome
from denwaban.calls import call as call_of
from denwaban.clock import Clock
from denwaban.journal import Fact, Journal
from denwaban.lines import Mode
from denwaban.practice.model import WAITS, Conversation, Ending, HangUp, SayLine, Story
from denwaban.store import Store
from denwaban.telephony.ari.practice_caller import Heard
from denwaban.telephony.speech import Voice


class Line(Protocol):
    """The caller's end of a call; see `telephony.ari.practice_caller`."""

    @property
    def heard(self) -> asyncio.Queue[Heard]: ...
    async def say(self, wav: Path) -> None: ...
    async def hang_up(self) -> None: ...


class Speaks(Protocol):
    """Spoken words as a file."""

    async def wav(self, text: str, *, voice: Voice) -> Path: ...


class PracticeCaller:
    """The caller of one practice call, from the moment at which the switchboard knows it as `call_id`."""

    def __init__(
        self,
        store: Store,
        journal: Journal,
        clock: Clock,
        speech: Speaks,
        story: Story,
        line: Line,
        call_id: str,
        *,
        speaks: Callable[[int], None],
        connected: Callable[[], Awaitable[None]],
    ) -> None:
        """`speaks` is told how many lines have been begun, `connected` when an operator has answered."""
        self._store = store
        self._journal = journal
        self._clock = clock
        self._speech = speech
        self._story = story
        self._line = line
        self._call_id = call_id
        self._speaks = speaks
        self._connected = connected
        self._news: asyncio.Queue[Heard | Fact] = asyncio.Queue()

    async def to_its_end(self, seq: int) -> Ending:
        """Until the story is told or somebody hangs up; facts are read from `seq` on. The line is left as it is."""
        helpers = (
            asyncio.ensure_future(self._make_speech()),
            asyncio.ensure_future(self._pass_on()),
            asyncio.ensure_future(self._follow(seq)),
        )
        try:
            return await self._listen_and_speak(helpers)
        finally:
            for task in helpers:
                task.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    async def _make_speech(self) -> None:
        # While the operator reaches for the key, so that no line is waited for.
        for words in self._story.lines:
            await self._speech.wav(words, voice=Voice.CALLER)

    async def _pass_on(self) -> None:
        while True:
            self._news.put_nowait(await self._line.heard.get())

    async def _follow(self, seq: int) -> None:
        async with aclosing(self._journal.follow(seq)) as entries:  # type: ignore[type-var]
            async for entry in entries:
                if entry.fact.subject == self._call_id:
                    self._news.put_nowait(entry.fact)

    async def _listen_and_speak(self, helpers: tuple[asyncio.Future[None], ...]) -> Ending:
        talk: Conversation | None = None
        sounding = False
        give_up = self._seconds() + WAITS
        while True:
            until = give_up
            if talk is not None:
                step = talk.step(self._seconds())
                if isinstance(step, HangUp):
                    return Ending.TALKED
                if isinstance(step, SayLine):
                    words = self._story.lines[step.index]
                    self._speaks(step.index + 1)
                    await self._line.say(await self._speech.wav(words, voice=Voice.CALLER))
                    continue
                until = step.at
            elif self._seconds() >= give_up:
                return Ending.NOBODY
            new = await self._next(until, helpers)
            now = self._seconds()
            if new is Heard.ENDED:
                return await self._ending(talked=talk is not None)
            if isinstance(new, Fact):
                if new.kind == "call.ended":
                    return await self._ending(talked=talk is not None)
                if new.kind == "call.answered" and talk is None:
                    talk = Conversation(len(self._story.lines), now)
                    if sounding:
                        # The music of waiting; its end is heard as silence.
                        talk.talking(now)
                    await self._connected()
                elif talk is not None and new.kind in ("call.held", "call.returned"):
                    talk.held(True, now)
                elif talk is not None and new.kind in ("call.unheld", "call.answered"):
                    talk.held(False, now)
            elif new is Heard.TALKING or new is Heard.QUIET:
                sounding = new is Heard.TALKING
                if talk is not None:
                    (talk.talking if sounding else talk.quiet)(now)
            elif new is Heard.SAID and talk is not None:
                talk.said(now)

    async def _next(
        self, until: float, helpers: tuple[asyncio.Future[None], ...]
    ) -> Heard | Fact | None:
        """The next thing that happens; None when nothing did until then. A helper that broke breaks the call."""
        at = self._clock.now() + timedelta(seconds=max(0.0, until - self._seconds()))
        getting = asyncio.ensure_future(self._news.get())
        sleeping = asyncio.ensure_future(self._clock.sleep_until(at))
        try:
            waiting: set[asyncio.Future[Any]] = {getting, sleeping}
            waiting.update(one for one in helpers if not one.done())
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            if not getting.done():
                getting.cancel()
            await asyncio.gather(getting, sleeping, return_exceptions=True)
        for helper in helpers:
            if helper.done():
                helper.result()
        return getting.result() if not getting.cancelled() else None

    async def _ending(self, *, talked: bool) -> Ending:
        found = await self._store.read(lambda tx: call_of(tx, self._call_id))
        if talked or (found is not None and found.outcome is Outcome.ANSWERED):
            return Ending.TALKED
        if found is not None and found.outcome is Outcome.BLOCKED:
            return Ending.BLOCKED
        if found is not None and found.mode == Mode.CLOSED:
            return Ending.CLOSED
        return Ending.NOBODY

    def _seconds(self) -> float:
        return self._clock.now().timestamp()
