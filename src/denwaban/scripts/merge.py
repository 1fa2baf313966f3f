"""Two authors at once: both their changes in one text, by lines, or none when they contradict each other. Pure."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher


def merge(base: str, mine: str, theirs: str) -> str | None:
    """The text with the changes that both made to `base`; None when they changed the same place differently, or places
    that touch. A line that only one of them wrote is always in the result, one that only one of them took out never is
    because of the other."""
    if mine == theirs or theirs == base:
        return mine
    if mine == base:
        return theirs
    ours, others = _lines(mine), _lines(theirs)
    result: list[str] = []
    old = _lines(base)
    for from_base, from_mine, from_theirs in _parts(old, ours, others):
        before, a, b = old[from_base], ours[from_mine], others[from_theirs]
        if a in (b, before):
            result += b
        elif b == before:
            result += a
        else:
            return None
    return "".join(result)


def _lines(text: str) -> list[str]:
    # Not splitlines(True): it also breaks at characters that are part of a line, such as U+2028.
    parts = text.split("\n")
    lines = [part + "\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def _parts(
    base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]
) -> Iterator[tuple[slice, slice, slice]]:
    """Cuts the three texts at the lines that all of them have in common; between the cuts somebody changed something."""
    at_base = at_mine = at_theirs = 0
    for start, ours, others, length in [*_common(base, mine, theirs), (-1, -1, -1, 0)]:
        if start < 0:
            start, ours, others = len(base), len(mine), len(theirs)
        yield slice(at_base, start), slice(at_mine, ours), slice(at_theirs, others)
        if length:
            yield (
                slice(start, start + length),
                slice(ours, ours + length),
                slice(others, others + length),
            )
        at_base, at_mine, at_theirs = start + length, ours + length, others + length


def _common(
    base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]
) -> list[tuple[int, int, int, int]]:
    """Runs of base lines that both left alone: (place in base, in mine, in theirs, how many)."""
    # Lines that are everywhere (blank ones) are no anchors in long texts: this keeps the time in bounds.
    ours = SequenceMatcher(None, base, mine).get_matching_blocks()
    others = SequenceMatcher(None, base, theirs).get_matching_blocks()
    found: list[tuple[int, int, int, int]] = []
    i = j = 0
    while i < len(ours) and j < len(others):
        a, b = ours[i], others[j]
        first, last = max(a.a, b.a), min(a.a + a.size, b.a + b.size)
        if first < last:
            found.append((first, a.b + first - a.a, b.b + first - b.a, last - first))
        if a.a + a.size < b.a + b.size:
            i += 1
        else:
            j += 1
    return found
