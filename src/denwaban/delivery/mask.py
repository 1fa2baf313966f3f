"""What never leaves by a channel: card numbers."""

import re
import unicodedata

DIGITS = re.compile(r"(?<!\d)\d(?:[ \-‐‑–—ー−－・.\u3000]?\d){12,18}(?!\d)")
"""13 to 19 digits, as people write them; \\d also matches full-width digits."""


def mask_cards(text: str) -> str:
    """The text with every card number (13–19 digits that pass the Luhn check) reduced to its last four digits."""
    return DIGITS.sub(_mask, text)


def _mask(found: re.Match[str]) -> str:
    digits = [unicodedata.digit(c) for c in found.group() if c.isdigit()]
    if not luhn(digits):
        return found.group()
    return "●●●● " + "".join(map(str, digits[-4:]))


def luhn(digits: list[int]) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1 annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = digit * 2 if place % 2 else digit
        total += value - 9 if value > 9 else value
    return total % 10 == 0
