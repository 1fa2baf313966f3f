"""Local servers that behave as the services' own documentation says, for tests of delivery channels. Only on 127.0.0.1."""

import asyncio
import email
import email.policy
import json
import ssl
import subprocess
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

# --- SMTP ---


class Postman:
    """Keeps what arrives. `replies[COMMAND]` is a queue of answers given instead of accepting (e.g. `451 …`)."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.replies: dict[str, deque[str]] = {"MAIL": deque(), "RCPT": deque(), "DATA": deque()}
        self.connections = 0
        self.encrypted: list[bool] = []
        self.sign_ins: list[str | None] = []
        self.servers: list[SMTP] = []

    def end_all(self) -> None:
        """Ends every connection without a word."""
        for server in self.servers:
            if isinstance(server.transport, asyncio.Transport):
                server.transport.abort()

    def say(self, command: str, *replies: str) -> None:
        """The next answers to this command."""
        self.replies[command].extend(replies)

    async def handle_EHLO(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.replies["MAIL"]:
            return self.replies["MAIL"].popleft()
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.replies["RCPT"]:
            return self.replies["RCPT"].popleft()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.replies["DATA"]:
            return self.replies["DATA"].popleft()
        content = envelope.original_content or b""
        parsed = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        self.recipients += envelope.rcpt_tos
        self.encrypted.append(session.ssl is not None)
        self.sign_ins.append(session.auth_data.login.decode() if session.auth_data else None)
        return "250 OK: queued"

    def to(self, address: str) -> list[EmailMessage]:
        """The mails to this address."""
        return [
            mail
            for mail, recipient in zip(self.mails, self.recipients, strict=True)
            if recipient == address
        ]


@asynccontextmanager
async def smtp_server(
    postman: Postman,
    tls: ssl.SSLContext | None = None,
    password: tuple[str, str] | None = None,
    port: int = 0,
) -> AsyncIterator[str]:
    """A real SMTP server; yields `127.0.0.1:port`. With `tls` it offers STARTTLS, with `password` it demands a login."""

    def check(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        good = password is not None and (data.login.decode(), data.password.decode()) == password
        return AuthResult(success=good, handled=False, auth_data=data)

    def connected() -> SMTP:
        postman.connections += 1
        made = SMTP(
            postman,
            enable_SMTPUTF8=False,
            tls_context=tls,
            auth_required=password is not None,
            auth_require_tls=tls is not None,
            authenticator=check if password else None,
        )
        postman.servers.append(made)
        return made

    server = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", port)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@asynccontextmanager
async def hanging_server(greeting: bytes = b"") -> AsyncIterator[str]:
    """Accepts connections, says at most `greeting`, and then nothing for ever."""
    open_ones: list[asyncio.StreamWriter] = []

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.append(writer)
        writer.write(greeting)
        await reader.read(-1)
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in open_ones:
            writer.close()


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate that it signed itself."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ]
        + ["-days", "2", "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


# --- HTTP ---


@dataclass
class Seen:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Reply:
    """One answer."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class HttpService:
    """Answers as `rule` says, unless `replies` holds something to say first. `hang` makes it never answer."""

    def __init__(self, rule: Callable[[Seen], Reply]) -> None:
        self.rule = rule
        self.seen: list[Seen] = []
        self.accepted: list[Seen] = []
        self.replies: deque[Reply] = deque()
        self.hang = False
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

    @asynccontextmanager
    async def running(self) -> AsyncIterator["HttpService"]:
        """Serves on a port of its own; `url` is where."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()


def slack_rule(request: Seen) -> Reply:
    """An incoming webhook as docs.slack.dev describes it."""
    known = {
        "/services/T1/B1/good": None,
        "/services/T1/B1/archived": Reply(410, "channel_is_archived"),
        "/services/T1/B1/forbidden": Reply(403, "action_prohibited"),
    }
    if request.path not in known:
        return Reply(404, "no_service")
    refusal = known[request.path]
    if refusal is not None:
        return refusal
    if not request.headers["content-type"].startswith("application/json"):
        return Reply(400, "invalid_payload")
    try:
        payload = json.loads(request.body)
    except ValueError:
        return Reply(400, "invalid_payload")
    if not payload.get("text") and not payload.get("blocks"):
        return Reply(400, "no_text")
    allowed = {"text", "blocks", "attachments", "unfurl_links", "unfurl_media", "mrkdwn"}
    if set(payload) - allowed:
        return Reply(400, "invalid_payload")
    for block in payload.get("blocks", []):
        text = block.get("text", {}).get("text", "")
        if block["type"] == "section" and not 1 <= len(text) <= 3000:
            return Reply(400, "invalid_blocks")
        if len(block.get("block_id", "")) > 255:
            return Reply(400, "invalid_blocks")
    return Reply(200, "ok")


def chatwork_rule(request: Seen) -> Reply:
    """`POST /v2/rooms/{room_id}/messages` as developer.chatwork.com describes it."""
    limits = {"x-ratelimit-limit": "300", "x-ratelimit-remaining": "299"}
    if request.headers.get("x-chatworktoken") != "good-token":
        return Reply(401, '{"errors":["Invalid API token"]}')
    if urlsplit(request.path).path != "/v2/rooms/123/messages":
        return Reply(404, '{"errors":["Room not found"]}', limits)
    if request.headers["content-type"] != "application/x-www-form-urlencoded":
        return Reply(400, '{"errors":["Parameter \'body\' is required"]}', limits)
    body = parse_qs(request.body).get("body", [""])[0]
    if not 1 <= len(body) <= 65_535:
        return Reply(400, '{"errors":["Invalid Parameter \'body\'"]}', limits)
    return Reply(200, '{"message_id":"5"}', limits)


def webhook_rule(request: Seen) -> Reply:
    """A receiver that wants JSON and the three headers of Standard Webhooks."""
    wanted = ("webhook-id", "webhook-timestamp", "webhook-signature")
    if any(not request.headers.get(name) for name in wanted):
        return Reply(401)
    json.loads(request.body)
    return Reply(204)


def words_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())
