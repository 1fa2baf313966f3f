"""What the top bar offers to whom."""

from dataclasses import dataclass
from typing import NamedTuple

from denwaban.access import Role
from denwaban.web.here import here
from denwaban.web.language import _


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in the top bar."""

    path: str
    title: str
    """The Japanese text; shown translated."""
    roles: frozenset[Role]
    mark: str = ""
    """Where a page asks for the number that stands beside it: plain text, empty for none. The title tells of what."""
    aside: bool = False
    """Behind the reader's name, for what is not needed every day: the bar is full at 1366 pixels."""


class Place(NamedTuple):
    """An entry as somebody sees it."""

    path: str
    title: str
    here: bool
    """The reader is there."""
    mark: str


_entries: list[Entry] = []


def set_menu(entries: list[Entry]) -> None:
    """Called once by `build_app`."""
    _entries[:] = entries


def menu(*, aside: bool = False) -> list[Place]:
    """What who is signed in may go to: in the bar, or behind their name."""
    at = here()
    if at.who is None:
        return []
    return [
        Place(
            entry.path,
            _(entry.title),
            at.path == entry.path or at.path.startswith(entry.path + "/"),
            entry.mark,
        )
        for entry in _entries
        if at.who.role in entry.roles and entry.aside == aside
    ]


def home(role: Role) -> str:
    """Where somebody of this role begins: the first place in their menu."""
    return next((entry.path for entry in _entries if role in entry.roles), "/account")
