"""Recordings as browsers ask for them: whole or a range of bytes, also while they are being written.

While a call lasts, and shortly after, its recording is the engine's plain file; then `keeping` seals it, and from there on it
is read piece by piece with the key of its client.
"""

import asyncio
import os
import re
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from sqlalchemy import select

from denwaban import vault
from denwaban.calls.away import Away
from denwaban.calls.model import Call
from denwaban.calls.rows import recordings
from denwaban.store import Store, Tx

HEADER = 44
"""Bytes of a WAV before its sound."""

SEALED = ".sealed"
"""How the name of a sealed file ends."""

AWAY_PIECES = 16
"""So many pieces of a sealed file are asked of the bucket at once: 1 MiB."""

_CHUNK = 64 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class State(StrEnum):
    """Of a recording whose call is over."""

    PLAIN = "plain"
    """As the engine wrote it."""
    SEALED = "sealed"
    AWAY = "away"
    """Sealed, in the bucket."""
    NOTHING = "nothing"
    """The engine wrote no sound."""
    ERASING = "erasing"
    """Nobody hears it any more; its files are about to go."""
    ERASED = "erased"


class Source(Protocol):
    """Where the bytes of a recording come from."""

    def pieces(self, wanted: range) -> AsyncIterator[bytes]:
        """Those bytes, read beside the event loop."""
        ...


@dataclass(frozen=True, slots=True)
class Wav:
    """A recording as it was when looked at: what is written to it later is not told of."""

    source: Source
    size: int
    mark: str
    """Changes whenever the recording does."""

    @property
    def seconds(self) -> int:
        """How long it lasts, in whole seconds (8 kHz, 16 bit, mono)."""
        return round((self.size - HEADER) / 16_000)


class Recordings:
    """What there is to hear of calls. `place` tells where the engine writes the one of a call's id, `folder` is where sealed
    ones lie, `away` where they go from there."""

    def __init__(
        self, store: Store, place: Callable[[str], Path], folder: Path, away: Away | None = None
    ) -> None:
        self._store = store
        self._place = place
        self._folder = folder
        self._away = away

    def find(self, call: Call) -> Wav | None:
        """What there is to hear of a call, also while it is still recorded; None when there is nothing. Blocks: call it
        in a thread. `call` must come from the database: its id names the file. Raises `VaultError`, `StoreError`, OSError."""
        if not recorded(call):
            return None
        state = self._store.look(lambda tx: state_of(tx, call.id))
        if state in (State.ERASING, State.ERASED):
            return None
        found = self._plain(call) or self._sealed(call)
        return self._moved(call) if found is None and state is State.AWAY else found

    def _plain(self, call: Call) -> Wav | None:
        path = self._place(call.id)
        try:
            with path.open("rb") as file:
                header = file.read(HEADER)
                found = os.fstat(file.fileno())
        except FileNotFoundError:
            return None
        size = found.st_size
        if len(header) < HEADER or size <= HEADER:
            return None
        if header[:4] == b"RIFF" and header[8:16] == b"WAVEfmt " and header[36:40] == b"data":
            # The engine writes the lengths when it closes the file; until then, or if it was killed, they say 0.
            data = (size - HEADER) // 2 * 2
            size = HEADER + data
            riff, body = struct.pack("<I", 36 + data), struct.pack("<I", data)
            header = header[:4] + riff + header[8:40] + body
        source = _Plain(path, header, lambda: self._sealed(call) or self._moved(call))
        return Wav(source, size, f'"{size:x}-{found.st_mtime_ns:x}"')

    def _sealed(self, call: Call) -> Wav | None:
        path = sealed_path(self._folder, call.id)
        try:
            with path.open("rb") as file:
                head = vault.read_head(file.read(vault.HEAD))
        except FileNotFoundError:
            return None
        return self._wav(
            call, head, lambda opener: _Sealed(path, opener, lambda: self._moved(call))
        )

    def _moved(self, call: Call) -> Wav | None:
        if self._away is None:
            return None
        away, name = self._away, sealed_name(call.id)
        head = vault.read_head(away.part(name, range(vault.HEAD)))
        return self._wav(call, head, lambda opener: _Away(away, name, opener))

    def _wav(self, call: Call, head: vault.Head, source: Callable[[vault.Opener], Source]) -> Wav:
        key = self._store.look(lambda tx: vault.key_named(tx, call.client_id, head.key_id))
        opener = opener_of(head, key, call.client_id, call.id)
        return Wav(source(opener), head.size, f'"{head.size:x}-{head.salt.hex()}"')


