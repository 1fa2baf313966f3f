"""Card numbers, which no report keeps and no message carries. Pure."""

import re
import unicodedata

_RUN = re.compile(r"\d(?:[\s\-‐‑‒–—ー−－_・./／]{0,3}\d){12,}")
"""At least as many digits as a card has, as people write them, in groups or not; \\d and \\s also match the full-width ones."""

FEWEST, MOST = 13, 19
"""Digits of a card number."""

_GROUP = re.compile(r"\d+")

_PRINTED = {(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3), (4, 4, 4, 1)}
"""Groups in which card numbers are printed: these are also found between other numbers."""


def mask_cards(text: str) -> str:
    """The text with every card number (13–19 digits that pass the Luhn check) reduced to its last four digits. Masking what
    is masked changes nothing."""
    # Most texts are shorter than any card number, and every one of a report is asked for.
    return _RUN.sub(_mask, text) if len(text) >= FEWEST else text


def luhn(digits: list[int]) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1 annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = digit * 2 if place % 2 else digit
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _mask(run: re.Match[str]) -> str:
    text = run.group()
    groups = list(_GROUP.finditer(text))
    made, at, first = "", 0, 0
    while first < len(groups):
        last = _card_from(groups, first, text)
        if last is None:
            first += 1
            continue
        begin, end = groups[first].start(), groups[last].end()
        shown = "".join(map(str, _digits(text[begin:end])[-4:]))
        made += f"{text[at:begin]}●●●● {shown}"
        at, first = end, last + 1
    return made + text[at:]


def _card_from(groups: list[re.Match[str]], first: int, text: str) -> int | None:
    """The last group of the longest card number that begins with this group; None when none does."""
    found = None
    sizes: list[int] = []
    for last in range(first, len(groups)):
        sizes.append(len(groups[last].group()))
        if sum(sizes) > MOST:
            break
        digits = _digits(text[groups[first].start() : groups[last].end()])
        whole = first == 0 and last == len(groups) - 1 and "\n" not in text
        # Two telephone numbers side by side are no card, even when their digits happen to pass the check.
        if (whole or len(sizes) == 1 or tuple(sizes) in _PRINTED) and _is_card(digits):
            found = last
    return found


def _is_card(digits: list[int]) -> bool:
    return FEWEST <= len(digits) <= MOST and luhn(digits)


def _digits(text: str) -> list[int]:
    return [unicodedata.digit(char) for char in text if char.isdecimal()]
