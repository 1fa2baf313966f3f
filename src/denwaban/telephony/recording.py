"""Room for recordings, and those that a killed engine left with an unfinished header."""

from __future__ import annotations

import os
import shutil
import struct
from datetime import timedelta
from pathlib import Path

_HEADER = 44
_BYTES = 16000
"""A second: 8 kHz, mono, 16 bits."""


LEAST_ROOM = 200 * 1024 * 1024
"""Bytes that should be free: some three hours of talk. The engine talks on without them, but keeps nothing and tells nobody."""


def no_room(folder: Path, least: int = LEAST_ROOM) -> str | None:
    """Why recordings may be cut short in this folder, in English; None with room enough."""
    try:
        while not folder.exists():
            folder = folder.parent
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return f"no room for recordings: {type(error).__name__}"
    return None if free >= least else f"hardly any room for recordings ({free // 2**20} MB free)"


class NotAWav(ValueError):
    """The file is no WAV of the engine's making."""


def sound_of(path: Path) -> timedelta | None:
    """How long the sound in the file is; None when there is none. Raises OSError, but not for a file that is not there."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return None
    return timedelta(seconds=(size - _HEADER) / _BYTES) if size > _HEADER else None


def is_closed(path: Path) -> bool:
    """Whether the lengths in the header agree with the file: the engine writes them last. Also of a file without any sound.
    False for what is no WAV. Raises OSError."""
    with path.open("rb") as file:
        header = file.read(_HEADER)
        size = file.seek(0, os.SEEK_END)
    return (
        len(header) == _HEADER
        and header[:4] == b"RIFF"
        and header[36:40] == b"data"
        and header[40:44] == struct.pack("<I", size - _HEADER)
    )


def repair_wav(path: Path) -> bool:
    """Makes the lengths in the header agree with the file; tells whether anything had to be mended.

    An engine that ends in order writes them last, so after `kill -9` they say 0 and players show nothing. Only for files
    that nobody writes any more. Raises `NotAWav`, OSError.
    """
    with path.open("r+b") as file:
        header = file.read(_HEADER)
        if len(header) < _HEADER or header[:4] != b"RIFF" or header[8:16] != b"WAVEfmt ":
            raise NotAWav(path.name)
        if header[36:40] != b"data":
            raise NotAWav(path.name)
        size = file.seek(0, os.SEEK_END)
        # 16-bit samples: half a sample at the end is not written any more.
        data = (size - _HEADER) // 2 * 2
        whole = struct.pack("<I", 36 + data), struct.pack("<I", data)
        if (header[4:8], header[40:44]) == whole and size == _HEADER + data:
            return False
        file.truncate(_HEADER + data)
        file.seek(4)
        file.write(whole[0])
        file.seek(40)
        file.write(whole[1])
    return True
