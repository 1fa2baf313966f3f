"""The SMTP server's address as a URL, and connections to it that are used again."""

import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from denwaban.config import SettingsError
from denwaban.delivery.channels.conversation import Conversation

STEP = 15.0
"""Seconds that the server may take for one step until a connection is ready."""

IDLE = 20.0
"""Seconds that an unused connection is kept; servers commonly end them after some minutes."""

Tls = Literal["direct", "required", "auto", "no"]

YES = frozenset({"true", "1", "yes", "required"})
NO = frozenset({"false", "0", "no", "never"})


@dataclass(frozen=True, slots=True)
class Server:
    """`smtp://user:password@host:port?starttls=auto|required|no&verify=yes|no`, or `smtps://…` for TLS from the start.

    `auto` (the default) uses STARTTLS where it is offered; with a password it is required, except on loopback.
    """

    host: str
    port: int
    user: str | None
    password: str | None
    tls: Tls
    verify: bool

    def __repr__(self) -> str:
        return f"Server({self.host}:{self.port}, {self.tls})"


def parse(url: str) -> Server:
    """Raises `SettingsError` when the URL cannot be used; the message never holds the password."""
    expected = "DENWABAN_SMTP_URL: smtp://利用者:合言葉@ホスト:ポート?starttls=required の形で指定してください"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise SettingsError(expected) from error
    if parts.scheme not in ("smtp", "smtps") or not host:
        raise SettingsError(expected)
    query = {key: values[-1].lower() for key, values in parse_qs(parts.query).items()}
    user = unquote(parts.username) if parts.username else None
    starttls = query.get("starttls", "auto")
    tls: Tls = "auto"
    if parts.scheme == "smtps":
        tls = "direct"
    elif starttls in YES:
        tls = "required"
    elif starttls in NO:
        tls = "no"
    elif starttls != "auto":
        raise SettingsError(expected)
    elif user is not None and host not in ("127.0.0.1", "::1", "localhost"):
        tls = (
            "required"  # a password does not travel in the open because somebody stripped STARTTLS
        )
    return Server(
        host,
        port or {"direct": 465, "no": 25}.get(tls, 587 if user else 25),
        user,
        unquote(parts.password) if parts.password else None,
        tls,
        query.get("verify", "yes") not in NO,
    )


class Connections:
    """Connections to one server. Each is used by one sender at a time and kept for the next one."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._idle: list[tuple[Conversation, float]] = []

    @asynccontextmanager
    async def one(self) -> AsyncIterator[tuple[Conversation, bool]]:
        """A ready connection and whether it was used before; kept for the next sender if the body did not raise."""
        found = self._take()
        used = found is not None
        if found is None:
            found = await self._open()
        try:
            yield found, used
        except BaseException:
            # What the server still has to say about the failed command would be taken for the next answer.
            found.close()
            raise
        if found.is_ready:
            self._idle.append((found, time.monotonic()))
        else:
            found.close()

    async def close(self) -> None:
        """Says goodbye on every idle connection."""
        while self._idle:
            await self._idle.pop()[0].quit()

    def _take(self) -> Conversation | None:
        edge = time.monotonic() - IDLE
        while self._idle:
            found, since = self._idle.pop()
            if since >= edge and found.is_ready:
                return found
            found.close()
        return None

    async def _open(self) -> Conversation:
        client = self._new()
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                try:
                    await client.ehlo()
                except aiosmtplib.SMTPHeloError:
                    if not client.is_connected:
                        raise
                    await client.helo()
            return Conversation(client)
        except BaseException:
            client.close()
            raise

    def _new(self) -> aiosmtplib.SMTP:
        server = self._server
        context = ssl.create_default_context() if server.tls != "no" else None
        if context is not None and not server.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if context is not None and server.tls == "auto":
            # Opportunistic: an unverified certificate still beats no encryption at all.
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.tls == "direct",
            start_tls={"required": True, "no": False, "direct": False}.get(server.tls),
            tls_context=context,
            timeout=STEP,
        )
