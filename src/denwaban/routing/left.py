"""Callers whom the engine's ledger has and the record does not (who came and went while there was no program, or in the moment
before the program died), and what callers said to the engine because nobody could talk with them."""

import asyncio
import os
import shutil
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog
from msgspec.structs import replace
from sqlalchemy import insert, select, update

from denwaban.calls import (
    Call,
    Outcome,
    RecordingState,
    call_of_leg,
    calls_of_legs,
    changes,
    record,
    state_of,
)
from denwaban.calls import call as call_of
from denwaban.clock import Clock
from denwaban.disk import settle
from denwaban.lines import Mode, UnknownNumber, parse_number, service_for
from denwaban.people import operators
from denwaban.routing.at_engine import SURELY_OVER
from denwaban.routing.rows import left_messages as rows
from denwaban.store import Store, StoreError, Tx, new_id
from denwaban.telephony.engine import PRACTICE_TRUNK, Entry, Ledger
from denwaban.telephony.port import HangUp, Leg, Phone, SeatName
from denwaban.telephony.recording import NotAWav, repair_wav

log = structlog.get_logger(__name__)

EVERY = timedelta(seconds=20)

TOLD_WITHIN = timedelta(seconds=5)
"""A call that is over for longer and that the switchboard does not know will never be told to it."""

_ERASED = (RecordingState.ERASING, RecordingState.ERASED)
_UNHEARD = {HangUp.BUSY: Outcome.BLOCKED, HangUp.CONGESTION: Outcome.LOST}


class Board(Protocol):
    """What is asked of the switchboard."""

    async def written(self) -> None:
        """Returns when everything that happened so far is in the database."""
        ...

    def has(self, leg: Leg) -> bool:
        """Whether this leg is one of a call that goes on."""
        ...

    def gone(self, legs: Collection[Leg]) -> None:
        """These callers are over."""
        ...

    @property
    def connected(self) -> bool:
        """Whether the engine is there, so that every leg in it is known."""
        ...


def take_entry(tx: Tx, entry: Entry, ended: datetime) -> Call:
    """Makes an ended call of what the engine wrote of a caller; the same call when it is in the record already.

    Outcome: what was spoken to the engine is a `message`, who was joined to an operator `answered`, and else the caller is in the
    list of missed calls with the time that they waited. The facts are `call.arrived` and `call.ended`. A spoken message is due
    to be told to the client.
    """
    known = _known(tx, entry)
    if known is not None:
        return known
    fresh = Call(
        id=entry.call or new_id(),
        client_id=None,
        leg=entry.leg,
        trunk=entry.trunk[:40],
        dialled=parse_number(entry.dialled).key,
        caller=parse_number(entry.caller).key,
        arrived_at=entry.at,
        practice=entry.trunk == PRACTICE_TRUNK,
    )
    service = service_for(tx, entry.dialled, entry.at)
    if isinstance(service, UnknownNumber):
        outcome = Outcome.REFUSED
    else:
        closed = service.mode is Mode.CLOSED
        outcome = Outcome.OUT_OF_HOURS if closed else Outcome.ABANDONED
        fresh = replace(
            fresh,
            client_id=service.client_id,
            plan=service.window,
            mode=service.mode.value,
            script_id=service.script_id,
        )
    recording = None
    if entry.spoken:
        outcome, recording = Outcome.MESSAGE, f"{fresh.id}.wav"
    elif entry.seat is not None:
        outcome = Outcome.ANSWERED
        fresh = replace(fresh, operator_id=_at_seat(tx, entry.seat), answered_at=entry.at)
    elif entry.lost:
        outcome = Outcome.LOST
    elif entry.refused is not None:
        outcome = _UNHEARD.get(entry.refused, outcome)
    over = changes.ended(fresh, outcome, ended, None, recording)
    record(tx, [changes.arrived(fresh), over])
    if entry.spoken:
        _due(tx, over.call, ended)
    return over.call


def _known(tx: Tx, entry: Entry) -> Call | None:
    return call_of_leg(tx, entry.leg) or (call_of(tx, entry.call) if entry.call else None)


def take_message(tx: Tx, entry: Entry, ended: datetime) -> Call | None:
    """Adds what a caller said to the engine to their call, which had ended for us; the fact is `call.message_left`, and the
    client is to be told. The call as it is when it has a recording already. None: there is no such call."""
    came = _known(tx, entry)
    if came is None or came.recording is not None or came.ended_at is None:
        return came
    change = changes.left_message(came, max(ended, came.ended_at), f"{came.id}.wav")
    record(tx, [change])
    _due(tx, change.call, ended)
    return change.call


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


def _at_seat(tx: Tx, seat: SeatName) -> str | None:
    return next((one.id for one in operators(tx, left=True) if one.seat == seat), None)


