"""Comparing and timing Japanese phrases. Pure."""

import re
import unicodedata

_UNSPOKEN = re.compile(r"[\W_]+")


def bare(text: str) -> str:
    """The letters alone: full and half width are one, blanks and punctuation are none."""
    return _UNSPOKEN.sub("", unicodedata.normalize("NFKC", text)).casefold()


def says(text: str, phrase: str) -> bool:
    """Whether the phrase is part of the text, whatever its punctuation. An empty phrase is part of nothing."""
    wanted = bare(phrase)
    return bool(wanted) and wanted in bare(text)


def seconds(text: str, characters_per_minute: int) -> float:
    """How long it takes to say."""
    return len(bare(text)) * 60 / characters_per_minute
