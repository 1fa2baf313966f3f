"""Texts for readers, written down where nobody reads yet; and what readers wrote, made fit to be kept. Pure."""

import unicodedata

CONTROL = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
"""Control characters but tabulator and ends of lines, as part of a pattern: databases refuse some, screens show none."""

_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters by their category, which nobody sees."""

NOT_ASKED = "聞けませんでした"
"""What a mandatory answer says when it could not be had: the reader learns that it was not forgotten."""


def N_(text: str) -> str:
    """Marks a text for the catalogues; it is translated where it is shown."""
    return text


def legible(text: str) -> bool:
    """Whether there is anything to be read in it: blanks, control characters and what takes no room are not."""
    return any(unicodedata.category(char)[0] not in "CZ" and char not in _BLANK for char in text)


def clean_text(text: str, *, lines: bool = False) -> str:
    """What somebody wrote, as it is kept: without control characters (databases refuse some) and halves of characters, on one
    line, or each of its `lines` without blanks around. Empty when nothing is to be read."""
    kept = "".join(
        char for char in text if char in "\t\n\r" or unicodedata.category(char) not in ("Cc", "Cs")
    )
    if lines:
        whole = "\n".join(line.strip() for line in kept.splitlines()).strip()
    else:
        whole = " ".join(kept.split())
    return whole if legible(whole) else ""