class LeftCalls:
    """Compares the ledger with the record. Each caller becomes one call, however often anybody is killed meanwhile."""

    def __init__(
        self, store: Store, clock: Clock, phone: Phone, ledger: Ledger, board: Board
    ) -> None:
        self._store = store
        self._clock = clock
        self._phone = phone
        self._ledger = ledger
        self._board = board
        self._fresh = False
        """Somebody went so shortly before that the switchboard may not have been told."""
        self._stuck: set[Leg] = set()
        """Of whom no row can be made, or whose message no row takes. They stay in the ledger until somebody has looked."""

    def trouble(self) -> str | None:
        """How many callers the record cannot take, for `/health`; None: nobody."""
        return f"{len(self._stuck)} callers stay in the ledger" if self._stuck else None

    async def run(self) -> None:
        """Looks now and then until cancelled."""
        while True:
            try:
                await self.sweep()
            except (StoreError, OSError) as error:
                # What is written there stays, and is read again the next time.
                log.warning("routing.left_not_taken", error=type(error).__name__)
            pause = TOLD_WITHIN if self._fresh else EVERY
            await self._clock.sleep_until(self._clock.now() + pause)

    async def sweep(self) -> int:
        """Writes who is missing in the record, and forgets who is not; returns how many were. Raises `StoreError`, OSError."""
        now = self._clock.now()
        found = await asyncio.to_thread(self._ledger.read, now)
        await self._board.written()
        known = await self._store.read(lambda tx: calls_of_legs(tx, found)) if found else {}
        self._fresh = False
        self._board.gone([leg for leg, entry in found.items() if self._end_of(entry, now)])
        taken, staying, stuck = 0, set[Leg](), set[Leg]()
        for leg, entry in found.items():
            its, ended = known.get(leg), self._end_of(entry, now)
            if its is None:
                if self._board.has(leg) or ended is None or self._may_be_told(entry, now):
                    staying.add(leg)
                    continue
                try:
                    made = await self._store.write(partial(take_entry, entry=entry, ended=ended))
                except StoreError:
                    raise
                except Exception as error:
                    # One that no row can be made of must not keep the others out of the record.
                    if leg not in self._stuck:
                        log.error("routing.left_unwritable", leg=leg, error=type(error).__name__)
                    stuck.add(leg)
                    continue
                log.info("routing.left_taken", call=made.id, outcome=made.outcome)
                taken += 1
            elif not its.over or ended is None:
                # A program that adopts the call wants to know when it ended; one that comes while they speak, whose line it is.
                staying.add(leg)
                continue
            if entry.wav is None:
                continue
            # The row first: whoever is killed here finds the message again by the leg's name.
            if not await self._keep(entry, entry.wav, ended):
                if leg not in self._stuck:
                    log.error("routing.left_message_not_taken", leg=leg)
                stuck.add(leg)
        self._stuck = stuck
        await asyncio.to_thread(self._ledger.forget, staying | stuck)
        return taken

    def _end_of(self, entry: Entry, now: datetime) -> datetime | None:
        """When the caller was gone; None: perhaps they are not."""
        if entry.ended is None and self._board.connected and now - entry.seen > SURELY_OVER:
            return now
        return entry.ended

    def _may_be_told(self, entry: Entry, now: datetime) -> bool:
        """Whether it ended so shortly before that the switchboard may still write it."""
        late = entry.ended is None or now - entry.ended >= TOLD_WITHIN
        self._fresh = self._fresh or not late
        return not late

    async def _keep(self, entry: Entry, wav: Path, ended: datetime) -> bool:
        """Brings what was spoken to where recordings are, and deletes the file when nothing is lost by it; False: it stays,
        because no row took it."""

        def take(tx: Tx) -> tuple[Call | None, bool]:
            its = take_message(tx, entry, ended)
            return its, its is not None and state_of(tx, its.id) in _ERASED

        if entry.spoken:
            its, erased = await self._store.write(take)
            if not erased:
                if its is None or its.outcome is not Outcome.MESSAGE:
                    return False
                await asyncio.to_thread(_copy, wav, self._phone.recording(its.id), its.id)
        await asyncio.to_thread(self._ledger.forget_message, entry.leg)
        return True


def _copy(wav: Path, target: Path, call_id: str) -> None:
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    making = target.with_suffix(".making")
    shutil.copyfile(wav, making)
    try:
        repair_wav(making)
    except NotAWav:
        log.warning("routing.left_is_no_wav", call=call_id)
    with making.open("rb+") as file:
        os.fsync(file.fileno())
    making.rename(target)
    settle(target.parent)  # what tells of it in the ledger is forgotten next


def end_in(ledger: Mapping[Leg, Entry], leg: Leg, at: datetime) -> datetime:
    """When this leg was over, as the engine wrote it; `at`, by which it was, where nothing is written."""
    entry = ledger.get(leg)
    return min(entry.ended, at) if entry is not None and entry.ended is not None else at
