"""A machine that went on with the version before writes a number that is sealed already: it does not find it."""

from sqlalchemy import insert, select
from tests.some_people import a_client

from denwaban.people import caller_of, remember_caller
from denwaban.people.persons import numbers_of_caller, person
from denwaban.people.persons.rows import person_ways, persons
from denwaban.people.persons.sealing import turnings
from denwaban.store import Store, Tx, new_id
from denwaban.vault import Turnings

NUMBER = "+819012345678"


async def test_a_number_that_stands_twice_stays_whose_it_was(store: Store) -> None:
    def twice(tx: Tx) -> tuple[str, str, str]:
        client_id = a_client(tx)
        whose = remember_caller(tx, client_id, NUMBER, "佐藤 花子").person_id
        again = new_id()
        tx.execute(
            insert(persons).values(
                id=again, client_id=client_id, name="佐藤", kana="", company="",
                created_at=tx.now, updated_at=tx.now,
            )
        )  # fmt: skip
        tx.execute(
            insert(person_ways).values(
                id=new_id(), client_id=client_id, person_id=again, kind="phone", value=NUMBER,
                tail=NUMBER[-4:], added_at=tx.now,
            )
        )  # fmt: skip
        return client_id, whose, again

    client_id, whose, again = await store.write(twice)
    found = await store.read(lambda tx: numbers_of_caller(tx, client_id, "", NUMBER))
    assert found[1] == (NUMBER,)
    await Turnings(store, turnings).run()
    assert len(await store.read(lambda tx: tx.all(select(person_ways.c.id)))) == 1
    caller = await store.read(lambda tx: caller_of(tx, client_id, NUMBER))
    assert caller is not None
    assert caller.person_id == whose
    left = await store.read(lambda tx: person(tx, again))
    assert left is not None
    assert left.name == "佐藤"
