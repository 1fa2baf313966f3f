"""A small HTTP server whose answers follow a rule: each service's own file beside this one has that. Only on 127.0.0.1."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs


@dataclass
class Seen:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: str

    def form(self) -> dict[str, str]:
        """The body as a form; each field once."""
        return {key: values[-1] for key, values in parse_qs(self.body).items()}

    def json(self) -> dict[str, object] | None:
        """The body if it is a JSON object and says so."""
        if not self.headers.get("content-type", "").startswith("application/json"):
            return None
        try:
            found = json.loads(self.body)
        except ValueError:
            return None
        return found if isinstance(found, dict) else None


@dataclass
class Reply:
    """One answer."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class HttpService:
    """Answers as `rule` says, unless `replies` holds something to say first. `hang` makes it never answer, `drip` never end
    its answer."""

    def __init__(self, rule: Callable[[Seen], Reply]) -> None:
        self.rule = rule
        self.seen: list[Seen] = []
        self.accepted: list[Seen] = []
        self.replies: deque[Reply] = deque()
        self.hang = False
        self.drip = False
        self.url = ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().strip().split("\r\n")
                method, path, _ = first.split(" ")
                headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                request = Seen(method, path, headers, body.decode())
                self.seen.append(request)
                if self.hang:
                    await reader.read(-1)
                    return
                if self.drip:
                    await self._drip(writer)
                    return
                reply = self.replies.popleft() if self.replies else self.rule(request)
                if 200 <= reply.status < 300:
                    self.accepted.append(request)
                extra = "".join(f"{k}: {v}\r\n" for k, v in reply.headers.items())
                data = reply.body.encode()
                top = f"HTTP/1.1 {reply.status} X\r\ncontent-length: {len(data)}\r\n{extra}\r\n"
                writer.write(top.encode() + data)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def _drip(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 X\r\ncontent-length: 99999999\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["HttpService"]:
        """Serves on a port of its own; `url` is where."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
