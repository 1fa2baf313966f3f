"""What can be read in a database by whoever holds a copy of it."""

import json
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import text

from denwaban.store import Store, metadata


def ways_of_writing(word: str) -> Iterator[bytes]:
    """The word, and every two neighbouring kanji of it, as a file or a JSON column may have them."""
    pairs = (word[n : n + 2] for n in range(len(word) - 1))
    for piece in (word, *(one for one in pairs if min(one) >= "一")):
        yield piece.encode()
        yield json.dumps(piece)[1:-1].encode()


def raw(store: Store) -> bytes:
    """All that the database keeps: its files, or every column of every table."""
    if store.engine.dialect.name == "sqlite":
        path = Path(store.engine.url.database or "")
        return b"".join(one.read_bytes() for one in (path, Path(f"{path}-wal")) if one.exists())
    found = []
    with store.engine.connect() as connection:
        for table in metadata.tables:
            rows = connection.execute(text(f'SELECT t::text FROM "{table}" t')).scalars()
            found += [row.encode() for row in rows]
    return b"\n".join(found)


def readable(store: Store, words: tuple[str, ...]) -> set[str]:
    """Those of the words of which something can be read in the database."""
    everything = raw(store)
    return {word for word in words if any(one in everything for one in ways_of_writing(word))}
