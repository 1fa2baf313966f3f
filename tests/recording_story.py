"""Recordings of one installation: what the engine writes, and what is made of it."""

import asyncio
import json
import os
import struct
import time
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import RowMapping, select
from tests.some_people import a_client, an_operator

from denwaban.calls import (
    Call,
    Keeper,
    Outcome,
    Recordings,
    answered,
    begin,
    call,
    ended,
)
from denwaban.calls.recordings import State, read, sealed_path
from denwaban.calls.rows import recordings
from denwaban.clock import MovedClock
from denwaban.store import Store, Tx


def wav(samples: int, *, closed: bool = True) -> bytes:
    """8 kHz, 16 bit, mono, every sample different from its neighbours; `closed`: the header has the lengths."""
    data = struct.pack(f"<{samples}H", *(n % 65_521 for n in range(samples)))
    size = len(data) if closed else 0
    head = struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16_000, 2, 16)
    riff = struct.pack("<I", 36 + size if closed else 0)
    return b"RIFF" + riff + b"WAVEfmt " + head + b"data" + struct.pack("<I", size) + data


def leave(
    folder: Path, leg: str, dialled: str, at: datetime, *, caller: str = "09012345678"
) -> None:
    """What the engine writes of somebody who spoke to it."""
    came = {"id": leg, "trunk": "t", "dialled": dialled, "caller": caller, "at": at.isoformat()}
    gone = {"id": leg, "ended": (at + timedelta(seconds=30)).isoformat(), "cause": "16"}
    with (folder / "ledger").open("a") as page:
        for line in (came, gone):
            page.write(json.dumps(line, separators=(",", ":")) + "\n")
    (folder / f"{leg}.wav").write_bytes(wav(8000, closed=False))


class NoCalls:
    """A switchboard that knows of no call, but of these legs."""

    def __init__(self, *legs: str) -> None:
        self.legs, self.connected = set(legs), True

    async def written(self) -> None:
        pass

    def has(self, leg: str) -> bool:
        return leg in self.legs

    def gone(self, legs: Collection[str]) -> None:
        pass


class Shelf:
    """Recordings of one installation."""

    def __init__(self, store: Store, clock: MovedClock, home: Path) -> None:
        self.store, self.clock = store, clock
        self.spool, self.sealed = home / "spool", home / "sealed"
        self.spool.mkdir()
        self.keeper = Keeper(store, clock, self.plain, self.sealed)
        self.recordings = Recordings(store, self.plain, self.sealed)

    def plain(self, call_id: str) -> Path:
        return self.spool / f"{call_id}.wav"

    def kept(self, call_id: str) -> Path:
        return sealed_path(self.sealed, call_id)

    async def talk(self, code: str = "yamada", *, over: bool = True) -> Call:
        def ring(tx: Tx) -> Call:
            client = a_client(tx, f"{code}{int(tx.now.timestamp())}")
            made = begin(tx, client_id=client, dialled="+81312345678", caller="+819012345678")
            answered(tx, made.id, an_operator(tx, f"o{made.id}"))
            if over:
                return ended(tx, made.id, Outcome.ANSWERED, f"{made.id}.wav")
            found = call(tx, made.id)
            assert found is not None
            return found

        self.clock.advance(timedelta(seconds=1))
        return await self.store.write(ring)

    def writes(self, one: Call, content: bytes, ago: float = 10.0) -> None:
        """The engine's last word on it was so many seconds ago."""
        path = self.plain(one.id)
        path.write_bytes(content)
        os.utime(path, (time.time() - ago,) * 2)

    async def turned(self, one: Call) -> State | None:
        """What has become of it when what is due is done."""
        await self.keeper.sweep()
        await self.keeper.do(one.id)
        row = await self.found(one)
        return State(row["state"]) if row is not None else None

    async def found(self, one: Call) -> RowMapping | None:
        return await self.store.read(
            lambda tx: tx.first(select(recordings).where(recordings.c.id == one.id))
        )

    async def row(self, one: Call) -> RowMapping:
        row = await self.found(one)
        assert row is not None
        return row

    async def heard(self, one: Call, wanted: range | None = None) -> bytes | None:
        found = await asyncio.to_thread(self.recordings.find, one)
        if found is None:
            return None
        return b"".join([piece async for piece in read(found, wanted or range(found.size))])
