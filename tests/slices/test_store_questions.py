"""A question is answered like the statement that it is made of, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from denwaban.clock import MovedClock
from denwaban.journal import Fact, append, last_seq
from denwaban.store import Id, Json, Question, Store, StoreError, Tx, Utc, among, metadata, new_id

things = Table(
    "test_things",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(20), nullable=False),
    Column("at", Utc),
    Column("good", Boolean, nullable=False),
    Column("data", Json, nullable=False),
)

_WANTED = (
    select(things, func.count().over().label("in_all"))
    .where(
        things.c.at < bindparam("before"),
        things.c.good == bindparam("good"),
        things.c.name.in_(["一", "二", "100%"]),
        among(things.c.id, "those"),
    )
    .order_by(things.c.name)
    .limit(bindparam("most", type_=Integer))
)
WANTED = Question(_WANTED)
_OF_NAME = Question(select(things.c.at, things.c.id).where(things.c.name == bindparam("name")))
NOWHERE = Question(select(Table("test_nowhere", MetaData(), Column("id", Id)).c.id))


def add(tx: Tx, name: str, minutes: int | None, *, good: bool = True) -> str:
    at = tx.now + timedelta(minutes=minutes) if minutes is not None else None
    thing = new_id()
    values = {"id": thing, "name": name, "at": at, "good": good, "data": {"n": [name, None, 1.5]}}
    tx.execute(insert(things).values(**values))
    return thing


async def test_a_question_has_the_rows_of_its_statement(store: Store, clock: MovedClock) -> None:
    def fill(tx: Tx) -> list[str]:
        known = [("一", -5, True), ("二", -4, True), ("二", 5, True), ("100%", -1, False)]
        return [add(tx, name, minutes, good=good) for name, minutes, good in known]

    ids = await store.write(fill)
    for good, most, those in ((True, 9, ids), (True, 1, ids), (False, 9, ids), (True, 9, [])):
        asked = {"before": clock.now(), "good": good, "most": most, "those": those}

        def both(tx: Tx, asked: dict[str, object] = asked) -> list[list[dict[str, object]]]:
            return [[dict(row) for row in tx.all(way, asked)] for way in (_WANTED, WANTED)]

        for run in (store.read, store.write):
            told, found = await run(both)
            assert found == told
            assert len(found) == (min(most, 2) if good and those else int(bool(those)))
    await store.write(lambda tx: add(tx, "空", None))
    row = await store.read(lambda tx: tx.first(_OF_NAME, {"name": "空"}))
    assert row is not None
    assert (row["at"], list(row)) == (None, ["at", "id"])
    assert await store.read(lambda tx: tx.scalar(_OF_NAME, {"name": "一"})) < clock.now()
    assert await store.read(lambda tx: tx.first(_OF_NAME, {"name": "三"})) is None
    assert await store.read(lambda tx: tx.scalar(_OF_NAME, {"name": "三"})) is None


async def test_what_the_database_refuses_comes_out_as_always(store: Store) -> None:
    secret = "知られてはならない"

    def look(tx: Tx) -> object:
        return tx.all(NOWHERE, {"it": secret})

    with pytest.raises(StoreError):
        await store.read(look)
    with pytest.raises(DBAPIError) as told:
        await store.write(look)
    assert "test_nowhere" in str(told.value)
    assert secret not in str(told.value)
    with pytest.raises(KeyError):
        await store.read(lambda tx: tx.all(_OF_NAME, {}))
    # Nothing of it hangs on to the connection.
    assert await store.read(lambda tx: tx.scalar(text("SELECT 1"))) == 1


async def test_questions_alone_see_one_moment(store: Store) -> None:
    """Also where no other statement has begun the transaction."""
    await store.write(lambda tx: append(tx, Fact("test.first", "a")))

    def twice(tx: Tx) -> tuple[int, int]:
        before = last_seq(tx)
        with store.engine.begin() as other:
            Tx(other, tx.now).execute(
                insert(things).values(id=new_id(), name="間", at=None, good=True, data={})
            )
            append(Tx(other, tx.now), Fact("test.meanwhile", "b"))
        return before, last_seq(tx)

    before, after = await store.read(twice)
    assert before == after
    assert await store.read(last_seq) == after + 1
