"""What is heard: measured, since nobody listens in a test."""

from __future__ import annotations

import asyncio
import os
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from denwaban.telephony.engine.music import beep, calm_loop
from denwaban.telephony.speech import Sound, Speech, Unspeakable, Voice, decimated, say

TEXT = "お電話ありがとうございます。そのままお待ちください。"


def level(sound: Sound) -> float:
    """dBFS of the part that is not silence."""
    active = sound[np.abs(sound) > 0.05 * np.abs(sound).max()]
    return float(20 * np.log10(np.sqrt(np.mean(active**2))))


def pitch(sound: Sound) -> float:
    """Median fundamental frequency of the louder parts, Hz."""
    found = []
    for at in range(0, len(sound) - 800, 400):
        part = sound[at : at + 800]
        if np.mean(part**2) > 0.01:
            same = np.correlate(part, part, "full")[799:]
            found.append(8000 / (20 + int(same[20:130].argmax())))
    return float(np.median(found))


def test_two_voices_at_telephone_level_that_nobody_confuses() -> None:
    announcer, caller = say(TEXT), say(TEXT, Voice.CALLER)
    for spoken in (announcer, caller):
        assert 2.5 < len(spoken) / 8000 < 7
        assert level(spoken) == pytest.approx(-16, abs=1)
        assert np.abs(spoken).max() < 0.95
    assert pitch(announcer) > 1.5 * pitch(caller)


@pytest.mark.parametrize("step", [5, 6])
def test_what_the_line_cannot_carry_is_taken_away_and_the_rest_kept(step: int) -> None:
    rate = 8000 * step
    time_ = np.arange(rate) / rate
    for pitch_, share in ((300, 1.0), (1000, 1.0), (3000, 1.0), (4500, 0.0), (9000, 0.0)):
        heard = decimated(np.sin(2 * np.pi * pitch_ * time_), step)
        assert len(heard) == 8000
        assert np.sqrt(2 * np.mean(heard[500:-500] ** 2)) == pytest.approx(share, abs=0.01)


async def test_spoken_once_kept_and_named_without_its_words(tmp_path: Path) -> None:
    speech = Speech(tmp_path)
    first, second = await asyncio.gather(speech.wav(TEXT), speech.wav(TEXT))
    assert first == second
    assert os.listdir(tmp_path) == [first.name]
    with wave.open(str(first)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        assert file.getnframes() > 20000
    begun = time.perf_counter()
    assert await speech.wav(TEXT) == first
    assert time.perf_counter() - begun < 0.05
    assert await speech.wav(TEXT, voice=Voice.CALLER) != first


async def test_the_loop_goes_on_while_somebody_speaks(tmp_path: Path) -> None:
    task = asyncio.create_task(Speech(tmp_path).wav(TEXT * 3))
    turns = 0
    while not task.done():
        await asyncio.sleep(0.005)
        turns += 1
    assert turns > 5


@pytest.mark.parametrize("text", ["", "  ", "、。", "\n\n"])
def test_nothing_to_say_is_told(text: str) -> None:
    with pytest.raises(Unspeakable):
        say(text)


def test_long_texts_without_a_full_stop_are_spoken_too() -> None:
    assert len(say("はい" * 110)) > 8000 * 8


def test_music_has_no_seam_and_is_calm() -> None:
    music = calm_loop()
    assert 40 < len(music) / 8000 < 60
    assert np.abs(music).max() == pytest.approx(10 ** (-12 / 20), abs=0.001)
    usual = np.abs(np.diff(music)).max()
    assert abs(music[0] - music[-1]) <= usual
    quarters = [float(np.sqrt(np.mean(part**2))) for part in np.array_split(music, 4)]
    assert max(quarters) < 1.5 * min(quarters)


def test_the_beep_is_a_thousand_hertz() -> None:
    spectrum = np.abs(np.fft.rfft(beep()))
    assert int(spectrum.argmax()) * 8000 / len(beep()) == pytest.approx(1000, abs=5)
