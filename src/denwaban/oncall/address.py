"""Addresses of contacts: what each channel needs, and whether a message could ever arrive there. No I/O."""

import base64
import binascii
import re
import secrets
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from denwaban.people import PeopleError
from denwaban.texts import N_

KEYS = {
    "mail": ("to",),
    "sms": ("number",),
    "phone": ("number",),
    "line": ("user",),
    "line_works": ("user",),
    "slack_app": ("place", "token", "member"),
    "slack": ("url",),
    "chatwork": ("room", "token"),
    "chatwork_task": ("room", "token", "member"),
    "teams": ("url",),
    "google_chat": ("url",),
    "webhook": ("url", "secret"),
}
"""What the address of each channel holds (all values are texts), in the order in which people are offered them."""

CHANNELS = tuple(KEYS)

OPTIONAL = frozenset({("slack_app", "member")})
"""(channel, key) of what may be empty."""

SECRETS = frozenset(
    {
        ("slack", "url"),
        ("slack_app", "token"),
        ("chatwork", "token"),
        ("chatwork_task", "token"),
        ("teams", "url"),
        ("google_chat", "url"),
        ("webhook", "secret"),
    }
)
"""(channel, key) of what is never shown again once it is kept."""

OWN_CHANNELS = tuple(channel for channel in CHANNELS if channel != "webhook")
"""What a client's staff may set by themselves. A webhook may lead anywhere, also into our own network: an
administrator sets it."""

HOSTS = {
    "slack": ("hooks.slack.com",),
    "teams": (".logic.azure.com", ".api.powerplatform.com"),
    "google_chat": ("chat.googleapis.com",),
}
"""Where the hooks of the services themselves are (with a dot: anywhere below). An administrator may name another server
that speaks like one."""

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

LONGEST = {
    "to": 254,
    "room": 20,
    "token": 200,
    "secret": 200,
    "url": 2000,
    "number": 40,
    "user": 254,
    "place": 30,
    "member": 30,
}

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
        value = unicodedata.normalize("NFKC", value).strip() if isinstance(value, str) else ""
        if value or (channel, key) not in OPTIONAL:
            _check_text(key, value)
        found[key] = value
    if check := _CHECKS.get(channel):
        check(found)
    if own and channel in HOSTS:
        host = urlsplit(found["url"]).hostname or ""
        if not any(host.endswith(one) if one[0] == "." else host == one for one in HOSTS[channel]):
            raise BadAddress(_NOT_THEIRS[channel], "url")
    return found


def _check_text(key: str, value: str) -> None:
    if not value:
        raise BadAddress(_EMPTY[key], key)
    if len(value) > LONGEST[key]:
        raise BadAddress("%(most)s文字までにしてください", key, most=str(LONGEST[key]))
    if not value.isascii() or not value.isprintable():
        raise BadAddress("半角の英数字と記号だけで入れてください", key)


def _check_number(address: dict[str, str]) -> None:
    """Kept as +81…; only numbers that can take an SMS."""
    digits = re.sub(r"[-\s()]", "", address["number"])
    found = re.fullmatch(r"(?:0|\+?81)([26789]0[1-9]\d{7})", digits)
    if found is None:
        raise BadAddress("携帯電話の番号を入れてください。例: 090-1234-5678", "number")
    address["number"] = f"+81{found[1]}"


def _check_line(address: dict[str, str]) -> None:
    if not re.fullmatch(r"U[0-9a-f]{32}", address["user"]):
        raise BadAddress(
            "LINE のユーザー ID は U で始まる33文字です。公式アカウントに「ID」と送ると、届きます",
            "user",
        )


def _check_line_works(address: dict[str, str]) -> None:
    if not re.fullmatch(r"[A-Za-z0-9._@+-]+", address["user"]):
        raise BadAddress("LINE WORKS の ID の形が違うようです。例: suzuki@example", "user")


def _check_slack_app(address: dict[str, str]) -> None:
    if not re.fullmatch(r"[CGDU][A-Z0-9]{5,}", address["place"]):
        raise BadAddress("Slack のチャンネル ID は C で始まります。例: C0123456789", "place")
    if not address["token"].startswith("xoxb-"):
        raise BadAddress("Slack のボットトークンは xoxb- で始まります", "token")
    if address["member"] and not re.fullmatch(r"[UW][A-Z0-9]{5,}", address["member"]):
        raise BadAddress("Slack のメンバー ID は U で始まります。例: U0123456789", "member")


