"""Transactions that are shared by whoever comes at the same time."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from denwaban.store import Store, StoreError, Tx

A = TypeVar("A")
R = TypeVar("R")


class Together(Generic[A, R]):
    """`await together(item)` gives the result for this item; items that come while a transaction is under way share the
    next one. Alone, an item waits for nobody.

    `verb(tx, items)` gives one result for each item, in order. When it raises for several items, each is tried alone, so
    that one bad item fails by itself; `StoreError` fails them all.
    """

    def __init__(
        self, store: Store, verb: Callable[[Tx, Sequence[A]], Sequence[R]], most: int = 128
    ) -> None:
        self._store = store
        self._verb = verb
        self._most = most
        self._turn = asyncio.Lock()
        self._waiting: list[tuple[A, asyncio.Future[R]]] = []

    async def __call__(self, item: A) -> R:
        mine: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, mine))
        # Whoever has the turn works for all that wait; the others find their result there.
        while not mine.done():
            async with self._turn:
                # Who came at the very same time joins: a worker begins many at once.
                await asyncio.sleep(0)
                if not mine.done():
                    await self._work()
        return mine.result()

    async def _work(self) -> None:
        batch = self._waiting[: self._most]
        del self._waiting[: self._most]
        try:
            await self._run(batch)
        except BaseException as error:
            for _item, future in batch:
                if not future.done():
                    # A worker that is being stopped: the others of the batch stop too, their leases bring the rows back.
                    future.set_exception(
                        error if isinstance(error, Exception) else StoreError("stopped")
                    )
                    future.exception()  # whoever was cancelled does not ask for it
            if not isinstance(error, Exception):
                raise

    async def _run(self, batch: Sequence[tuple[A, asyncio.Future[R]]]) -> None:
        items = [item for item, _future in batch]
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
                    one[1].set_exception(error)
                    one[1].exception()
            return
        for (_item, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)
