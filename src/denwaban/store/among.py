"""One of many values, in a statement whose text is the same for any number of them.

`IN` is written anew for each number of values: it is rendered, parsed and planned each time, which for batches costs more than
what is asked.
"""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, Boolean, ColumnElement, String, Text, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class _Texts(TypeDecorator[Iterable[str]]):
    """Many texts as one value."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        many = dialect.name == "postgresql"
        return dialect.type_descriptor(ARRAY(String) if many else Text())

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> Any:
        found = list(value or ())
        return found if dialect.name == "postgresql" else json.dumps(found)


class _Among(FunctionElement[bool]):
    name = "among"
    type = Boolean()
    inherit_cache = True
    _is_implicitly_boolean = (
        True  # or SQLite is asked for `… IN (…) = 1`, for which it reads the whole table
    )


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether a column of texts has one of the values that the statement is given under `name`."""
    return _Among(column, bindparam(name, type_=_Texts()))


def among_these(column: ColumnElement[Any], values: Iterable[str]) -> ColumnElement[bool]:
    """Whether a column of texts has one of these values, however many: `IN (…)` has as many parameters, of which PostgreSQL takes
    65,535."""
    return _Among(column, bindparam(None, list(values), type_=_Texts(), unique=True))


@compiles(_Among)
def _in_json(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, many = element.clauses
    return (
        f"{compiler.process(column, **options)} IN "
        f"(SELECT value FROM json_each({compiler.process(many, **options)}))"
    )


@compiles(_Among, "postgresql")
def _any(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, many = element.clauses
    return f"{compiler.process(column, **options)} = ANY ({compiler.process(many, **options)})"
