"""One WebSocket to the engine: events come in, requests go out and are answered, all in one order.

Written on the websockets library's protocol without I/O, because a request must leave in the moment it is made (an act that
is begun before another also reaches the engine before it) and because no task is then needed for each message. The stream is
cut into frames here: nearly all are short texts, for each of which the library would take ten times as long.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any, Self, cast
from urllib.parse import quote, urlsplit

import msgspec
import structlog
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

from denwaban.telephony.ari import words
from denwaban.telephony.ari.answers import Answer, EngineAway
from denwaban.telephony.ari.http import HttpRequests

log = structlog.get_logger(__name__)

# Nothing heard for two of these: the engine hangs and counts as lost.
HEARTBEAT_SECONDS = 5.0
_OPEN_SECONDS = 5.0
_CLOSE_SECONDS = 2.0
# An engine before 20.14, 21.9 or 22.4 ignores requests over the WebSocket.
REST_OVER_WEBSOCKET_SECONDS = 1.0


_WHOLE_TEXT = 0x81
_Message = words.AnyEvent | words.RESTResponse


class _RestRequest(msgspec.Struct, omit_defaults=True, tag="RESTRequest", tag_field="type"):
    request_id: str
    method: str
    uri: str
    content_type: str = ""
    message_body: str = ""


class AriConnection(asyncio.Protocol):
    """A connection of one application. `on_event` is called for each event and `on_lost` once, from the event loop."""

    def __init__(
        self, url: str, on_event: Callable[[words.AnyEvent], None], on_lost: Callable[[], None]
    ) -> None:
        self._ws = ClientProtocol(parse_uri(url), max_size=None)
        self._on_event = on_event
        self._on_lost = on_lost
        self._decode = msgspec.json.Decoder(_Message).decode
        self._kind = msgspec.json.Decoder(words.Kind).decode
        self._encode = msgspec.json.Encoder().encode
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._parts: list[bytes] = []
        self._unread = b""
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._transport: asyncio.Transport | None = None
        self._http: HttpRequests | None = None
        self._heartbeat: asyncio.TimerHandle | None = None
        self._heard_at = 0.0
        self.lost = False

    @classmethod
    async def open(
        cls,
        base_url: str,
        user: str,
        password: str,
        app: str,
        on_event: Callable[[words.AnyEvent], None],
        on_lost: Callable[[], None],
    ) -> Self:
        """Connects; `base_url` such as `http://127.0.0.1:8421/ari`. Raises `EngineAway`."""
        parts = urlsplit(base_url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        key = quote(f"{user}:{password}", safe="")
        url = f"{scheme}://{parts.netloc}{parts.path}/events?app={quote(app)}&api_key={key}"
        connection = cls(url, on_event, on_lost)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_OPEN_SECONDS):
                await loop.create_connection(
                    lambda: connection,
                    parts.hostname or "127.0.0.1",
                    parts.port or (443 if scheme == "wss" else 80),
                    ssl=True if scheme == "wss" else None,
                )
                await connection._opened
                await connection._choose_way(base_url, user, password)
        except InvalidStatus as error:
            await connection.close()
            raise EngineAway(f"the engine refused: {error.response.status_code}") from error
        except (OSError, TimeoutError, InvalidHandshake) as error:
            await connection.close()
            raise EngineAway(f"the engine cannot be reached: {type(error).__name__}") from error
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _choose_way(self, base_url: str, user: str, password: str) -> None:
        """Requests go over the WebSocket where the engine answers them there, else over HTTP, slower."""
        try:
            async with asyncio.timeout(REST_OVER_WEBSOCKET_SECONDS):
                await self.send("GET", "asterisk/ping")
        except TimeoutError:
            log.warning("ari.over_http")
            self._http = HttpRequests(base_url, user, password)

    def send(
        self, method: str, room: str, body: dict[str, Any] | None = None
    ) -> asyncio.Future[Answer]:
        """Sends a request at once and returns its answer to be awaited. Requests are done in the order in which they were
        sent. The answer's exception is `EngineAway` when the connection breaks before."""
        if self.lost or self._transport is None:
            raise EngineAway("no connection to the engine")
        if self._http is not None:
            return self._http.send(method, room, body)
        number = str(next(self._numbers))
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting[number] = answer
        request = (
            _RestRequest(number, method, room)
            if body is None
            else _RestRequest(number, method, room, "application/json", self._encode(body).decode())
        )
        self._ws.send_text(self._encode(request))
        self._flush()
        return answer

    async def close(self) -> None:
        """Ends the connection; `on_lost` is called if it was open.

        Returns when the engine has ended it as well, so that the next connection of the application does not meet this one.
        """
        if self._heartbeat is not None:
            self._heartbeat.cancel()
        if self._http is not None:
            await self._http.close()
        if self._transport is not None:
            if self._ws.state is State.OPEN:
                self._ws.send_close()
                self._flush()
                await asyncio.wait([self._closed], timeout=_CLOSE_SECONDS)
            self._transport.abort()
            await self._closed

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not asserted: uvloop's transports are none of asyncio's classes.
        self._transport = cast(asyncio.Transport, transport)
        self._ws.send_request(self._ws.connect())
        self._flush()
        self._heard_at = self._loop.time()
        self._heartbeat = self._loop.call_later(HEARTBEAT_SECONDS, self._beat)

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        if self._unread:
            data = self._unread + data
        if not self._opened.done():
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._unread = head
                return
            self._by_library(head + end)
            if not self._opened.done() or self._opened.exception() is not None:
                self._by_library(data)  # a refusal, with what it says
                return
        self._unread = self._read_frames(data)

    def _read_frames(self, data: bytes) -> bytes:
        """Does what the whole frames say; gives what is left."""
        begin = 0
        while (span := _frame_at(data, begin)) is not None:
            start, end = span
            if data[begin] == _WHOLE_TEXT:
                self._message(data[start:end])
            else:
                self._by_library(data[begin:end])
            begin = end
        return data[begin:]

    def _by_library(self, data: bytes) -> None:
        self._ws.receive_data(data)
        for event in self._ws.events_received():
            if isinstance(event, Frame):
                self._frame(event)
            elif isinstance(event, Response) and not self._opened.done():
                if self._ws.handshake_exc is None:
                    self._opened.set_result(None)
                else:
                    self._opened.set_exception(self._ws.handshake_exc)
        self._flush()

    def eof_received(self) -> bool:
        self._ws.receive_eof()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if self._heartbeat is not None:
            self._heartbeat.cancel()
        if not self._opened.done():
            self._opened.set_exception(self._ws.handshake_exc or ConnectionError("closed"))
            self._opened.exception()
        waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            if not answer.done():
                answer.set_exception(EngineAway("the connection to the engine broke"))
                # Whoever gave up waiting has nobody to tell.
                answer.exception()
        self._closed.set_result(None)
        self._on_lost()

    # ---

    def _frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT and frame.fin:
            self._message(bytes(frame.data))
        elif frame.opcode in (Opcode.TEXT, Opcode.CONT):
            self._parts.append(bytes(frame.data))
            if frame.fin:
                whole, self._parts = b"".join(self._parts), []
                self._message(whole)

    def _message(self, data: bytes) -> None:
        try:
            message = self._decode(data)
        except msgspec.DecodeError as error:
            # The first events may come before the filter is set.
            if self._kind(data).type in words.WANTED:
                log.error("ari.unreadable_event", reason=str(error))
            return
        if isinstance(message, words.RESTResponse):
            answer = self._waiting.pop(message.request_id, None)
            if answer is not None and not answer.done():
                answer.set_result(Answer(message.status_code, message.message_body.encode()))
            return
        self._on_event(message)

    def _flush(self) -> None:
        assert self._transport is not None
        for data in self._ws.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._transport.close()

    def _beat(self) -> None:
        silent = self._loop.time() - self._heard_at
        if silent > 2 * HEARTBEAT_SECONDS and self._transport is not None:
            log.error("ari.silent", seconds=round(silent, 1))
            self._transport.abort()
            return
        if self._ws.state is State.OPEN:
            self._ws.send_ping(b"")
            self._flush()
        self._heartbeat = self._loop.call_later(HEARTBEAT_SECONDS, self._beat)


def _frame_at(data: bytes, begin: int) -> tuple[int, int] | None:
    """Where the payload of the frame (unmasked, as servers send them) begins and ends; None when it is not whole yet."""
    if len(data) < begin + 2:
        return None
    length, start = data[begin + 1], begin + 2
    if length >= 126:
        start += 2 if length == 126 else 8
        if len(data) < start:
            return None
        length = int.from_bytes(data[begin + 2 : start], "big")
    end = start + length
    return (start, end) if len(data) >= end else None
