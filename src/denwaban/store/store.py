"""The store: one writing thread that commits in groups, a few reading threads."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from contextvars import copy_context
from datetime import timedelta
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from denwaban.clock import Clock
from denwaban.store.engine import BUSY_SECONDS, make_engine
from denwaban.store.failing import StoreError, is_its_own, store_error
from denwaban.store.structs import know_structs
from denwaban.store.tx import Tx

log = structlog.get_logger(__name__)

T = TypeVar("T")

TOLD = timedelta(minutes=1)
"""So long after it a write that failed for good is told of: one that wrote nothing may have gone well meanwhile."""

AGAIN_AFTER = 1.0
"""Seconds until a database that failed is tried again."""

GROUP = 64
"""At most so many verbs share one commit."""

READERS = {"sqlite": 2, "postgresql": 4}
"""Threads. SQLite is read in this process, where more of them only wait for each other's turn at the interpreter."""

WRITER_LOCK = 0x64656E77
"""PostgreSQL advisory lock: one writer at a time over all nodes, so that journal order is commit order."""


# The bound comes first, so that it holds for the lock too.
_TAKE_TURN = text("SELECT set_config('lock_timeout', :wait, true), pg_advisory_xact_lock(:k)")


class Signal:
    """Wakes waiters of one topic. A signal that fires between two waits is not missed."""

    def __init__(self) -> None:
        self._count = 0
        self._event = asyncio.Event()

    def fire(self) -> None:
        self._count += 1
        self._event.set()
        self._event = asyncio.Event()

    @property
    def count(self) -> int:
        """How often it has fired; hand it to `wait`."""
        return self._count

    async def wait(self, seen: int, timeout: float) -> None:  # noqa: ASYNC109 - a bounded wait is the contract
        """Returns when it has fired more often than `seen`, or after `timeout` seconds."""
        event = self._event
        if self._count > seen:
            return
        with suppress(TimeoutError):
            # Not wait_for: in Python 3.11 it swallows a cancellation that comes together with the event.
            async with asyncio.timeout(timeout):
                await event.wait()


class _Job:
    __slots__ = ("future", "verb")

    def __init__(self, verb: Callable[[Tx], Any], future: "Future[Any]") -> None:
        self.verb = verb
        self.future = future


