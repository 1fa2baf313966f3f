"""Reading summaries: lists without their documents, one with all of it, and what did not arrive."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, Select, func, select

from denwaban import vault
from denwaban.people import rows as people_rows
from denwaban.store import Tx
from denwaban.summaries.acts import TRIAL
from denwaban.summaries.model import (
    CallLine,
    Document,
    Kind,
    Period,
    State,
    read,
)
from denwaban.summaries.rows import summaries, summary_mails
from denwaban.summaries.sealing import open_calls

TROUBLE_FOR = timedelta(days=14)
"""So long a mail that failed stands on the floor's list, unless the same person got the summary since."""

LATE = timedelta(hours=2)
"""A summary that is wanted so long and not made is shown as late."""

_clients = people_rows.clients


@dataclass(frozen=True, slots=True)
class Listed:
    """A summary in a list."""

    id: str
    client_id: str
    client: str
    period: Period
    edition: int
    reason: str
    wanted_at: datetime
    made_at: datetime | None
    received: int
    answered: int
    missed: int
    newest: bool
    """There is no later edition of these days."""


@dataclass(frozen=True, slots=True)
class Posted:
    """One mail of a summary."""

    id: str
    name: str
    round: int
    state: State
    tries: int
    trouble: str
    made_at: datetime
    sent_at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A summary that is made."""

    listed: Listed
    document: Document
    calls: list[CallLine]
    closed: bool = False
    """The calls cannot be opened just now; the figures are not sealed."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A mail that did not arrive, or a summary that is not made in time."""

    summary_id: str
    client_id: str
    client: str
    period: Period
    name: str
    """Of who waits for it; empty: it is not made."""
    why: str
    at: datetime


def _select() -> Select[Any]:
    later = summaries.alias("later")
    more = (
        select(later.c.id)
        .where(
            later.c.client_id == summaries.c.client_id,
            later.c.kind == summaries.c.kind,
            later.c.first == summaries.c.first,
            later.c.last == summaries.c.last,
            later.c.edition > summaries.c.edition,
        )
        .exists()
    )
    return select(
        summaries.c.id,
        summaries.c.client_id,
        _clients.c.name.label("client"),
        summaries.c.kind,
        summaries.c.first,
        summaries.c.last,
        summaries.c.edition,
        summaries.c.reason,
        summaries.c.wanted_at,
        summaries.c.made_at,
        summaries.c.received,
        summaries.c.answered,
        summaries.c.missed,
        more.label("older"),
    ).join(_clients, _clients.c.id == summaries.c.client_id)


def listed(
    tx: Tx,
    client_id: str | None,
    *,
    kind: Kind | None = None,
    since: date | None = None,
    until: date | None = None,
    before: tuple[date, str] | None = None,
    made: bool = False,
    limit: int = 200,
) -> list[Listed]:
    """Summaries, the newest days first, older than (last day, id); `since` and `until` (not included) bound the last day."""
    query = _select().where(summaries.c.edition > TRIAL)
    if client_id is not None:
        query = query.where(summaries.c.client_id == client_id)
    if kind is not None:
        query = query.where(summaries.c.kind == kind.value)
    if since is not None:
        query = query.where(summaries.c.last >= since)
    if until is not None:
        query = query.where(summaries.c.last < until)
    if made:
        query = query.where(summaries.c.made_at.is_not(None))
    if before is not None:
        day, row_id = before
        query = query.where(
            (summaries.c.last < day) | ((summaries.c.last == day) & (summaries.c.id < row_id))
        )
    order = (summaries.c.last.desc(), summaries.c.id.desc())
    return [_listed(row) for row in tx.all(query.order_by(*order).limit(limit))]


def one(tx: Tx, summary_id: str) -> Listed | None:
    """A summary, made or not; also a trial."""
    row = tx.first(_select().where(summaries.c.id == summary_id))
    return _listed(row) if row is not None else None


def kept(tx: Tx, summary_id: str) -> Kept | None:
    """A summary with its figures and calls; None when there is none or it is not made yet."""
    found = one(tx, summary_id)
    if found is None or found.made_at is None:
        return None
    columns = (summaries.c.client_id, summaries.c.document, summaries.c.calls)
    row = tx.first(select(*columns).where(summaries.c.id == summary_id))
    assert row is not None
    calls = vault.shown(lambda: open_calls(tx, row["client_id"], summary_id, row["calls"]), None)
    return Kept(found, read(row["document"]), calls or [], closed=calls is None)


