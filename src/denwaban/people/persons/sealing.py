"""What persons are called and reached by is sealed, row by row under their client's key (ADR 36).

    values = called.values(tx, client_id, person_id, name, kana, company)
    name, kana, company = called.texts(tx, row) or ("", "", "")

The columns that held it stay empty; what has to be found as it is, or compared in the database, is a keyed hash of it. Rows from
before this are read as they are; `turnings` seals them.
"""

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from sqlalchemy import RowMapping, Table, Text, cast, delete, func, or_, select

from denwaban import vault
from denwaban.people.persons.model import TEXTS, Person, WayKind, heard_as, tail_of
from denwaban.people.persons.rows import person_acts, person_names, person_ways, persons
from denwaban.store import Tx
from denwaban.store.words import fold

log = structlog.get_logger(__name__)

Row = Mapping[str, Any] | RowMapping


class Together:
    """Text columns of one table that are sealed as one text, in its column `sealed`."""

    def __init__(self, table: Table, *columns: str) -> None:
        self.table = table
        self.columns = columns

    def values(self, tx: Tx, client_id: str, row_id: str, *texts: str) -> dict[str, Any]:
        """The columns of a row that says this; what is empty needs no key. Only in a transaction that writes; raises
        `KeyMissing`."""
        place = self._place(row_id)
        sealed = vault.seal_value(tx, client_id, place, texts) if any(texts) else None
        return {**dict.fromkeys(self.columns, ""), "sealed": sealed}

    def texts(self, tx: Tx, row: Row) -> tuple[str, ...] | None:
        """What a row (with its id and client) says, in the order of the columns; empty texts when their key was destroyed.
        None when it cannot be opened: whoever calls is to be answered all the same."""
        if row["sealed"] is None:
            return tuple(row[name] for name in self.columns)
        place = self._place(row["id"])
        try:
            return tuple(vault.open_value(tx, row["client_id"], place, row["sealed"]))
        except vault.KeyDestroyed:
            return ("",) * len(self.columns)
        except vault.VaultError:
            return None

    def _place(self, row_id: str) -> str:
        return f"{self.table.name}/{row_id}"


called = Together(persons, *TEXTS)
called_before = Together(person_names, "name", "kana")
reached_by = Together(person_ways, "value")


def hidden(tx: Tx, client_id: str, kind: WayKind, value: str) -> str:
    """What stands for a number or address in `person_ways.value`. Raises `VaultError`."""
    return vault.blind(tx, client_id, f"person_ways.{kind.value}", value)


def looked_for(tx: Tx, client_id: str, kind: WayKind, value: str) -> dict[str, str]:
    """By what a question finds a number or address of a client: hidden, or plain in a row from before. A client whose key does
    not open has nobody who is known: that is logged, and their calls are taken."""
    try:
        found = hidden(tx, client_id, kind, value)
    except vault.VaultError as error:
        log.error("person.not_looked_for", client=client_id, error=type(error).__name__)
        found = value
    return {"client": client_id, "kind": kind.value, "hidden": found or value, "value": value}


def hidden_tail(tx: Tx, tail: str) -> str:
    """What stands for the last digits of a number, for all clients the same: one may be asked for among all of them. Empty
    when nothing was sealed yet."""
    return vault.blind(tx, None, "person_ways.tail", tail)


def way_values(tx: Tx, client_id: str, way_id: str, kind: WayKind, value: str) -> dict[str, Any]:
    """The columns of a way to reach somebody. Only in a transaction that writes; raises `VaultError`."""
    tail = tail_of(value) if kind is WayKind.PHONE else ""
    return {
        **reached_by.values(tx, client_id, way_id, value),
        "value": hidden(tx, client_id, kind, value),
        "tail": "",
        "tail_blind": hidden_tail(tx, tail) if tail else None,
    }


def compared(tx: Tx, client_id: str, name: str, kana: str, company: str) -> dict[str, str]:
    """The columns by which two persons of a client are compared. Only in a transaction that writes; raises `VaultError`."""
    texts = {"sound": heard_as(kana, name), "name_key": fold(name), "company_key": fold(company)}
    return {
        column: vault.blind(tx, client_id, f"persons.{column}", text) if text else ""
        for column, text in texts.items()
    }


def rewritten(tx: Tx, known: Person, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values for the row of a person, as it has them: what the person is called is sealed anew when any of it is given. Raises
    `VaultError` when what there was cannot be opened: it may still be, with the right key."""
    found = dict(values)
    if found.keys().isdisjoint(TEXTS):
        return found
    must_be_open(known)
    texts = [found.pop(name, getattr(known, name)) for name in TEXTS]
    return found | called.values(tx, known.client_id, known.id, *texts)


def must_be_open(*those: Person) -> None:
    """Raises `VaultError` for a person of whom it cannot be told what they are called."""
    for one in those:
        if not one.opened:
            raise vault.VaultError(f"persons/{one.id}")


def seal_moved(tx: Tx, client_id: str, act_id: str, moved: Any) -> str:
    """What an act has moved, as its column has it."""
    return vault.seal_value(tx, client_id, _act(act_id), moved)


def open_moved(tx: Tx, row: Row) -> Any:
    """The reverse. Raises `VaultError`."""
    kept = row["moved"]
    if not isinstance(kept, str):
        return kept
    return vault.open_value(tx, row["client_id"], _act(row["id"]), kept)


def _act(act_id: str) -> str:
    return f"person_acts.moved/{act_id}"


# -- rows from before -------------------------------------------------------------------------------------------------


def _old(of: Together, sealed: Callable[[Tx, RowMapping], dict[str, Any]]) -> vault.Turning:
    """Seals the rows of one table, whose columns are as `sealed` makes them."""
    t = of.table
    return vault.row_by_row(
        t.name,
        t,
        sealed,
        is_old=lambda row: row["sealed"] is None and any(row[name] for name in of.columns),
        plain=t.c.sealed.is_(None) & or_(*(t.c[name] != "" for name in of.columns)),
    )


def _person(tx: Tx, row: RowMapping) -> dict[str, Any]:
    texts = [row[name] for name in TEXTS]
    values = called.values(tx, row["client_id"], row["id"], *texts)
    # One who is not in the index yet is compared with nobody until they are (`take_up`).
    return values if row["sound"] is None else values | compared(tx, row["client_id"], *texts)


def _way(tx: Tx, row: RowMapping) -> dict[str, Any]:
    found = way_values(tx, row["client_id"], row["id"], WayKind(row["kind"]), row["value"])
    t = person_ways.c
    same = (t.client_id == row["client_id"]) & (t.kind == row["kind"])
    known = select(t.id).where(same, t.value == found["value"])
    if tx.first(known) is not None:
        # A machine that went on with the version before did not find it sealed, and wrote it again: it stays whose it was.
        tx.execute(delete(person_ways).where(t.id == row["id"]))
    return found


def _name(tx: Tx, row: RowMapping) -> dict[str, Any]:
    return called_before.values(tx, row["client_id"], row["id"], row["name"], row["kana"])


_MOVED = func.ltrim(cast(person_acts.c.moved, Text), '"')

turnings = (
    _old(called, _person),
    _old(reached_by, _way),
    _old(called_before, _name),
    vault.row_by_row(
        "person_acts.moved",
        person_acts,
        lambda tx, row: {"moved": seal_moved(tx, row["client_id"], row["id"], row["moved"])},
        is_old=lambda row: not isinstance(row["moved"], str),
        plain=~_MOVED.startswith("dv1."),
    ),
)
