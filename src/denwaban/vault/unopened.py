"""What cannot be opened (an altered row, a key that is not there): told of, shown as such, and left out by what goes on.

    with alone(tx, "promises", promise_id):      # a task: this one fails by itself, what it wrote is undone
        …
    shown(lambda: opened(…), instead)            # a page: what stands there instead

`vault.open_` notes every text that it could not open; the health is red until it opens again, or nobody has met it for `MET`.
"""

import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from denwaban.store import Tx
from denwaban.vault.model import VaultError

log = structlog.get_logger(__name__)

T = TypeVar("T")
Other = TypeVar("Other")

UNOPENED = "【保存された内容を開けません】"
"""Stands in lists, on pages and in files in place of what cannot be opened. Never written into a row."""

MET = timedelta(hours=1)
"""So long what could not be opened is told of after somebody has met it."""

MOST = 10_000
"""So many are remembered: with a key that is gone, everything of a client may not open."""

_MEMO = "vault.unopened"


class Unopened:
    """What could not be opened lately. Thread-safe."""

    def __init__(self) -> None:
        self._met: dict[str, datetime] = {}
        self._failed: set[str] = set()
        self._lock = threading.Lock()

    def met(self, place: str, error: VaultError, now: datetime) -> None:
        """It did not open. In the log once."""
        with self._lock:
            fresh = place not in self._met
            if fresh and len(self._met) >= MOST:
                return
            self._met[place] = now + MET
        if fresh:
            log.error("vault.not_opened", place=place, error=type(error).__name__)

    def opened(self, place: str) -> None:
        """It opens (again)."""
        if self._met:
            with self._lock:
                self._met.pop(place, None)

    def failed(self, what: str) -> None:
        """Something that goes through old rows has ended before it was through (see `turning.survived`)."""
        with self._lock:
            self._failed.add(what)

    @property
    def failing(self) -> list[str]:
        """What has, since the program began."""
        with self._lock:
            return sorted(self._failed)

    def kinds(self, now: datetime) -> Mapping[str, int]:
        """How many there are of each kind: a table's name, or that of an index."""
        with self._lock:
            self._met = {place: until for place, until in self._met.items() if until > now}
            # Several columns of one row are one.
            rows = {(re.split(r"[./]", place)[0], place.partition("/")[2]) for place in self._met}
        return Counter(kind for kind, _row in rows)


def noted(tx: Tx, place: str) -> None:
    """This transaction has met it."""
    tx.memo.setdefault(_MEMO, []).append(place)


def not_opened(tx: Tx) -> list[str]:
    """The places (`table.column/id`) whose texts this transaction could not open, each once, in order."""
    return list(dict.fromkeys(tx.memo.get(_MEMO, ())))


def shown(opening: Callable[[], T], instead: Other) -> T | Other:
    """What it opens to, or what stands there instead: for those who look. Who acts on it has to open it."""
    try:
        return opening()
    except VaultError:
        return instead


def alone(tx: Tx, what: str, of: str) -> AbstractContextManager[None, bool]:
    """Of many: when what stands inside meets something that cannot be opened, it ends there, what it wrote is undone, and the
    others go on. `what` and the id `of` it are in the log. Every other error comes out."""
    return _Alone(tx, what, of)


class _Alone:
    def __init__(self, tx: Tx, what: str, of: str) -> None:
        self._tx = tx
        self._what, self._of = what, of
        # Who only reads has written nothing.
        self._part = None if tx.reads else tx.connection.begin_nested()

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: object
    ) -> bool:
        if self._part is not None:
            if error is None:
                self._part.commit()
            else:
                self._part.rollback()
        if not isinstance(error, VaultError):
            return False
        if self._part is not None:
            # A key that was made inside is gone with it, and so is whatever else was remembered of it.
            places = not_opened(self._tx) or [f"{self._what}/{self._of}"]
            self._tx.memo.clear()
            self._tx.memo[_MEMO] = places
        name = type(error).__name__
        log.error("vault.passed_over", what=self._what, of=self._of, error=name)
        return True
