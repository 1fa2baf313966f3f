"""A telephone call that tells the report and takes it by key. Address: `number`.

Whoever picks up hears for whom there is a message; the message itself only after pressing 1, so that no answering machine
ever records it. Having pressed it is the acceptance (`Sent`); the conversation then goes on beside the delivery, and what is
pressed in it takes the report or passes it on. A call that nobody takes up has failed: the ladder goes on to the next person
without it, and rings again with its reminder.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import Any

import structlog

from denwaban.delivery import spoken
from denwaban.delivery.acknowledgements import Acknowledged, acknowledgement
from denwaban.delivery.acts import NotTheirs, acknowledge, hand_on
from denwaban.delivery.message import Message
from denwaban.delivery.outcome import Failed, NotSetUp, Outcome, Retry, Sent
from denwaban.journal import Journal, last_seq
from denwaban.outgoing import (
    Full,
    HungUp,
    Line,
    MayNotCall,
    NotReached,
    NoWayOut,
    Outgoing,
)
from denwaban.store import Store, StoreError, Tx, new_id
from denwaban.telephony.port import PhoneError, Unreached
from denwaban.telephony.speech import Speech

log = structlog.get_logger(__name__)

GREETINGS = 2
"""How often we say that there is a message; with the ringing this must be shorter than the lease of a delivery."""

THINKING = 5.0
"""Seconds to press a key after something was said."""

TELLINGS = 2
"""How often the report is told to somebody who presses nothing."""

REPEATS = 10
"""More often nobody hears it again."""

_WHY: dict[Unreached, Outcome] = {
    Unreached.BUSY: Retry("電話が話し中でした。"),
    Unreached.REFUSED: Failed("電話に出られないと断られました。"),
    Unreached.NO_ANSWER: Failed("電話をかけましたが、どなたも出ませんでした。"),
    Unreached.UNREACHABLE: Failed("その番号にはつながりませんでした。電話番号を確かめてください。"),
}


class Phone:
    """See the module."""

    def __init__(self, outgoing: Outgoing, speech: Speech, store: Store, journal: Journal) -> None:
        self._journal = journal
        self._outgoing = outgoing
        self._speech = speech
        self._store = store
        self._under_way: dict[str, asyncio.Future[Outcome]] = {}

    async def send(self, message: Message) -> Outcome:
        """Returns when the message is being told, or will not be. A second try of a call that is still under way is that call."""
        told = self._under_way.get(message.key)
        if told is None:
            told = asyncio.get_running_loop().create_future()
            self._under_way[message.key] = told
            try:
                self._outgoing.do("phone", self._call(message, told))
            except NoWayOut as error:
                del self._under_way[message.key]
                return Retry(str(error))
        return await asyncio.shield(told)

    async def _call(self, message: Message, told: asyncio.Future[Outcome]) -> None:
        outcome: Outcome | None = None
        try:
            outcome = await self._conversation(message, told)
        except NoWayOut as error:
            outcome = NotSetUp(str(error))
        except MayNotCall as error:
            outcome = Failed(str(error))
        except Full as error:
            outcome = Retry(str(error))
        except NotReached as error:
            outcome = _WHY[error.why]
        except HungUp:
            outcome = Failed("電話に出ましたが、伝言を聞く前に切れました。")
        except PhoneError as error:
            log.info("phone.engine_away", error=type(error).__name__)
            outcome = Retry("電話の設備が応えませんでした。")
        finally:
            del self._under_way[message.key]
            if not told.done():
                told.set_result(outcome or Retry("電話が途中で切れました。"))

    async def _conversation(self, message: Message, told: asyncio.Future[Outcome]) -> Outcome:
        shown = self._outgoing.shown
        first = await self._speech.wav(spoken.TEST if message.test else spoken.greeting(message))
        call = f"report-{new_id()}"
        async with await self._outgoing.call(
            message.address["number"], call=call, shown=shown
        ) as line:
            if message.test:
                await line.answered(self._outgoing.ring_seconds)
                told.set_result(Sent("電話に出ました"))
                await line.tell(first)
                return Sent()
            key = await self._unless_taken(message, self._picked_up(line, first))
            if key is None:
                return Retry("ほかの方が引き受けたため、電話をやめました。")
            if not key:
                return Failed(
                    "電話に出ましたが、キーが押されませんでした(留守番電話かもしれません)。"
                )
            told.set_result(Sent("電話で伝言を聞いています"))
            await self._tell(message, line)
        return Sent()

    async def _picked_up(self, line: Line, greeting: Path) -> str:
        await line.answered(self._outgoing.ring_seconds)
        return await line.ask([greeting], "1", times=GREETINGS, seconds=THINKING)

    async def _unless_taken(
        self, message: Message, calling: Coroutine[Any, Any, str]
    ) -> str | None:
        """What the call gives, None as soon as somebody has taken the report by another way: then nobody is rung for it."""
        if not spoken.asks(message):
            return await calling
        tasks = [
            asyncio.create_task(calling),
            asyncio.create_task(self._taken(message.report_id)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return tasks[0].result() if tasks[0] in done else None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _taken(self, report_id: str) -> str:
        """Returns when somebody has."""

        def now(tx: Tx) -> tuple[int, bool]:
            return last_seq(tx), acknowledgement(tx, report_id) is not None

        since, already = await self._store.read(now)
        if not already:
            async with aclosing(self._journal.follow(since)) as entries:  # type: ignore[type-var]
                async for entry in entries:
                    if (entry.fact.kind, entry.fact.subject) == ("report.acknowledged", report_id):
                        break
        return ""

    async def _tell(self, message: Message, line: Line) -> None:
        asks = spoken.asks(message)
        if asks:
            taken = await self._store.read(lambda tx: acknowledgement(tx, message.report_id))
            if taken is not None:
                async with self._speech.once(spoken.taken_by(taken.staff_name)) as by_whom:
                    await line.tell(by_whom)
                return
        async with self._speech.once(spoken.told(message)) as report:
            if not asks:
                await line.tell(report)
                await self._say(line, spoken.GOODBYE)
                return
            key = await self._asked(line, report)
        try:
            answer = await self._pressed(message, key)
        except StoreError as error:
            log.warning("phone.not_recorded", error=type(error).__name__)
            answer = spoken.NOT_RECORDED
        await self._say(line, answer)

    async def _asked(self, line: Line, report: Path) -> str:
        """Tells the report, again and again for who wants it; the key that was pressed in the end."""
        menu = await self._speech.wav(spoken.MENU)
        for _ in range(REPEATS):
            key = await line.ask([report, menu], "123", times=TELLINGS, seconds=THINKING)
            if key != "2":
                return key
        return ""

    async def _pressed(self, message: Message, key: str) -> str:
        """Does what a key says; what to answer."""
        report_id, staff_id = message.report_id, message.staff_id
        if key == "1":
            try:
                taken: Acknowledged = await self._store.write(
                    lambda tx: acknowledge(tx, report_id, staff_id, "phone")
                )
            except NotTheirs:
                return spoken.NOT_YOURS
            return spoken.TAKEN if taken.staff_id == staff_id else spoken.taken_by(taken.staff_name)
        if key == "3":
            passed = await self._store.write(lambda tx: hand_on(tx, report_id, staff_id))
            return spoken.HANDED_ON if passed else spoken.NOT_YOURS
        return spoken.NO_KEY

    async def _say(self, line: Line, text: str) -> None:
        await line.tell(await self._speech.wav(text))
