"""What callers hear, as files made beforehand."""

import math
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import structlog

from denwaban.lines import DEFAULT_CLOSED

log = structlog.get_logger(__name__)

IN_LINE = "ただいま電話が混み合っております。順番におつなぎいたしますので、このままお待ちください。"

NEXT = "次におつなぎいたします。"

KEY = "1"
"""Who presses it is called back."""

MAY_PRESS = (
    "お急ぎでなければ、1 を押していただきますと、いったんお電話をお切りいただき、"
    "順番が参りましたときに、こちらからお電話いたします。"
)

KEPT = (
    "かしこまりました。順番が参りましたら、今おかけの番号に、こちらからお電話いたします。"
    "このままお電話をお切りください。"
)

NOT_KEPT = "恐れ入ります。ただいまお受けできませんでした。このままお待ちください。"

COUNTED = 10
"""Places beyond are not told one by one."""

MINUTES = (1, 2, 3, 5, 10)
"""Waits are told rounded up to one of these."""

ROOM = 20_000


def place_words(place: int) -> str:
    """How many are before somebody, in words; place 1 is next."""
    if place <= 1:
        return NEXT
    if place > COUNTED:
        return f"ただいま、{COUNTED}名様以上にお待ちいただいております。"
    return f"ただいま、{place}番目にお待ちいただいております。"


def wait_words(wait: timedelta | None) -> str:
    """About how long it will take, in words; empty when that cannot be said."""
    if wait is None:
        return ""
    minutes = math.ceil(wait.total_seconds() / 60)
    for most in MINUTES:
        if minutes <= most:
            return f"おつなぎまで、およそ{most}分の見込みです。"
    return f"おつなぎまで、{MINUTES[-1]}分以上かかる見込みです。"


class Speech(Protocol):
    """Makes spoken texts."""

    async def wav(self, text: str) -> Path:
        """The file of a text, made if need be. Raises when it cannot be spoken."""
        ...


class Prompts:
    """Files of texts; those announced by `prepare` are there before a caller needs them."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech
        self._files: dict[str, Path] = {}

    async def begin(self) -> None:
        """Makes what every installation needs. Raises what the speech raises: without it no call can be served."""
        for text in (IN_LINE, DEFAULT_CLOSED):
            self._files[text] = await self._speech.wav(text)

    async def prepare(self, texts: Iterable[str]) -> None:
        """Makes these, one after another, so that the processor is left to the calls."""
        for text in set(texts):
            await self.wav(text)

    async def wav(self, text: str) -> Path:
        """The file of a text; of the default closed message when the text cannot be spoken."""
        if (known := self._files.get(text)) is not None:
            return known
        try:
            made = await self._speech.wav(text)
        except Exception as error:
            # A client's unspeakable message must not leave the caller in silence.
            log.warning("routing.unspeakable", error=type(error).__name__)
            return self._files[DEFAULT_CLOSED]
        if len(self._files) < ROOM:
            self._files[text] = made
        return made
