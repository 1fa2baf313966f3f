"""A mail that came in, as far as it matters: what it answers, who wrote it, what they wrote. No I/O; never raises.

Sources: RFC 5322 (In-Reply-To, References), RFC 3464 (returns: multipart/report, delivery-status), RFC 8098 (read notices),
RFC 3834 (Auto-Submitted). Attachments are named and never looked into.
"""

import contextlib
import email.errors
import email.header
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from email.utils import getaddresses, parseaddr
from enum import StrEnum
from html.parser import HTMLParser

from denwaban.delivery.inbound.bounded import codec, parse, storable, storables
from denwaban.delivery.inbound.quoting import own_words

PARTS = 60
"""Parts of a mail that are looked at."""
NAMES = 10
TEXT = 200_000


class Sort(StrEnum):
    """What a mail is."""

    ANSWER = "answer"
    AWAY = "away"
    """Written by a program on behalf of somebody: a holiday notice."""
    BOUNCE = "bounce"
    ARRIVED = "arrived"
    READ = "read"
    NOTHING = "nothing"
    """A delay, an unreadable mail."""


@dataclass(frozen=True, slots=True)
class Letter:
    """`tokens` and `keys` say which of our mails it is about: from the addresses it came to, and the ids it names."""

    sort: Sort
    tokens: tuple[str, ...]
    keys: tuple[str, ...]
    sender: str
    text: str
    attachments: tuple[str, ...]
    cut: bool
    """More came than we take: the end, usually of an attachment, is not there."""
    status: str
    """Of a return: 5.1.1."""
    seen_key: str
    """The same mail again has the same."""


_KEY = re.compile(r"<(msg_[0-9a-f]{32})@")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_AWAY_SUBJECT = re.compile(
    r"^(?:自動応答|自動返信|不在|automatic reply|auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office)",
    re.IGNORECASE,
)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|returned mail|delivery (?:status|failure)|failure notice|mail delivery failed|配信不能|配送できません",
    re.IGNORECASE,
)


def token_of(address: str, base: str) -> str:
    """The token in `reply+TOKEN@in.example.jp` when `base` is `reply@in.example.jp`; empty when it is another address."""
    local, _at, domain = address.strip().rpartition("@")
    own, _at, own_domain = base.rpartition("@")
    if domain.lower() != own_domain.lower() or not local.lower().startswith(f"{own.lower()}+"):
        return ""
    return local[len(own) + 1 :].lower()


def read_letter(
    raw: bytes,
    base: str,
    recipients: Sequence[str] = (),
    sender: str | None = None,
    cut: bool = False,
) -> Letter:
    """A mail's meaning. `recipients` and `sender` are of the envelope where it is known; `sender` "" is a return's."""
    try:
        mail, shortened = parse(raw)
        return _read(mail, raw, base, recipients, sender, cut or shortened)
    except (RecursionError, ValueError, LookupError, TypeError, AssertionError):
        # The standard library's parser raises these for some malformed mails; the mail is kept as what it is: unreadable.
        key = f"mail:{hashlib.sha256(raw).hexdigest()}"
        return Letter(Sort.NOTHING, (), (), "", "", (), cut, "", key)


def _read(
    mail: Message,
    raw: bytes,
    base: str,
    recipients: Sequence[str],
    sender: str | None,
    cut: bool,
) -> Letter:
    named = ("delivered-to", "x-original-to", "to", "cc")
    headers = [str(value) for name in named for value in mail.get_all(name, [])]
    places = [*recipients, *(address for _name, address in getaddresses(headers))]
    found = filter(None, (token_of(place, base) for place in places))
    tokens = storables(dict.fromkeys(found))
    parts = list(_parts(mail))
    refers = " ".join(str(mail.get(name, "")) for name in ("in-reply-to", "references"))
    sort, status = _sort(mail, parts, sender)
    if sort in (Sort.BOUNCE, Sort.ARRIVED, Sort.READ, Sort.NOTHING):
        refers += " ".join(_original_ids(parts))
    writer = parseaddr(str(mail.get("from", "")))[1].lower()
    told = str(mail.get("message-id", "")).strip()
    identity = f"{told} {writer}".encode("utf-8", "replace") if told else raw
    return Letter(
        sort=sort,
        tokens=tokens,
        keys=tuple(dict.fromkeys(_KEY.findall(refers))),
        sender=storable(writer),
        text=own_words(storable(_text(parts))),
        attachments=storables(_attachments(parts)),
        cut=cut,
        status=storable(status),
        seen_key=f"mail:{hashlib.sha256(identity + ' '.join(tokens).encode()).hexdigest()}",
    )


