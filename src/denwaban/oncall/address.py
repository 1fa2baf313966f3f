"""Addresses of contacts: what each channel needs, and whether a message could ever arrive there. No I/O."""

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from denwaban.people import PeopleError

CHANNELS = ("mail", "slack", "chatwork", "webhook")

KEYS = {
    "mail": ("to",),
    "slack": ("url",),
    "chatwork": ("room", "token"),
    "webhook": ("url", "secret"),
}
"""What the address of each channel holds (all values are texts)."""

SECRETS = frozenset({("slack", "url"), ("chatwork", "token"), ("webhook", "secret")})
"""(channel, key) of what is never shown again once it is kept."""

OWN_CHANNELS = ("mail", "slack", "chatwork")
"""What a client's staff may set by themselves. A webhook may lead anywhere, also into our own network: an
administrator sets it."""

SLACK = "hooks.slack.com"
"""Where the hooks of Slack itself are. An administrator may name another server that speaks like it."""

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

LONGEST = {"to": 254, "room": 20, "token": 200, "secret": 200, "url": 2000}

_SECRET_BYTES = 32


class BadAddress(PeopleError):
    """A contact that could never be reached; a Japanese sentence for whoever typed it. `field` is the address's key."""


def checked_address(channel: str, given: Mapping[str, Any], *, own: bool = False) -> dict[str, str]:
    """The address as it is kept: what the channel needs, without blanks around it, and nothing else.

    Raises `BadAddress` when a message could never arrive there, or would travel readable by others. `own`: typed by the
    client's staff, who may only choose channels that lead to no place in our own network.
    """
    if channel not in CHANNELS or (own and channel not in OWN_CHANNELS):
        raise BadAddress("この連絡方法は使えません。一覧から選んでください", "channel")
    found = {}
    for key in KEYS[channel]:
        value = given.get(key)
        value = value.strip() if isinstance(value, str) else ""
        _check_text(key, value)
        found[key] = value
    _CHECKS[channel](found)
    if own and channel == "slack" and urlsplit(found["url"]).hostname != SLACK:
        raise BadAddress(
            "Slack の Webhook の URL は https://hooks.slack.com/ で始まります。Slack の画面からそのまま写してください",
            "url",
        )
    return found


def _check_text(key: str, value: str) -> None:
    if not value:
        raise BadAddress(_EMPTY[key], key)
    if len(value) > LONGEST[key]:
        raise BadAddress("%(most)s文字までにしてください", key, most=str(LONGEST[key]))
    if not value.isascii() or not value.isprintable():
        raise BadAddress("半角の英数字と記号だけで入れてください", key)


def _check_mail(address: Mapping[str, str]) -> None:
    to = address["to"]
    local, _at, domain = to.rpartition("@")
    labels = domain.split(".")
    strange = any(c.isspace() or c in ',;<>()"@[]\\' for c in local + domain)
    if not local or not all(labels) or strange or local[0] == "." or local[-1] == ".":
        raise BadAddress("メールアドレスの形が違うようです。例: suzuki@example.jp", "to")


def _check_slack(address: Mapping[str, str]) -> None:
    _check_url(address["url"])


def _check_chatwork(address: Mapping[str, str]) -> None:
    if not address["room"].isdigit():
        raise BadAddress("Chatwork のルーム番号は数字です。例: 123456789", "room")


def _check_webhook(address: Mapping[str, str]) -> None:
    _check_url(address["url"])
    secret = address["secret"]
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise BadAddress(_BAD_SECRET, "secret") from error
    if not key:
        raise BadAddress(_BAD_SECRET, "secret")


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise BadAddress(_BAD_URL, "url") from error
    if not host or parts.scheme not in ("http", "https") or any(c in ' \\^`{|}<>"' for c in url):
        raise BadAddress(_BAD_URL, "url")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise BadAddress("お客様の情報が通るため、https で始まる URL にしてください", "url")


_CHECKS = {
    "mail": _check_mail,
    "slack": _check_slack,
    "chatwork": _check_chatwork,
    "webhook": _check_webhook,
}


def N_(text: str) -> str:
    """Marks a text for translation where it is not shown yet."""
    return text


_BAD_URL = N_("URL の形が違うようです。例: https://example.jp/hook")
_BAD_SECRET = N_("署名鍵の形が違うようです。whsec_ で始まる鍵をそのまま写してください")
_EMPTY = {
    "to": N_("メールアドレスを入れてください。例: suzuki@example.jp"),
    "url": N_("URL を入れてください。例: https://example.jp/hook"),
    "room": N_("Chatwork のルーム番号を入れてください。例: 123456789"),
    "token": N_("Chatwork の API トークンを入れてください"),
    "secret": N_("署名鍵を入れてください。whsec_ で始まります"),
}


def new_signing_secret() -> str:
    """A fresh signing key for a webhook (Standard Webhooks): 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def shown_address(channel: str, address: Mapping[str, Any]) -> str:
    """An address without its secrets."""
    if channel == "mail":
        return str(address.get("to", ""))
    if channel == "chatwork":
        return f"ルーム {address.get('room', '')}"
    if channel in ("slack", "webhook"):
        return urlsplit(str(address.get("url", ""))).hostname or ""
    return ""
