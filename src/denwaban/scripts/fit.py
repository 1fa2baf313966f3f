"""How much of the smallest screen a node takes, so that nobody scrolls while talking. Pure.

The figures are those of the seat at 1366×768 (console/static/seat.css), in pixels; a test in a real browser holds them.
"""

from math import ceil

from denwaban.scripts.model import Field, Fork, Node

ROOM = 505
"""Pixels between the line that says where one is and the keys below."""

LONG = 96
"""Words longer than this are set a little smaller."""

GREETING = 2
"""Lines that the client's greeting takes above the words of the first node."""


def height(node: Node, *, first: bool) -> int:
    """Pixels that what is said, asked and chosen takes."""
    total = 0
    if node.say or first:
        total += 38 + _said(node.say) + (GREETING * 39 + 12 if first else 0)
    total += sum(10 + 23 * ceil(len(text) / 50) for text in (node.hint, node.refuse) if text)
    if node.ask:
        total += 34 + _asked(node.ask)
    if isinstance(node, Fork):
        total += 34 + 52 * ceil((len(node.branches) + 1) / 2)
    return total


def _said(text: str) -> int:
    lines = [len(line) for line in text.splitlines() if line.strip()]
    if len(text) > LONG:
        return sum(34 * ceil(length / 32) for length in lines)
    return sum(39 * ceil(length / 31) for length in lines)


def _asked(fields: tuple[Field, ...]) -> int:
    """Two fields to a row; text of several lines has a row of its own."""
    total, half = 0, 0
    for field in fields:
        extra = (20 if field.hint else 0) + (36 if field.purpose == "callback_by" else 0)
        if field.type == "text" and field.rows > 1:
            total, half = total + half + 49 + 27 * field.rows + extra, 0
            continue
        for _answer in field.answers:
            row = 76 + extra
            if half:
                total, half = total + max(half, row), 0
            else:
                half = row
    return total + half
