"""What lists of scripts show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, Select, and_, or_, select, tuple_

from denwaban.people import rows as people_rows
from denwaban.scripts.changes import Change, changes
from denwaban.scripts.life import UNDER_WAY, State
from denwaban.scripts.readings import ToRead, read_counts, to_read
from denwaban.scripts.rows import script_texts, script_versions, scripts
from denwaban.scripts.versions import document_of
from denwaban.store import Tx

clients = people_rows.clients

_published = script_versions.alias("published")
_coming = script_versions.alias("coming")


@dataclass(frozen=True, slots=True)
class Listed:
    """A script in a list, with where it stands."""

    id: str
    client_id: str
    client: str
    name: str
    version: int | None
    """That calls follow now; None: not yet published."""
    version_id: str | None
    published_at: datetime | None
    draft_id: str | None
    draft_at: datetime | None
    coming_id: str | None
    """The version that is neither published nor given up."""
    coming: State | None
    coming_version: int | None
    publish_at: datetime | None
    unread: int = 0
    """Operators who have still to read the newest change."""

    @property
    def place(self) -> tuple[str, str, str]:
        """In the order of lists."""
        return self.client, self.name, self.id


@dataclass(frozen=True, slots=True)
class News:
    """The change that an operator is to read first."""

    what: ToRead
    client: str
    changes: tuple[Change, ...]
    left: int
    """How many more there are to read."""


def news_for(tx: Tx, operator_id: str) -> News | None:
    """The most urgent change that this operator has still to read, with what differs from the version they know."""
    waiting = to_read(tx, operator_id)
    if not waiting:
        return None
    first = waiting[0]
    new = document_of(tx, first.version_id)[0]
    old = document_of(tx, first.since_id)[0] if first.since_id else new
    name = tx.scalar(select(clients.c.name).where(clients.c.id == first.client_id))
    return News(first, name, tuple(changes(old, new)), len(waiting) - 1)


def _select() -> Select[tuple[object, ...]]:
    return (
        select(
            scripts.c.id,
            scripts.c.client_id,
            clients.c.name.label("client"),
            scripts.c.name,
            _published.c.version,
            _published.c.id.label("version_id"),
            _published.c.published_at,
            scripts.c.draft_id,
            script_texts.c.at.label("draft_at"),
            _coming.c.id.label("coming_id"),
            _coming.c.state.label("coming"),
            _coming.c.version.label("coming_version"),
            _coming.c.publish_at,
        )
        .select_from(scripts)
        .join(clients, clients.c.id == scripts.c.client_id)
        .outerjoin(_published, _published.c.id == scripts.c.published_version_id)
        .outerjoin(script_texts, script_texts.c.id == scripts.c.draft_id)
        .outerjoin(
            _coming,
            and_(
                _coming.c.script_id == scripts.c.id,
                _coming.c.state.in_([state.value for state in UNDER_WAY]),
            ),
        )
    )


def _listed(tx: Tx, rows: Sequence[RowMapping]) -> list[Listed]:
    unread = read_counts(tx, [row["id"] for row in rows])
    return [
        Listed(
            **{
                **dict(row),
                "coming": State(row["coming"]) if row["coming"] else None,
                "unread": unread.get(row["id"], 0),
            }
        )
        for row in rows
    ]


def scripts_page(
    tx: Tx,
    *,
    client_id: str | None = None,
    search: str = "",
    after: tuple[str, str, str] | None = None,
    limit: int = 50,
) -> list[Listed]:
    """By client, then by name. `search` is part of either's name."""
    wanted = _select().order_by(clients.c.name, scripts.c.name, scripts.c.id).limit(limit)
    if client_id is not None:
        wanted = wanted.where(scripts.c.client_id == client_id)
    if search:
        wanted = wanted.where(
            or_(
                scripts.c.name.contains(search, autoescape=True),
                clients.c.name.contains(search, autoescape=True),
                clients.c.kana.contains(search, autoescape=True),
            )
        )
    if after is not None:
        wanted = wanted.where(tuple_(clients.c.name, scripts.c.name, scripts.c.id) > after)
    return _listed(tx, tx.all(wanted))


def script_listed(tx: Tx, script_id: str) -> Listed | None:
    """One script."""
    found = _listed(tx, tx.all(_select().where(scripts.c.id == script_id)))
    return found[0] if found else None


def awaiting(tx: Tx, client_id: str) -> list[Listed]:
    """What waits for the client's approval."""
    return _listed(
        tx,
        tx.all(
            _select()
            .where(
                scripts.c.client_id == client_id,
                _coming.c.state == State.IN_REVIEW.value,
                _coming.c.approval.is_(True),
            )
            .order_by(scripts.c.name, scripts.c.id)
        ),
    )
