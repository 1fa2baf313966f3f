"""Old rows, sealed some at a time while the program runs."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    Table,
    bindparam,
    func,
    insert,
    select,
    update,
)

from denwaban.store import Question, Store, StoreError, Tx
from denwaban.vault.master import Keyring
from denwaban.vault.model import VaultError
from denwaban.vault.rows import vault_turnings
from denwaban.vault.unopened import alone, not_opened

log = structlog.get_logger(__name__)

T = TypeVar("T")

PAUSE = 0.02
"""Seconds between two steps: calls wait for the same writer."""

AT_ONCE = 100
"""So many old rows are looked at in one step."""


@dataclass(frozen=True, slots=True)
class Turning:
    """What was written before a place was sealed.

    `step(tx, after)` seals a few rows behind `after` (empty at first) in the order of their ids and returns the last one it
    looked at; None when there was none. What is sealed already it leaves. A row that is written meanwhile is sealed by its
    own verb, so each row need be looked at once. What came in since the last look is looked at when a program starts: another
    machine may have gone on with the version before.
    """

    name: str
    step: Callable[[Tx, str], str | None]
    """What it cannot seal it passes over (`alone`); the next start looks at everything again."""
    left: Callable[[Tx], int] | None = None
    """How many rows are not sealed, whatever was looked at already; looks at all of them."""


def row_by_row(
    name: str,
    table: Table,
    sealed: Callable[[Tx, RowMapping], Mapping[str, Any]],
    *,
    is_old: Callable[[RowMapping], bool] = lambda _row: True,
    rows: Select[Any] | None = None,
    plain: ColumnElement[bool] | None = None,
    at_once: int = AT_ONCE,
) -> Turning:
    """The turning of a table with an `id`: each row that `is_old` gets the columns that `sealed` makes of it, by itself (`alone`).
    `rows` asks for them (all columns of the table, if it is not said). `plain`: of a row that counts as not sealed."""
    asked = select(table) if rows is None else rows

    def step(tx: Tx, after: str) -> str | None:
        found = tx.all(asked.where(table.c.id > after).order_by(table.c.id).limit(at_once))
        for row in filter(is_old, found):
            with alone(tx, table.name, row["id"]):
                values = sealed(tx, row)
                if any(row[column] != value for column, value in values.items()):
                    tx.execute(update(table).where(table.c.id == row["id"]).values(values))
        return found[-1]["id"] if found else None

    return Turning(name, step, None if plain is None else partial(count, table=table, wanted=plain))


def count(tx: Tx, table: Table, wanted: ColumnElement[bool]) -> int:
    """How many such rows there are. Looks at all of them."""
    return int(tx.scalar(select(func.count()).select_from(table).where(wanted)))


def turned(tx: Tx, name: str) -> bool:
    """Whether that turning has come to its end: then nothing need be looked for as it was written before. Once it has, it
    costs nothing to ask."""
    done = tx.lent(Keyring).turned
    if name in done:
        return True
    # Whoever looks for several numbers asks once.
    known: dict[str, bool] = tx.memo.setdefault("turned", {})
    if name not in known:
        known[name] = tx.scalar(_TURNED, {"name": name}) is not None
    if known[name]:
        done.add(name)
    return known[name]


_TURNED = Question(
    select(vault_turnings.c.done_at).where(vault_turnings.c.name == bindparam("name"))
)


class Turnings:
    """Seals old rows until none is left. Killed at any moment it goes on where it was; several programs may do it at once."""

    def __init__(self, store: Store, turnings: Sequence[Turning]) -> None:
        self._store = store
        self._turnings = turnings

    async def run(self) -> None:
        """Returns when all is sealed. A database that is away is tried again every second. What cannot be
        sealed or opened, or fails otherwise, is logged and looked at again at the next start; the rest goes on. Of what fails the
        health tells until then."""
        for turning in self._turnings:
            what = f"turning {turning.name}"
            done, first, passed = False, True, False
            while not done:
                await asyncio.sleep(PAUSE)
                step = partial(_on, turning, first=first, passed=passed)
                write = partial(self._store.write_at_last, step, what)
                try:
                    told = await survived(self._store, turning.name, write)
                except VaultError as error:
                    log.error("vault.not_turned", turning=turning.name, error=type(error).__name__)
                    break
                if told is None:
                    break
                done, passed = told
                first = False


async def survived(store: Store, name: str, work: Callable[[], Awaitable[T]]) -> T | None:
    """`work` that goes through old rows beside everything else, under a name for log and health: a row that nobody has thought of must
    not end the program. None when it failed, of which the health tells until the next start."""
    try:
        return await work()
    except (StoreError, VaultError):
        raise
    except Exception as error:
        # What it says may hold a row's contents: where it came from is enough.
        frames = traceback.extract_tb(error.__traceback__)[-6:]
        where = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
        log.error("vault.turning_failed", turning=name, error=type(error).__name__, where=where)
        store.lent(Keyring).unopened.failed(name)
        return None


def _on(turning: Turning, tx: Tx, first: bool, passed: bool) -> tuple[bool, bool]:
    """One step, the `first` of this program or a later one: whether there is nothing left to do, and whether something may have
    been passed over, as it was before (`passed`)."""
    mine = vault_turnings.c.name == turning.name
    row = tx.first(select(vault_turnings).where(mine))
    if row is None:
        tx.execute(insert(vault_turnings).values(name=turning.name, after=""))
    place, done_at = (row["after"], row["done_at"]) if row is not None else ("", None)
    if done_at is not None and not place:
        return True, passed  # there was nothing from before
    after = turning.step(tx, place)
    # What a program that was killed has passed over, it alone knew.
    killed = first and bool(place) and done_at is None
    passed = passed or killed or bool(not_opened(tx))
    values: dict[str, object] = {}
    if after is not None:
        values = {"after": after}
    elif done_at is None:
        again = passed and (turning.left is None or turning.left(tx))
        values = {"after": ""} if again else {"done_at": tx.now}
    if values:
        tx.execute(update(vault_turnings).where(mine).values(values))
    return after is None, passed
