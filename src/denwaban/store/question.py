"""Questions that are asked at every look of every seat: worked out once, then put to the driver as they are.

SQLAlchemy works out each time anew which values a statement has and what its rows are made of: several times what SQLite
needs to answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, RowMapping, Select
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError

_Process = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Form:
    """A question as one kind of database is asked it."""

    text: str
    fixed: Mapping[str, Any]
    """Values that stand in the question itself."""
    names: Sequence[str]
    """Of the values, in their order."""
    by_name: bool
    """The driver takes them so."""
    binds: tuple[tuple[str, _Process], ...]
    """What makes a value what the driver takes."""
    keys: tuple[str, ...]
    results: tuple[tuple[str, _Process], ...]
    """What makes a value of a row what the column says it is."""


class Question:
    """A SELECT whose text never changes, for `Tx.all`, `first` and `scalar`; its columns have different names, and it has no
    list of values that is given with it (`among` is one value)."""

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        self.statement = statement
        # By the name of the database. Two threads may work it out at once: the same comes out.
        self._forms: dict[str, _Form] = {}

    def rows(
        self, connection: Connection, values: Mapping[str, Any] | None = None
    ) -> list[RowMapping]:
        """All rows. Raises what SQLAlchemy raises; KeyError for a value that is not given."""
        dialect = connection.dialect
        form = self._forms.get(dialect.name)
        if form is None:
            form = self._forms[dialect.name] = _worked_out(self.statement, dialect)
        given = {**form.fixed, **(values or {})}
        for name, process in form.binds:
            given[name] = process(given[name])
        put: Any = (
            {name: given[name] for name in form.names}
            if form.by_name
            else [given[name] for name in form.names]
        )
        cursor = connection.connection.cursor()
        try:
            cursor.execute(form.text, put)
            found = cursor.fetchall()
        except dialect.loaded_dbapi.Error as error:
            raise _told(form, error, dialect) from error
        finally:
            cursor.close()
        made = [dict(zip(form.keys, row, strict=True)) for row in found]
        for key, process in form.results:
            for row in made:
                row[key] = process(row[key])
        # They are read like those of any other statement.
        return cast(list[RowMapping], made)


def _worked_out(statement: Select[*tuple[Any, ...]], dialect: Dialect) -> _Form:
    compiled = statement.compile(dialect=dialect)
    lacking = {name: None for name, bind in compiled.binds.items() if bind.required}
    state = compiled.construct_expanded_state(lacking)
    # A value of a list within the statement has the name of the list and its place.
    whose = {one: name for name, many in state.parameter_expansion.items() for one in many}
    binds = []
    for name in state.parameters:
        kind = compiled.binds[whose.get(name, name)].type
        if (process := kind.dialect_impl(dialect).bind_processor(dialect)) is not None:
            binds.append((name, process))
    columns = statement.selected_columns
    results = []
    for column in columns:
        process = column.type.dialect_impl(dialect).result_processor(dialect, None)
        if process is not None:
            results.append((str(column.key), process))
    keys = tuple(str(column.key) for column in columns)
    assert len(set(keys)) == len(keys), keys
    return _Form(
        state.statement,
        {name: value for name, value in state.parameters.items() if name not in lacking},
        state.positiontup or tuple(state.parameters),
        state.positiontup is None,
        tuple(binds),
        keys,
        tuple(results),
    )


def _told(form: _Form, error: Exception, dialect: Dialect) -> BaseException:
    """As SQLAlchemy tells it: without the values, which must not be in a log."""
    return DBAPIError.instance(
        form.text, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect
    )
