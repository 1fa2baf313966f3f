"""Spoken Japanese for the telephone, made on this machine and kept in a folder.

Open JTalk with the voice "Mei" (Nagoya Institute of Technology, CC BY 3.0) speaks; what comes out is
telephone audio: WAV, 8 kHz, mono, 16 bit, the speech itself at about -16 dBFS.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib
import io
import os
import re
import tempfile
import threading
import wave
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

RATE = 8000
_VERSION = "2"  # part of every cache name: raise it when the sound of the same text changes
_TARGET = 10 ** (-16 / 20)
_CEILING = 10 ** (-1 / 20)
_LONGEST_PART = 200

Sound = npt.NDArray[np.float64]


class Unspeakable(ValueError):
    """The text holds nothing that can be said (empty, or only marks)."""


class Voice(StrEnum):
    """Who speaks. The two are told apart at once, also over a telephone line."""

    ANNOUNCER = "announcer"
    """A woman, clear and unhurried: announcements."""
    CALLER = "caller"
    """A man: the caller of a practice call."""


@dataclass(frozen=True)
class _Manner:
    """How Mei is made to speak. Every `step`-th of her 48,000 samples a second is played at 8,000:
    6 is herself; 5 is a throat a fifth longer, so everything is deeper and slower."""

    speed: float
    half_tone: float
    step: int


_MANNERS = {
    Voice.ANNOUNCER: _Manner(speed=0.97, half_tone=-2.0, step=6),
    Voice.CALLER: _Manner(speed=1.2, half_tone=-12.0, step=5),
}


class Speech:
    """Spoken texts as files in `folder`, each made once.

    A file is named by a digest of text, voice and version, so a path says nothing of its text;
    equal texts give equal paths, for as long as the folder is kept. Files appear whole or not at
    all, also when several processes share the folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._needed: Counter[Path] = Counter()

    @asynccontextmanager
    async def once(self, text: str) -> AsyncIterator[Path]:
        """The file of a text about a person, for as long as it is needed: other texts are kept for ever."""
        file = await self.wav(text)
        self._needed[file] += 1
        try:
            yield file
        finally:
            self._needed[file] -= 1
            if not self._needed[file]:
                del self._needed[file]
                await asyncio.to_thread(file.unlink, missing_ok=True)

    async def wav(self, text: str, *, voice: Voice = Voice.ANNOUNCER) -> Path:
        """The file of a text; at once when it is known, else about a tenth of its spoken time.

        Works in a thread, so the event loop goes on. Raises `Unspeakable`.
        """
        path = self.path(text, voice)
        return path if path.exists() else await asyncio.to_thread(self.wav_now, text, voice=voice)

    def wav_now(self, text: str, *, voice: Voice = Voice.ANNOUNCER) -> Path:
        """`wav` for callers without an event loop; blocks."""
        path = self.path(text, voice)
        if not path.exists():
            write_wav(path, say(text, voice))
        return path

    def path(self, text: str, voice: Voice = Voice.ANNOUNCER) -> Path:
        """Where the file of a text is or will be."""
        digest = hashlib.sha256(f"{_VERSION}\0{voice}\0{text}".encode()).hexdigest()[:32]
        return self.folder / f"{digest}.wav"


# Open JTalk keeps its analysis in one shared object; one text at a time also keeps a burst of
# new texts from taking every core away from the calls.
_one_speaker = threading.Lock()


def say(text: str, voice: Voice = Voice.ANNOUNCER) -> Sound:
    """The samples of a text, 8 kHz, within -1..1. Raises `Unspeakable`."""
    manner = _MANNERS[voice]
    with _one_speaker:
        openjtalk = _openjtalk()
        parts = [
            openjtalk.tts(
                part,
                speed=manner.speed,
                half_tone=manner.half_tone,
                predict_nani=False,
                normalize_mode="NFKC",
            )
            for part in _parts(text)
        ]
    spoken = [samples for samples, _ in parts if len(samples)]
    if not spoken:
        raise Unspeakable("このテキストには読み上げられる言葉がありません")
    return levelled(decimated(np.concatenate(spoken) / 32768, manner.step))


def _openjtalk() -> Any:
    # Imported at first use: it takes 1.3 s, and most commands never speak. It greets whoever imports it with two lines
    # about a part that we do not use; they are not for our users.
    with contextlib.redirect_stdout(io.StringIO()):
        return importlib.import_module("pyopenjtalk")


def _parts(text: str) -> list[str]:
    """Sentences, none too long for the analyser (which refuses some thousand characters)."""
    parts: list[str] = []
    for sentence in re.findall(r"[^。！？!?\n]+[。！？!?]*", text):
        words = sentence.strip()
        while len(words) > _LONGEST_PART:
            cut = max(words.rfind("、", 0, _LONGEST_PART) + 1, 0) or _LONGEST_PART
            parts.append(words[:cut])
            words = words[cut:]
        if words:
            parts.append(words)
    return parts


def decimated(sound: Sound, step: int) -> Sound:
    """Every `step`-th sample, after taking away what the lower rate cannot carry (Kaiser, 80 dB)."""
    reach = 24 * step
    taps = np.arange(-reach, reach + 1)
    kernel = np.sinc(0.9 * taps / step) * np.kaiser(len(taps), 8.0)
    kernel /= kernel.sum()
    padded = np.concatenate([np.zeros(reach), sound, np.zeros(reach)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(taps))[::step]
    return np.asarray(windows @ kernel)


def levelled(sound: Sound) -> Sound:
    """The sound with its louder half at about -16 dBFS; peaks are rounded off below -1 dBFS."""
    frames = np.abs(sound)
    active = sound[frames > 0.05 * frames.max(initial=0.0)]
    if not len(active):
        return sound
    loud = sound * (_TARGET / float(np.sqrt(np.mean(active**2))))
    knee = 0.6
    over = np.abs(loud) > knee
    room = _CEILING - knee
    loud[over] = np.sign(loud[over]) * (knee + room * np.tanh((np.abs(loud[over]) - knee) / room))
    return np.asarray(loud)


def write_wav(path: Path, sound: Sound) -> None:
    """Writes 8 kHz mono 16-bit WAV; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.round(np.clip(sound, -1, 1) * 32767).astype("<i2")
    handle, name = tempfile.mkstemp(prefix=".making-", suffix=".wav", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file, wave.open(file, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(RATE)
            out.writeframes(samples.tobytes())
        Path(name).chmod(0o644)
        Path(name).rename(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