def posted(tx: Tx, summary_id: str) -> list[Posted]:
    """Its mails, the newest round first."""
    rows = tx.all(
        select(summary_mails)
        .where(summary_mails.c.summary_id == summary_id)
        .order_by(summary_mails.c.round.desc(), summary_mails.c.name, summary_mails.c.id)
    )
    fields = [name for name in Posted.__dataclass_fields__ if name != "state"]
    return [
        Posted(**{name: row[name] for name in fields}, state=State(row["state"])) for row in rows
    ]


def months(tx: Tx, client_id: str) -> list[date]:
    """The first days of the months in which something was made, newest first."""
    rows = tx.all(
        select(summaries.c.last)
        .where(
            summaries.c.client_id == client_id,
            summaries.c.edition > TRIAL,
            summaries.c.made_at.is_not(None),
        )
        .distinct()
    )
    return sorted({row["last"].replace(day=1) for row in rows}, reverse=True)


def troubles(tx: Tx, client_id: str | None = None, limit: int = 100) -> list[Trouble]:
    """What somebody has to look at, newest first: of one client, or of all."""
    return [*_late(tx, client_id, limit), *_failed(tx, client_id, limit)][:limit]


def count_troubles(tx: Tx) -> int:
    """How many there are, for the menu."""
    return len(troubles(tx, limit=100))


def _failed(tx: Tx, client_id: str | None, limit: int) -> list[Trouble]:
    later = summary_mails.alias("later")
    sent_since = (
        select(func.count())
        .select_from(later)
        .where(
            later.c.summary_id == summary_mails.c.summary_id,
            later.c.round > summary_mails.c.round,
        )
        .scalar_subquery()
    )
    query = (
        select(
            summary_mails.c.summary_id,
            summary_mails.c.client_id,
            summary_mails.c.name,
            summary_mails.c.trouble,
            summary_mails.c.made_at,
            _clients.c.name.label("client"),
            summaries.c.kind,
            summaries.c.first,
            summaries.c.last,
        )
        .join(summaries, summaries.c.id == summary_mails.c.summary_id)
        .join(_clients, _clients.c.id == summary_mails.c.client_id)
        .where(
            summary_mails.c.state == State.FAILED.value,
            summary_mails.c.made_at > tx.now - TROUBLE_FOR,
            summaries.c.edition > TRIAL,
            sent_since == 0,
        )
        .order_by(summary_mails.c.made_at.desc(), summary_mails.c.id)
        .limit(limit)
    )
    if client_id is not None:
        query = query.where(summary_mails.c.client_id == client_id)
    return [
        Trouble(
            row["summary_id"],
            row["client_id"],
            row["client"],
            Period(Kind(row["kind"]), row["first"], row["last"]),
            row["name"],
            row["trouble"],
            row["made_at"],
        )
        for row in tx.all(query)
    ]


def _late(tx: Tx, client_id: str | None, limit: int) -> list[Trouble]:
    query = (
        _select()
        .where(summaries.c.due_at <= tx.now, summaries.c.wanted_at < tx.now - LATE)
        .where(summaries.c.made_at.is_(None))
        .order_by(summaries.c.wanted_at)
        .limit(limit)
    )
    if client_id is not None:
        query = query.where(summaries.c.client_id == client_id)
    late = [_listed(row) for row in tx.all(query)]
    return [
        Trouble(each.id, each.client_id, each.client, each.period, "", "", each.wanted_at)
        for each in late
    ]


def _listed(row: RowMapping) -> Listed:
    return Listed(
        id=row["id"],
        client_id=row["client_id"],
        client=row["client"],
        period=Period(Kind(row["kind"]), row["first"], row["last"]),
        edition=row["edition"],
        reason=row["reason"],
        wanted_at=row["wanted_at"],
        made_at=row["made_at"],
        received=row["received"] or 0,
        answered=row["answered"] or 0,
        missed=row["missed"] or 0,
        newest=not row["older"],
    )
