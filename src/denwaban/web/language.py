"""Japanese first, English beside it. The msgid is the Japanese text; the English catalogue is read at first use."""

import re
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = {"ja": "日本語", "en": "English"}
COOKIE = "language"

_LOCALE = Path(__file__).parent / "locale"
_language: ContextVar[str] = ContextVar("language", default="ja")


@cache
def catalogue(language: str) -> dict[str, str]:
    """Translations by msgid; empty for Japanese, which needs none."""
    texts: dict[str, str] = {}
    for file in sorted((_LOCALE / language).glob("*.po")):
        with file.open("rb") as source:
            texts |= {
                str(message.id): str(message.string)
                for message in read_po(source, locale=language)
                if message.id and message.string and not message.fuzzy
            }
    return texts


def _(message: str, **values: object) -> str:
    """The text in the reader's language; `%(name)s` takes values by name."""
    text = catalogue(_language.get()).get(message, message)
    return text % values if values else text


def language() -> str:
    """The reader's language in this request: `ja` or `en`."""
    return _language.get()


def speak(chosen: str) -> None:
    """Sets the language for the rest of this request (or task)."""
    _language.set(chosen if chosen in LANGUAGES else "ja")


def choose_language(cookie: str | None, accept: str) -> str:
    """The person's own choice, else the first of the browser's languages that we have, else Japanese."""
    if cookie in LANGUAGES:
        return str(cookie)
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept.split(",")[:20]):
        match = re.fullmatch(
            r"\s*([A-Za-z]{1,8})[A-Za-z0-9-]*\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*", part
        )
        if match and (wanted := match[1].lower()) in LANGUAGES:
            ranked.append((-float(match[2] or 1), place, wanted))
    return min(ranked)[2] if ranked else "ja"
