"""Alembic's entry: runs the migrations over the engine that `store.migrate` hands in."""

from alembic import context
from sqlalchemy import Engine

from denwaban.store.columns import metadata

engine: Engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
