"""What the top bar offers to whom."""

from dataclasses import dataclass

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


_entries: list[Entry] = []


def set_menu(entries: list[Entry]) -> None:
    """Called once by `build_app`."""
    _entries[:] = entries


def menu() -> list[tuple[str, str, bool]]:
    """(path, title, whether the reader is there) for who is signed in."""
    at = here()
    if at.who is None:
        return []
    return [
        (entry.path, _(entry.title), at.path == entry.path or at.path.startswith(entry.path + "/"))
        for entry in _entries
        if at.who.role in entry.roles
    ]


def home(role: Role) -> str:
    """Where somebody of this role begins: the first place in their menu."""
    return next((entry.path for entry in _entries if role in entry.roles), "/account")
