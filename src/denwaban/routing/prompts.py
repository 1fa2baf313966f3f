"""What callers hear, as files made beforehand."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import structlog

from denwaban.lines import DEFAULT_CLOSED

log = structlog.get_logger(__name__)

IN_LINE = "ただいま電話が混み合っております。順番におつなぎいたしますので、このままお待ちください。"

ROOM = 20_000


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
