"""A search index that says nothing to whoever reads the database: see `store.search.guarding.Guard`.

Its texts are sealed under the keys of their clients. Its tokens are HMACs under one key of the installation, as one question may
be asked of all clients. Who has the database sees that two texts share a token, and how often; what it is, they do not.
"""

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable

import msgspec

from denwaban.store import Tx
from denwaban.store.search import Folded
from denwaban.vault.acts import HOUSE, blind_key, open_, seal
from denwaban.vault.model import KeyDestroyed, is_sealed

ROOM = 200_000
"""So many tokens are remembered; Japanese has about as many neighbours that are ever written."""

_BYTES = 5


class Hidden:
    """The guard of an index. Thread-safe."""

    def __init__(self) -> None:
        self._known: dict[bytes, dict[str, str]] = {}
        self._lock = threading.Lock()

    def hider(self, tx: Tx) -> Callable[[str], str]:
        """See `Guard`. Where nothing was ever sealed, and this transaction cannot make a key, nothing is found."""
        key = blind_key(tx, HOUSE)
        if key is None:
            return lambda _token: "0"
        with self._lock:
            known = self._known.setdefault(key, {})

        def hide(token: str) -> str:
            found = known.get(token)
            if found is None:
                digest = hmac.digest(key, b"search\x1f" + token.encode(), hashlib.sha256)
                found = base64.b32encode(digest[:_BYTES]).decode().lower()
                if len(known) < ROOM:
                    known[token] = found
            return found

        return hide

    def seal(self, tx: Tx, client_id: str | None, place: str, texts: Folded) -> str:
        """See `Guard`. Raises `KeyMissing`."""
        return seal(tx, client_id, place, msgspec.json.encode(texts).decode())

    def open(self, tx: Tx, client_id: str | None, place: str, kept: str) -> Folded | None:
        """See `Guard`. Raises `Tampered`, `KeyMissing`."""
        if not is_sealed(kept):
            return None
        try:
            return msgspec.json.decode(open_(tx, client_id, place, kept), type=Folded)
        except KeyDestroyed:
            return Folded("", "", "", "", "")
