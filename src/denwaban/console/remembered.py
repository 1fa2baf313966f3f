"""Persons and earlier calls among the results of the seat's search; only those of the client whose call it is."""

from denwaban.console.result import SNIPPET, Result
from denwaban.lines import show_number
from denwaban.memory import Told, find_calls, past_of, promises_to
from denwaban.people.persons import Person, WayKind, find_persons, old_names, ways_of
from denwaban.store import Tx
from denwaban.store.words import Piece, marked, snippet

PERSON, CALL = "person", "call"

SHOWN_PAST = 4
SHOWN_PROMISES = 2


def persons_found(
    tx: Tx, words: list[str], text: str, client_id: str, current: str, most: int, *, choose: bool
) -> list[Result]:
    """Up to `most` persons, best first. `current`: who the call is known to be from; `choose`: it can be said that it is
    somebody else."""
    found = find_persons(tx, text, client_id, most)
    return [_person(tx, words, one, current, choose=choose) for one in found]


def calls_found(
    tx: Tx, words: list[str], text: str, client_id: str, call_id: str, most: int
) -> list[Result]:
    """Up to `most` earlier calls, best first."""
    found = find_calls(tx, text, client_id, most + 1)
    return [_call(words, one) for one in found if one.past.call_id != call_id][:most]


def _person(tx: Tx, words: list[str], one: Person, current: str, *, choose: bool) -> Result:
    ways = ways_of(tx, one.id)
    numbers = tuple(
        show_number(way.value) if way.kind is WayKind.PHONE else way.value for way in ways
    )
    below = " · ".join(filter(None, (one.kana, one.company, *numbers)))
    return Result(
        kind=PERSON,
        title=marked(one.shown or (numbers[0] if numbers else ""), words),
        snippet=snippet(below, words, SNIPPET),
        here=one.id == current,
        person=one,
        may_choose=choose and one.id != current,
        numbers=numbers,
        old_names=tuple(name.name for name in old_names(tx, one.id)),
        past=tuple(past_of(tx, one, SHOWN_PAST)),
        promises=tuple(promises_to(tx, one)[:SHOWN_PROMISES]),
    )


def _call(words: list[str], one: Told) -> Result:
    below: list[Piece] = snippet(" ".join(filter(None, (one.name, one.text))), words, SNIPPET)
    number = show_number(one.past.number) if one.past.number else ""
    return Result(
        kind=CALL,
        title=marked(one.past.what_for or number, words),
        snippet=below,
        told=one,
        numbers=(number,) if number else (),
    )