class Store:
    """Open it with `open()`, close it with `close()`. Verbs must not wait for anything but the database."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.engine = make_engine(url)
        self.clock = clock
        self.url = url
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._readers = ThreadPoolExecutor(READERS[self.engine.dialect.name], "denwaban-read")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._signals: dict[str, Signal] = {}
        self._lent: dict[type, Any] = {}
        self._trouble = "", clock.now()
        self._long = asyncio.Lock()
        self._reading: dict[str, Any] = {"reading": True}
        if self.engine.dialect.name == "postgresql":
            # READ COMMITTED would give every statement of a verb a snapshot of its own.
            self._reading |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

    @property
    def trouble(self) -> str:
        """Why something could not be written a moment ago: no room, or read-only. Empty: nothing is known to be wrong."""
        why, until = self._trouble
        return why if self.clock.now() < until else ""

    def lend(self, thing: object) -> None:
        """From now on verbs find it by its type (`Tx.lent`): what they need and no row can hold, such as keys."""
        self._lent[type(thing)] = thing

    def lent(self, kind: type[T]) -> T:
        """What was lent, for those who have no transaction. Raises `LookupError`."""
        found: T = self._lent[kind]
        return found

    async def open(self) -> None:
        """Starts the writing thread. The schema must be there (`migrate`)."""
        know_structs()
        self._loop = asyncio.get_running_loop()
        self._writer = threading.Thread(target=self._write_forever, name="denwaban-write")
        self._writer.start()

    async def close(self) -> None:
        """Finishes what was already handed over, then lets go of the database."""
        if self._writer is not None:
            self._jobs.put(None)
            await asyncio.to_thread(self._writer.join)
            self._writer = None
        self._readers.shutdown(wait=True)
        self.engine.dispose()

    async def write(self, verb: Callable[[Tx], T]) -> T:
        """Runs `verb` in a transaction of its own; returns when it is on disk.

        Verbs are run one after another in the order of the calls. What the verb raises comes out here and
        rolls back that verb alone; `StoreError` when the database fails.
        """
        if self._writer is None:
            raise StoreError("the store is not open")
        future: Future[T] = Future()
        self._jobs.put(_Job(verb, future))
        # Shielded: a caller that is cancelled must not cancel a verb that may already be half run.
        return await asyncio.shield(asyncio.wrap_future(future))

    async def write_at_last(self, verb: Callable[[Tx], T], what: str) -> T:
        """`write`, however long the database is away: for what nobody else would do afterwards. `what` it is, for the log."""
        told = False
        while True:
            try:
                return await self.write(verb)
            except StoreError as error:
                if not told:
                    log.warning("store.away", waits=what, error=str(error))
                told = True
                await asyncio.sleep(AGAIN_AFTER)

    async def clear_log(self) -> bool:
        """After something was erased: SQLite keeps pages as they were before in the file of its log. Empties that file; False
        when it could not (others were at it all the while): that has to wait for the next time. PostgreSQL does as its server
        is set."""
        cleared = await asyncio.to_thread(self._clear_log)
        if not cleared:
            log.warning("store.log_not_cleared")
        return cleared

    def _clear_log(self) -> bool:
        if self.engine.dialect.name != "sqlite":
            return True
        try:
            # It waits for readers and the writer as long as a writer would.
            with closing(self.engine.raw_connection()) as connection:
                busy, _size, _done = (
                    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                )
        except (SQLAlchemyError, sqlite3.Error):
            return False
        return not busy

    async def read(self, verb: Callable[[Tx], T]) -> T:
        """Runs `verb` on a consistent snapshot; writing in it fails or is undone. The caller's context variables hold in it, as
        the language in which a page is read."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, copy_context().run, self.look, verb)

    async def read_long(self, verb: Callable[[Tx], T]) -> T:
        """`read` for what takes seconds, such as a file of everything: one after the other, so that readers are left for those who
        wait at a screen, however often somebody asks, or gives up and asks again."""
        await self._long.acquire()
        try:
            reading = asyncio.get_running_loop().run_in_executor(self._readers, self.look, verb)
        except BaseException:
            self._long.release()
            raise
        # A thread cannot be called back: the next one waits for it, whether or not somebody still wants what it reads.
        reading.add_done_callback(lambda _done: self._long.release())
        return await asyncio.shield(reading)

    def signal(self, topic: str) -> Signal:
        """The signal that fires after each commit whose verb touched `topic`, in this process."""
        return self._signals.setdefault(topic, Signal())

    def look(self, verb: Callable[[Tx], T]) -> T:
        """`read` for those outside of the event loop, also before `open`: blocks."""
        try:
            with self.engine.connect().execution_options(**self._reading) as connection:
                connection.begin()  # a `Question` begins none
                try:
                    return verb(Tx(connection, self.clock.now(), self._lent))
                finally:
                    connection.rollback()
        except SQLAlchemyError as error:
            raise store_error(error) from error

    def _write_forever(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            group, last = [job], False
            with suppress(queue.Empty):
                while len(group) < GROUP:
                    more = self._jobs.get_nowait()
                    if more is None:
                        last = True
                        break
                    group.append(more)
            self._commit_group(group)
            if last:
                return

    def _commit_group(self, group: list[_Job]) -> None:
        results: list[tuple[_Job, Any]] = []
        failures: list[tuple[_Job, BaseException]] = []
        touched: set[str] = set()
        try:
            with self.engine.connect() as connection, connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.execute(_TAKE_TURN, {"wait": f"{BUSY_SECONDS}s", "k": WRITER_LOCK})
                for job in group:
                    self._run_one(
                        connection, job, results, failures, touched, alone=len(group) == 1
                    )
        except Exception as error:
            # The commit (or the connection) failed: no verb of the group was kept.
            failed = store_error(error)
            failed.__cause__ = error
            kept = {id(job) for job, _ in failures}
            failures += [(job, failed) for job in group if id(job) not in kept]
            results, touched = [], set()
        for _job, one in failures:
            if isinstance(one, StoreError) and one.why:
                self._trouble = one.why, self.clock.now() + TOLD
        # Signals first: who awaited a write has seen them fire (a session that was ended is then forgotten).
        if touched and self._loop is not None:
            with suppress(RuntimeError):  # the loop is closing: nobody is left to wake
                self._loop.call_soon_threadsafe(self._fire, touched)
        for done, result in results:
            done.future.set_result(result)
        for done, failure in failures:
            done.future.set_exception(failure)

    def _run_one(
        self,
        connection: Connection,
        job: _Job,
        results: list[tuple[_Job, Any]],
        failures: list[tuple[_Job, BaseException]],
        touched: set[str],
        *,
        alone: bool,
    ) -> None:
        """Runs a verb so that its failure undoes nothing of the others; `alone` needs no savepoint for that."""
        tx = Tx(connection, self.clock.now(), self._lent)
        part = connection.get_transaction() if alone else connection.begin_nested()
        assert part is not None  # the group's transaction has begun
        try:
            result = job.verb(tx)
        except BaseException as error:
            try:
                part.rollback()
            except SQLAlchemyError:
                # SQLite without room has rolled back everything already: what it said first is what is wrong.
                raise error from None
            if isinstance(error, SQLAlchemyError) and is_its_own(error):
                failed = store_error(error)
                failed.__cause__ = error
                error = failed
            failures.append((job, error))
        else:
            if not alone:
                part.commit()
            results.append((job, result))
            touched |= tx.touched

    def _fire(self, topics: set[str]) -> None:
        for topic in topics:
            if topic in self._signals:
                self._signals[topic].fire()
