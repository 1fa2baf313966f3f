"""What keeps a search index from being read in the database."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from denwaban.store.tx import Tx

GUARDED = 1000
"""What is added to the `folding` of what a guard has sealed: without it, it is to be made anew."""


class Folded(NamedTuple):
    """All that is kept of a text that may be found; the last two folded."""

    title: str
    body: str
    also: str
    heads: str
    rest: str

    def hold(self, words: list[str], *, bodies: bool) -> bool:
        """Whether all these (folded) words are in it."""
        return all(word in self.heads or (bodies and word in self.rest) for word in words)


class GuardError(Exception):
    """A guard cannot open what it sealed, or cannot seal. The message names keys and places, never contents."""


class Guard(Protocol):
    """Its texts are sealed, its tokens keyed hashes. Each of its verbs may raise `GuardError`."""

    def hider(self, tx: Tx) -> Callable[[str], str]:
        """What stands for a token: the same for the same token, ASCII letters and digits, lower case."""
        ...

    def seal(self, tx: Tx, client_id: str | None, place: str, texts: Folded) -> str:
        """The texts as one, bound to this place."""
        ...

    def open(self, tx: Tx, client_id: str | None, place: str, kept: str) -> Folded | None:
        """The reverse; None for what is not sealed yet. Empty texts when the key was destroyed."""
        ...
