"""Who may be reached now: decisions over a client's roster, without I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from denwaban.people import Presence, Staff

CHANNELS = ("mail", "slack", "chatwork", "webhook")

MISSING = {
    "mail": ("to",),
    "slack": ("url",),
    "chatwork": ("room", "token"),
    "webhook": ("url", "secret"),
}
"""What the address of each channel must hold (all values are strings)."""

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class BadAddress(ValueError):
    """A contact that could never be reached; the message is a Japanese sentence for whoever typed it."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach one staff member. `address` may hold secrets: show `shown` instead."""

    id: str
    client_id: str
    staff_id: str
    channel: str
    address: Mapping[str, Any] = field(repr=False)
    position: int = 0

    @property
    def shown(self) -> str:
        """The address as people may see it: never a token, a secret or a secret path."""
        return shown_address(self.channel, self.address)


class Why(StrEnum):
    """Why this person."""

    IN_CHARGE = "in_charge"
    """Takes this client's reports and may be reached."""
    SUBSTITUTE = "substitute"
    """Stands in for the person in charge, who is away."""


@dataclass(frozen=True, slots=True)
class OnDuty:
    """The one person who takes a report now."""

    staff: Staff
    why: Why
    instead_of: Staff | None = None


@dataclass(frozen=True, slots=True)
class NobodyOnDuty:
    """Nobody who takes this client's reports may be reached now. Show it: it is never silence."""

    client_id: str
    default: Staff | None
    """Whom a report goes to all the same; None when the client has named nobody."""


def reachable(person: Staff, at: datetime) -> bool:
    """Whether a message reaches this person at `at`. Busy people read messages; an absence ends at its `until`."""
    return person.presence_at(at) in (Presence.PRESENT, Presence.BUSY)


def in_charge(roster: Sequence[Staff], client_id: str, at: datetime) -> OnDuty | NobodyOnDuty:
    """Who takes a report of this client at `at`; the same roster and moment always give the same answer.

    The first of those in charge (by id, so the longest known) who may be reached; else the first reachable along
    their substitutes, in the same order.
    """
    leaders = sorted((person for person in roster if person.in_charge), key=lambda p: p.id)
    for person in leaders:
        if reachable(person, at):
            return OnDuty(person, Why.IN_CHARGE)
    for person in leaders:
        for other in chain(roster, person):
            if reachable(other, at):
                return OnDuty(other, Why.SUBSTITUTE, person)
    return NobodyOnDuty(client_id, leaders[0] if leaders else None)


def substitute(roster: Sequence[Staff], person: Staff, at: datetime) -> Staff | None:
    """Who takes over from `person`: the first reachable along the named substitutes, then another in charge.

    When none of them may be reached, the nearest all the same: a message to somebody away is better than none. None
    only when there is nobody else at all.
    """
    leaders = sorted((other for other in roster if other.in_charge), key=lambda p: p.id)
    others = [other for other in leaders if other.id != person.id]
    known: dict[str, Staff] = {other.id: other for other in [*chain(roster, person), *others]}
    for other in known.values():
        if reachable(other, at):
            return other
    return next(iter(known.values()), None)


def chain(roster: Sequence[Staff], person: Staff) -> list[Staff]:
    """The substitutes of `person`, theirs, and so on; a circle ends where it closes."""
    by_id = {other.id: other for other in roster}
    walked: list[Staff] = []
    seen = {person.id}
    following = by_id.get(person.substitute_id or "")
    while following is not None and following.id not in seen:
        seen.add(following.id)
        walked.append(following)
        following = by_id.get(following.substitute_id or "")
    return walked


def check_address(channel: str, address: Mapping[str, Any]) -> None:
    """Raises `BadAddress` when a message could never arrive there, or would travel readable by others."""
    if channel not in CHANNELS:
        raise BadAddress(
            f"「{channel}」という連絡方法はありません。{'・'.join(CHANNELS)} から選んでください。"
        )
    for key in MISSING[channel]:
        value = address.get(key)
        if not isinstance(value, str) or not value.strip():
            raise BadAddress(f"連絡先({channel})に {key} がありません。")
    if channel == "mail":
        _check_mail(address["to"])
    if channel == "chatwork" and not address["room"].isdigit():
        raise BadAddress("Chatwork のルーム番号は数字です。例: 123456789")
    if channel in ("slack", "webhook"):
        _check_url(address["url"])


def _check_mail(to: str) -> None:
    local, at, domain = to.rpartition("@")
    bad = not at or not local or not domain or any(c.isspace() or c in ',;<>()"' for c in to)
    if bad or not to.isprintable():
        raise BadAddress("メールアドレスの形が違うようです。例: suzuki@example.jp")


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise BadAddress("URL の形が違うようです。例: https://example.jp/hook") from error
    if not host or parts.scheme not in ("http", "https"):
        raise BadAddress("URL の形が違うようです。例: https://example.jp/hook")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise BadAddress("お客様の情報が通るため、https で始まる URL にしてください。")


def shown_address(channel: str, address: Mapping[str, Any]) -> str:
    """An address without its secrets."""
    if channel == "mail":
        return str(address.get("to", ""))
    if channel == "chatwork":
        return f"ルーム {address.get('room', '')}"
    if channel in ("slack", "webhook"):
        return urlsplit(str(address.get("url", ""))).hostname or ""
    return ""
