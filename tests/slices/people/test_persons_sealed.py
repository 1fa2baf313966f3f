"""Who calls is sealed in the database, and is found, joined, parted, listed and forgotten as before."""

from typing import Any

import pytest
from sqlalchemy import select, text, update
from tests.asking import counted
from tests.keys import KEY, lend_keys
from tests.reading import readable
from tests.some_people import a_client
from tests.web_fixtures import MakeWeb

from denwaban import vault
from denwaban.access import Role
from denwaban.main.sealing import TURNINGS
from denwaban.memory import pages
from denwaban.people import caller_of, callers_page, remember_caller, set_put_first
from denwaban.people.persons import (
    By,
    WayKind,
    acts_of,
    add_way,
    change_person,
    find_persons,
    forget_persons,
    merge,
    newest,
    numbers_of,
    old_names,
    person,
    person_by_number,
    put_first_callers,
    split,
    twins,
    undo,
    ways_of,
    ways_of_each,
)
from denwaban.people.persons import callers as callers_slice
from denwaban.people.persons.model import heard_as, tail_of
from denwaban.people.persons.rows import (
    person_acts,
    person_names,
    person_ways,
    persons,
)
from denwaban.people.persons.sealing import (
    called,
    called_before,
    looked_for,
    open_moved,
    reached_by,
    turnings,
)
from denwaban.store import Store, Tx
from denwaban.store.words import fold
from denwaban.vault import UNOPENED, Turnings, VaultError

ME = By("0" * 32, "渡辺 真理")

HANAKO, OLD, MAIDEN, COMPANY = "鸚鵡谷 翡翠子", "蝦蟇沢 翡翠子", "鼬鼠塚 翡翠", "囀諫楼"
KANA, SLIP = "おうむだに ひすいこ", "おうむたに"
MOBILE, HOME, MAIL = "+818047362951", "+81647362951", "hisuiko@example.jp"
TELLTALE = (
    HANAKO, OLD, MAIDEN, COMPANY, "おうむだに", "オウムダニ", "ひすいこ", "鼬鼠塚翡翠", MOBILE, MOBILE[3:],
    "080-4736-2951", HOME, HOME[3:], MAIL, "hisuiko",
)  # fmt: skip


def told(tx: Tx) -> dict[str, str]:
    """One person of several names, numbers and an address, joined of two; somebody else."""
    client = a_client(tx)
    remember_caller(tx, client, MOBILE, OLD, KANA)
    remember_caller(tx, client, MOBILE, HANAKO, KANA, COMPANY)
    remember_caller(tx, client, HOME, MAIDEN, KANA, COMPANY)
    one, home = (person_by_number(tx, client, each) for each in (MOBILE, HOME))
    assert one is not None
    assert home is not None
    add_way(tx, one.id, WayKind.MAIL, MAIL)
    act = merge(tx, one.id, home.id, ME)
    remember_caller(tx, client, "+81699990001", "田中 次郎", "たなか じろう")
    other = person_by_number(tx, client, "+81699990001")
    assert other is not None
    return {"client": client, "one": one.id, "home": home.id, "act": act, "other": other.id}


def seen(tx: Tx, ids: dict[str, str]) -> list[Any]:
    """All that is told of them by the verbs that read."""
    client = ids["client"]
    return [
        newest(tx, client),
        newest(tx),
        callers_page(tx, client, None, 10),
        [caller_of(tx, client, number) for number in (MOBILE, HOME, "+819000000000")],
        ways_of(tx, ids["one"]),
        ways_of_each(tx, [ids["one"], ids["other"]]),
        numbers_of(tx, ids["one"]),
        old_names(tx, ids["one"]),
        acts_of(tx, ids["one"]),
        person(tx, ids["home"]),
    ]


ASKED = ("翡翠", "囀諫", "鼬鼠", "蝦蟇沢", "オウムダニ", "ひすいこ おうむだに", SLIP, "2951", "4736-2951", "080-4736-2951", MOBILE, "0647362951", "hisuiko@")  # fmt: skip


def found(tx: Tx, ids: dict[str, str]) -> None:
    for words in ASKED:
        for client in (ids["client"], None):
            assert [one.id for one in find_persons(tx, words, client)] == [ids["one"]], words
    for words in ("12951", "0002951", "0000", "亀"):
        assert find_persons(tx, words, ids["client"]) == [], words


