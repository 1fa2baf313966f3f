"""The picture of a recording: how loud it is along its length. Computed once and kept."""

import math

import numpy
from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table, insert, select, update

from denwaban.calls.model import Call
from denwaban.calls.recordings import State, Wav, read
from denwaban.calls.rows import recordings
from denwaban.store import Id, Store, Tx, metadata

BARS = 600
"""So many bars a picture has at most: more than a screen shows side by side."""

_HEADER = 44

recording_peaks = Table(
    "recording_peaks",
    metadata,
    Column("call_id", Id, ForeignKey("calls.id"), primary_key=True),
    Column("mark", String(100), nullable=False),  # of the recording that was looked at
    Column("peaks", LargeBinary, nullable=False),  # a byte for each bar
)


async def waveform(store: Store, call: Call, wav: Wav) -> list[int]:
    """The loudest moment in each of at most `BARS` equal parts, 0 to 255. The picture of a call that goes on is not kept."""
    known = await store.read(lambda tx: _kept(tx, call.id, wav.mark))
    if known is not None:
        return list(known)
    made = await peaks(wav)
    if call.ended_at is not None:
        await store.write(lambda tx: _keep(tx, call.id, wav.mark, made))
    return list(made)


async def peaks(wav: Wav) -> bytes:
    """Reads the whole recording (16 bit, mono), piece by piece."""
    samples = max(0, (wav.size - _HEADER) // 2)
    if not samples:
        return b""
    wide = math.ceil(samples / BARS)
    loudest = numpy.zeros(math.ceil(samples / wide), dtype=numpy.int32)
    place, odd = 0, b""
    async for piece in read(wav, range(_HEADER, _HEADER + 2 * samples)):
        piece = odd + piece
        whole = len(piece) // 2 * 2
        odd = piece[whole:]
        pcm = numpy.abs(numpy.frombuffer(piece[:whole], dtype="<i2").astype(numpy.int32))
        if len(pcm):
            bars = numpy.arange(place, place + len(pcm)) // wide
            numpy.maximum.at(loudest, bars, pcm)
            place += len(pcm)
    return numpy.minimum(255, loudest // 128).astype(numpy.uint8).tobytes()


def _kept(tx: Tx, call_id: str, mark: str) -> bytes | None:
    found: bytes | None = tx.scalar(
        select(recording_peaks.c.peaks).where(
            recording_peaks.c.call_id == call_id, recording_peaks.c.mark == mark
        )
    )
    return found


def _keep(tx: Tx, call_id: str, mark: str, made: bytes) -> None:
    state = tx.scalar(select(recordings.c.state).where(recordings.c.id == call_id))
    if state in (State.ERASING.value, State.ERASED.value):
        return  # erased while it was looked at
    mine = recording_peaks.c.call_id == call_id
    values = {"mark": mark, "peaks": made}
    if tx.first(select(recording_peaks.c.call_id).where(mine)) is None:
        tx.execute(insert(recording_peaks).values(call_id=call_id, **values))
    else:
        tx.execute(update(recording_peaks).where(mine).values(**values))
