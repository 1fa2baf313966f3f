"""Forgetting persons, when their time is over or they ask for it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select

from denwaban.people.persons.rows import (
    PERSON,
    index,
    person_acts,
    person_apart,
    person_calls,
    person_names,
    person_ways,
    persons,
)
from denwaban.store import Tx, among_these


def persons_before(tx: Tx, client_id: str, before: datetime, after: str, limit: int) -> list[str]:
    """Ids of who has been known to call a client without a change since then, behind the id `after`, in order."""
    rows = tx.all(
        select(persons.c.id)
        .where(
            persons.c.client_id == client_id,
            persons.c.updated_at < before,
            persons.c.into_id.is_(None),
            persons.c.id > after,
        )
        .order_by(persons.c.id)
        .limit(limit)
    )
    return [row["id"] for row in rows]


def forget_persons(tx: Tx, client_id: str, person_ids: Sequence[str]) -> int:
    """Forgets who calls a client, for good: names, numbers, what they were called before, and who was joined into them. How
    many persons those were."""
    mine = persons.c.client_id == client_id
    found = tx.all(select(persons.c.id).where(mine, among_these(persons.c.id, person_ids)))
    standing = [row["id"] for row in found]
    gone, more = list(standing), list(standing)
    while more:
        joined = tx.all(select(persons.c.id).where(mine, among_these(persons.c.into_id, more)))
        more = [row["id"] for row in joined]
        gone += more
    for table in (person_ways, person_names, person_calls):
        tx.execute(delete(table).where(among_these(table.c.person_id, gone)))
    tx.execute(
        delete(person_acts).where(
            or_(
                among_these(person_acts.c.person_id, gone),
                among_these(person_acts.c.other_id, gone),
            )
        )
    )
    tx.execute(
        delete(person_apart).where(
            or_(
                among_these(person_apart.c.one_id, gone), among_these(person_apart.c.other_id, gone)
            )
        )
    )
    for person_id in gone:
        index.remove(tx, PERSON, person_id)
    tx.execute(delete(persons).where(among_these(persons.c.id, gone)))
    return len(standing)
