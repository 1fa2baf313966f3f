"""Identifiers."""

import secrets
import time


def new_id() -> str:
    """A fresh identifier: 32 hex digits, UUID version 7 (RFC 9562), so that later ones sort after earlier ones."""
    milliseconds = time.time_ns() // 1_000_000
    value = (
        (milliseconds & ((1 << 48) - 1)) << 80
        | 0x7 << 76
        | secrets.randbits(12) << 64
        | 0b10 << 62
        | secrets.randbits(62)
    )
    return f"{value:032x}"
