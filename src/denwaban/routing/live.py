"""What the switchboard keeps in memory for each call in the engine, and for each operator."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import structlog

from denwaban.calls import Call, Offer, Outcome
from denwaban.lines import Service
from denwaban.outgoing import Line
from denwaban.routing.keeping import Place
from denwaban.routing.model import ANYBODY, Terms
from denwaban.routing.talk import Side, Talk
from denwaban.telephony.port import Leg, LegGone, PhoneError, SeatName

log = structlog.get_logger(__name__)

Act = Callable[[], Awaitable[None]]


class Turns:
    """The acts of one call, done one after another in a task of the switchboard's group; no task while idle."""

    __slots__ = ("_acts", "_busy", "_name", "_tasks")

    def __init__(self, tasks: asyncio.TaskGroup, name: str) -> None:
        self._tasks = tasks
        self._name = name
        self._acts: deque[Act] = deque()
        self._busy = False

    def do(self, act: Act) -> None:
        """Does it after everything asked for before. A `PhoneError` is the end of this act only: what it means is told
        by the engine's events."""
        self._acts.append(act)
        if not self._busy:
            self._busy = True
            self._tasks.create_task(self._work())

    def at_once(self, act: Callable[[], None]) -> None:
        """Like `do`, for an act that waits for nothing: done now if nothing is under way."""
        if not self._busy:
            act()
            return

        async def in_turn() -> None:
            act()

        self.do(in_turn)

    async def ask(self, act: Act) -> None:
        """Like `do`, but waits for it and hands on what it raises."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def told() -> None:
            try:
                await act()
            except Exception as error:
                if not done.cancelled():
                    done.set_exception(error)
            else:
                if not done.cancelled():
                    done.set_result(None)

        self.do(told)
        await done

    async def _work(self) -> None:
        try:
            while self._acts:
                act = self._acts.popleft()
                try:
                    await act()
                except LegGone:
                    pass  # who hangs up does not wait for our acts
                except PhoneError as error:
                    log.info("routing.act_refused", call=self._name, error=type(error).__name__)
                except Exception as error:
                    # A fault in one call must not end all the others.
                    log.exception("routing.act_failed", call=self._name, error=type(error).__name__)
        finally:
            self._busy = False


@dataclass(slots=True, eq=False)
class Asked:
    """Somebody whom an operator asked in: of the client's staff, outside, or another operator."""

    kind: Literal["staff", "operator"]
    id: str
    name: str
    since: datetime
    leg: Leg
    line: Line | None = None
    """Of who is outside."""
    task: asyncio.Task[None] | None = None
    """What follows it."""
    up: bool = False
    """Has answered."""
    ask_first: bool = False
    """The client wants them to be asked before a caller is put through to them: not given to them while they still ring."""

    @property
    def data(self) -> dict[str, str]:
        """Who it is, for a fact."""
        return {"staff_id" if self.kind == "staff" else "helper_id": self.id}

    @property
    def note(self) -> str:
        """The same with their leg, to be kept in the engine."""
        (whose, who) = next(iter(self.data.items()))
        return f"{self.leg} {whose} {who}"


@dataclass(slots=True, eq=False)
class LiveCall:
    """A call that the engine has now."""

    call: Call
    """As last recorded."""
    leg: Leg
    line: Turns
    client_name: str = ""
    title: str = ""
    """What the operator's phone shows: whose number was dialled."""
    message: str = ""
    """To be spoken, then hung up: closed."""
    offer: Offer | None = None
    operator_leg: Leg | None = None
    rang: bool = False
    """The operator's phone rang for the present offer."""
    record: bool = True
    """The client wants talks recorded."""
    voice: bool = False
    """The caller's leg was answered, so that sound can be played."""
    speaking: bool = False
    playing: str = ""
    """The prompt that was begun last; empty while it is being begun."""
    earlier: str = ""
    """The one before: that it ends, because another one begins, says nothing."""
    muted: bool = False
    pressed_until: datetime | None = None
    """The keys that the operator has pressed so far go on until then."""
    counted: bool = False
    """Counts for the client's line limit."""
    recorded: bool = False
    """Its arrival is on the way to the database."""
    gone: bool = False
    """The caller's leg is over."""
    gone_at: datetime | None = None
    """Since when."""
    over: bool = False
    """Its end is recorded."""
    fate: Outcome | None = None
    """How it ends, whatever it looks like."""
    service: Service | None = None
    """What the number got when the call came; None: not known."""
    may_press: bool = False
    """The caller may press the key and be called back."""
    keeping: bool = False
    """They pressed it; their place is being written."""
    to_say: list[str] = field(default_factory=list)
    """After what is being said."""
    place: Place | None = None
    """The caller wants to be called back; None again once somebody talks with them."""
    again: LiveCall | None = None
    """The caller's earlier call, whose kept place is suspended while they are on the line themselves."""
    helped: bool = False
    """A supervisor was called to it, as the operator was lost."""
    talk: Talk = Talk()
    """Who hears whom, once an operator has answered."""
    room: frozenset[Side] = frozenset()
    """Whom the engine has joined; the caller also while on hold."""
    music: Side | None = None
    """Who hears music."""
    unsettled: bool = False
    """The engine could not be made what `talk` says."""
    asked: Asked | None = None
    """Whom the operator asked in."""
    silenced_by: str = ""
    """Why the recording pauses: key or card."""
    terms: Terms = ANYBODY
    """What held for the caller in line, for when they come back there."""
    parked: asyncio.Task[None] | None = None
    """Parked: when it is done, whoever parked the caller is rung."""
    parked_at: datetime | None = None

    @property
    def says_place(self) -> bool:
        """Whether the caller is told their place in line."""
        return self.service is not None and self.service.level.says_place

    def holds(self, offer: Offer) -> bool:
        """Whether this offer is still the present one."""
        return self.offer is not None and self.offer.id == offer.id


@dataclass(frozen=True, slots=True)
class Person:
    """An operator as the desk knows them."""

    id: str
    name: str
    seat: SeatName
    password: str
