"""SMS: how long a text is, and the few words of a report that fit into one. No I/O.

Source: 3GPP TS 23.038 and 23.040: a message of the GSM 7-bit alphabet has 160 characters, or 153 in each part when it is
joined from several; any other (Japanese) travels as UCS-2 with 70, or 67 in each part. A pair of UTF-16 units is not cut.
"""

import unicodedata
from collections.abc import Callable

from denwaban.delivery.message import Message
from denwaban.store import words

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€\f")
"""Of these each takes two places."""


def utf16(text: str) -> int:
    """How many UTF-16 units a text has."""
    return len(text) + sum(char > "\uffff" for char in text)


def parts(text: str) -> int:
    """How many SMS a text becomes; each is paid for."""
    if all(char in BASIC or char in EXTENDED for char in text):
        sizes, single, joined = [2 if char in EXTENDED else 1 for char in text], 160, 153
    else:
        sizes, single, joined = [2 if char > "\uffff" else 1 for char in text], 70, 67
    if sum(sizes) <= single:
        return 1
    count, room = 1, joined
    for size in sizes:
        if size > room:
            count, room = count + 1, joined
        room -= size
    return count


def fitting(message: Message, fits: Callable[[str], bool]) -> str | None:
    """Who is told, what it is about and the link, as much of it as fits. Words are left out before the link ever is; None
    when not even the link fits. What the report says in detail stays behind the link."""
    name = f"{message.client_name} {message.staff_name}様"
    what = message.subject
    if callback := dict(message.lines).get("折り返し", ""):
        what += f" 折り返し{callback}"
    for lead in (f"{name}\n{what}", what):
        whole = f"{lead}\n{message.link}"
        if fits(whole):
            return whole
    for length in range(len(what), 0, -1):
        short = f"{what[:length].rstrip()}…\n{message.link}"
        if fits(short):
            return short
    return message.link if fits(message.link) else None


def plain_japanese(text: str) -> str:
    """The text in characters that every Japanese phone has (JIS X 0208): 髙 becomes 高; what has no such form becomes 〓,
    so that nobody takes the text for complete."""
    found = ""
    for char in text:
        for form in (char, words.usual(char), unicodedata.normalize("NFKC", char)):
            if all(_in_jis(one) for one in form):
                found += form
                break
        else:
            found += "〓"
    return found


def _in_jis(char: str) -> bool:
    try:
        char.encode("shift_jis")
    except UnicodeEncodeError:
        return False
    return True
