"""Mail by SMTP. The Message-ID is the idempotency key, so that a second copy is seen as the same mail."""

import asyncio
import html
import re
from binascii import b2a_base64
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from time import monotonic

import aiosmtplib

from denwaban.delivery.channels.conversation import Lost, Refused
from denwaban.delivery.channels.smtp import Connections, Server, parse
from denwaban.delivery.letter import Attachment, Letter
from denwaban.delivery.message import Message, text_of
from denwaban.delivery.outcome import Failed, NotSetUp, Outcome, Retry, Sent

LONGEST = 40.0
"""Seconds that one mail may take from first to last: shorter than the lease of a delivery."""

AT_ONCE = 8
"""Connections to the server."""

ADDRESS = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")
"""ASCII without blanks, brackets and whatever else would add to a command or a header."""

TEXT = 200_000
"""Characters of a mail; more is behind the link."""

PATIENCE = 3
REST_SECONDS = 10.0
"""After so many failures in a row to get through, mail rests this long, so that a server that hangs does not hold
the workers that other channels need."""


class Mail:
    """Address: `to`. 4xx, silence and lost connections are tried again; a 5xx about this mail is final."""

    def __init__(self, url: str, sender: str, answers: str = "") -> None:
        """`answers`: the address that answers and returns come back to, with a token in each mail's own. Raises
        `SettingsError` when the URL cannot be used. Without a URL every mail is `NotSetUp`."""
        self._server: Server | None = parse(url) if url else None
        self._connections = Connections(self._server) if self._server else None
        self._sender = parseaddr(sender)[1] or sender
        self._answers = answers
        self._room = asyncio.Semaphore(AT_ONCE)
        self._failures = 0
        self._rest_until = 0.0

    async def close(self) -> None:
        """Ends the idle connections."""
        if self._connections is not None:
            await self._connections.close()

    async def send(self, message: Message) -> Outcome:
        answer_to = answer_address(self._answers, message.reply)
        return await self._post(
            message.address["to"],
            lambda: compose(message, self._sender, answer_to),
            answer_to or self._sender,
        )

    async def letter(self, letter: Letter) -> Outcome:
        """One try to send it, with the outcomes of `send`."""
        back = answer_address(self._answers, letter.key if letter.comes_back else "")
        return await self._post(
            letter.to, lambda: written(letter, self._sender), back or self._sender
        )

    async def _post(self, to: str, made: Callable[[], bytes], envelope: str) -> Outcome:
        if self._connections is None:
            return NotSetUp("メールサーバーが設定されていません(DENWABAN_SMTP_URL)。")
        if monotonic() < self._rest_until:
            return Retry("メールサーバーにつながらないため、少し待って送り直します。")
        if not ADDRESS.fullmatch(to):
            return Failed("メールアドレスの形が違うようです。連絡先を直してください。")
        content = made()
        try:
            async with asyncio.timeout(LONGEST), self._room:
                code = await self._through(self._connections, envelope, to, content)
        except TimeoutError:  # aiosmtplib's own time-outs are TimeoutErrors too
            return self._no_way(f"メールサーバーが時間内に答えませんでした({LONGEST:.0f}秒まで)。")
        except Refused as error:
            self._failures = 0
            return refused(error.code)
        except aiosmtplib.SMTPAuthenticationError as error:
            return self._no_way(
                f"メールサーバーにサインインできません({error.code})。設定を確かめてください。"
            )
        except aiosmtplib.SMTPResponseException as error:
            return self._no_way(f"メールサーバーが接続を断りました({error.code})。")
        except (aiosmtplib.SMTPException, OSError) as error:
            return self._no_way(f"メールサーバーにつながりませんでした({type(error).__name__})。")
        self._failures = 0
        return Sent(f"メールサーバーが受け取りました({code})")

    async def _through(
        self, connections: Connections, envelope: str, to: str, content: bytes
    ) -> int:
        while True:
            async with connections.one() as (conversation, used):
                try:
                    return await conversation.hand_over(envelope, to, content)
                except Lost as error:
                    # An idle connection may have ended unseen; nothing was handed over yet: once more on a new one.
                    if error.begun or not used:
                        raise
                    continue

    def _no_way(self, why: str) -> Retry:
        self._failures += 1
        if self._failures >= PATIENCE:
            self._rest_until = monotonic() + REST_SECONDS
        return Retry(why)


