"""The database: one writer with group commit, several readers, SQLite or PostgreSQL.

`await store.write(verb)` runs `verb(tx)` in a transaction; when it returns, what it wrote is on disk. `await
store.read(verb)` runs it on a snapshot. Verbs are plain functions, so that slices compose them in one transaction.
"""

from denwaban.store.among import among, among_these
from denwaban.store.columns import Id, Json, Utc, metadata
from denwaban.store.failing import StoreError
from denwaban.store.ids import go_on_after, new_id
from denwaban.store.many import add_rows
from denwaban.store.migrate import migrate
from denwaban.store.question import Question
from denwaban.store.spans import milliseconds_between
from denwaban.store.store import Signal, Store
from denwaban.store.tx import Tx

__all__ = [
    "Id",
    "Json",
    "Question",
    "Signal",
    "Store",
    "StoreError",
    "Tx",
    "Utc",
    "add_rows",
    "among",
    "among_these",
    "go_on_after",
    "metadata",
    "migrate",
    "new_id",
    "milliseconds_between",
]
