"""Who somebody is and what that lets them see."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LOGIN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._@+-]{1,99}$")

PASSWORD_LENGTH = range(10, 201)
"""Long enough to resist guessing, short enough that hashing one costs no more than it should."""


class AccessError(Exception):
    """A sign-in, account or key that is refused; the message is a sentence for the person concerned (Japanese)."""


class SignInRefused(AccessError):
    """Login or password is wrong, or the account is closed; which one is not told."""


class TooManyTries(AccessError):
    """Too many wrong sign-ins from this address, or for this login from strangers."""

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__("サインインの失敗が続いたため、少しお待ちください")
        self.retry_after = retry_after


class Role(StrEnum):
    """What somebody works as."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    CLIENT = "client"
    ADMINISTRATOR = "administrator"


IDLE = {
    Role.OPERATOR: timedelta(hours=12),
    Role.SUPERVISOR: timedelta(hours=12),
    Role.ADMINISTRATOR: timedelta(hours=8),
    Role.CLIENT: timedelta(days=14),
}
"""A session ends when it was not used for so long. Client staff read reports on their own telephones."""

LONGEST = timedelta(days=30)
"""No session lives longer than this, however much it is used."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in person (with `session_id`) or a program with an API key (without)."""

    user_id: str
    """The account's id; for an API key the key's id."""
    name: str
    role: Role
    client_id: str | None
    """Set for role client, and only there."""
    session_id: str | None

    @property
    def is_key(self) -> bool:
        return self.session_id is None

    def may_see(self, client_id: str | None) -> bool:
        """Whether data of this client is theirs to see. Client staff see their own client, all others every client."""
        if self.role is Role.CLIENT:
            return client_id is not None and client_id == self.client_id
        return True


@dataclass(frozen=True, slots=True)
class User:
    id: str
    login: str
    role: Role
    name: str
    client_id: str | None
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Session:
    id: str
    user_id: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    agent: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    id: str
    name: str
    role: Role
    client_id: str | None
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Found:
    """A principal, and until when the answer holds."""

    who: Principal
    expires_at: datetime | None
    seen_at: datetime | None


def check_account(login: str, role: Role, client_id: str | None) -> None:
    """Raises `AccessError` for a login that cannot be typed, or a client where none belongs (or the reverse)."""
    if not LOGIN.match(login):
        raise AccessError("サインイン名は半角の英数字と . _ @ + - で、2〜100文字にしてください")
    check_scope(role, client_id)


def check_scope(role: Role, client_id: str | None) -> None:
    """Raises `AccessError` unless role client has a client and the other roles have none."""
    if (role is Role.CLIENT) != (client_id is not None):
        raise AccessError("顧客企業は、顧客企業の担当者にだけ指定してください")


def check_password(password: str) -> None:
    """Raises `AccessError` for a password that is too short or too long."""
    if len(password) not in PASSWORD_LENGTH:
        raise AccessError("パスワードは10文字以上、200文字以内にしてください")
