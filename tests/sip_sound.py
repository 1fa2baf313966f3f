"""The sound of a telephone for tests: 8 kHz ulaw, tones, and which of them is heard."""

import numpy
from numpy.typing import NDArray

RATE = 8000
FRAME = 160
Pcm = NDArray[numpy.int16]


def _make_ulaw() -> tuple[Pcm, NDArray[numpy.uint8]]:
    """The table that decodes ulaw, and one that encodes 16-bit samples (index: sample + 32768)."""
    code = ~numpy.arange(256, dtype=numpy.uint8)
    size = (((code & 0x0F).astype(numpy.int32) << 3) + 0x84) << ((code & 0x70) >> 4)
    decode = numpy.where(code & 0x80, 0x84 - size, size - 0x84).astype(numpy.int16)
    order = numpy.argsort(decode, kind="stable")
    levels = decode[order].astype(numpy.int32)
    middles = (levels[1:] + levels[:-1]) / 2
    samples = numpy.arange(-32768, 32768)
    return decode, order[numpy.searchsorted(middles, samples)].astype(numpy.uint8)


_DECODE, _ENCODE = _make_ulaw()


def to_ulaw(pcm: Pcm) -> bytes:
    return _ENCODE[pcm.astype(numpy.int32) + 32768].tobytes()


def from_ulaw(data: bytes) -> Pcm:
    return _DECODE[numpy.frombuffer(data, dtype=numpy.uint8)]


def sine(hertz: float, seconds: float, level: float = 8000.0) -> Pcm:
    """A tone, 8 kHz, 16 bit."""
    moments = numpy.arange(int(seconds * RATE)) / RATE
    return (level * numpy.sin(2 * numpy.pi * hertz * moments)).astype(numpy.int16)


def tone_level(pcm: Pcm, hertz: float) -> float:
    """Amplitude of one tone in a piece of audio (Goertzel's sum, done as a dot product). A sine of level 8000 gives 8000."""
    if len(pcm) == 0:
        return 0.0
    moments = numpy.arange(len(pcm)) / RATE
    wave = numpy.exp(-2j * numpy.pi * hertz * moments) * numpy.hanning(len(pcm))
    return float(abs(numpy.dot(pcm.astype(numpy.float64), wave)) * 4 / len(pcm))


def has_tone(pcm: Pcm, hertz: float, least: float = 1000.0) -> bool:
    return tone_level(pcm, hertz) > least