def refused(code: int) -> Outcome:
    """What a refusal of this very mail means."""
    if code < 500:
        return Retry(f"メールサーバーが「あとでもう一度」と答えました({code})。")
    if code in (550, 551, 553):
        return Failed(
            f"メールの宛先が受け付けられませんでした({code})。アドレスを確かめてください。"
        )
    if code == 552:
        return Failed("相手のメールボックスがいっぱいか、メールが大きすぎます(552)。")
    return Failed(f"メールサーバーが受け取りを断りました({code})。送信元と宛先を確かめてください。")


def answer_address(base: str, token: str) -> str:
    """`reply+TOKEN@in.example.jp`; empty when answers are not read. Returns go there too, so that they tell what came back."""
    local, _at, domain = base.rpartition("@")
    return f"{local}+{token}@{domain}" if local and token else ""


def compose(message: Message, sender: str, answer_to: str = "") -> bytes:
    """The mail as it travels: Japanese headers (RFC 2047), text and a simple HTML part, lines ended by CRLF.

    Written out by hand: the classes of `email` take ten times as long, more than everything else about a message.
    """
    domain = sender.rpartition("@")[2] or "localhost"
    # No line of base64 begins with two hyphens.
    boundary = f"=_{message.key}"
    head = _head(
        ("From", f"{_word(f'{message.client_name} 受電報告')} <{sender}>"),
        ("To", f"{_word(f'{message.staff_name} 様')} <{message.address['to']}>"),
        *((("Reply-To", answer_to),) if answer_to else ()),
        ("Subject", _word(message.subject)),
        ("Date", _date(message.at)),
        ("Message-ID", f"<{message.key}@{domain}>"),
        # All mails of a report make one thread, and an out-of-office answer is not wanted.
        ("References", f"<{message.report_id}@{domain}>"),
        *AUTOMATIC,
        ("Content-Type", f'multipart/alternative; boundary="{boundary}"'),
    )
    how = f"\n\n{BY_ANSWER}" if answer_to and message.takes else ""
    plain, page = text_of(message, TEXT) + how, page_of(message, answered=bool(how))
    parts = (
        f"--{boundary}\r\n".encode() + _part(kind, text)
        for kind, text in (("plain", plain), ("html", page))
    )
    return head + b"\r\n" + b"".join(parts) + f"--{boundary}--\r\n".encode()


def written(letter: Letter, sender: str) -> bytes:
    """A letter as it travels."""
    domain = sender.rpartition("@")[2] or "localhost"
    head = _head(
        ("From", f"{_word('電話番')} <{sender}>"),
        ("To", f"{_word(f'{letter.name} 様')} <{letter.to}>"),
        ("Subject", _word(letter.subject)),
        ("Date", _date(letter.at)),
        ("Message-ID", f"<{letter.key}@{domain}>"),
        *AUTOMATIC,
    )
    text = _part("plain", letter.text[:TEXT])
    if not letter.attachments:
        return head + text
    # As in `compose`: no line of base64 begins with two hyphens.
    boundary = f"=_{letter.key}"
    opened = f"--{boundary}\r\n".encode()
    parts = b"".join(opened + _attached(one) for one in letter.attachments)
    kind = f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'.encode()
    return head + kind + opened + text + parts + f"--{boundary}--\r\n".encode()


@lru_cache(64)
def _date(at: datetime) -> str:
    # The mails of a batch are of the same moment.
    return format_datetime(at)


def _attached(one: Attachment) -> bytes:
    head = (
        f"Content-Type: {one.kind}\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="{one.name}"\r\n\r\n'
    )
    return head.encode("ascii") + _lines(one.data)