def sealed_name(call_id: str) -> str:
    """What the sealed recording of a call is called: in a folder for about every three days of calls."""
    return f"{call_id[:5]}/{call_id}{SEALED}"


def sealed_path(folder: Path, call_id: str) -> Path:
    """Where the sealed recording of a call lies on this machine."""
    return folder / sealed_name(call_id)


def opener_of(head: vault.Head, key: bytes, client_id: str | None, call_id: str) -> vault.Opener:
    """What opens the recording of this call, and of no other."""
    return vault.Opener(head, key, *bound_to(client_id, call_id))


def bound_to(client_id: str | None, call_id: str) -> tuple[str, str]:
    """(whose, place) that a recording is sealed for."""
    return client_id or vault.HOUSE, f"recordings/{call_id}"


def state_of(tx: Tx, call_id: str) -> State | None:
    """How far a call's recording has come; None before it was found."""
    found = tx.scalar(select(recordings.c.state).where(recordings.c.id == call_id))
    return State(found) if found is not None else None


def recorded(call: Call) -> bool:
    """Whether there should be a recording: somebody talked, or a message was left."""
    return call.recording is not None or call.answered_at is not None


class NotSatisfiable(Exception):
    """A range that begins behind the end."""


def part(asked: str | None, size: int) -> range | None:
    """The bytes that a Range header asks for; None for all of them.

    Several ranges, other units and what cannot be read are answered with the whole, as RFC 9110 lets a server. Raises
    `NotSatisfiable`.
    """
    match = _RANGE.fullmatch((asked or "").replace(" ", ""))
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match[1], match[2]
    if not first:
        if int(last) == 0:
            raise NotSatisfiable
        return range(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise NotSatisfiable
    return range(int(first), min(int(last) + 1, size) if last else size)


def read(wav: Wav, wanted: range) -> AsyncIterator[bytes]:
    """Those bytes, in pieces; they are read beside the event loop. Raises OSError, `vault.Tampered`."""
    return wav.source.pieces(wanted)


@dataclass(frozen=True, slots=True)
class _Plain:
    """The engine's file. When it is sealed and removed in the middle of a listening, the sealed one goes on."""

    path: Path
    header: bytes
    """Its first bytes, with the lengths that it had when it was looked at."""
    sealed: Callable[[], Wav | None]

    async def pieces(self, wanted: range) -> AsyncIterator[bytes]:
        place = wanted.start
        if place < HEADER:
            piece = self.header[place : wanted.stop]
            yield piece
            place += len(piece)
        if place >= wanted.stop:
            return
        try:
            file = await asyncio.to_thread(self.path.open, "rb")
        except FileNotFoundError:
            async for piece in _elsewhere(self.sealed, range(place, wanted.stop)):
                yield piece
            return
        try:
            file.seek(place)
            while place < wanted.stop:
                piece = await asyncio.to_thread(file.read, min(_CHUNK, wanted.stop - place))
                if not piece:
                    raise OSError("the recording became shorter while it was read")
                yield piece
                place += len(piece)
        finally:
            file.close()


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A sealed file on this machine. When it has gone to the bucket, that goes on."""

    path: Path
    opener: vault.Opener
    moved: Callable[[], Wav | None]

    async def pieces(self, wanted: range) -> AsyncIterator[bytes]:
        try:
            file = await asyncio.to_thread(self.path.open, "rb")
        except FileNotFoundError:
            async for piece in _elsewhere(self.moved, wanted):
                yield piece
            return
        try:
            for one in vault.parts(wanted):
                yield await asyncio.to_thread(self._open, file.fileno(), one)
        finally:
            file.close()

    def _open(self, handle: int, wanted: range) -> bytes:
        span = self.opener.head.span(wanted)
        return self.opener.open(os.pread(handle, len(span), span.start), wanted)


@dataclass(frozen=True, slots=True)
class _Away:
    """A sealed file in the bucket."""

    away: Away
    name: str
    opener: vault.Opener

    async def pieces(self, wanted: range) -> AsyncIterator[bytes]:
        for one in vault.parts(wanted, AWAY_PIECES):
            yield await asyncio.to_thread(self._open, one)

    def _open(self, wanted: range) -> bytes:
        return self.opener.open(self.away.part(self.name, self.opener.head.span(wanted)), wanted)


async def _elsewhere(look: Callable[[], Wav | None], wanted: range) -> AsyncIterator[bytes]:
    """What was there a moment ago lies somewhere else now; the sound is the same."""
    other = await asyncio.to_thread(look)
    if other is None:
        raise FileNotFoundError("the recording is gone")
    async for piece in other.source.pieces(wanted):
        yield piece
