"""Placing practice calls, and what they are now."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Protocol

import structlog

from denwaban.calls import Call
from denwaban.calls import call as call_of
from denwaban.clock import Clock
from denwaban.journal import Entry, Fact, Journal, append, last_seq
from denwaban.lines import Mode, Service, UnknownNumber, service_for, show_number
from denwaban.practice import facts
from denwaban.practice.model import (
    MOST,
    WAITS,
    Ending,
    FreeSeat,
    Offer,
    PracticeCall,
    PracticeError,
    Story,
    TooManyPractices,
)
from denwaban.practice.stories import STORIES, story
from denwaban.practice.talking import Line, PracticeCaller, Speaks
from denwaban.scripts import start_run
from denwaban.store import Store, StoreError, Tx, new_id
from denwaban.telephony.engine import PRACTICE_TRUNK
from denwaban.telephony.port import PhoneError
from denwaban.web import _

log = structlog.get_logger(__name__)

SEEN_WITHIN = 10.0
"""Seconds within which the switchboard must have noted the call that we placed."""

REMEMBERED = 20
"""Practice calls that the page still shows."""


class Lines(Protocol):
    """Places calls from a caller to one of our numbers."""

    async def dial(self, *, number: str, caller: str, seconds: int) -> Line: ...
    async def close(self) -> None: ...


class Practice:
    """Practice calls of this program. `run` must be running while `ring` is used; it owns every task."""

    def __init__(
        self,
        store: Store,
        journal: Journal,
        clock: Clock,
        speech: Speaks,
        lines: Lines,
        steer: Callable[[str | None], None] = lambda operator_id: None,
        free: Callable[[], Sequence[FreeSeat]] = tuple,
    ) -> None:
        """`steer` is told before each call whom it is for (`Switchboard.practice_for`); `free` tells whose seats would ring
        now."""
        self._steer = steer
        self._free = free
        self._store = store
        self._journal = journal
        self._clock = clock
        self._speech = speech
        self._lines = lines
        self._group: asyncio.TaskGroup | None = None
        self._placing = asyncio.Lock()
        self._calls: deque[PracticeCall] = deque(maxlen=REMEMBERED)
        self._claimed: set[str] = set()

    async def run(self) -> None:
        """Until cancelled; every practice call is hung up then."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                await asyncio.Event().wait()
        finally:
            self._group = None
            await self._lines.close()

    @property
    def seats(self) -> list[FreeSeat]:
        """Operators whose seat would ring now, by name."""
        return sorted(self._free(), key=lambda one: one.name)

    @property
    def calls(self) -> list[PracticeCall]:
        """The last practice calls, newest first."""
        return list(reversed(self._calls))

    async def offers(self) -> list[Offer]:
        """The stories whose client is there."""
        at = self._clock.now()

        def look(tx: Tx) -> list[Offer]:
            found = ((one, service_for(tx, one.dialled, at)) for one in STORIES)
            return [
                Offer(
                    one,
                    show_number(one.dialled),
                    service.client_name,
                    service.window,
                    service.mode is not Mode.CLOSED,
                )
                for one, service in found
                if isinstance(service, Service)
            ]

        return await self._store.read(look)

    async def ring(self, story_id: str | None = None) -> PracticeCall:
        """Places a practice call; returns as soon as it rings at the door. None: the first story whose client is open.

        Raises `PracticeError` with a sentence: unknown story, no such client, too many at once, engine away.
        """
        wanted = story(story_id) if story_id is not None else await self._first_open()
        if wanted is None:
            raise PracticeError(_("この練習のお話はありません。一覧から選んでください。"))
        return await self.ring_story(wanted)

    async def ring_story(
        self, wanted: Story, version_id: str | None = None, operator_id: str | None = None
    ) -> PracticeCall:
        """The same with a story that is not on the list. Who answers follows `version_id`, published or not; the call
        rings `operator_id` while that operator is free, otherwise whoever takes calls now. Raises `PracticeError`."""
        service = await self._store.read(
            lambda tx: service_for(tx, wanted.dialled, self._clock.now())
        )
        if isinstance(service, UnknownNumber):
            raise PracticeError(
                _(
                    "この練習のための例の会社が登録されていません。例の会社の番号を確かめてください。"
                )
            )
        group = self._group
        if group is None:
            raise PracticeError(_("練習コールの準備ができていません。少し待ってお試しください。"))
        if len([one for one in self._calls if one.ending is None]) >= MOST:
            raise TooManyPractices(
                _(
                    "練習コールは同時に%(most)s件までです。どれかが終わってからお試しください。",
                    most=MOST,
                )
            )
        made = PracticeCall(
            new_id(), wanted, self._clock.now(), version_id=version_id, operator_id=operator_id
        )
        self._calls.append(made)
        placed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        group.create_task(self._guarded(made, placed), name=f"practice {made.id}")
        await asyncio.shield(placed)
        return self._now(made)

    async def _first_open(self) -> Story | None:
        offers = await self.offers()
        return next((offer.story for offer in offers if offer.open), None)

    def _now(self, made: PracticeCall) -> PracticeCall:
        return next((one for one in self._calls if one.id == made.id), made)

    def _set(self, made: PracticeCall) -> PracticeCall:
        """Puts the newer state in the place of the older."""
        for place, one in enumerate(self._calls):
            if one.id == made.id:
                self._calls[place] = made
        return made

    async def _append(self, fact: Fact) -> None:
        await self._store.write(lambda tx: append(tx, fact))

    async def _guarded(self, made: PracticeCall, placed: asyncio.Future[None]) -> None:
        """One practice call from ringing to its end. What goes wrong in it stays in it: real calls go on beside it."""
        ending = Ending.FAILED
        try:
            ending = await self._call(made, placed)
        except (PhoneError, StoreError) as error:
            log.warning("practice.failed", practice=made.id, reason=type(error).__name__)
            if not placed.done():
                placed.set_exception(
                    PracticeError(
                        _("電話のエンジンにつながらないため、練習コールをかけられませんでした。")
                    )
                )
        except Exception:
            log.exception("practice.broke", practice=made.id)
        finally:
            ended = self._set(replace(self._now(made), ending=ending))
            if ended.call_id is not None:
                self._claimed.discard(ended.call_id)
            if not placed.done():
                placed.set_exception(
                    PracticeError(_("練習コールをかけられませんでした。もう一度お試しください。"))
                )
            # Only whoever still waits is told; a request that was given up has nobody.
            placed.add_done_callback(lambda done: done.cancelled() or done.exception())
        await self._append(facts.ended(made.id, ended.call_id, ending.value))

    async def _call(self, made: PracticeCall, placed: asyncio.Future[None]) -> Ending:
        story = made.story
        # One at a time: who calls the same number from the same number is told apart by the order alone.
        async with self._placing:
            seq = await self._store.read(last_seq)
            self._steer(made.operator_id)
            line = await self._lines.dial(
                number=show_number(story.dialled).replace("-", ""),
                caller=show_number(story.caller_number).replace("-", ""),
                # The announcement "answers" the call for the network, so waiting is bounded by us.
                seconds=WAITS,
            )
            try:
                await self._append(facts.rung(made.id, story.id))
                placed.set_result(None)
                async with aclosing(self._journal.follow(seq)) as entries:  # type: ignore[type-var]
                    call_id = await self._find(made, entries)
            except BaseException:
                await line.hang_up()
                raise
        try:
            if call_id is None:
                return Ending.FAILED
            return await self._talk(made, line, call_id, seq)
        finally:
            await line.hang_up()

    async def _talk(self, made: PracticeCall, line: Line, call_id: str, seq: int) -> Ending:
        def speaks(said: int) -> None:
            self._set(replace(self._now(made), said=said))

        async def connected() -> None:
            self._set(replace(self._now(made), connected_at=self._clock.now()))
            await self._append(facts.connected(made.id, call_id))

        caller = PracticeCaller(
            self._store,
            self._journal,
            self._clock,
            self._speech,
            made.story,
            line,
            call_id,
            speaks=speaks,
            connected=connected,
        )
        return await caller.to_its_end(seq)

    async def _find(self, made: PracticeCall, entries: AsyncIterator[Entry]) -> str | None:
        """The call that the switchboard made of ours."""
        try:
            async with asyncio.timeout(SEEN_WITHIN):
                async for entry in entries:
                    if entry.fact.kind != "call.arrived" or entry.fact.subject in self._claimed:
                        continue
                    subject = entry.fact.subject
                    found = await self._store.read(partial(call_of, call_id=subject))
                    if found is not None and _is_ours(found, made.story):
                        self._claimed.add(found.id)
                        if made.version_id is not None:
                            # Before anybody can have answered: the seat finds the run and goes on with it.
                            await self._store.write(
                                partial(start_run, call=found, version_id=made.version_id)
                            )
                        self._set(replace(self._now(made), call_id=found.id))
                        return str(found.id)
        except TimeoutError:
            log.warning("practice.unseen", practice=made.id)
        return None


def _is_ours(found: Call, story: Story) -> bool:
    return (found.trunk, found.dialled, found.caller) == (
        PRACTICE_TRUNK,
        story.dialled,
        story.caller_number,
    )
