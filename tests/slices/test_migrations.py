"""The migrations make exactly the tables that the code has, on both databases."""

import warnings

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from denwaban.clock import MovedClock
from denwaban.knowledge import index
from denwaban.store import Store, Tx, metadata, migrate
from denwaban.store.migrate import config
from denwaban.store.search import is_made_by_hand


def of_the_program(_: object, name: str | None, kind: str, *rest: object) -> bool:
    """Leave out the tables that other tests add to the same metadata, with all they hold, and the parts of a search index
    that no table definition can say."""
    return not (kind == "table" and str(name).startswith("test_")) and not is_made_by_hand(name)


def test_migrations_and_tables_agree(empty_database_url: str, clock: MovedClock) -> None:
    store = Store(empty_database_url, clock)
    with warnings.catch_warnings():
        # A new user reads them in their first minute.
        warnings.simplefilter("error")
        migrate(store.engine)
    migrate(store.engine)
    with store.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": of_the_program}
        )
        different = compare_metadata(context, metadata)
    assert different == []
    texts_of_older_indexes_are_found(store)
    store.engine.dispose()


def texts_of_older_indexes_are_found(store: Store) -> None:
    """What an index of the kind before migration 0035 had is found when it has been made anew, and nothing stays of the old
    tokens."""
    command.downgrade(config(store.engine), "0032")
    old = {
        "grams": "'\ue001解約':1 '手続':3" if "postgres" in store.url else "\ue001解約 \ue004 手続"
    }
    with store.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO search_texts (kind, ref, title, body, also, grams, folding) "
                "VALUES ('faq', 'a', '解約', '手続きは画面から', '', :grams, 1)"
            ),
            old,
        )
    migrate(store.engine)

    def found(tx: Tx) -> list[str]:
        return [hit.ref for words in ("解約", "手続きは") for hit in index.find(tx, [words])]

    with store.engine.begin() as connection:
        tx = Tx(connection, store.clock.now())
        assert found(tx) == []
        assert index.refold(tx) > 0
        assert found(tx) == ["a", "a"]
        index.remove(tx, "faq", "a")
        assert found(tx) == []
