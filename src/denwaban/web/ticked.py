"""Boxes of one name in a form. A browser that sends one value sends a text, one that sends several a list of them."""

from typing import TypeVar

T = TypeVar("T", str, int)


def ticked(values: list[T] | T) -> list[T]:
    """All that were ticked: of a field that is declared as `list[str] | str` (or of ints)."""
    return list(values) if isinstance(values, list) else [values]