def lived(tx: Tx, ids: dict[str, str]) -> None:
    """What can be done with them is done, and undone."""
    client = ids["client"]
    assert undo(tx, ids["act"], ME) == ids["one"]
    one, home = person(tx, ids["one"]), person(tx, ids["home"])
    assert one is not None
    assert home is not None
    assert (one.name, one.kana, one.company) == (HANAKO, KANA, COMPANY)
    assert (home.name, home.company, home.into_id) == (MAIDEN, COMPANY, None)
    assert [way.value for way in ways_of(tx, one.id)] == [MOBILE, MAIL]
    assert {frozenset((a.id, b.id)) for a, b in twins(tx, [one.id])} == {
        frozenset((ids["one"], ids["home"]))
    }
    again = merge(tx, one.id, home.id, ME)
    assert undo(tx, again, ME) == one.id
    [mail] = [way.id for way in ways_of(tx, one.id) if way.kind is WayKind.MAIL]
    act, _made = split(tx, one.id, ME, ways=[mail], name="別の人")
    assert undo(tx, act, ME) == one.id
    assert {each.id for each in newest(tx, client)} == {ids["one"], ids["home"], ids["other"]}
    assert forget_persons(tx, client, [ids["one"], ids["home"]]) == 2
    assert caller_of(tx, client, MOBILE) is None
    assert [one.id for one in newest(tx, client)] == [ids["other"]]


async def test_nobody_is_read_in_the_database_and_all_goes_on(store: Store) -> None:
    ids = await store.write(told)
    assert readable(store, TELLTALE) == set()
    tails = await store.read(lambda tx: tx.all(select(person_ways.c.tail).distinct()))
    assert [row["tail"] for row in tails] == [""]
    known = str(await store.read(lambda tx: seen(tx, ids)))
    for word in (HANAKO, OLD, MAIDEN, COMPANY, KANA, MOBILE, HOME, MAIL):
        assert word in known, word
    await store.read(lambda tx: found(tx, ids))
    await store.write(lambda tx: lived(tx, ids))
    assert readable(store, TELLTALE) == set()


def as_before(tx: Tx, ids: dict[str, str]) -> None:
    """Rows as the version before wrote them."""
    for row in tx.all(select(persons)):
        name, kana, company = called.texts(tx, row) or ("", "", "")
        tx.execute(
            update(persons)
            .where(persons.c.id == row["id"])
            .values(
                name=name, kana=kana, company=company, sealed=None, sound=heard_as(kana, name),
                name_key=fold(name), company_key=fold(company),
            )
        )  # fmt: skip
    for row in tx.all(select(person_ways)):
        (value,) = reached_by.texts(tx, row) or ("",)
        tail = tail_of(value) if row["kind"] == "phone" else ""
        tx.execute(
            update(person_ways)
            .where(person_ways.c.id == row["id"])
            .values(value=value, sealed=None, tail=tail, tail_blind=None)
        )
    for row in tx.all(select(person_names)):
        name, kana = called_before.texts(tx, row) or ("", "")
        tx.execute(
            update(person_names)
            .where(person_names.c.id == row["id"])
            .values(name=name, kana=kana, sealed=None)
        )
    for row in tx.all(select(person_acts)):
        tx.execute(
            update(person_acts)
            .where(person_acts.c.id == row["id"])
            .values(moved=open_moved(tx, row))
        )


def plain(tx: Tx) -> list[int]:
    return [one.left(tx) for one in turnings if one.left is not None]


async def test_those_from_before_are_read_and_sealed_while_the_program_runs(store: Store) -> None:
    ids = await store.write(told)
    everything = await store.read(lambda tx: seen(tx, ids))
    assert await store.read(plain) == [0, 0, 0, 0]
    await store.write(lambda tx: as_before(tx, ids))
    assert readable(store, TELLTALE) >= {
        HANAKO,
        OLD,
        MAIDEN,
        COMPANY,
        "ひすいこ",
        MOBILE,
        HOME,
        MAIL,
    }
    assert await store.read(plain) == [3, 4, 2, 1]
    assert await store.read(lambda tx: seen(tx, ids)) == everything
    await store.read(lambda tx: found(tx, ids))
    # Whoever is heard of meanwhile is not doubled.
    await store.write(lambda tx: remember_caller(tx, ids["client"], HOME, "", "", ""))
    everything = await store.read(lambda tx: seen(tx, ids))

    await Turnings(store, TURNINGS).run()
    await store.clear_log()
    assert await store.read(plain) == [0, 0, 0, 0]
    assert readable(store, TELLTALE) == set()
    assert await store.read(lambda tx: seen(tx, ids)) == everything
    await store.read(lambda tx: found(tx, ids))
    await store.write(lambda tx: lived(tx, ids))


