"""Alembic's entry: runs the migrations over the engine that `store.migrate` hands in."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, Engine

from denwaban.store.columns import Utc, metadata


def render(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """How our own column types are written in a new migration."""
    if kind == "type" and isinstance(item, Utc):
        return "Utc()"
    if kind == "type" and isinstance(item, JSON):
        return "Json"
    return False


engine: Engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_item=render,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
