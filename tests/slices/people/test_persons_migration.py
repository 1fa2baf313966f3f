"""Callers of an older version become persons of one number, and lose nothing."""

from alembic import command
from sqlalchemy import text
from tests.keys import ring_of
from tests.some_people import a_client

from denwaban.clock import MovedClock
from denwaban.people import caller_of
from denwaban.people.persons import find_persons, take_up
from denwaban.store import Store, Tx
from denwaban.store.migrate import config
from denwaban.vault import Keyring

BEFORE = "0027"

CALLERS = [
    ("a" * 32, "+819012345678", "佐藤 花子", "さとう はなこ", "佐藤商店", True),
    ("b" * 32, "+81355550001", "", "", "", False),
]


def test_callers_become_persons_and_callers_again(
    empty_database_url: str, clock: MovedClock
) -> None:
    store = Store(empty_database_url, clock)
    settings = config(store.engine)
    command.upgrade(settings, BEFORE)
    with store.engine.begin() as connection:
        client = a_client(Tx(connection, clock.now()))
        for row_id, number, name, kana, company, regular in CALLERS:
            connection.execute(
                text(
                    "INSERT INTO callers (id, client_id, number, name, kana, company, regular, put_first, updated_at) "
                    "VALUES (:id, :client, :number, :name, :kana, :company, :regular, :regular, :at)"
                ),
                {
                    "id": row_id,
                    "client": client,
                    "number": number,
                    "name": name,
                    "kana": kana,
                    "company": company,
                    "regular": regular,
                    "at": clock.now().replace(tzinfo=None),
                },
            )
    command.upgrade(settings, "head")  # what follows is asked by the program as it is now
    with store.engine.begin() as connection:
        tx = Tx(connection, clock.now(), {Keyring: ring_of()})
        for row_id, number, name, kana, company, regular in CALLERS:
            known = caller_of(tx, client, number)
            assert known is not None
            assert (known.id, known.person_id) == (row_id, row_id)
            assert (known.name, known.kana, known.company) == (name, kana, company)
            assert known.regular is known.put_first is regular
        assert take_up(tx) == 2
        assert [one.id for one in find_persons(tx, "サトー", client)] == ["a" * 32]
        assert [one.id for one in find_persons(tx, "0001", client)] == ["b" * 32]
    command.downgrade(settings, BEFORE)
    with store.engine.begin() as connection:
        kept = connection.execute(
            text("SELECT id, number, name, kana, company, put_first FROM callers ORDER BY id")
        ).all()
    store.engine.dispose()
    assert [(*row[:5], bool(row[5])) for row in kept] == CALLERS
