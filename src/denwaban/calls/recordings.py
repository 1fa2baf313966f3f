"""Recordings as browsers ask for them: whole or a range of bytes, also while they are being written."""

import asyncio
import os
import re
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from denwaban.calls.model import Call

_HEADER = 44
_CHUNK = 64 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class Wav:
    """A recording as it was when looked at: what is written to it later is not told of."""

    path: Path
    header: bytes
    """Its first bytes, with the lengths that it has now."""
    size: int
    mark: str
    """Changes whenever the recording does."""

    @property
    def seconds(self) -> int:
        """How long it lasts, in whole seconds (8 kHz, 16 bit, mono)."""
        return round((self.size - _HEADER) / 16_000)


class Recordings:
    """The engine's recordings; `place` tells where the one of a call's id is (to be) found."""

    def __init__(self, place: Callable[[str], Path]) -> None:
        self._place = place

    def find(self, call: Call) -> Wav | None:
        """What there is to hear of a call, also while it is still recorded; None when there is nothing. Blocks: call it
        in a thread. `call` must come from the database: its id names the file."""
        if not recorded(call):
            return None
        path = self._place(call.id)
        try:
            with path.open("rb") as file:
                header = file.read(_HEADER)
                found = os.fstat(file.fileno())
        except FileNotFoundError:
            return None
        size = found.st_size
        if len(header) < _HEADER or size <= _HEADER:
            return None
        if header[:4] == b"RIFF" and header[8:16] == b"WAVEfmt " and header[36:40] == b"data":
            # The engine writes the lengths when it closes the file; until then, or if it was killed, they say 0.
            data = (size - _HEADER) // 2 * 2
            size = _HEADER + data
            riff, body = struct.pack("<I", 36 + data), struct.pack("<I", data)
            header = header[:4] + riff + header[8:40] + body
        return Wav(path, header, size, f'"{size:x}-{found.st_mtime_ns:x}"')


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


async def read(wav: Wav, wanted: range) -> AsyncIterator[bytes]:
    """Those bytes, in pieces; the file is read beside the event loop."""
    place = wanted.start
    if place < _HEADER:
        piece = wav.header[place : wanted.stop]
        yield piece
        place += len(piece)
    if place >= wanted.stop:
        return
    file = await asyncio.to_thread(wav.path.open, "rb")
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
