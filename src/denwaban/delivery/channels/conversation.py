"""Handing mails over on a connection that is ready for them, with the commands of one mail sent together where the server
allows it (RFC 2920)."""

import asyncio
from collections import deque
from typing import cast

import aiosmtplib

MOST = 32_768
"""Bytes of answers that nobody has asked for; a server that says more is broken."""

COMPLETED, WILL_FORWARD, GO_ON, GOODBYE = 250, 251, 354, 421


class Refused(Exception):
    """The server refused this very mail. What it still has to say would be taken for the next answer: the connection ends."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Lost(ConnectionError):
    """The connection ended. `begun` tells whether the mail itself was on its way."""

    def __init__(self, begun: bool) -> None:
        super().__init__("the mail server ended the connection")
        self.begun = begun


class Conversation(asyncio.Protocol):
    """Takes over the connection of an `aiosmtplib` client that has said hello and signed in: one command at a time costs it
    two more round trips and three times the work for each mail."""

    def __init__(self, client: aiosmtplib.SMTP) -> None:
        transport = client.transport
        if transport is None:
            raise Lost(begun=False)
        self._client = client
        self._transport = cast(asyncio.Transport, transport)  # uvloop has classes of its own
        self._together = client.supports_extension("pipelining")
        self._buffer = bytearray()
        self._answers: deque[int] = deque()
        self._waiting: asyncio.Future[None] | None = None
        self._lost = False
        transport.set_protocol(self)

    @property
    def is_ready(self) -> bool:
        """Whether another mail may begin; not when the server ended it or said something unasked (a goodbye)."""
        return not (self._lost or self._answers or self._transport.is_closing())

    async def hand_over(self, sender: str, to: str, content: bytes) -> int:
        """The code by which the server took the mail. Addresses are without brackets and blanks, lines end by CRLF.

        Raises `Refused` and `Lost`; the connection must then be closed, as when the caller's patience is over.
        """
        wanted = (
            (b"MAIL FROM:<%b>\r\n" % sender.encode("ascii"), (COMPLETED,)),
            (b"RCPT TO:<%b>\r\n" % to.encode("ascii"), (COMPLETED, WILL_FORWARD)),
            (b"DATA\r\n", (GO_ON,)),
        )
        if self._together:
            self._transport.write(b"".join(command for command, _codes in wanted))
        for command, codes in wanted:
            if not self._together:
                self._transport.write(command)
            code = await self._answer(begun=False)
            if code == GOODBYE:
                raise Lost(begun=False)
            if code not in codes:
                raise Refused(code)
        self._transport.write(_dotted(content))
        code = await self._answer(begun=True)
        if code != COMPLETED:
            raise Refused(code)
        return code

    async def quit(self) -> None:
        """Says goodbye and waits two seconds at most for the answer."""
        try:
            async with asyncio.timeout(2):
                self._transport.write(b"QUIT\r\n")
                await self._answer(begun=False)
        except (TimeoutError, Lost):
            pass  # it ends in any case
        finally:
            self.close()

    def close(self) -> None:
        """Ends the connection."""
        self._lost = True
        self._client.close()

    async def _answer(self, *, begun: bool) -> int:
        while not self._answers:
            if self._lost:
                raise Lost(begun)
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        return self._answers.popleft()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            # 「250-…」 goes on in the next line.
            if line[3:4] != b"-":
                self._answers.append(int(line[:3]) if line[:3].isdigit() else 0)
        if len(self._buffer) > MOST or len(self._answers) > MOST:
            self._transport.abort()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


def _dotted(content: bytes) -> bytes:
    """The mail as DATA carries it: no line of it is a lone dot (RFC 5321, 4.5.2)."""
    if content.startswith(b"."):
        content = b"." + content
    return content.replace(b"\r\n.", b"\r\n..") + b".\r\n"
