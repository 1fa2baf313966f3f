"""Who is behind a cookie or a key: one indexed read, remembered for a while."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from denwaban.access.keys import principal_of_key
from denwaban.access.model import Found, Principal
from denwaban.access.rows import TOPIC
from denwaban.access.secret import KEY_PREFIX, hash_token
from denwaban.access.sessions import principal_of_session, prolong
from denwaban.journal import Entry, Journal
from denwaban.store import Store, Tx

REMEMBERED = timedelta(seconds=5)
"""So long at most does a session ended by another process go on working where nobody follows the journal."""

FOLLOWED = timedelta(minutes=1)
"""So long is it remembered while the journal tells what ends: an operator presses a key every few seconds."""

BEGINS = frozenset({"user.added", "user.signed_in", "key.made"})
"""Facts that end nothing for anybody who is known."""

REMEMBERED_ENTRIES = 10_000

PROLONG_EVERY = timedelta(minutes=5)
"""A session's use is written down at most this often: a page with many requests is not many writes."""


class Lookup:
    """Finds principals. What ends in this process (sign-out, revocation) stops working at once; what another process ends, as
    soon as the journal tells of it while this `run`s."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal
        self._ended = store.signal(TOPIC)
        self._known: dict[str, tuple[datetime, Found]] = {}
        self._at = self._ended.count
        self._heard = 0
        self._remembered = REMEMBERED

    async def run(self) -> None:
        """Follows the journal until cancelled. Without it everything works, with more reading."""
        with self._journal.listen(self._hear):
            self._remembered = FOLLOWED
            try:
                await asyncio.Event().wait()
            finally:
                self._remembered = REMEMBERED
                self._known.clear()

    async def session(self, token: str) -> Principal | None:
        """Whose session this is. Using it moves its end."""
        return await self._find(token, principal_of_session)

    async def key(self, secret: str) -> Principal | None:
        """Whose API key this is."""
        return await self._find(secret, principal_of_key) if secret.startswith(KEY_PREFIX) else None

    async def _find(self, secret: str, find: Callable[[Tx, str], Found | None]) -> Principal | None:
        name, now = hash_token(secret), self._store.clock.now()
        if self._at != self._ended.count:
            self._at = self._ended.count
            self._known.clear()
        known = self._known.get(name)
        if known is not None and now < known[0]:
            return known[1].who
        seen, heard = self._ended.count, self._heard
        found = await self._store.read(lambda tx: find(tx, secret))
        if found is None:
            self._known.pop(name, None)
            return None
        if found.seen_at is not None and now - found.seen_at >= PROLONG_EVERY:
            used = found
            found = await self._store.write(lambda tx: prolong(tx, used))
        until = now + self._remembered
        if found.expires_at is not None:
            until = min(until, found.expires_at)
        # Something may have ended while we read: then what we read is not kept.
        if seen == self._ended.count == self._at and heard == self._heard:
            if len(self._known) >= REMEMBERED_ENTRIES:
                self._known.clear()
            self._known[name] = (until, found)
        return found.who

    def _hear(self, entry: Entry | None) -> None:
        """Forgets whomever this is about."""
        if entry is None:
            self._known.clear()
        elif entry.fact.kind in BEGINS:
            return
        elif entry.fact.kind.startswith(("user.", "sessions.", "key.")):
            gone = entry.fact.subject
            self._known = {
                name: one for name, one in self._known.items() if one[1].who.user_id != gone
            }
        else:
            return
        self._heard += 1
