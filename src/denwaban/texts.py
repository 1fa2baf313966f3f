"""Texts for readers, written down where nobody reads yet."""

NOT_ASKED = "聞けませんでした"
"""What a mandatory answer says when it could not be had: the reader learns that it was not forgotten."""


def N_(text: str) -> str:
    """Marks a text for the catalogues; it is translated where it is shown."""
    return text
