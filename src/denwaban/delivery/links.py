"""Links by which one person takes one report without signing in."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from denwaban.delivery.rows import acknowledge_links
from denwaban.store import Tx, add_rows

LASTS = timedelta(days=7)

LENGTH = 43
"""Characters of a token: 32 random bytes in base64url."""

REPLY_BYTES = 16
"""Random bytes of the token of an answer: with it, an address's local part stays under 64 characters."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a token stands for."""

    report_id: str
    staff_id: str
    expires_at: datetime
    delivery_id: str | None = None


def make_links(tx: Tx, wanted: Sequence[tuple[str, str, str]]) -> list[str]:
    """A fresh random token for each (report, staff, delivery). Only hashes are kept: who reads the database cannot take a
    report."""
    return _make(tx, wanted, [secrets.token_urlsafe(32) for _one in wanted])


def make_replies(tx: Tx, wanted: Sequence[tuple[str, str, str]]) -> list[str]:
    """Tokens for the addresses that mails are answered to: small letters and digits, because mail addresses lose the case.
    They open no page."""
    return _make(tx, wanted, [secrets.token_hex(REPLY_BYTES) for _one in wanted])


def _make(tx: Tx, wanted: Sequence[tuple[str, str, str]], tokens: list[str]) -> list[str]:
    if not wanted:
        return []
    add_rows(
        tx,
        acknowledge_links,
        [
            {
                "token_hash": _hash(token),
                "report_id": report_id,
                "staff_id": staff_id,
                "delivery_id": delivery_id,
                "created_at": tx.now,
                "expires_at": tx.now + LASTS,
            }
            for token, (report_id, staff_id, delivery_id) in zip(tokens, wanted, strict=True)
        ],
    )
    return tokens


def open_link(tx: Tx, token: str) -> Link | None:
    """What a token stands for, expired or not; None when we never made it."""
    return _open(tx, token) if len(token) == LENGTH else None


def open_reply(tx: Tx, token: str) -> Link | None:
    """What the token of an answered mail stands for, expired or not; None when we never made it."""
    return _open(tx, token) if len(token) == 2 * REPLY_BYTES else None


def _open(tx: Tx, token: str) -> Link | None:
    if not token.isascii():
        return None
    row = tx.first(select(acknowledge_links).where(acknowledge_links.c.token_hash == _hash(token)))
    if row is None:
        return None
    return Link(row["report_id"], row["staff_id"], row["expires_at"], row["delivery_id"])


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Tries:
    """Counts how often each did something lately, and who has to wait. In one process's memory: it is about noise, not
    about luck."""

    WINDOW = timedelta(minutes=10)
    REMEMBERED = 10_000

    def __init__(self, allowed: int) -> None:
        self._allowed = allowed
        self._seen: dict[str, list[datetime]] = {}

    def add(self, who: str, now: datetime) -> None:
        """Once more."""
        if len(self._seen) >= self.REMEMBERED:
            edge = now - self.WINDOW
            self._seen = {one: times for one, times in self._seen.items() if times[-1] > edge}
        self._seen.setdefault(who, []).append(now)

    def too_many(self, who: str, now: datetime) -> bool:
        """Whether they must wait."""
        edge = now - self.WINDOW
        times = [at for at in self._seen.get(who, []) if at > edge]
        if times:
            self._seen[who] = times
        else:
            self._seen.pop(who, None)
        return len(times) >= self._allowed
