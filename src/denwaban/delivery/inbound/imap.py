"""Looking into a mailbox by IMAP, with the standard library's client in a thread (docs/adr/0020).

A mail is known by its number (UID) within the box's UIDVALIDITY: we read on from the last one, look without marking anything
as read, and delete nothing. Of a huge mail only the beginning is asked for. Source: RFC 9051 (and 3501).
"""

import contextlib
import imaplib
import re
import ssl
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

KEPT = 1_000_000
"""Bytes of a mail that are asked for."""

AT_ONCE = 20
STEP = 20.0
"""Seconds that the server may take for one answer."""

_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_UID = re.compile(rb"UID (\d+)")


class MailboxAway(Exception):
    """The mailbox cannot be read now; a Japanese sentence without its address or password."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a mailbox was read."""

    validity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """One mail, or its beginning."""

    uid: int
    raw: bytes
    cut: bool


def look(url: str, place: Place) -> tuple[list[Fetched], Place]:
    """The next mails after `place`, at most `AT_ONCE`, and the place after them; none when there are no more.

    `imaps://user:password@host:port/INBOX`, or `imap://…` (then with STARTTLS unless `?starttls=no`). A box that was made anew
    is read from its beginning: what was seen before is known by its own id. Raises `MailboxAway`.
    """
    try:
        with contextlib.closing(_Box(url)) as box:
            return box.after(place)
    except (imaplib.IMAP4.error, ssl.SSLError) as error:
        raise MailboxAway(
            f"メールボックスを読めません({type(error).__name__})。設定を確かめてください。"
        ) from error
    except (OSError, EOFError) as error:
        raise MailboxAway(
            f"メールボックスのサーバーにつながりません({type(error).__name__})。"
        ) from error
    except ValueError as error:
        raise MailboxAway("メールボックスのサーバーの返事が読めません。") from error


class _Box:
    """A signed-in connection with the mailbox chosen, for reading only."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        context = ssl.create_default_context()
        query = parse_qs(parts.query)
        if query.get("verify") == ["no"]:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        self._imap: imaplib.IMAP4
        if parts.scheme == "imaps":
            self._imap = imaplib.IMAP4_SSL(
                host, parts.port or 993, ssl_context=context, timeout=STEP
            )
        else:
            self._imap = imaplib.IMAP4(host, parts.port or 143, timeout=STEP)
            if query.get("starttls") != ["no"]:
                self._imap.starttls(context)
        try:
            self._imap.login(unquote(parts.username or ""), unquote(parts.password or ""))
            name = unquote(parts.path.lstrip("/")) or "INBOX"
            told, _count = self._imap.select(f'"{name}"', readonly=True)
            if told != "OK":
                raise imaplib.IMAP4.error("no such mailbox")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        with contextlib.suppress(imaplib.IMAP4.error, OSError):
            self._imap.logout()

    def after(self, place: Place) -> tuple[list[Fetched], Place]:
        _told, stated = self._imap.response("UIDVALIDITY")
        validity = int(stated[0] or b"0") if stated else 0
        last = place.uid if place.validity == validity else 0
        _told, found = self._imap.uid("SEARCH", "UID", f"{last + 1}:*")
        # `n:*` names the last mail even when its number is smaller than n.
        uids = sorted(uid for uid in map(int, (found[0] or b"").split()) if uid > last)
        fetched = [one for uid in uids[:AT_ONCE] if (one := self._fetch(uid)) is not None]
        reached = uids[:AT_ONCE][-1] if uids else last
        return fetched, Place(validity, reached)

    def _fetch(self, uid: int) -> Fetched | None:
        """None when it was deleted meanwhile."""
        _told, found = self._imap.uid("FETCH", str(uid), f"(UID RFC822.SIZE BODY.PEEK[]<0.{KEPT}>)")
        for one in found:
            if isinstance(one, tuple) and _UID.search(one[0]):
                size = _SIZE.search(one[0])
                raw = bytes(one[1])
                return Fetched(uid, raw, size is not None and int(size[1]) > len(raw))
        return None
