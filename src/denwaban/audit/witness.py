"""The end of the chain, noted outside of the database: so that a tail that was cut off is missed.

The file has a line for each day, the last seal of it: `DAY SEQ:HASH KEY MAC`. The MAC is by a key that the database does not
have, so that whoever owns the database alone can change neither.
"""

import asyncio
import hashlib
import hmac
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy import select

from denwaban.audit.model import Head
from denwaban.audit.rows import audit_head, audit_rows
from denwaban.clock import Clock, japan_day
from denwaban.store import Store, StoreError, Tx

log = structlog.get_logger(__name__)

EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Signer:
    """Makes and knows MACs. `keys` by id; `current` signs."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)

    def sign(self, text: str) -> str:
        """The key's id and the MAC."""
        return f"{self.current} {self._mac(self.current, text)}"

    def holds(self, text: str, key_id: str, mac: str) -> bool:
        """Whether this is the MAC; an unknown key's never is."""
        return key_id in self.keys and hmac.compare_digest(self._mac(key_id, text), mac)

    def _mac(self, key_id: str, text: str) -> str:
        key = hashlib.sha256(b"denwaban audit witness" + self.keys[key_id]).digest()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class BadWitness(Exception):
    """A line of the file is not what was written; its number is the message."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A line of the file."""

    day: str
    head: Head


def noted(path: Path, signer: Signer) -> list[Noted]:
    """What was noted, oldest first; nothing without a file. Raises `BadWitness`, OSError."""
    try:
        lines = path.read_text("ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    found = []
    for number, line in enumerate(lines, 1):
        parts = line.split(" ")
        seq, _colon, seal = parts[1].partition(":") if len(parts) == 4 else ("", "", "")
        if not seq.isdecimal() or not signer.holds(" ".join(parts[:2]), parts[2], parts[3]):
            raise BadWitness(str(number))
        found.append(Noted(parts[0], Head(int(seq), seal)))
    return found


class Witness:
    """Notes the end of the chain every minute. Never goes back: a chain that has become shorter, or does not lead on from what was
    noted, is told in the log, and the note stays for the check."""

    def __init__(self, store: Store, clock: Clock, path: Path, signer: Signer) -> None:
        self._store = store
        self._clock = clock
        self._path = path
        self._signer = signer

    async def run(self) -> None:
        """Notes until cancelled."""
        while True:
            try:
                await self.note()
            except (StoreError, OSError, BadWitness) as error:
                log.error("audit.not_noted", error=type(error).__name__)
            await self._clock.sleep_until(self._clock.now() + EVERY)

    async def note(self) -> bool:
        """Notes the end as it is now; False when the chain is shorter than, or other than, what was noted last. Raises `StoreError`,
        OSError, `BadWitness`."""
        before = await asyncio.to_thread(noted, self._path, self._signer)
        last = before[-1].head if before else Head(0, "")
        head, there = await self._store.read(lambda tx: (_head(tx), _seal(tx, last.seq)))
        if head == last or (head is None and not before):
            return True
        # Longer is not enough: seals need no key, so that a tail can be cut off and written anew, with a row more.
        rewritten = bool(before) and there != last.hash
        if head is None or head.seq <= last.seq or rewritten:
            log.error("audit.cut", noted=last.seq, found=head.seq if head else 0)
            return False
        today = japan_day(self._clock.now()).isoformat()
        kept = [one for one in before if one.day != today]
        await asyncio.to_thread(self._write, [*kept, Noted(today, head)])
        return True

    def _write(self, lines: list[Noted]) -> None:
        texts = [f"{one.day} {one.head.seq}:{one.head.hash}" for one in lines]
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(prefix=".writing-", dir=self._path.parent)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.writelines(f"{text} {self._signer.sign(text)}\n" for text in texts)
                file.flush()
                os.fsync(file.fileno())
            Path(name).rename(self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _head(tx: Tx) -> Head | None:
    found = tx.first(select(audit_head.c.seq, audit_head.c.hash))
    return Head(found["seq"], found["hash"]) if found is not None else None


def _seal(tx: Tx, seq: int) -> str | None:
    found: str | None = tx.scalar(select(audit_rows.c.hash).where(audit_rows.c.seq == seq))
    return found
