"""Identifiers."""

import os
import random
import time

# One of our own: not the shared one, which test tools seed. The system's source costs a call to the kernel for each id.
_random = random.Random()
os.register_at_fork(after_in_child=_random.seed)


def new_id() -> str:
    """A fresh identifier: 32 hex digits, UUID version 7 (RFC 9562), so that later ones sort after earlier ones.

    Not a secret: the random part is seeded by the system (anew after a fork) but could be guessed.
    """
    milliseconds = time.time_ns() // 1_000_000
    value = (
        (milliseconds & ((1 << 48) - 1)) << 80
        | 0x7 << 76
        | _random.getrandbits(12) << 64
        | 0b10 << 62
        | _random.getrandbits(62)
    )
    return f"{value:032x}"
