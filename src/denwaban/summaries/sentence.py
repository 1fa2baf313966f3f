"""Sentences for whoever typed something: Japanese first, translated where they are shown."""

from denwaban.people import PeopleError


def N_(text: str) -> str:
    """Marks a Japanese text for the catalogue; it is translated when it is shown."""
    return text


class BadPlan(PeopleError):
    """Something that cannot be kept; the message is a Japanese sentence, `field` what to mend."""
