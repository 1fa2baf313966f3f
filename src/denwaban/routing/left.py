"""Callers who spoke to the engine instead of an operator (the program was away, or nobody could take them in the time agreed):
taken into the record afterwards."""

import asyncio
import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from msgspec.structs import replace
from sqlalchemy import insert, select, update

from denwaban.calls import Call, Outcome, call_of_leg, changes, record
from denwaban.calls import call as call_of
from denwaban.clock import Clock
from denwaban.lines import UnknownNumber, parse_number, service_for
from denwaban.routing.rows import left_messages as rows
from denwaban.store import Store, StoreError, Tx, new_id
from denwaban.telephony.engine import LeftMessage, forget, left_messages
from denwaban.telephony.port import Phone
from denwaban.telephony.recording import NotAWav, repair_wav

log = structlog.get_logger(__name__)

EVERY = timedelta(seconds=20)

SURELY_WRITTEN = timedelta(minutes=30)
"""A call that is not in the record so long after its caller was left to the engine never will be: it is taken from the note."""


def take_message(tx: Tx, left: LeftMessage) -> Call | None:
    """Makes an ended call of what a caller left, or adds it to the call by which they came; the same call when it was taken
    before. None: not yet, the end of that call is still to be written.

    Outcome `message` when something was spoken, else `abandoned`; the facts are `call.arrived` and `call.ended`, or
    `call.message_left` of a call that we knew. A spoken message is due to be told to the client.
    """
    came = call_of(tx, left.call) if left.call else None
    if came is None and left.call and tx.now - left.at < SURELY_WRITTEN:
        return None
    return _take_alone(tx, left) if came is None else _add(tx, came, left)


def _add(tx: Tx, call: Call, left: LeftMessage) -> Call | None:
    if call.ended_at is None:
        return None
    if left.wav is None or call.recording is not None:
        return call
    at = max(left.ended or left.at, call.ended_at)
    change = changes.left_message(call, at, f"{call.id}.wav")
    record(tx, [change])
    _due(tx, change.call, at)
    return change.call


def _take_alone(tx: Tx, left: LeftMessage) -> Call:
    leg = f"left:{left.name}"
    if (known := call_of_leg(tx, leg)) is not None:
        return known
    call = Call(
        id=new_id(),
        client_id=None,
        leg=leg,
        trunk=left.trunk[:40],
        dialled=parse_number(left.dialled).key,
        caller=parse_number(left.caller).key,
        arrived_at=left.at,
    )
    service = service_for(tx, left.dialled, left.at)
    if isinstance(service, UnknownNumber):
        outcome = Outcome.REFUSED
    else:
        outcome = Outcome.ABANDONED
        call = replace(
            call,
            client_id=service.client_id,
            plan=service.window,
            mode=service.mode.value,
            script_id=service.script_id,
        )
    if left.wav is not None:
        outcome = Outcome.MESSAGE
    recording = f"{call.id}.wav" if left.wav is not None else None
    at = left.ended or left.at
    over = changes.ended(call, outcome, at, None, recording)
    record(tx, [changes.arrived(call), over])
    if left.wav is not None:
        _due(tx, over.call, at)
    return over.call


def _due(tx: Tx, call: Call, at: datetime) -> None:
    if call.client_id is not None and not call.practice:
        tx.execute(
            insert(rows).values(id=call.id, client_id=call.client_id, left_at=at, due_at=tx.now)
        )
        tx.touch(f"work:{rows.name}")


def message_to_tell(tx: Tx, call_id: str) -> Call | None:
    """The call, if its caller left a message of which the client has not been told yet."""
    waits = select(rows.c.id).where(rows.c.id == call_id, rows.c.due_at.is_not(None))
    return call_of(tx, call_id) if tx.first(waits) is not None else None


def message_told(tx: Tx, call_id: str) -> None:
    """The client knows of it."""
    tx.execute(update(rows).where(rows.c.id == call_id).values(due_at=None, leased_until=None))


class LeftCalls:
    """Watches the engine's folder of left messages. Each becomes one call, however often anybody is killed meanwhile."""

    def __init__(self, store: Store, clock: Clock, phone: Phone, folder: Path) -> None:
        self._store = store
        self._clock = clock
        self._phone = phone
        self._folder = folder

    async def run(self) -> None:
        """Looks now and then until cancelled."""
        while True:
            try:
                await self.sweep()
            except (StoreError, OSError) as error:
                # The note stays where it is and is taken the next time.
                log.warning("routing.left_not_taken", error=type(error).__name__)
            await self._clock.sleep_until(self._clock.now() + EVERY)

    async def sweep(self) -> int:
        """Takes what is finished; returns how many calls. Raises `StoreError`, OSError."""
        found = await asyncio.to_thread(left_messages, self._folder, self._clock.now())
        taken = 0
        for left in found:
            if not left.finished:
                continue
            call = await self._store.write(lambda tx, left=left: take_message(tx, left))  # type: ignore[misc]
            if call is None:
                continue
            # The row first: whoever is killed here finds it again by the note's name.
            await asyncio.to_thread(self._keep, left, call)
            taken += 1
        return taken

    def _keep(self, left: LeftMessage, call: Call) -> None:
        if left.wav is not None and call.recording is not None:
            target = self._phone.recording(call.id)
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                making = target.with_suffix(".making")
                shutil.copyfile(left.wav, making)
                try:
                    repair_wav(making)
                except NotAWav:
                    log.warning("routing.left_is_no_wav", call=call.id)
                with making.open("rb+") as file:
                    os.fsync(file.fileno())
                making.rename(target)
        forget(self._folder, left.name)
