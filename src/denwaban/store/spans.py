"""How much time lies between two moments of a row, reckoned by the database."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Between(FunctionElement[int]):
    name = "milliseconds_between"
    type = BigInteger()
    inherit_cache = True


def milliseconds_between(begin: ColumnElement[Any], end: ColumnElement[Any]) -> ColumnElement[int]:
    """Whole milliseconds from `begin` to `end`, two `Utc` columns; NULL when one of them is."""
    return _Between(begin, end)


@compiles(_Between)
def _by_day(element: _Between, compiler: SQLCompiler, **options: Any) -> str:
    begin, end = (compiler.process(part, **options) for part in element.clauses)
    return f"CAST(ROUND((julianday({end}) - julianday({begin})) * 86400000.0) AS INTEGER)"


@compiles(_Between, "postgresql")
def _by_epoch(element: _Between, compiler: SQLCompiler, **options: Any) -> str:
    begin, end = (compiler.process(part, **options) for part in element.clauses)
    return f"CAST(ROUND(EXTRACT(EPOCH FROM ({end} - {begin})) * 1000) AS BIGINT)"
