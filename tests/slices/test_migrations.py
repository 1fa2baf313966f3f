"""The migrations make exactly the tables that the code has, on both databases."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from denwaban.clock import MovedClock
from denwaban.store import Store, metadata, migrate
from denwaban.store.search import is_made_by_hand


def of_the_program(_: object, name: str | None, kind: str, *rest: object) -> bool:
    """Leave out the tables that other tests add to the same metadata, with all they hold, and the parts of a search index
    that no table definition can say."""
    return not (kind == "table" and str(name).startswith("test_")) and not is_made_by_hand(name)


def test_migrations_and_tables_agree(empty_database_url: str, clock: MovedClock) -> None:
    store = Store(empty_database_url, clock)
    migrate(store.engine)
    migrate(store.engine)
    with store.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": of_the_program}
        )
        different = compare_metadata(context, metadata)
    store.engine.dispose()
    assert different == []
