"""How much of the smallest screen a node takes, so that nobody scrolls while talking. Pure.

The figures are those of the seat at 1366×768 (console/static/seat.css), in pixels; a test in a real browser holds them.
"""

from math import ceil

from denwaban.scripts.head import Head, Topic
from denwaban.scripts.model import End, Field, Fork, HandOver, Inform, Node, Promise
from denwaban.scripts.phrases import bare, says

ROOM = 505
"""Pixels between the line that says where one is and the keys below."""

LONG = 96
"""Words longer than this are set a little smaller."""

GREETING = 2
"""Lines that the client's greeting takes above the words of the first node."""


MEANING = {"explain": 20, "take": 32, "decide": 16}
"""Characters by which the seat says how far an operator goes with a topic."""

SPAN = 46
"""Characters around the name of a promise: from when to when it may fall due."""

PEOPLE = 64
"""Pixels of those to whom the caller may be put through: up to three names, whether they are there, who stands in."""

LABEL = 8
"""Characters of a mandatory item's label, on the whole."""

PLAIN = Head()


def height(node: Node, *, first: bool, head: Head = PLAIN) -> int:
    """Pixels that what is said, asked and chosen takes, with what the head of the script adds to it."""
    total = _beside(node, head) + _left(node, head)
    if node.say or first:
        total += 38 + _said(node.say) + (GREETING * 39 + 12 if first else 0)
    total += sum(_lines(len(text)) for text in (node.hint, node.refuse) if text)
    if node.ask:
        total += 34 + _asked(node.ask)
    if isinstance(node, Fork):
        total += 34 + 52 * ceil((len(node.branches) + 1) / 2)
    return total


def _lines(characters: int, each: int = 50) -> int:
    return 10 + 23 * ceil(characters / each)


def _beside(node: Node, head: Head) -> int:
    """The bound of a topic, the identity check, the pause of the recording, to whom the caller is put through, the window of a promise."""
    total = _lines(22) * (node.restricted + node.unrecorded)
    if isinstance(node, Inform):
        known = (one for one in head.topics if bare(one.name) == bare(node.topic))
        topic = next(known, Topic(name=node.topic))
        words = len(topic.words) + 4 if topic.words else 0
        total += _lines(len(topic.name) + MEANING[topic.bound] + words, 45)
    elif isinstance(node, HandOver):
        total += PEOPLE
    elif isinstance(node, Promise):
        total += _lines(len(node.what) + SPAN, 48)
    return total


def _left(node: Node, head: Head) -> int:
    """What is still to be said and asked: in a script of the free mode a call may come to any node by a jump."""
    if not head.free or (isinstance(node, End) and node.exception):
        return 0
    phrases = [phrase for phrase in head.must_say if not says(node.say, phrase)]
    total = sum(max(44, 14 + 23 * ceil((len(phrase) + 2) / 31)) for phrase in phrases)
    if head.mandatory:
        total += 14 + 23 * ceil(LABEL * len(head.mandatory) / 40)
    return total + 26 if total else 0


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