async def test_what_does_not_open_is_alone(make_web: MakeWeb, store: Store) -> None:
    ids = await store.write(told)
    client = ids["client"]

    def spoil(tx: Tx) -> None:
        set_put_first(tx, client, MOBILE, True)
        for table, row in ((persons, ids["one"]), (person_ways, None), (person_names, None)):
            other = tx.scalar(select(persons.c.sealed).where(persons.c.id == ids["other"]))
            mine = table.c.id == row if row is not None else table.c.person_id == ids["one"]
            tx.execute(update(table).where(mine).values(sealed=other))

    await store.write(spoil)

    def listed(tx: Tx) -> None:
        assert {one.name for one in newest(tx, client)} == {"", "田中 次郎"}
        assert [one.name for one in find_persons(tx, "たなか", client)] == ["田中 次郎"]
        assert [one.opened for one in find_persons(tx, "翡翠", client)] == [False]
        assert [one.id for one in find_persons(tx, "0001", client)] == [ids["other"]]
        both = [(UNOPENED, UNOPENED)] * 2
        page = [(one.name, one.number) for one in callers_page(tx, client, None, 10)]
        assert sorted(page) == sorted([*both, ("田中 次郎", "+81699990001")])
        assert [one.name for one in put_first_callers(tx, client)] == [UNOPENED] * 2
        assert {one.name for one in old_names(tx, ids["one"])} == {UNOPENED}
        # Nobody who withheld a number is taken for them.
        assert {one.value for one in ways_of(tx, ids["one"])} == {UNOPENED}
        assert numbers_of(tx, ids["one"]) == ()
        # Who calls is put through and answered all the same.
        caller = caller_of(tx, client, MOBILE)
        assert caller is not None
        assert (caller.name, caller.number, caller.put_first) == ("", MOBILE, True)

    await store.read(listed)

    def written(tx: Tx) -> None:
        # A report that names them goes out; what cannot be opened is not written over.
        assert remember_caller(tx, client, MOBILE, "別の名").name == ""
        for verb in (
            lambda: change_person(tx, ids["one"], "別の名", "", ""),
            lambda: merge(tx, ids["other"], ids["one"], ME),
            lambda: undo(tx, ids["act"], ME),
        ):
            with pytest.raises(VaultError):
                verb()
        raise RuntimeError("enough")  # what was written is undone

    with pytest.raises(RuntimeError, match="enough"):
        await store.write(written)
    web = await make_web(pages=pages.routes)
    browser = await web.browser(Role.OPERATOR)
    page = await browser.get("/persons")
    assert page.status_code == 200
    for shown in (UNOPENED, "田中 次郎"):
        assert shown in page.text, shown
    card = await browser.get(f"/persons/{ids['one']}")
    assert (card.status_code, UNOPENED in card.text) == (200, True)
    refused = await browser.post(f"/persons/{ids['one']}", {"name": "別の名"})
    assert (refused.status_code, "保存された内容を開けません" in refused.text) == (500, True)


async def test_a_key_that_is_away_makes_strangers_not_errors(store: Store) -> None:
    ids = await store.write(told)
    lend_keys(store, bytes(32))
    assert await store.read(lambda tx: caller_of(tx, ids["client"], MOBILE)) is None
    unread = await store.read(lambda tx: newest(tx, ids["client"]))
    assert [one.opened for one in unread] == [False, False]
    lend_keys(store, KEY)
    found = await store.read(lambda tx: caller_of(tx, ids["client"], MOBILE))
    assert found is not None
    assert found.name == HANAKO
    # Erased with its key, a person stays as somebody of whom nothing is known.
    await store.write(lambda tx: vault.destroy(tx, ids["client"]))
    gone = await store.read(lambda tx: person(tx, ids["one"]))
    assert gone is not None
    assert (gone.name, gone.kana, gone.company, gone.opened) == ("", "", "", True)
    assert await store.read(lambda tx: numbers_of(tx, ids["one"])) == ()


async def test_who_calls_is_one_question_however_many_are_known(store: Store) -> None:
    ids = await store.write(told)
    client = ids["client"]

    def asked(tx: Tx) -> int:
        with counted(tx) as questions:
            found = caller_of(tx, client, MOBILE)
            assert found is not None
            assert found.name == HANAKO
        return len(questions)

    # The first time two keys are read besides: by which they are found, and which opens their name.
    first = await store.read(asked)
    assert (first <= 3, await store.read(asked)) == (True, 1), first

    def many(tx: Tx) -> None:
        for n in range(40):
            remember_caller(tx, client, f"+81901111{n:04}", f"客{n}")

    await store.write(many)
    assert await store.read(asked) == 1

    def planned(tx: Tx) -> str:
        dialect = tx.connection.dialect
        if dialect.name == "postgresql":
            tx.execute(text("SET LOCAL enable_seqscan = off"))
        compiled = callers_slice.OF_NUMBER.statement.compile(dialect=dialect)
        given: Any = compiled.construct_params(looked_for(tx, client, WayKind.PHONE, MOBILE))
        if compiled.positiontup:
            given = tuple(given[name] for name in compiled.positiontup)
        how = "EXPLAIN" if dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        rows = tx.connection.exec_driver_sql(f"{how} {compiled}", given)
        return "\n".join(str(tuple(row)) for row in rows)

    plan = await store.read(planned)
    assert "value=?" in plan or "uq_person_ways_client_id_kind_value" in plan, plan
    assert "SCAN" not in plan, plan
    assert "Seq Scan" not in plan, plan
    # Nobody is known by the hash under which they are kept.
    hashed = await store.read(lambda tx: looked_for(tx, client, WayKind.PHONE, MOBILE)["hidden"])
    assert await store.read(lambda tx: caller_of(tx, client, hashed)) is None
