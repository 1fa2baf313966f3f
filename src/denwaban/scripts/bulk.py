"""All scripts of an installation, some at a time."""

from dataclasses import dataclass

import msgspec
from sqlalchemy import select

from denwaban.people import Client, client
from denwaban.scripts.around import around_of
from denwaban.scripts.drafts import version_text
from denwaban.scripts.lint import Around
from denwaban.scripts.model import Script
from denwaban.scripts.rows import script_versions, scripts
from denwaban.store import Tx


@dataclass(frozen=True, slots=True)
class Stored:
    """A script as calls follow it now."""

    id: str
    client: Client
    name: str
    script: Script
    text: str
    around: Around


def stored(tx: Tx, after: str = "", limit: int = 200, client_id: str | None = None) -> list[Stored]:
    """Published scripts in the order of their ids, `limit` of them after one; of one client or of all."""
    query = (
        select(
            scripts.c.id,
            scripts.c.client_id,
            scripts.c.name,
            script_versions.c.document,
            script_versions.c.text,
        )
        .join(script_versions, script_versions.c.id == scripts.c.published_version_id)
        .where(scripts.c.id > after)
        .order_by(scripts.c.id)
        .limit(limit)
    )
    if client_id is not None:
        query = query.where(scripts.c.client_id == client_id)
    found = []
    for row in tx.all(query):
        owner = client(tx, row["client_id"])
        assert owner is not None  # a foreign key
        script = msgspec.convert(row["document"], Script)
        around = around_of(tx, owner.id, row["id"])
        found.append(Stored(row["id"], owner, row["name"], script, version_text(row), around))
    return found


def count_stored(tx: Tx, client_id: str | None = None) -> int:
    """How many published scripts there are."""
    query = select(scripts.c.id).where(scripts.c.published_version_id.is_not(None))
    if client_id is not None:
        query = query.where(scripts.c.client_id == client_id)
    return len(tx.all(query))


def script_named(tx: Tx, client_id: str, name: str) -> str | None:
    """The id of the client's script of that name."""
    found: str | None = tx.scalar(
        select(scripts.c.id).where(scripts.c.client_id == client_id, scripts.c.name == name)
    )
    return found