def _check_mail(address: dict[str, str]) -> None:
    to = address["to"]
    local, _at, domain = to.rpartition("@")
    labels = domain.split(".")
    strange = any(c.isspace() or c in ',;<>()"@[]\\' for c in local + domain)
    if not local or not all(labels) or strange or local[0] == "." or local[-1] == ".":
        raise BadAddress("メールアドレスの形が違うようです。例: suzuki@example.jp", "to")


def _check_hook(address: dict[str, str]) -> None:
    _check_url(address["url"])


def _check_google_chat(address: dict[str, str]) -> None:
    _check_url(address["url"])
    if not {"key", "token"} <= set(parse_qs(urlsplit(address["url"]).query)):
        raise BadAddress(
            "Google Chat の URL は key と token を含みます。スペースの画面からそのまま写してください",
            "url",
        )


def _check_chatwork(address: dict[str, str]) -> None:
    if not address["room"].isdigit():
        raise BadAddress("Chatwork のルーム番号は数字です。例: 123456789", "room")
    if not address.get("member", "0").isdigit():
        raise BadAddress("Chatwork のアカウント ID は数字です。例: 1234567", "member")


def _check_phone(address: dict[str, str]) -> None:
    """Kept as +…; which numbers are called at all is decided when one is (`outgoing`)."""
    found = re.fullmatch(
        r"(?:0|(?=\+))(\+?[1-9]\d{8,14})", re.sub(r"[-\s()]", "", address["number"])
    )
    if found is None:
        raise BadAddress("電話番号の形が違うようです。例: 090-1234-5678", "number")
    address["number"] = found[1] if found[1].startswith("+") else f"+81{found[1]}"


def _check_webhook(address: dict[str, str]) -> None:
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
    "sms": _check_number,
    "phone": _check_phone,
    "line": _check_line,
    "line_works": _check_line_works,
    "slack_app": _check_slack_app,
    "slack": _check_hook,
    "chatwork": _check_chatwork,
    "chatwork_task": _check_chatwork,
    "teams": _check_hook,
    "google_chat": _check_google_chat,
    "webhook": _check_webhook,
}


_BAD_URL = N_("URL の形が違うようです。例: https://example.jp/hook")
_BAD_SECRET = N_("署名鍵の形が違うようです。whsec_ で始まる鍵をそのまま写してください")
_EMPTY = {
    "to": N_("メールアドレスを入れてください。例: suzuki@example.jp"),
    "url": N_("URL を入れてください。例: https://example.jp/hook"),
    "room": N_("Chatwork のルーム番号を入れてください。例: 123456789"),
    "token": N_("Chatwork の API トークンを入れてください"),
    "secret": N_("署名鍵を入れてください。whsec_ で始まります"),
    "number": N_("電話番号を入れてください。例: 090-1234-5678"),
    "user": N_("ユーザー ID を入れてください"),
    "place": N_("チャンネル ID を入れてください。例: C0123456789"),
    "member": N_("メンバーの ID を入れてください"),
}
_NOT_THEIRS = {
    "slack": N_(
        "Slack の Webhook の URL は https://hooks.slack.com/ で始まります。Slack の画面からそのまま写してください"
    ),
    "teams": N_(
        "Teams のワークフローの URL ではないようです。ワークフローの画面からそのまま写してください"
    ),
    "google_chat": N_(
        "Google Chat の URL は https://chat.googleapis.com/ で始まります。スペースの画面からそのまま写してください"
    ),
}


def new_signing_secret() -> str:
    """A fresh signing key for a webhook (Standard Webhooks): 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def shown_address(channel: str, address: Mapping[str, Any]) -> str:
    """An address, sealed or not, without its secrets; of an id of LINE only the end."""

    def text(key: str) -> str:
        return str(address.get(key, ""))

    if channel == "mail":
        return text("to")
    if channel in ("chatwork", "chatwork_task"):
        return f"ルーム {text('room')}"
    if channel in ("slack", "teams", "google_chat", "webhook"):
        return text("host") or urlsplit(text("url")).hostname or ""
    if channel == "slack_app":
        return text("place")
    if channel == "line_works":
        return text("user")
    if channel == "line":
        return f"…{text('user')[-4:]}"
    if channel == "phone" and not text("number").startswith("+81"):
        return text("number")
    if channel in ("sms", "phone"):
        return f"0{text('number').removeprefix('+81')}"
    return ""
