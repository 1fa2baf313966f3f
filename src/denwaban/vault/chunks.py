"""Sealed files of which any part can be read without the rest.

    "DNWBV" VERSION(1) · id of the client's key (12) · salt (32) · size of what is sealed (8)
    then every 64 KiB of it, each as AES-256-GCM ciphertext and tag (16)

Each file has a key of its own: HKDF-SHA256 of the client's key with the salt. The nonce is the number of the chunk, and the
head and whose file it is are associated data: chunks cannot be altered, left out, put in another order or another file.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from denwaban.vault.model import ID_LETTERS, KEY_BYTES, Tampered, bound

CHUNK = 64 * 1024
"""Bytes of the plain file in each piece but the last."""

_TAG = 16
_MAGIC = b"DNWBV\x01"
_SALT = 32
_HEAD = struct.Struct(f">{len(_MAGIC)}s{ID_LETTERS}s{_SALT}sQ")

HEAD = _HEAD.size
"""Bytes before the first piece."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first bytes of a sealed file."""

    raw: bytes
    key_id: str
    salt: bytes
    size: int
    """Bytes of the plain file."""

    @property
    def sealed_size(self) -> int:
        """Bytes of the whole sealed file."""
        return HEAD + self.size + _TAG * _pieces(self.size)

    def span(self, wanted: range) -> range:
        """Which bytes of the sealed file are needed for those bytes of the plain one: whole pieces."""
        first, last = wanted.start // CHUNK, max(wanted.start, wanted.stop - 1) // CHUNK
        whole = CHUNK + _TAG
        return range(HEAD + first * whole, min(HEAD + (last + 1) * whole, self.sealed_size))


def read_head(raw: bytes) -> Head:
    """Raises `Tampered` for what is no sealed file."""
    if len(raw) < HEAD:
        raise Tampered("too short for a sealed file")
    magic, key_id, salt, size = _HEAD.unpack(raw[:HEAD])
    if magic != _MAGIC:
        raise Tampered("not a sealed file")
    return Head(raw[:HEAD], key_id.decode("latin-1"), salt, size)


def seal_file(
    source: BinaryIO, target: BinaryIO, size: int, key_id: str, key: bytes, owner: str, place: str
) -> None:
    """Writes `size` bytes of `source`, sealed, to `target`. Raises OSError when there are fewer."""
    head = read_head(_HEAD.pack(_MAGIC, key_id.encode(), os.urandom(_SALT), size))
    cipher = _cipher(head, key)
    said = bound(head.key_id, owner, place) + head.raw
    target.write(head.raw)
    left = size
    for number in range(_pieces(size)):
        plain = source.read(min(CHUNK, left))
        if len(plain) != min(CHUNK, left):
            raise OSError("the file became shorter while it was sealed")
        left -= len(plain)
        target.write(cipher.encrypt(_nonce(number), plain, said))


class Opener:
    """Opens pieces of one sealed file."""

    def __init__(self, head: Head, key: bytes, owner: str, place: str) -> None:
        self.head = head
        self._cipher = _cipher(head, key)
        self._said = bound(head.key_id, owner, place) + head.raw

    def open(self, sealed: bytes, wanted: range) -> bytes:
        """The plain bytes `wanted`, out of the sealed bytes `head.span(wanted)`. Raises `Tampered`."""
        if not wanted:
            return b""
        first = wanted.start // CHUNK
        whole = CHUNK + _TAG
        plain = b"".join(
            self._piece(first + number, sealed[place : place + whole])
            for number, place in enumerate(range(0, len(sealed), whole))
        )
        begin = wanted.start - first * CHUNK
        found = plain[begin : begin + len(wanted)]
        if len(found) != len(wanted):
            raise Tampered("a part is missing")
        return found

    def _piece(self, number: int, sealed: bytes) -> bytes:
        try:
            return self._cipher.decrypt(_nonce(number), sealed, self._said)
        except (InvalidTag, ValueError) as error:
            raise Tampered(f"piece {number}") from error


def parts(wanted: range, pieces: int = 4) -> Iterator[range]:
    """The range, cut where pieces begin, so many pieces at a time."""
    place = wanted.start
    while place < wanted.stop:
        stop = min((place // CHUNK + pieces) * CHUNK, wanted.stop)
        yield range(place, stop)
        place = stop


def _pieces(size: int) -> int:
    """An empty file has one too, so that its head is vouched for."""
    return max(1, -(-size // CHUNK))


def _cipher(head: Head, key: bytes) -> AESGCM:
    derived = HKDF(SHA256(), KEY_BYTES, head.salt, b"denwaban file").derive(key)
    return AESGCM(derived)


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")
