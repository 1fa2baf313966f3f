"""From the journal to figures and notes: each call is looked at once, when it is over, and never again."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy import insert, select, update

from denwaban.calls import Call, calls_by_ids
from denwaban.clock import Clock
from denwaban.improvement import marks
from denwaban.improvement.reviews import plan_review
from denwaban.improvement.rows import gathered
from denwaban.improvement.taking import Taking
from denwaban.journal import Entry, after
from denwaban.scripts import Followed, runs_of_calls
from denwaban.store import Store, StoreError, Tx

log = structlog.get_logger(__name__)

EVERY = timedelta(seconds=5)

AT_ONCE = 100
"""Facts in one transaction: calls wait for the same writer."""

_OURS = "journal"

REST = 4
"""For every second of gathering so many are left to others: it takes a fifth of the writer's time at most."""


class Gatherer:
    """Follows the journal for ever. Any number of programs may: what one has taken, the others leave out."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled. A database that is away is tried again."""
        seq: int | None = None
        while True:
            try:
                if seq is None:
                    seq = await self._store.read(gathered_until)
                seq = await self.catch_up(seq)
            except StoreError:
                log.warning("improvement.store_away")
            await self._clock.sleep_until(self._clock.now() + EVERY)

    async def catch_up(self, seq: int) -> int:
        """Takes everything after `seq`; returns how far it came. Where nothing of ours was, only memory moves on."""
        while entries := await self._store.read(partial(after, seq=seq)):
            ours = [entry for entry in entries if wanted(entry)]
            for begin in range(0, len(ours), AT_ONCE):
                started = time.monotonic()
                await self.take(ours[begin : begin + AT_ONCE])
                # Years of calls may wait to be taken: those that ring now come first.
                await asyncio.sleep((time.monotonic() - started) * REST)
            seq = entries[-1].seq
        return seq

    async def take(self, entries: Sequence[Entry]) -> None:
        """These facts (of the kinds `wanted`), once."""
        # What is over does not change: it is read beside the writer, which others wait for.
        seen = await self._store.read(partial(followed, entries=entries))
        await self._store.write(partial(gather, entries=entries, seen=seen))


def gathered_until(tx: Tx) -> int:
    """The place in the journal up to which everything is taken."""
    return tx.scalar(select(gathered.c.seq).where(gathered.c.id == _OURS)) or 0


def wanted(entry: Entry) -> bool:
    kind = entry.fact.kind
    return kind in ("call.ended", "report.sent") or marks.concerned(kind)


Seen = Mapping[str, tuple[Call, Followed]]
"""By id: real calls that followed a script, and how."""


def followed(tx: Tx, entries: Sequence[Entry]) -> Seen:
    """What `gather` needs to know of the calls of these facts, in as many queries for many as for one."""
    over = {entry.fact.subject for entry in entries if entry.fact.kind == "call.ended"}
    told = {
        str(entry.fact.data["call_id"]) for entry in entries if entry.fact.kind == "report.sent"
    }
    if not over | told:
        return {}
    found = runs_of_calls(tx, over | told, told)
    real = calls_by_ids(tx, [one.run.call_id for one in found]) if found else {}
    return {
        one.run.call_id: (call, one)
        for one in found
        if not (call := real[one.run.call_id]).practice
    }


def gather(tx: Tx, entries: Sequence[Entry], seen: Seen) -> None:
    """Takes these facts, in order; those that were taken before are left out. All of it or nothing."""
    done = tx.scalar(select(gathered.c.seq).where(gathered.c.id == _OURS))
    taking = Taking(tx)
    for entry in entries:
        if entry.seq <= (done or 0):
            continue
        if entry.fact.kind == "call.ended":
            if entry.fact.subject in seen:
                taking.call_ended(*seen[entry.fact.subject], entry.at)
        elif entry.fact.kind == "report.sent":
            if (call_id := str(entry.fact.data["call_id"])) in seen:
                taking.report_sent(seen[call_id][1], entry.at)
        else:
            marks.follow(tx, entry.fact)
            if entry.fact.kind == "script.published" and entry.fact.client_id is not None:
                plan_review(tx, entry.fact.subject, entry.fact.client_id)
    taking.write()
    seq = max(done or 0, entries[-1].seq)
    if done is None:
        tx.execute(insert(gathered).values(id=_OURS, seq=seq))
    elif seq > done:
        tx.execute(update(gathered).where(gathered.c.id == _OURS).values(seq=seq))
