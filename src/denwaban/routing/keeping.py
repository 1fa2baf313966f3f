"""Rows of callers who hung up to be called back: written before they are told so, open until somebody talked with them."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import RowMapping, insert, select, update

from denwaban.calls import beside, open_number, seal_number
from denwaban.journal import Fact, append
from denwaban.people.persons import numbers_of, person_by_number
from denwaban.routing.rows import kept_places
from denwaban.store import Tx

TRIES = 3
"""So often somebody is called back before a promise is made of it."""

AGAIN = timedelta(minutes=5)
"""Between two tries."""


class Result(StrEnum):
    """What became of a kept place."""

    TALKED = "talked"
    GIVEN_UP = "given_up"
    """Nobody was reached: a promise of the client's now."""
    CAME_AGAIN = "came_again"
    """They called again before we did, and went on at their place."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in line that is kept. Its id is that of the call."""

    id: str
    client_id: str
    number: str = field(repr=False)
    """Who is called, E.164."""
    shown: str = field(repr=False)
    """The client's number that they dialled, E.164."""
    kept_at: datetime
    tries: int
    next_at: datetime
    """Not called before."""
    operator_id: str | None = None
    """Who tried last."""
    also: frozenset[str] = field(default=frozenset(), repr=False)
    """Other numbers of the same person, E.164; only of open places."""


_SHOWN = [kept_places.c[name] for name in Place.__dataclass_fields__ if name != "also"]
_SHOWN.append(kept_places.c.sealed)


def keep(tx: Tx, call_id: str, client_id: str, number: str, shown: str) -> Place:
    """The place is kept from now on. Doing it again changes nothing."""
    known = place(tx, call_id)
    if known is not None:
        return known
    tx.execute(
        insert(kept_places).values(
            id=call_id,
            client_id=client_id,
            **_sealed(tx, call_id, client_id, number),
            shown=shown,
            kept_at=tx.now,
            tries=0,
            next_at=tx.now,
        )
    )
    append(tx, Fact("call.place_kept", call_id, client_id))
    return _known(tx, Place(call_id, client_id, number, shown, tx.now, 0, tx.now))


def place(tx: Tx, call_id: str) -> Place | None:
    """The place of this call, if one was ever kept."""
    row = tx.first(select(*_SHOWN).where(kept_places.c.id == call_id))
    return _place(tx, row) if row is not None else None


def open_places(tx: Tx) -> dict[str, Place]:
    """Every place that is still kept, by call."""
    rows = tx.all(select(*_SHOWN).where(kept_places.c.ended_at.is_(None)))
    return {row["id"]: _known(tx, _place(tx, row)) for row in rows}


def tried(tx: Tx, call_id: str, tries: int, next_at: datetime, operator_id: str) -> None:
    """Nobody was reached; again at `next_at`."""
    tx.execute(
        update(kept_places)
        .where(kept_places.c.id == call_id)
        .values(tries=tries, next_at=next_at, operator_id=operator_id)
    )


def over(tx: Tx, call_id: str, result: Result, operator_id: str | None = None) -> None:
    """The place is not kept any more; who was given up becomes work. Doing it again changes nothing."""
    row = tx.first(
        select(kept_places.c.client_id).where(
            kept_places.c.id == call_id, kept_places.c.ended_at.is_(None)
        )
    )
    if row is None:
        return
    values: dict[str, object] = {"result": result.value, "ended_at": tx.now}
    if operator_id is not None:
        values["operator_id"] = operator_id
    if result is Result.GIVEN_UP:
        values |= {"due_at": tx.now, "tries": TRIES}
        tx.touch(f"work:{kept_places.name}")
    tx.execute(update(kept_places).where(kept_places.c.id == call_id).values(**values))
    append(tx, Fact("call.place_over", call_id, row["client_id"], {"result": result.value}))


def given_up(tx: Tx, call_id: str) -> Place | None:
    """The place, if it was given up and nobody has been told yet."""
    row = tx.first(
        select(*_SHOWN).where(kept_places.c.id == call_id, kept_places.c.due_at.is_not(None))
    )
    return _place(tx, row) if row is not None else None


def told(tx: Tx, call_id: str) -> None:
    """Somebody knows of the place that was given up."""
    tx.execute(
        update(kept_places)
        .where(kept_places.c.id == call_id)
        .values(due_at=None, leased_until=None)
    )


def _known(tx: Tx, kept: Place) -> Place:
    """With the other numbers of whose place it is."""
    person = person_by_number(tx, kept.client_id, kept.number)
    if person is None:
        return kept
    return replace(kept, also=frozenset(numbers_of(tx, person.id)) - {kept.number})


def _place(tx: Tx, row: RowMapping) -> Place:
    """A number that cannot be opened is none that can be called: the place is given up, and its client told."""
    found = dict(row)
    sealed = found.pop("sealed")
    if sealed is not None:
        found["number"] = open_number(tx, row["client_id"], _where(row["id"]), sealed)
    return Place(**found)


def _sealed(tx: Tx, call_id: str, client_id: str, number: str) -> dict[str, str]:
    return {"number": "", "sealed": seal_number(tx, client_id, _where(call_id), number)}


def _where(call_id: str) -> str:
    return f"kept_places.number/{call_id}"


turnings = (
    beside(
        "kept_places.number",
        kept_places.c.number,
        kept_places.c.sealed,
        lambda tx, row: _sealed(tx, row["id"], row["client_id"], row["number"]),
    ),
)
