"""The calls that the engine has now: in memory, and every change of them on its way to the database."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from denwaban.calls import Call, Change, Offer, OfferResult, Outcome, changes
from denwaban.lines import Mode, Service, parse_number
from denwaban.routing.live import LiveCall, Turns
from denwaban.routing.recorder import Recorder
from denwaban.store import new_id
from denwaban.telephony.engine import PRACTICE_TRUNK
from denwaban.telephony.port import CallArrived, Leg, Phone


class Book:
    """Knows each call by its id and by its legs, and how many lines each client uses."""

    def __init__(self, phone: Phone, recorder: Recorder) -> None:
        self._phone = phone
        self._recorder = recorder
        self.calls: dict[str, LiveCall] = {}
        self.legs: dict[Leg, tuple[LiveCall, bool]] = {}
        """Each leg's call, and whether it is the operator's."""
        self._lines_in_use: dict[str, int] = {}
        self.tasks: asyncio.TaskGroup | None = None
        self.ended: Callable[[LiveCall], None] = lambda _live: None
        """Told of each call that is over, once."""

    def found(self, event: CallArrived, call_id: str | None = None) -> LiveCall:
        """A new call in memory, of nobody yet."""
        call = Call(
            id=call_id or new_id(),
            client_id=None,
            leg=event.leg,
            trunk=event.trunk[:40],
            dialled=parse_number(event.dialled).key,
            caller=parse_number(event.caller).key,
            arrived_at=event.at,
            practice=event.trunk == PRACTICE_TRUNK,
        )
        return self.new_call(call, event.leg)

    def new_call(self, call: Call, leg: Leg) -> LiveCall:
        """Takes a call into memory."""
        live = LiveCall(call, leg, self.line(call.id))
        self.calls[call.id] = live
        self.legs[leg] = (live, False)
        return live

    def adopt(self, live: LiveCall, new_call: bool, offer: Offer | None = None) -> None:
        """Records that the program goes on with a call."""
        self.record(live, changes.adopted(live.call, offer, new_call=new_call))

    def withdrawn(self, live: LiveCall, offer: Offer, at: datetime) -> None:
        """Records the end of an offer that the program found open."""
        self.record(live, changes.offer_ended(live.call, offer, OfferResult.WITHDRAWN, at))

    def describe(self, live: LiveCall, service: Service) -> None:
        """Writes what the number gets into the call."""
        live.call = replace(
            live.call,
            client_id=service.client_id,
            plan=service.window,
            mode=service.mode.value,
            script_id=service.script_id,
        )
        live.service = service
        live.client_name = service.client_name
        live.record = service.recorded
        live.title = f"{service.client_name} {service.label}".strip()
        live.message = service.message if service.mode is Mode.CLOSED else ""

    def count(self, live: LiveCall) -> None:
        """From now on the call takes one of its client's lines."""
        if live.counted or live.call.client_id is None:
            return
        live.counted = True
        self.take_line(live.call.client_id)

    def take_line(self, client_id: str) -> None:
        """One more of the client's lines is taken."""
        self._lines_in_use[client_id] = self._lines_in_use.get(client_id, 0) + 1

    def lines_in_use(self, client_id: str) -> int:
        """How many calls count for the client's limit now."""
        return self._lines_in_use.get(client_id, 0)

    def taken(self) -> dict[str, int]:
        """The same by client; who has no call is left out."""
        return dict(self._lines_in_use)

    def end(self, live: LiveCall, outcome: Outcome, at: datetime) -> None:
        """Records the end of a call, once."""
        if live.over:
            return
        live.over = True
        recording = None
        if live.call.answered_at is not None and live.record:
            recording = self._phone.recording(live.call.id).name
        offer, live.offer = live.offer, None
        self.record(live, changes.ended(live.call, live.fate or outcome, at, offer, recording))
        self.calls.pop(live.call.id, None)
        self.legs.pop(live.leg, None)
        self.uncount(live)
        self.ended(live)

    def uncount(self, live: LiveCall) -> None:
        """The call takes no line of its client's any more."""
        if live.counted and live.call.client_id is not None:
            live.counted = False
            self.free_line(live.call.client_id)

    def free_line(self, client_id: str) -> None:
        """One of them is free again."""
        left = self._lines_in_use[client_id] - 1
        if left:
            self._lines_in_use[client_id] = left
        else:
            del self._lines_in_use[client_id]

    def record(self, live: LiveCall, change: Change) -> None:
        """The call is now what the change makes of it, and will be so in the database."""
        live.call, live.recorded = change.call, True
        if change.offer is not None and live.offer is not None:
            live.offer = change.offer
        self._recorder.put(change)

    def line(self, name: str) -> Turns:
        """A line of acts for a call, or for a leg that is none of ours."""
        if self.tasks is None:
            raise RuntimeError("the switchboard is not running")
        return Turns(self.tasks, name)
