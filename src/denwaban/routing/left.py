"""Callers who came while the program was away and spoke to the engine instead: taken into the record afterwards."""

import asyncio
import os
import shutil
from datetime import timedelta
from pathlib import Path

import structlog
from msgspec.structs import replace

from denwaban.calls import Call, Outcome, call_of_leg, changes, record
from denwaban.clock import Clock
from denwaban.lines import UnknownNumber, parse_number, service_for
from denwaban.store import Store, StoreError, Tx, new_id
from denwaban.telephony.engine import LeftMessage, forget, left_messages
from denwaban.telephony.port import Phone
from denwaban.telephony.recording import NotAWav, repair_wav

log = structlog.get_logger(__name__)

EVERY = timedelta(seconds=20)


def take_message(tx: Tx, left: LeftMessage) -> Call:
    """Makes an ended call of what a caller left; the same call when it was taken before.

    Outcome `message` when something was spoken, else `abandoned`; the facts are `call.arrived` and `call.ended`.
    """
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
    over = changes.ended(call, outcome, left.ended or left.at, None, recording)
    record(tx, [changes.arrived(call), over])
    return over.call


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