LINE = 76
"""Characters of a line of base64."""


def _lines(data: bytes) -> bytes:
    """As base64 in lines. All at once and then cut: `base64.encodebytes` encodes each line by itself."""
    found = b2a_base64(data, newline=False)
    lines = [found[at : at + LINE] for at in range(0, len(found), LINE)]
    return b"\r\n".join([*lines, b""])


AUTOMATIC = (
    ("MIME-Version", "1.0"),
    ("Auto-Submitted", "auto-generated"),
    ("X-Auto-Response-Suppress", "All"),
)

WORD_BYTES = 42
"""Bytes of text in one encoded word: with its frame at most 75 characters (RFC 2047, 2)."""


def _head(*fields: tuple[str, str]) -> bytes:
    """Raises `UnicodeEncodeError` when an address is not ASCII, `ValueError` when a value would add a header."""
    head = "".join([f"{name}: {value}\r\n" for name, value in fields])
    # Lines that go on in the next one begin with a blank there; each field ends one line, and nothing else does.
    whole = head.replace("\r\n ", "")
    if not whole.count("\r") == whole.count("\n") == whole.count("\r\n") == len(fields):
        raise ValueError("a header of one line")
    return head.encode("ascii")


def _part(kind: str, text: str) -> bytes:
    """One text as base64, which no server changes on its way."""
    body = _lines(text.encode())
    head = (
        f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    )
    return head.encode() + body


def _word(text: str) -> str:
    """Text for a header: on one line, so that nobody's name adds a header, and in encoded words of whole characters."""
    line = " ".join(text.split())
    if len(whole := line.encode()) <= WORD_BYTES:
        return f"=?utf-8?b?{b2a_base64(whole, newline=False).decode()}?="
    words, begin = [], 0
    while begin < len(whole):
        end = begin + WORD_BYTES
        while end < len(whole) and whole[end] & 0xC0 == 0x80:
            end -= 1  # in the middle of a character
        words.append(b2a_base64(whole[begin:end], newline=False).decode())
        begin = end
    return "\r\n ".join([f"=?utf-8?b?{one}?=" for one in words])


BY_ANSWER = (
    "このメールに「引き受けます」とだけ書いて返信しても、引き受けたことになります。"
    "ほかの言葉の返信は、報告へのコメントとして残ります。"
)
HOW = '<p style="color:#555;font-size:14px">開いた先のボタンを1回押すと、引き受けたことが電話番に伝わります。</p>'


CELL = "padding:8px 12px;border-bottom:1px solid #ddd;text-align:left;vertical-align:top"
ROW = f'<tr><th style="{CELL};white-space:nowrap;color:#555;font-weight:normal">'
VALUE = f'</th><td style="{CELL}">'


def page_of(message: Message, answered: bool = False) -> str:
    """The HTML part: a table and one button, readable without images or style sheets."""
    rows = "".join(
        [
            f"{ROW}{html.escape(label)}{VALUE}"
            f"{html.escape(value[:TEXT]).replace(chr(10), '<br>')}</td></tr>"
            for label, value in message.lines
        ]
    )
    link = html.escape(message.link, quote=True)
    return (
        '<!doctype html><html lang="ja"><body style="font-family:sans-serif;font-size:16px;line-height:1.7;color:#1a1a1a">'
        f"<p>{html.escape(message.client_name)}<br>{html.escape(message.staff_name)} 様</p>"
        f"<p>{html.escape(message.opening)}</p>"
        f'<p><a href="{link}" style="display:inline-block;background:#0b57a4;color:#fff;padding:14px 28px;'
        'border-radius:8px;text-decoration:none;font-weight:bold">'
        f"{message.asks}</a></p>"
        f'<table style="border-collapse:collapse;max-width:640px">{rows}</table>'
        f"{'' if message.test else HOW}{f'<p>{BY_ANSWER}</p>' if answered else ''}</body></html>"
    )
