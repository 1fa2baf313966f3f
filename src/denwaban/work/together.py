"""Transactions that are shared by whoever comes at the same time."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from denwaban.store import Store, StoreError, Tx

A = TypeVar("A")
R = TypeVar("R")


class _One(Generic[A, R]):
    """Somebody who waits: woken when there is a result, or when the turn has come to work for all that wait."""

    __slots__ = ("error", "item", "results", "woken")

    def __init__(self, item: A) -> None:
        self.item = item
        self.woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.results: list[R] = []
        """The one result, once it is there."""
        self.error: Exception | None = None

    @property
    def done(self) -> bool:
        return bool(self.results) or self.error is not None

    def wake(self) -> None:
        if not self.woken.done():
            self.woken.set_result(None)


class Together(Generic[A, R]):
    """`await together(item)` gives the result for this item; items that come while a transaction is under way share the
    next one. Alone, an item waits for nobody; after another transaction it waits for `rest` seconds or until there are `most`,
    so that those that come one by one are not each a transaction.

    `verb(tx, items)` gives one result for each item, in order. When it raises for several items, each is tried alone, so
    that one bad item fails by itself; `StoreError` fails them all. The item of a caller that is cancelled before its
    transaction begins is left out.
    """

    def __init__(
        self,
        store: Store,
        verb: Callable[[Tx, Sequence[A]], Sequence[R]],
        most: int = 128,
        rest: float = 0.0,
    ) -> None:
        self._store = store
        self._verb = verb
        self._most = most
        self._rest = rest
        self._rested_at = 0.0
        self._busy = False
        self._full = asyncio.Event()
        self._waiting: list[_One[A, R]] = []

    async def __call__(self, item: A) -> R:
        mine: _One[A, R] = _One(item)
        self._waiting.append(mine)
        if len(self._waiting) >= self._most:
            self._full.set()
        if self._busy:
            try:
                await mine.woken
            except asyncio.CancelledError:
                if not mine.woken.cancelled() and not mine.done:
                    self._hand_on()  # it was our turn
                raise
        else:
            self._busy = True
            mine.wake()
        if not mine.done:
            try:
                await self._gather()
                await self._work(mine)
            finally:
                self._hand_on()
        if mine.error is not None:
            raise mine.error
        return mine.results[0]

    async def _gather(self) -> None:
        # Who came at the very same time joins: a worker begins many at once.
        await asyncio.sleep(0)
        left = self._rested_at - asyncio.get_running_loop().time()
        if left > 0 and len(self._waiting) < self._most:
            self._full.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._full.wait()

    def _hand_on(self) -> None:
        """The turn goes to who has waited longest; who is awake already has given up."""
        self._waiting = [one for one in self._waiting if not one.woken.done()]
        self._busy = bool(self._waiting)
        if self._waiting:
            self._waiting[0].wake()

    async def _work(self, mine: _One[A, R]) -> None:
        others = [one for one in self._waiting if not one.woken.done()]
        batch, self._waiting = [mine, *others[: self._most - 1]], others[self._most - 1 :]
        try:
            await self._run(batch)
        except BaseException as error:
            # A worker that is being stopped: the others of the batch stop too, their leases bring the rows back.
            told = error if isinstance(error, Exception) else StoreError("stopped")
            for one in batch:
                if not one.done:
                    one.error = told
            if not isinstance(error, Exception):
                raise
        finally:
            self._rested_at = asyncio.get_running_loop().time() + self._rest
            for one in batch:
                one.wake()

    async def _run(self, batch: Sequence[_One[A, R]]) -> None:
        items = [one.item for one in batch]
        try:
            results = await self._store.write(lambda tx: self._verb(tx, items))
        except StoreError:
            raise
        except Exception:
            if len(batch) == 1:
                raise
            for one in batch:
                try:
                    await self._run([one])
                except StoreError:
                    raise
                except Exception as error:
                    one.error = error
            return
        for one, result in zip(batch, results, strict=True):
            one.results.append(result)
