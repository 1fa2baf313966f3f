"""Our own door for mail: a small SMTP server that takes answers and returns for addresses that we gave out, and nothing else.

A mail for any other address is refused before its content (no relay, no backscatter). A mail is answered 250 only when it is
a row. Of a huge mail the beginning is kept, where the text is: an attachment of any size costs neither the text nor our
memory. `SIZE` is not offered, because a server that hears of a limit would return the whole mail.
"""

import asyncio
import contextlib
import logging
import ssl
from collections import Counter
from collections.abc import AsyncIterator

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from denwaban.delivery.inbound.keeping import keep
from denwaban.delivery.inbound.letter import read_letter, token_of
from denwaban.delivery.inbound.returned import Letters, kept_letter
from denwaban.delivery.links import open_reply
from denwaban.delivery.services import MailBack
from denwaban.store import Store, StoreError, Tx

log = structlog.get_logger(__name__)

# It logs who writes to whom.
logging.getLogger("mail.log").setLevel(logging.WARNING)

KEPT = 1_000_000
"""Bytes of a mail that are kept."""

REFUSED = 50_000_000
"""Bytes after which we say that it is too large; what was kept counts all the same."""

SILENCE = 60.0
LONGEST = 600.0
"""Seconds of one mail's content, from first to last."""

CONNECTIONS = 40
FROM_ONE = 10
"""Connections from one address, so that nobody takes all of them; a mail server of ours on this machine may."""

OWN = frozenset({"127.0.0.1", "::1"})


class _Door(SMTP):
    """aiosmtpd's server, but for how it reads the content: bounded, and kept from the beginning."""

    def __init__(self, door: "MailDoor", tls: ssl.SSLContext | None) -> None:
        super().__init__(
            door,
            hostname="denwaban",
            ident="denwaban",
            data_size_limit=None,
            enable_SMTPUTF8=False,
            tls_context=tls,
            timeout=SILENCE,
        )
        self._door = door
        self._counted = False
        self._from = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # After STARTTLS it is the same one again.
        if not self._counted:
            peer = transport.get_extra_info("peername")
            self._from = str(peer[0]) if peer else ""
            full = self._door.full(self._from)
            if full and isinstance(transport, asyncio.Transport):
                transport.write(b"421 4.3.2 Too many connections\r\n")
                transport.close()
                return
            self._door.busy[self._from] += 1
            self._counted = True
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._counted:
            self._door.left(self._from)
            super().connection_lost(error)

    size = 0
    """Bytes of the mail that was read last, whether kept or not."""

    async def smtp_DATA(self, arg: str) -> None:
        if await self.check_helo_needed():
            return
        assert self.envelope is not None  # there is one from the greeting on
        if not self.envelope.rcpt_tos:
            await self.push("503 Error: need RCPT command")
            return
        if arg:
            await self.push("501 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        kept, size = bytearray(), 0
        begins_line = True
        try:
            async with asyncio.timeout(LONGEST):
                while True:
                    line, whole = await self._line()
                    if begins_line and line == b".\r\n":
                        break
                    if begins_line and line.startswith(b"."):
                        line = line[1:]
                    size += len(line)
                    kept += line[: max(0, KEPT - len(kept))]
                    begins_line = whole
        except TimeoutError:
            await self.push("421 4.4.2 Too slow")
            self._writer.close()
            return
        self.envelope.content, self.size = bytes(kept), size
        status = await self._call_handler_hook("DATA")
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        await self.push(status)

    async def _line(self) -> tuple[bytes, bool]:
        """The next line, or a piece of a very long one; whether it ended."""
        try:
            return await self._reader.readuntil(b"\r\n"), True
        except asyncio.LimitOverrunError as error:
            return await self._reader.read(error.consumed), False


class MailDoor:
    """Opened on `host` and `port` of the settings."""

    def __init__(
        self,
        store: Store,
        back: MailBack,
        tls: ssl.SSLContext | None = None,
        letters: Letters | None = None,
    ) -> None:
        self._store = store
        self._back = back
        self._letters = letters
        self._tls = tls
        self.busy: Counter[str] = Counter()
        """Connections that are open, by where they come from."""
        self.port = 0

    def full(self, address: str) -> bool:
        """Whether nobody more is let in from there."""
        from_one = address not in OWN and self.busy[address] >= FROM_ONE
        return from_one or self.busy.total() >= CONNECTIONS

    def left(self, address: str) -> None:
        """A connection from there is over."""
        self.busy[address] -= 1
        if not self.busy[address]:
            del self.busy[address]

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["MailDoor"]:
        """Takes mails until the body ends. Raises `OSError` when the port cannot be had."""

        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: _Door(self, self._tls), self._back.host, self._back.port
        )
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        token = token_of(address, self._back.address)
        try:
            known = await self._store.read(lambda tx: self._knows(tx, token))
        except StoreError:
            return "451 4.3.0 Later, please"
        if not known:
            return "550 5.1.1 No such address here"
        if len(envelope.rcpt_tos) >= 10:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    def _knows(self, tx: Tx, token: str) -> bool:
        if open_reply(tx, token) is not None:
            return True
        return self._letters is not None and self._letters.knows(tx, token)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(server, _Door)
        assert isinstance(content, bytes)
        size = server.size
        letter = await asyncio.to_thread(
            read_letter,
            content,
            self._back.address,
            envelope.rcpt_tos,
            envelope.mail_from or "",
            size > len(content),
        )
        try:
            await self._store.write(lambda tx: keep(tx, [kept_letter(letter)]))
        except StoreError:
            return "451 4.3.0 Later, please"
        log.info("mail_door.taken", sort=letter.sort.value, size=size)
        if size > REFUSED:
            return "552 5.3.4 Your text was received; what was attached is too large"
        return "250 2.6.0 Taken"
