"""Alembic's entry: runs the migrations over the engine that `store.migrate` hands in."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, Engine

from denwaban.store.columns import Utc, metadata
from denwaban.store.search import is_made_by_hand


def render(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """How our own column types are written in a new migration."""
    if kind == "type" and isinstance(item, Utc):
        return "Utc()"
    if kind == "type" and isinstance(item, JSON):
        return "Json"
    return False


def comparable(
    _item: object, name: str | None, _kind: str, _reflected: bool, _other: object
) -> bool:
    """What belongs to a search index is made by hand; a comparison would drop it."""
    return not is_made_by_hand(name)


engine: Engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_item=render,
        include_object=comparable,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
