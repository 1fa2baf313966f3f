"""The migrations make exactly the tables that the code has, on both databases."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from denwaban.clock import MovedClock
from denwaban.store import Store, metadata, migrate


def test_migrations_and_tables_agree(database_url: str, clock: MovedClock) -> None:
    store = Store(database_url, clock)
    migrate(store.engine)
    migrate(store.engine)
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        different = [
            change
            for change in compare_metadata(context, metadata)
            if not getattr(change[1], "name", "").startswith("test_")
        ]
    store.engine.dispose()
    assert different == []