def _parts(mail: Message) -> Iterator[Message]:
    """The first parts of a mail, from the outside in; a mail made of thousands of parts is not walked to its end."""
    waiting = [mail]
    for _count in range(PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        yield part
        inner = part.get_payload()
        if part.is_multipart() and isinstance(inner, list):
            waiting += [one for one in inner if isinstance(one, Message)]


def _sort(mail: Message, parts: Sequence[Message], sender: str | None) -> tuple[Sort, str]:
    if mail.get_content_type() == "multipart/report":
        return _report(parts)
    subject = _decoded(str(mail.get("subject", "")))
    writer = str(mail.get("from", "")).lower()
    if "mailer-daemon" in writer and _BOUNCE_SUBJECT.search(subject):
        found = _STATUS.search(_text(parts))
        return Sort.BOUNCE, found[1] if found else ""
    automatic = str(mail.get("auto-submitted", "no")).split(";")[0].strip().lower() != "no"
    automatic |= str(mail.get("precedence", "")).strip().lower() in ("auto_reply", "bulk", "junk")
    automatic |= any(mail.get(name) for name in ("x-autoreply", "x-autorespond"))
    automatic |= _AWAY_SUBJECT.match(subject) is not None or sender == ""
    return (Sort.AWAY if automatic else Sort.ANSWER), ""


def _report(parts: Sequence[Message]) -> tuple[Sort, str]:
    """What a report about a mail says: the worst that it says of any recipient counts."""
    found = Sort.NOTHING
    for part in parts:
        kind, inner = part.get_content_type(), part.get_payload()
        blocks = [one for one in inner if isinstance(one, Message)] if part.is_multipart() else []
        for block in blocks:
            action = str(block.get("action", "")).strip().lower()
            if kind == "message/delivery-status" and action == "failed":
                return Sort.BOUNCE, str(block.get("status", "")).strip()[:20]
            if kind == "message/delivery-status" and action == "delivered":
                found = Sort.ARRIVED
            shown = str(block.get("disposition", "")).lower()
            if kind == "message/disposition-notification" and "displayed" in shown:
                found = Sort.READ
    return found, ""


def _original_ids(parts: Sequence[Message]) -> Iterator[str]:
    """The Message-ID of the mail that a report is about, from the copy in it."""
    for part in parts[1:]:
        if "message-id" in part:
            yield f" {part['message-id']}"
        if part.get_content_type() == "text/rfc822-headers":
            yield f" {part.get_payload()}"


def _text(parts: Sequence[Message]) -> str:
    """The first text for people; of a mail that has only HTML, its words."""
    for wanted in ("text/plain", "text/html"):
        for part in parts:
            if part.get_content_type() != wanted or part.get_filename() or _attached(part):
                continue
            text = _words(part)
            return text if wanted == "text/plain" else _plain(text)
    return ""


def _attached(part: Message) -> bool:
    return str(part.get("content-disposition", "")).strip().lower().startswith("attachment")


def _words(part: Message) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    return content[:TEXT].decode(codec((part.get_content_charset() or "utf-8").lower()), "replace")


def _attachments(parts: Sequence[Message]) -> list[str]:
    """Names as people see them, without anything that could be a path or a line of its own."""
    found = []
    for part in parts:
        name = part.get_filename()
        if name or _attached(part):
            shown = re.sub(r"[\x00-\x1f\x7f/\\]", "_", _decoded(name or "名前のない添付"))
            found.append(shown[:80])
    return found[:NAMES]


def _decoded(text: str) -> str:
    try:
        return str(email.header.make_header(email.header.decode_header(text)))
    except (ValueError, LookupError, email.errors.MessageError):
        return text


class _Words(HTMLParser):
    """The words of HTML; a line for each block. What is quoted is left out."""

    BLOCKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3"})
    HIDDEN = frozenset({"style", "script", "head", "blockquote", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.HIDDEN:
            self._hidden += 1
        elif tag in self.BLOCKS:
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.HIDDEN:
            self._hidden = max(0, self._hidden - 1)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.found.append(" ".join(data.split()))


def _plain(html: str) -> str:
    words = _Words()
    with contextlib.suppress(
        AssertionError
    ):  # it stops at `<![` without a name; what came before stands
        words.feed(html)
    return re.sub(r"\n{2,}", "\n", "".join(words.found))
