"""Making call-backs: one task each, from the staff member's telephone to the end of the talk."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import structlog

from denwaban.callback.acts import (
    Begun,
    Busy,
    CannotCallBack,
    Ready,
    begin,
    ended,
    moved,
    under_way,
)
from denwaban.callback.model import OF_CALLER, CallBack, Result, Stage
from denwaban.config import Settings
from denwaban.outgoing import (
    FoundTalk,
    Full,
    HungUp,
    Line,
    MayNotCall,
    NotReached,
    NoWayOut,
    Outgoing,
)
from denwaban.store import Store, StoreError
from denwaban.telephony.port import PhoneError
from denwaban.telephony.speech import Speech

log = structlog.get_logger(__name__)

ASK = "電話番です。折り返しのお電話をおつなぎします。お電話口の方は 1 を押してください。"
"""Nothing about the caller: an answering machine may be listening."""

CALLING = "{who}様を呼び出します。そのままお待ちください。"

SORRY = {
    Result.BUSY: "お話し中でした。少しおいて、もう一度おかけください。失礼いたします。",
    Result.REFUSED: "お出になれないとのことでした。失礼いたします。",
    Result.NO_ANSWER: "お出になりませんでした。失礼いたします。",
    Result.UNREACHABLE: "おつなぎできませんでした。番号をお確かめください。失礼いたします。",
}

THINKING = 5.0
"""Seconds to press the key after the question, which is asked twice."""


class CallBacks:
    """One for an installation's engine. `run()` until cancelled."""

    def __init__(
        self, outgoing: Outgoing, store: Store, speech: Speech, settings: Settings
    ) -> None:
        self._outgoing = outgoing
        self._store = store
        self._speech = speech
        self._settings = settings
        self._mine: set[str] = set()
        self._beginning = asyncio.Lock()

    async def run(self) -> None:
        """Puts in order what an earlier program left: talks go on, everything else has ended."""
        while True:
            found = await self._outgoing.found.get()
            if isinstance(found, FoundTalk):
                self._adopt(found)
            else:
                await self._end_lost()

    @property
    def abroad(self) -> bool:
        """Whether foreign numbers are called."""
        return self._settings.outbound_abroad

    def can(self) -> str:
        """Empty, or the sentence why this installation cannot call out."""
        try:
            self._outgoing.trunk()
        except NoWayOut as error:
            return str(error)
        return ""

    async def start(self, report_id: str, user_id: str) -> CallBack:
        """Begins a call-back, or gives the one that is under way for this report. Raises `CannotCallBack`, `StoreError`."""
        abroad = self.abroad
        try:
            trunk = self._outgoing.trunk()
            # Written and known to be ours in one step: else what puts lost ones in order could take it for one.
            async with self._beginning:
                begun = await self._store.write(
                    lambda tx: begin(tx, report_id, user_id, trunk, abroad=abroad)
                )
                self._mine.add(begun.call_back.id)
            self._outgoing.do("callback", self._call(begun))
        except Busy as busy:
            return busy.under_way
        except NoWayOut as error:
            raise CannotCallBack(str(error)) from error
        return begun.call_back

    async def _call(self, begun: Begun) -> None:
        call, lines = begun.call_back.id, list[Line]()
        result = Result.FAILED
        try:
            result = await self._both(call, begun.plan, lines)
        except Full:
            result = Result.FULL
        except HungUp:
            result = Result.GIVEN_UP
        except (NoWayOut, MayNotCall, PhoneError) as error:
            log.info("callback.not_made", call=call, error=type(error).__name__)
        finally:
            # Cancelled: the program ends. The next one finds the row, and the talk if there is one.
            if not _cancelled():
                await self._over(call, lines, result)

    async def _both(self, call: str, plan: Ready, lines: list[Line]) -> Result:
        """Calls one after the other and lets them talk. Raises `HungUp` when our own side gives up."""
        ask = await self._speech.wav(ASK)
        own = await self._outgoing.call(plan.own, call=call, shown=plan.shown)
        lines.append(own)
        try:
            await own.answered(self._outgoing.ring_seconds)
            key = await own.ask([ask], "1", times=2, seconds=THINKING)
        except (NotReached, HungUp):
            return Result.OWN_NOT_REACHED
        if not key:
            return Result.OWN_NOT_REACHED
        async with self._speech.once(CALLING.format(who=plan.who)) as name:
            await own.tell(name)
        await self._store.write(lambda tx: moved(tx, call, Stage.CALLER))
        far = await self._outgoing.call(plan.caller, call=call, shown=plan.shown)
        lines.append(far)
        await own.ring_back()
        try:
            await self._answered(own, far)
        except NotReached as error:
            result = OF_CALLER[error.why]
            with suppress(HungUp):
                await own.tell(await self._speech.wav(SORRY[result]))
            return result
        await self._outgoing.join(call, far, own, record=plan.record)
        await self._store.write(lambda tx: moved(tx, call, Stage.TALKING))
        return await self._talk(own, far)

    async def _answered(self, own: Line, far: Line) -> None:
        """Returns when the caller has answered. Raises `HungUp` when our own side hung up first, `NotReached`, `PhoneError`."""
        reaching = asyncio.create_task(far.answered(self._outgoing.ring_seconds))
        leaving = asyncio.create_task(own.ended())
        await _first(reaching, leaving)
        if not reaching.done() or reaching.cancelled():
            raise HungUp
        reaching.result()

    async def _talk(self, own: Line, far: Line) -> Result:
        """Until one of them hangs up."""
        await _first(asyncio.create_task(own.ended()), asyncio.create_task(far.ended()))
        return Result.TALKED

    async def _over(self, call: str, lines: Sequence[Line], result: Result) -> None:
        """Hangs up, and writes the end, however long the database is away: nothing else would."""
        for line in lines:
            await line.hang_up()
        least = self._settings.callback_talk_seconds
        await self._store.write_at_last(
            lambda tx: ended(tx, call, result, least), f"call-back {call}"
        )
        self._mine.discard(call)

    def _adopt(self, found: FoundTalk) -> None:
        self._mine.add(found.call)
        self._outgoing.do("callback", self._go_on(found))

    async def _go_on(self, found: FoundTalk) -> None:
        """A talk that an earlier program began."""
        lines = (found.one, found.other)
        known = {it.id: it for it in await self._store.read(under_way)}
        it = known.get(found.call)
        if it is None:
            for line in lines:
                await line.hang_up()
            return
        if it.stage is not Stage.TALKING:
            # Joined in the moment in which the earlier program ended.
            await self._store.write(lambda tx: moved(tx, found.call, Stage.TALKING))
        result = await self._talk(*lines)
        await self._over(found.call, lines, result)

    async def _end_lost(self) -> None:
        """Call-backs that nobody makes any more."""
        async with self._beginning:
            try:
                lost = [
                    it.id for it in await self._store.read(under_way) if it.id not in self._mine
                ]
            except StoreError:
                log.warning("callback.store_away")
                return
        for call in lost:
            await self._over(call, (), Result.FAILED)


async def _first(*tasks: asyncio.Task[Any]) -> None:
    """Returns when one of them is done; the others are ended."""
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
