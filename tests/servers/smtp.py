"""A real SMTP server, and one that hangs. Only on 127.0.0.1."""

import asyncio
import email
import email.policy
import ssl
import subprocess
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Postman:
    """Keeps what arrives. `replies[COMMAND]` is a queue of answers given instead of accepting (e.g. `451 …`)."""

    def __init__(self, together: bool = True) -> None:
        """`together`: it takes the commands of a mail in one go (PIPELINING)."""
        self.together = together
        self.contents: list[bytes] = []
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.senders: list[str | None] = []
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
        return ["250-PIPELINING", *responses] if self.together else responses

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
        self.contents.append(content)
        self.mails.append(parsed)
        self.recipients += envelope.rcpt_tos
        self.senders.append(envelope.mail_from)
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


def words_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())
