"""Texts for readers, written down where nobody reads yet."""


def N_(text: str) -> str:
    """Marks a text for the catalogues; it is translated where it is shown."""
    return text
