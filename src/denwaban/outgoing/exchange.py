"""Every call that this program makes: placed, followed, limited, and put in order after a restart."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import structlog

from denwaban.clock import Clock
from denwaban.config import Settings
from denwaban.outgoing.line import Line
from denwaban.outgoing.model import callable_number
from denwaban.telephony.port import (
    EngineLost,
    Event,
    Leg,
    LegAnswered,
    LegEnded,
    LegState,
    Phone,
    PhoneError,
    Resynced,
)

log = structlog.get_logger(__name__)


class Full(Exception):
    """So many calls as are allowed at once are already made; the message is a Japanese sentence."""


class NoWayOut(Exception):
    """This installation cannot call out; the message is a Japanese sentence that says what to set."""


@dataclass(frozen=True, slots=True)
class FoundTalk:
    """Two parties of an earlier program's call who talk on. Whoever knows the call takes them, or hangs them up."""

    call: str
    one: Line
    other: Line


class Outgoing:
    """One for an installation's engine. `run()` until cancelled; events come from whoever reads the telephone's."""

    def __init__(self, phone: Phone, clock: Clock, settings: Settings) -> None:
        self._phone = phone
        self._clock = clock
        self._settings = settings
        self._lines: dict[Leg, Line] = {}
        self._unclaimed: dict[Leg, Line] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self.found: asyncio.Queue[FoundTalk | None] = asyncio.Queue()
        """Talks of earlier programs; None when the engine's picture at that moment has no more of them."""

    async def run(self) -> None:
        """Keeps conversations going until cancelled; legs that are left then are put in order by the next program."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self._tasks = None

    def do(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A conversation of its own. What it raises is its own end, not that of the others. Raises `NoWayOut` when nothing
        runs."""
        if self._tasks is None:
            work.close()
            raise NoWayOut("電話の発信が止まっています。少し待ってからもう一度お試しください。")
        return self._tasks.create_task(_alone(name, work))

    @property
    def shown(self) -> str:
        """The number (E.164) that we show when nobody else's is to be shown. Raises `NoWayOut`."""
        self.trunk()
        if not self._settings.outbound_number:
            raise NoWayOut("発信するときの番号が設定されていません(DENWABAN_OUTBOUND_NUMBER)。")
        return callable_number(self._settings.outbound_number)

    def trunk(self) -> str:
        """The line by which calls leave. Raises `NoWayOut`."""
        if not self._settings.outbound_trunk:
            raise NoWayOut("電話をかける回線が設定されていません(DENWABAN_OUTBOUND_TRUNK)。")
        return self._settings.outbound_trunk

    @property
    def ring_seconds(self) -> int:
        """For how long a number is rung."""
        return self._settings.outbound_ring_seconds

    async def call(self, number: str, *, call: str, shown: str) -> Line:
        """Calls a number; the other side sees `shown` (E.164). Several legs of one `call` count once for the limit.

        Raises `NoWayOut`, `MayNotCall`, `Full`, `PhoneError`.
        """
        trunk = self.trunk()
        wanted = callable_number(number, abroad=self._settings.outbound_abroad)
        calls = {line.call for line in self._lines.values()}
        if call not in calls and len(calls) >= self._settings.outbound_at_once:
            raise Full("同時にかけられる電話の数がいっぱいです。")
        leg = await self._phone.call_out(
            wanted, call=call, trunk=trunk, shown=shown, seconds=self.ring_seconds
        )
        return self._line(leg, call, wanted)

    async def join(self, call: str, far: Line, own: Line, *, record: bool) -> None:
        """Both talk. Raises `PhoneError`."""
        await self._phone.connect(call, far.leg, own.leg, record=record)

    def hand_over(self, line: Line) -> None:
        """From now on the leg is somebody else's: what happens on it is told to them. Look at `is_over` afterwards."""
        self._forget(line.leg)

    def claim(self, leg: Leg) -> Line | None:
        """The line of an earlier program's leg that is in a caller's talk, or waits there, for whoever goes on with that talk."""
        return self._unclaimed.pop(leg, None)

    def sweep(self) -> None:
        """Ends the lines that nobody has claimed."""
        unclaimed, self._unclaimed = self._unclaimed, {}
        for line in unclaimed.values():
            log.info("outgoing.swept", leg=line.leg)
            self.do("sweep", line.hang_up())

    def take(self, event: Event) -> bool:
        """Every event of the telephone comes here first; True when it was about a call of ours and concerns nobody else."""
        if isinstance(event, EngineLost):
            for line in list(self._lines.values()):
                line.take(event)
            return False
        if isinstance(event, Resynced):
            self._resync(event)
            return False
        leg: Leg | None = getattr(event, "leg", None)
        ours = self._lines.get(leg) if leg is not None else None
        if ours is None:
            return False
        ours.take(event)
        return True

    def _line(self, leg: Leg, call: str, number: str) -> Line:
        line = Line(leg, call, number, self._phone, self._clock, self._forget)
        self._lines[leg] = line
        return line

    def _forget(self, leg: Leg) -> None:
        self._lines.pop(leg, None)

    def _resync(self, event: Resynced) -> None:
        """Lines that we know are told what they missed. Of the others, two who talk talk on; whoever is alone, and is claimed by
        nobody, is one to whom an earlier program spoke: nobody would ever speak to them again."""
        legs = event.snapshot.legs
        for line in list(self._lines.values()):
            state = legs.get(line.leg)
            if state is None:
                line.take(LegEnded(line.leg, event.at))
            elif state.answered and not line.is_up:
                line.take(LegAnswered(line.leg, event.at))
        for state in legs.values():
            if state.outgoing and state.leg not in self._lines:
                self._found(state, legs)
        self.found.put_nowait(None)

    def _found(self, state: LegState, legs: dict[Leg, LegState]) -> None:
        others = [legs[leg] for leg in sorted(state.together) if leg in legs]
        call, staff = state.notes.get("call", ""), "staff" in state.notes
        if not staff and any(other.seat is not None for other in others):
            return  # handed over: talks with an operator
        callers = any(not other.outgoing or "staff" in other.notes for other in others)
        if callers or staff or (state.answered and not others):
            # In a caller's talk, or its caller, or waiting there for somebody: the switchboard knows.
            line = self._unclaimed[state.leg] = self._line(
                state.leg, call, state.notes.get("number", "")
            )
            line.is_up = True
            return
        other = others[0] if others else None
        if other is None or other.notes.get("call") != call:
            log.info("outgoing.swept", leg=state.leg)
            self.do("sweep", self._end(state.leg))
            return
        one = self._line(state.leg, call, state.notes.get("number", ""))
        two = self._line(other.leg, call, other.notes.get("number", ""))
        one.is_up = two.is_up = True
        self.found.put_nowait(FoundTalk(call, one, two))

    async def _end(self, leg: Leg) -> None:
        try:
            await self._phone.hang_up(leg)
        except PhoneError as error:
            log.info("outgoing.not_swept", leg=leg, error=type(error).__name__)


async def _alone(name: str, work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:
        log.exception("outgoing.failed", work=name, error=type(error).__name__)
