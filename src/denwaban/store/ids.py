"""Identifiers."""

import os
import random
import re
import threading
import time

# One of our own: not the shared one, which test tools seed. The system's source costs a call to the kernel for each id.
_random = random.Random()
_one_by_one = threading.Lock()

_OURS = re.compile("[0-9a-f]{12}7[0-9a-f]{19}")
_RANDOM_BITS = 74
_STEP_BITS = 40
_last = 0
"""The newest one, without the bits that say which version it is."""


def _anew() -> None:
    global _one_by_one
    _random.seed()
    _one_by_one = threading.Lock()  # another thread may have held it


os.register_at_fork(after_in_child=_anew)


def new_id() -> str:
    """A fresh identifier: 32 hex digits, UUID version 7 (RFC 9562). Each sorts after all that this process has made before,
    and after what it was told to go on after, also when the wall clock steps back.

    Not a secret: the random part is seeded by the system (anew after a fork) but could be guessed.
    """
    global _last
    milliseconds = (time.time_ns() // 1_000_000) & ((1 << 48) - 1)
    with _one_by_one:
        if milliseconds > _last >> _RANDOM_BITS:
            _last = milliseconds << _RANDOM_BITS | _random.getrandbits(_RANDOM_BITS)
        else:
            # RFC 9562, 6.2: the random part counts on, by an unforeseen step, if need be into the next millisecond.
            _last += 1 + _random.getrandbits(_STEP_BITS)
        value = _last
    high, low = value >> 62, value & ((1 << 62) - 1)
    return f"{(high >> 12) << 80 | 0x7 << 76 | (high & 0xFFF) << 64 | 0b10 << 62 | low:032x}"


def go_on_after(newest: str) -> None:
    """From now on ids sort after this one, which an earlier process made when the clock was further on. What is none of ours is
    passed over."""
    global _last
    if not _OURS.fullmatch(newest):
        return
    value = int(newest, 16)
    high = (value >> 80) << 12 | (value >> 64) & 0xFFF
    with _one_by_one:
        _last = max(_last, high << 62 | value & ((1 << 62) - 1))
