"""All scripts of an installation, some at a time."""

from collections import defaultdict
from dataclasses import dataclass

import msgspec
from sqlalchemy import func, select

from denwaban.lines import rows as lines_rows
from denwaban.people import rows as people_rows
from denwaban.scripts.around import around_from
from denwaban.scripts.drafts import version_text
from denwaban.scripts.lint import Around
from denwaban.scripts.model import Script
from denwaban.scripts.rows import script_versions, scripts
from denwaban.scripts.settings import ScriptSettings, settings_of_all
from denwaban.store import Tx, among_these

clients, staff = people_rows.clients, people_rows.staff
windows = lines_rows.plan_windows


@dataclass(frozen=True, slots=True)
class Stored:
    """A script as calls follow it now."""

    id: str
    client_code: str
    name: str
    script: Script
    text: str
    around: Around


def stored(tx: Tx, after: str = "", limit: int = 200, client_id: str | None = None) -> list[Stored]:
    """Published scripts in the order of their ids, `limit` of them after one; of one client or of all. As many queries for
    many as for one."""
    query = (
        select(
            scripts.c.id,
            scripts.c.client_id,
            scripts.c.name,
            clients.c.code,
            clients.c.greeting,
            script_versions.c.document,
            script_versions.c.text,
        )
        .join(script_versions, script_versions.c.id == scripts.c.published_version_id)
        .join(clients, clients.c.id == scripts.c.client_id)
        .where(scripts.c.id > after)
        .order_by(scripts.c.id)
        .limit(limit)
    )
    if client_id is not None:
        query = query.where(scripts.c.client_id == client_id)
    rows = tx.all(query)
    owners = {row["client_id"] for row in rows}
    people: defaultdict[str, list[tuple[str, str, bool]]] = defaultdict(list)
    for one in tx.all(
        select(staff.c.client_id, staff.c.id, staff.c.name, staff.c.left_at).where(
            among_these(staff.c.client_id, owners)
        )
    ):
        people[one["client_id"]].append((one["id"], one["name"], one["left_at"] is not None))
    plans: defaultdict[str, list[tuple[str | None, int]]] = defaultdict(list)
    for one in tx.all(
        select(windows.c.client_id, windows.c.script_id, windows.c.days).where(
            among_these(windows.c.client_id, owners)
        )
    ):
        plans[one["client_id"]].append((one["script_id"], one["days"]))
    wanted = settings_of_all(tx, owners)
    return [
        Stored(
            row["id"],
            row["code"],
            row["name"],
            msgspec.convert(row["document"], Script),
            version_text(row),
            around_from(
                people[row["client_id"]],
                plans[row["client_id"]],
                row["greeting"],
                row["id"],
                tx.now,
                wanted.get(row["client_id"], ScriptSettings()).terms,
            ),
        )
        for row in rows
    ]


def count_stored(tx: Tx, client_id: str | None = None) -> int:
    """How many published scripts there are."""
    query = select(func.count()).where(scripts.c.published_version_id.is_not(None))
    if client_id is not None:
        query = query.where(scripts.c.client_id == client_id)
    count: int = tx.scalar(query)
    return count


def script_named(tx: Tx, client_id: str, name: str) -> str | None:
    """The id of the client's script of that name."""
    found: str | None = tx.scalar(
        select(scripts.c.id).where(scripts.c.client_id == client_id, scripts.c.name == name)
    )
    return found
