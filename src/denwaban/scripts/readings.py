"""Who has read which change: every operator, before taking that client's calls or within the client's grace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, bindparam, insert, select, update

from denwaban.journal import Fact, append
from denwaban.people import rows as people_rows
from denwaban.scripts.life import NoSuchScript
from denwaban.scripts.rows import (
    script_notices,
    script_readings,
    script_versions,
    scripts,
)
from denwaban.scripts.settings import settings_of
from denwaban.store import Question, Tx

operators = people_rows.operators


@dataclass(frozen=True, slots=True)
class Unread:
    """A change that some operators have not read."""

    version_id: str
    client_id: str
    after: datetime
    """From then on they are passed over."""
    operators: frozenset[str]


@dataclass(frozen=True, slots=True)
class ToRead:
    """A change that one operator has still to read."""

    version_id: str
    script_id: str
    client_id: str
    name: str
    version: int
    reason: str
    background: str
    read_by: datetime
    since_id: str | None
    """The version that the operator knows."""


@dataclass(frozen=True, slots=True)
class Reader:
    """An operator who was asked to read a version; `at` null: has not yet."""

    operator_id: str
    name: str
    at: datetime | None


def ask_to_read(
    tx: Tx, client_id: str, script_id: str, version_id: str, before: str | None
) -> datetime | None:
    """From now on operators are to read this version, and no earlier one of the script. Returns until when; None for a
    first version, which changes nothing that anybody knows."""
    tx.execute(
        update(script_notices)
        .where(script_notices.c.script_id == script_id, script_notices.c.done_at.is_(None))
        .values(done_at=tx.now)
    )
    if before is None:
        return None
    read_by = tx.now + settings_of(tx, client_id).grace
    tx.execute(
        insert(script_notices).values(
            version_id=version_id,
            script_id=script_id,
            client_id=client_id,
            asked_at=tx.now,
            read_by=read_by,
            done_at=None,
        )
    )
    _close_if_read(tx, version_id)
    return read_by


def confirm(tx: Tx, version_id: str, operator_id: str) -> None:
    """The operator has read it. Doing it again changes nothing. Raises `NoSuchScript` for a version that nobody was asked
    to read."""
    notice = tx.first(select(script_notices).where(script_notices.c.version_id == version_id))
    if notice is None:
        raise NoSuchScript(version_id)
    already = select(script_readings.c.at).where(
        script_readings.c.version_id == version_id, script_readings.c.operator_id == operator_id
    )
    if tx.first(already) is not None:
        return
    tx.execute(
        insert(script_readings).values(version_id=version_id, operator_id=operator_id, at=tx.now)
    )
    data = {"version_id": version_id, "operator_id": operator_id}
    append(tx, Fact("script.read", notice["script_id"], notice["client_id"], data))
    _close_if_read(tx, version_id)


def unread(tx: Tx, client_id: str | None = None) -> list[Unread]:
    """Every change that somebody has still to read, of one client or of all."""
    wanted = _open()
    if client_id is not None:
        wanted = wanted.where(script_notices.c.client_id == client_id)
    found: dict[str, tuple[str, datetime, set[str]]] = {}
    for row in tx.all(wanted):
        place = found.setdefault(row["version_id"], (row["client_id"], row["read_by"], set()))
        place[2].add(row["operator_id"])
    return [
        Unread(version_id, client, after, frozenset(who))
        for version_id, (client, after, who) in found.items()
    ]


def to_read(tx: Tx, operator_id: str) -> list[ToRead]:
    """What this operator has still to read, the most urgent first."""
    return [
        ToRead(
            row["version_id"],
            row["script_id"],
            row["client_id"],
            row["name"],
            row["version"],
            row["reason"],
            row["background"],
            row["read_by"],
            _known_to(tx, row["script_id"], row["version"], operator_id),
        )
        for row in tx.all(_TO_READ, {"operator": operator_id})
    ]


def readers(tx: Tx, version_id: str) -> list[Reader]:
    """Who was asked to read a version: those who have not yet first, then by name."""
    rows = tx.all(
        select(operators.c.id, operators.c.name, script_readings.c.at)
        .select_from(script_notices)
        .join(operators, operators.c.created_at <= script_notices.c.asked_at)
        .outerjoin(
            script_readings,
            and_(
                script_readings.c.version_id == script_notices.c.version_id,
                script_readings.c.operator_id == operators.c.id,
            ),
        )
        .where(script_notices.c.version_id == version_id, operators.c.left_at.is_(None))
        .order_by(operators.c.kana, operators.c.id)
    )
    found = [Reader(row["id"], row["name"], row["at"]) for row in rows]
    return sorted(found, key=lambda one: one.at is not None)


def read_counts(tx: Tx, script_ids: Sequence[str]) -> dict[str, int]:
    """How many operators have still to read each script's newest change; scripts without any are left out."""
    counts: dict[str, int] = {}
    for row in tx.all(
        _open(script_notices.c.script_id).where(script_notices.c.script_id.in_(script_ids))
    ):
        counts[row["script_id"]] = counts.get(row["script_id"], 0) + 1
    return counts


def _open(*more: object) -> Select[tuple[object, ...]]:
    """One row for each change and each operator who has still to read it."""
    return (
        select(
            script_notices.c.version_id,
            script_notices.c.client_id,
            script_notices.c.read_by,
            operators.c.id.label("operator_id"),
            *more,
        )
        .select_from(script_notices)
        .join(
            operators,
            and_(
                operators.c.created_at <= script_notices.c.asked_at, operators.c.left_at.is_(None)
            ),
        )
        .outerjoin(
            script_readings,
            and_(
                script_readings.c.version_id == script_notices.c.version_id,
                script_readings.c.operator_id == operators.c.id,
            ),
        )
        .where(script_notices.c.done_at.is_(None), script_readings.c.at.is_(None))
    )


# Asked at every look of every seat that is free: made once.
_TO_READ = Question(
    _open(
        script_notices.c.script_id,
        scripts.c.name,
        script_versions.c.version,
        script_versions.c.reason,
        script_versions.c.background,
    )
    .join(script_versions, script_versions.c.id == script_notices.c.version_id)
    .join(scripts, scripts.c.id == script_notices.c.script_id)
    .where(operators.c.id == bindparam("operator"))
    .order_by(script_notices.c.read_by, script_notices.c.version_id)
)


def _known_to(tx: Tx, script_id: str, version: int, operator_id: str) -> str | None:
    """The newest earlier version that the operator has read, else the one that was published before this."""
    earlier = (
        select(script_versions.c.id)
        .where(
            script_versions.c.script_id == script_id,
            script_versions.c.published_at.is_not(None),
            script_versions.c.version < version,
        )
        .order_by(script_versions.c.published_at.desc(), script_versions.c.version.desc())
        .limit(1)
    )
    has_read = select(script_readings.c.version_id).where(
        script_readings.c.operator_id == operator_id
    )
    found: str | None = tx.scalar(earlier.where(script_versions.c.id.in_(has_read)))
    return found or tx.scalar(earlier)


def _close_if_read(tx: Tx, version_id: str) -> None:
    if tx.first(_open().where(script_notices.c.version_id == version_id).limit(1)) is None:
        tx.execute(
            update(script_notices)
            .where(script_notices.c.version_id == version_id)
            .values(done_at=tx.now)
        )
