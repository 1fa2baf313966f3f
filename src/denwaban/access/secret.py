"""Passwords (argon2id) and random tokens. Only hashes are ever stored."""

import asyncio
import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from denwaban.access.model import check_password

_HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)

# Each hash takes 64 MiB: two at a time bound what a flood of sign-ins can take.
_THREADS = ThreadPoolExecutor(2, "denwaban-argon2")

KEY_PREFIX = "dwb_"


@dataclass(frozen=True, slots=True)
class Hashed:
    """An argon2id hash, ready to be stored."""

    value: str

    def __repr__(self) -> str:
        return "Hashed(…)"


def hash_now(password: str) -> Hashed:
    """Hashes in this thread (tens of milliseconds: never on the event loop). Raises `AccessError` if unusable."""
    check_password(password)
    return Hashed(_HASHER.hash(password))


async def hash_password(password: str) -> Hashed:
    """Hashes off the event loop. Raises `AccessError` if the password is unusable."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, hash_now, password)


def _matches(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


async def password_matches(stored: str | None, password: str) -> bool:
    """Whether the password belongs to the hash; as much work for an unknown account (None) as for a known one."""
    loop = asyncio.get_running_loop()
    known = await loop.run_in_executor(_THREADS, _matches, stored or _nobody(), password[:200])
    return known and stored is not None


_nobodys: list[str] = []


def _nobody() -> str:
    # A hash that no password has; made once, with the same parameters as the real ones.
    if not _nobodys:
        _nobodys.append(_HASHER.hash(secrets.token_hex(32)))
    return _nobodys[0]


def new_token() -> str:
    """256 random bits, safe in a cookie."""
    return secrets.token_urlsafe(32)


def new_password() -> str:
    """A password to hand over once: 16 characters that are not mistaken for one another."""
    return "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(16))


def hash_token(token: str) -> str:
    """What is stored of a random token. Random tokens need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
