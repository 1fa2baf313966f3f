"""Many rows of one table, in one statement whose text is the same for any number of them."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Executable, Table, insert, text
from sqlalchemy.engine import Dialect

from denwaban.store.tx import Tx

_Placed = tuple[str, list[Callable[[Any], Any] | None]]
"""A statement, and what makes of each value what the driver takes."""


def add_rows(tx: Tx, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows, in this order. All name the same columns in the same order: texts, numbers, moments, truth values and
    JSON, no bytes; for the others the database's own defaults hold."""
    if not rows:
        return
    dialect = tx.connection.dialect
    if len(rows) == 1:
        tx.execute(_one(table), rows[0])
    elif dialect.name == "postgresql":
        # psycopg's `executemany` is a statement for each row.
        tx.execute(_from_json(table, tuple(rows[0])), {"rows": msgspec.json.encode(rows).decode()})
    else:
        # SQLAlchemy's own way looks for each value by its name in each row.
        statement, ready = _by_place(table, tuple(rows[0]), dialect)
        tx.connection.exec_driver_sql(
            statement,
            [
                tuple(
                    [
                        value if make is None else make(value)
                        for make, value in zip(ready, row.values(), strict=True)
                    ]
                )
                for row in rows
            ],
        )


@cache
def _one(table: Table) -> Executable:
    return insert(table)


@cache
def _from_json(table: Table, names: tuple[str, ...]) -> Executable:
    return text(
        f'INSERT INTO "{table.name}" ({_listed(names)}) SELECT {_listed(names)}'
        f' FROM json_populate_recordset(CAST(NULL AS "{table.name}"), CAST(:rows AS json))'
    )


# By the name of the database: each `Store` has a dialect of its own. Two threads may work it out at once: the same comes out.
_PLACED: dict[tuple[Table, tuple[str, ...], str], _Placed] = {}


def _by_place(table: Table, names: tuple[str, ...], dialect: Dialect) -> _Placed:
    key = table, names, dialect.name
    found = _PLACED.get(key)
    if found is None:
        places = ", ".join("?" * len(names))
        found = _PLACED[key] = (
            f'INSERT INTO "{table.name}" ({_listed(names)}) VALUES ({places})',
            [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names],
        )
    return found


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)
