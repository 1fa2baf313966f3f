"""A mail that came in, read within bounds: what somebody writes so that it is slow to read costs a moment, not a processor.

The standard library's parser takes quadratic time for long headers, for parts within parts and for some character sets. No I/O.
"""

import codecs
import email
from collections.abc import Iterable
from email.message import Message
from email.policy import Compat32

HEADER = 2_000
"""Characters of one header that are looked at."""

LONG_HEADER = 8_000
LONG = frozenset({"to", "cc", "references", "in-reply-to"})
"""Headers that may honestly be long, and are read in one go."""

LINES = 30_000
"""Lines of a mail: twice what our largest mail has in base64."""

NESTED = 20
"""Mentions of multipart. Answers have one to four; a return of a forwarded mail some more."""

CHARSETS = (
    "utf-8 ascii iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_jp_2004 iso2022_jp_3 iso2022_jp_ext iso2022_kr shift_jis "
    "shift_jisx0213 shift_jis_2004 cp932 euc_jp euc_jisx0213 euc_jis_2004 gb2312 gbk gb18030 hz big5 big5hkscs cp949 "
    "cp950 euc_kr johab koi8-r koi8-u utf-16 utf-16-le utf-16-be utf-32 tis-620"
).split()
"""Beside ISO 8859 and Windows 125x. Not utf-7, punycode, unicode_escape and the like: no mail program writes them, and they are
slow or make characters that are none."""

_KNOWN = frozenset(codecs.lookup(name).name for name in CHARSETS)


class _Bounded(Compat32):
    """The parser's usual policy, which sees only the beginning of each header."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return str(name), str(value)[: LONG_HEADER if name.lower() in LONG else HEADER]


_POLICY = _Bounded()


def parse(raw: bytes) -> tuple[Message, bool]:
    """The mail, and whether its end was left out. Of a mail with more parts within parts than anybody's only the headers are
    read. May raise what the standard library's parser raises."""
    end = _after_lines(raw)
    kept = raw if end is None else raw[:end]
    if kept.lower().count(b"multipart/") > NESTED:
        return email.message_from_bytes(_without_parts(kept), policy=_POLICY), True
    return email.message_from_bytes(kept, policy=_POLICY), end is not None


def _without_parts(raw: bytes) -> bytes:
    """Its headers, but for what says that there are parts."""
    kept: list[bytes] = []
    dropped = False
    for line in raw.splitlines():
        if not line:
            break
        if not line.startswith((b" ", b"\t")):
            dropped = line.lower().startswith(b"content-")
        if not dropped:
            kept.append(line)
    return b"\n".join(kept) + b"\n\n"


def _after_lines(raw: bytes) -> int | None:
    """Where the last line that is read ends; None when all are."""
    if raw.count(b"\n") <= LINES:
        return None
    at = -1
    for _line in range(LINES):
        at = raw.index(b"\n", at + 1)
    return at + 1


def codec(charset: str) -> str:
    """The codec for what a mail calls its character set; UTF-8 for what is none."""
    # What phones and mail programs call ISO-2022-JP has ① and ㈱ in it.
    named = {"iso-2022-jp": "iso2022_jp_ext", "shift_jis": "cp932"}.get(charset, charset)
    try:
        found = codecs.lookup(named).name
    except (LookupError, ValueError):
        return "utf-8"
    return found if found in _KNOWN or found.startswith(("iso8859", "cp125")) else "utf-8"


def storable(text: str) -> str:
    """The text without what no database keeps: null characters and halves of surrogate pairs."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def storables(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(storable(one) for one in texts)
