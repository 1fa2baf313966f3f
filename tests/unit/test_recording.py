"""Mending recordings that a killed engine left."""

import wave
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.telephony.recording import NotAWav, no_room, repair_wav


def _wav(path: Path, samples: bytes) -> bytes:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(samples)
    return path.read_bytes()


@given(st.binary(max_size=400).filter(lambda data: len(data) % 2 == 0), st.integers(0, 1))
def test_an_unfinished_header_is_completed(
    tmp_path_factory: pytest.TempPathFactory, samples: bytes, half: int
) -> None:
    path = tmp_path_factory.mktemp("wav") / "call.wav"
    whole = _wav(path, samples)
    broken = whole[:4] + b"\0\0\0\0" + whole[8:40] + b"\0\0\0\0" + whole[44:] + b"x" * half
    path.write_bytes(broken)
    assert repair_wav(path)
    assert path.read_bytes() == whole
    assert not repair_wav(path), "nothing is left to mend"


def test_a_finished_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    whole = _wav(path, b"\1\2" * 100)
    assert not repair_wav(path)
    assert path.read_bytes() == whole


@pytest.mark.parametrize("content", [b"", b"RIFF", b"not a recording " * 10])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(content)
    with pytest.raises(NotAWav):
        repair_wav(path)
    assert path.read_bytes() == content


def test_a_disk_that_is_nearly_full_is_told_of_before_a_talk_is_cut_short(tmp_path: Path) -> None:
    assert no_room(tmp_path / "not" / "there", least=1) is None
    told = no_room(tmp_path, least=2**62)
    assert told is not None
    assert told.startswith("hardly any room for recordings (")
