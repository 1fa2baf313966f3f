"""Sounds that the engine needs and Debian's packages do not bring: music on hold and a beep.

The music is our own small composition, made here by adding sines, so it needs no licence.
"""

from __future__ import annotations

import numpy as np

from denwaban.telephony.speech import RATE, Sound

_BEAT = 0.72
# Four bars of chords, walked through twice with another melody: a calm F major.
_CHORDS = ((65, 69, 72, 76), (62, 65, 69, 72), (58, 62, 65, 69), (60, 64, 67, 70))
_MELODIES = (
    (81, 0, 77, 79, 77, 0, 74, 0, 77, 74, 72, 0, 74, 76, 79, 0),
    (84, 0, 81, 79, 81, 77, 0, 74, 74, 0, 77, 81, 79, 0, 76, 0),
    (77, 0, 0, 81, 79, 77, 74, 0, 72, 0, 74, 77, 76, 0, 72, 0),
    (81, 79, 77, 0, 77, 0, 81, 0, 82, 0, 81, 77, 79, 0, 0, 0),
)


def calm_loop() -> Sound:
    """46 seconds of quiet music whose end flows into its beginning; 8 kHz, peaks at -12 dBFS."""
    beats = 16 * len(_MELODIES)
    loop = np.zeros(int(round(beats * _BEAT * RATE)))
    for turn, melody in enumerate(_MELODIES):
        for beat in range(16):
            at = turn * 16 + beat
            chord = _CHORDS[beat // 4]
            if beat % 4 == 0:
                _strike(loop, at, chord[0] - 12, 0.5, 3.2)
            _strike(loop, at, chord[(0, 2, 1, 3)[beat % 4]], 0.22, 1.6)
            if melody[beat]:
                _strike(loop, at, melody[beat], 0.42, 2.0)
    return np.asarray(loop * (10 ** (-12 / 20) / float(np.abs(loop).max())))


def beep() -> Sound:
    """The tone after which to speak: 1000 Hz, a third of a second."""
    time = np.arange(int(0.33 * RATE)) / RATE
    edge = np.clip(np.minimum(time, time[-1] - time) / 0.01, 0, 1)
    return np.asarray(0.25 * edge * np.sin(2 * np.pi * 1000 * time))


def _strike(loop: Sound, beat: int, note: int, loudness: float, seconds: float) -> None:
    """Adds one soft bell; what rings past the end is laid over the beginning."""
    pitch = 440.0 * 2 ** ((note - 69) / 12)
    time = np.arange(int(seconds * RATE)) / RATE
    tone = np.zeros(len(time))
    for part, share in ((1, 1.0), (2, 0.32), (3, 0.1)):
        if part * pitch < 3300:
            tone += share * np.sin(2 * np.pi * part * pitch * time) * np.exp(-time * (1.2 + part))
    tone *= np.clip(time / 0.012, 0, 1) * np.clip((seconds - time) / 0.1, 0, 1)
    places = (int(round(beat * _BEAT * RATE)) + np.arange(len(time))) % len(loop)
    np.add.at(loop, places, loudness * tone)
