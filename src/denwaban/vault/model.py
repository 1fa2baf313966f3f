"""How a sealed text looks, and how a text becomes one. Pure but for the random nonce.

`dv1.KEY.BODY`: the version, the id of the client's key, and nonce, ciphertext and tag in base64 (URL-safe, unpadded).
AES-256-GCM; whose it is, where it stands and the key's id are associated data, so a sealed text opens only there.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from denwaban.store.search import GuardError

VERSION = "dv1"

KEY_BYTES = 32
ID_LETTERS = 12
"""Characters of the id of a client's key."""

_NONCE = 12
_SEALED = re.compile(rf"{VERSION}\.([A-Za-z0-9_-]{{{ID_LETTERS}}})\.([A-Za-z0-9_-]{{38,}})")


class VaultError(GuardError):
    """Something sealed cannot be opened, or nothing can be sealed. The message names keys and places, never contents."""


class KeyMissing(VaultError):
    """The key is not here: the master key that wraps it, or its row."""


class KeyDestroyed(VaultError):
    """The key was destroyed on purpose: what it sealed is gone for good."""


class Tampered(VaultError):
    """This is not what was sealed for this client and this place."""


def is_sealed(text: str) -> bool:
    """Whether it was sealed once: also what somebody has altered since is no plain text."""
    return text.startswith(f"{VERSION}.")


def key_named_in(sealed: str) -> str:
    """The id of the key that opens it. Raises `Tampered` for what is no sealed text."""
    match = _SEALED.fullmatch(sealed)
    if match is None:
        raise Tampered("not a sealed text")
    return match[1]


def new_key_id() -> str:
    """A fresh id for a client's key: 12 characters of base64, 72 random bits."""
    return base64.urlsafe_b64encode(os.urandom(9)).decode()


def seal_text(key: bytes, key_id: str, owner: str, place: str, text: str) -> str:
    """The text, sealed under `key` for this owner and place."""
    nonce = os.urandom(_NONCE)
    body = nonce + AESGCM(key).encrypt(nonce, text.encode(), bound(key_id, owner, place))
    return f"{VERSION}.{key_id}.{_encode(body)}"


def open_text(key: bytes, owner: str, place: str, sealed: str) -> str:
    """The text that was sealed. Raises `Tampered`."""
    key_id = key_named_in(sealed)
    letters = sealed[len(VERSION) + ID_LETTERS + 2 :]
    try:
        body = base64.urlsafe_b64decode(letters + "=" * (-len(letters) % 4))
        # The last letter has bits to spare: only one way of writing is the true one.
        if _encode(body) != letters:
            raise Tampered(place)
        plain = AESGCM(key).decrypt(body[:_NONCE], body[_NONCE:], bound(key_id, owner, place))
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise Tampered(place) from error
    return plain.decode()


def blind_text(key: bytes, place: str, text: str) -> str:
    """32 hex digits that are the same for the same text in the same place, and tell nothing without the key."""
    message = b"\x1f".join((place.encode(), text.encode()))
    return hmac.digest(key, message, hashlib.sha256).hex()[:32]


def bound(key_id: str, *where: str) -> bytes:
    """What a sealed thing is bound to. Each part has its length before it: none can reach into the next."""
    parts = (VERSION, key_id, *where)
    return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)


def wrap(master: bytes, key_id: str, owner: str, purpose: str, key: bytes) -> str:
    """A client's key, sealed under a master key."""
    nonce = os.urandom(_NONCE)
    return _encode(nonce + AESGCM(master).encrypt(nonce, key, bound(key_id, owner, purpose)))


def unwrap(master: bytes, key_id: str, owner: str, purpose: str, wrapped: str) -> bytes:
    """Raises `Tampered` when the row was altered, or belongs to somebody else."""
    try:
        body = base64.urlsafe_b64decode(wrapped + "=" * (-len(wrapped) % 4))
        return AESGCM(master).decrypt(body[:_NONCE], body[_NONCE:], bound(key_id, owner, purpose))
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise Tampered(f"key {key_id}") from error


def _encode(body: bytes) -> str:
    return base64.urlsafe_b64encode(body).decode().rstrip("=")
