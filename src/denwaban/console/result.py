"""One thing that the seat's search has found."""

from dataclasses import dataclass

from denwaban.knowledge import Faq
from denwaban.memory import Past, Told
from denwaban.people.persons import Person
from denwaban.promises import Promise
from denwaban.store.words import Piece

SHOWN = 7
"""So many results fit the smallest screen without a scroll."""

SNIPPET = 44
"""Characters of a text that a result shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One thing that was found, as the panel shows it."""

    kind: str
    """faq | node | person | call"""
    title: list[Piece]
    snippet: list[Piece]
    client: str = ""
    """Whose it is; empty when the panel is about one client."""
    faq: Faq | None = None
    said: str = ""
    """The words to say; empty for those that need an identity check first."""
    hint: str = ""
    here: bool = False
    """The node that the call is at, or who the call is from."""
    leap: str = ""
    """The node that this operator may go straight to; empty: none, as the script's rules or the identity check say."""
    person: Person | None = None
    may_choose: bool = False
    """It can be said that the call is this person's."""
    numbers: tuple[str, ...] = ()
    """As people write them."""
    old_names: tuple[str, ...] = ()
    past: tuple[Past, ...] = ()
    promises: tuple[Promise, ...] = ()
    told: Told | None = None


@dataclass(frozen=True, slots=True)
class Results:
    words: list[str]
    client: str
    """The name of the client whose knowledge was searched; empty for all."""
    found: list[Result]
    more: int
    """How many were found besides."""
