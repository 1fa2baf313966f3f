"""One person over several numbers: remembered, joined, parted, and found the way people remember names."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from tests.some_people import a_client

from denwaban.journal.rows import facts
from denwaban.people import (
    Changed,
    PeopleError,
    caller_of,
    remember_caller,
    set_put_first,
    set_regular,
)
from denwaban.people.persons import (
    BuiltOn,
    By,
    Joined,
    Person,
    WayKind,
    acts_of,
    add_way,
    change_person,
    find_persons,
    merge,
    newest,
    old_names,
    person,
    person_by_number,
    say_apart,
    split,
    twins,
    undo,
    ways_of,
)
from denwaban.people.persons.model import mail_address
from denwaban.store import Store, Tx

ME = By("0" * 32, "渡辺 真理")


def add(tx: Tx, client: str, number: str, name: str, kana: str = "", company: str = "") -> Person:
    remember_caller(tx, client, number, name, kana, company)
    found = person_by_number(tx, client, number)
    assert found is not None
    return found


def again(tx: Tx, one: Person) -> Person:
    found = person(tx, one.id)
    assert found is not None
    return found


def numbers(tx: Tx, one: Person) -> list[str]:
    return sorted(way.value for way in ways_of(tx, one.id))


async def in_one(store: Store, story: Callable[[Tx], None]) -> None:
    await store.write(story)


async def test_another_name_keeps_the_old_one(store: Store) -> None:
    def story(tx: Tx) -> None:
        client = a_client(tx)
        hanako = add(tx, client, "+819011110001", "佐藤 花子", "さとう はなこ")
        add(tx, client, "+819011110001", "高橋 花子", "たかはし はなこ")
        # The same name in other characters is not another one; what is empty keeps what was known.
        add(tx, client, "+819011110001", "髙橋花子")
        add(tx, client, "+819011110001", "")
        now = again(tx, hanako)
        assert (now.name, now.kana) == ("髙橋花子", "たかはし はなこ")
        assert [(old.name, old.kana) for old in old_names(tx, hanako.id)] == [
            ("佐藤 花子", "さとう はなこ")
        ]
        # Somebody else on the phone: the reading of the old name is not theirs.
        assert add(tx, client, "+819011110001", "田中").kana == ""

    await in_one(store, story)


async def test_persons_never_reach_over_to_another_client(store: Store) -> None:
    def story(tx: Tx) -> None:
        one, other = a_client(tx, "one"), a_client(tx, "other")
        here = add(tx, one, "+819011110001", "佐藤", "さとう")
        there = add(tx, other, "+819011110001", "佐藤", "さとう")
        assert here.id != there.id
        with pytest.raises(LookupError):
            merge(tx, here.id, there.id, ME)
        assert find_persons(tx, "さとう", one) == [here]
        assert find_persons(tx, "0001", one) == [here]
        assert twins(tx, [here.id, there.id]) == []

    await in_one(store, story)


async def test_an_address_belongs_to_one_person(store: Store) -> None:
    def story(tx: Tx) -> None:
        client = a_client(tx)
        hanako = add(tx, client, "+819011110001", "佐藤 花子")
        other = add(tx, client, "+819011110002", "田中")
        add_way(tx, hanako.id, WayKind.MAIL, " Hanako@Example.jp ")
        add_way(tx, hanako.id, WayKind.MAIL, "hanako@example.jp")
        assert numbers(tx, hanako) == ["+819011110001", "hanako@example.jp"]
        assert find_persons(tx, "hanako@", client) == [again(tx, hanako)]
        with pytest.raises(PeopleError, match="統合"):
            add_way(tx, other.id, WayKind.MAIL, "hanako@example.jp")
        for wrong in ("hanako", "a@b", "a b@example.jp", ""):
            with pytest.raises(PeopleError):
                mail_address(wrong)

    await in_one(store, story)


async def test_the_callers_of_old_go_on(store: Store) -> None:
    def story(tx: Tx) -> None:
        client = a_client(tx)
        marked = set_regular(tx, client, "+819011110009", True)
        assert (marked.name, marked.regular) == ("", True)
        known = remember_caller(tx, client, "+819011110009", "佐藤")
        assert (known.id, known.regular, known.name) == (marked.id, True, "佐藤")
        assert caller_of(tx, client, "+819011110008") is None

    await in_one(store, story)


async def test_a_merge_keeps_everything_and_its_undoing_brings_it_back(store: Store) -> None:
    def story(tx: Tx) -> None:
        client = a_client(tx)
        mobile = add(tx, client, "+819011110001", "佐藤 花子", "さとう はなこ")
        home = add(tx, client, "+81355550002", "佐藤花子(自宅)", "さとう はなこ", "佐藤商店")
        set_regular(tx, client, "+81355550002", True)
        set_put_first(tx, client, "+81355550002", True)
        before = (again(tx, mobile), again(tx, home))
        act = merge(tx, mobile.id, home.id, ME)
        now = again(tx, mobile)
        assert numbers(tx, now) == ["+81355550002", "+819011110001"]
        assert (now.name, now.company, now.regular, now.put_first) == (
            "佐藤 花子",
            "佐藤商店",
            True,
            True,
        )
        assert [old.name for old in old_names(tx, now.id)] == ["佐藤花子(自宅)"]
        assert caller_of(tx, client, "+81355550002").name == "佐藤 花子"  # type: ignore[union-attr]
        assert find_persons(tx, "自宅", client) == [now]
        assert again(tx, home).into_id == mobile.id
        # What is learned afterwards is the one person's.
        add(tx, client, "+81355550002", "", company="")
        assert undo(tx, act, ME) == mobile.id
        for was in before:
            is_now = again(tx, was)
            for field in ("name", "kana", "company", "regular", "put_first", "into_id"):
                assert getattr(is_now, field) == getattr(was, field), field
        assert numbers(tx, mobile) == ["+819011110001"]
        assert numbers(tx, home) == ["+81355550002"]
        assert old_names(tx, mobile.id) == []
        # Once is enough.
        assert undo(tx, act, ME) == mobile.id
        [written] = acts_of(tx, mobile.id)
        assert (written.by, written.undone_by, written.undoable) == (ME.name, ME.name, False)
        told = tx.all(select(facts.c.kind, facts.c.data).where(facts.c.subject == mobile.id))
        assert [row["kind"] for row in told] == ["person.merged", "person.undone"]
        assert "佐藤" not in str([row["data"] for row in told])

    await in_one(store, story)


async def test_two_who_merge_at_once_are_told(store: Store) -> None:
    def story(tx: Tx) -> None:
        client = a_client(tx)
        one, two, three = (add(tx, client, f"+8190111100{n:02}", "佐藤") for n in range(3))
        merge(tx, one.id, two.id, ME, one.version, two.version)
        # The second had the same picture before them.
        with pytest.raises(Changed):
            merge(tx, one.id, three.id, ME, one.version, three.version)
        with pytest.raises(Joined):
            merge(tx, three.id, two.id, ME, three.version, two.version)
        with pytest.raises(Joined):
            change_person(tx, two.id, "田中", "", "")
        with pytest.raises(PeopleError, match="同じお客様"):
            merge(tx, one.id, one.id, ME)
        with pytest.raises(LookupError):
            merge(tx, one.id, "f" * 32, ME)
        assert numbers(tx, three) == ["+819011110002"]

    await in_one(store, story)


async def test_one_who_was_two_is_parted_and_joined_again(store: Store) -> None:
    def story(tx: Tx) -> None:
        client = a_client(tx)
        one = add(tx, client, "+819011110001", "佐藤 花子", "さとう はなこ")
        add_way(tx, one.id, WayKind.PHONE, "+819011110002")
        first, second = sorted(ways_of(tx, one.id), key=lambda way: way.value)
        with pytest.raises(PeopleError, match="選んで"):
            split(tx, one.id, ME, ways=["f" * 32])
        with pytest.raises(PeopleError, match="残して"):
            split(tx, one.id, ME, ways=[first.id, second.id])
        act, made = split(tx, one.id, ME, ways=[second.id], name="佐藤 太郎", kana="さとう たろう")
        assert numbers(tx, one) == ["+819011110001"]
        taro = person_by_number(tx, client, "+819011110002")
        assert taro is not None
        assert (taro.id, taro.name) == (made, "佐藤 太郎")
        # He calls from one more number; all his go back with him.
        add_way(tx, made, WayKind.PHONE, "+819011110003")
        joined = merge(tx, made, add(tx, client, "+819011110004", "太郎").id, ME)
        with pytest.raises(BuiltOn):
            undo(tx, act, ME)
        undo(tx, joined, ME)
        assert undo(tx, act, ME) == one.id
        assert numbers(tx, one) == ["+819011110001", "+819011110002", "+819011110003"]
        assert again(tx, taro).into_id == one.id
        with pytest.raises(LookupError):
            undo(tx, act, ME, of="f" * 32)

    await in_one(store, story)


async def test_who_may_be_one_is_suggested_until_somebody_says_no(store: Store) -> None:
    def story(tx: Tx) -> None:
        client = a_client(tx)
        one = add(tx, client, "+819011110001", "高橋 次郎", "たかはし じろう")
        variant = add(tx, client, "+819022220002", "髙橋 次郎", "タカハシ ジロー")
        tail = add(tx, client, "+81355550001", "鷹橋二郎", "たかはし じろう")
        firm = add(tx, client, "+819044440004", "たかはし", "たかはしじろう", "(株)高橋商店")
        add(tx, client, "+819055550005", "髙橋 花子", "たかはし はなこ", "(株)高橋商店")
        add(tx, client, "+819066660006", "別の人", "たかはし じろう")

        def pairs() -> set[frozenset[str]]:
            everybody = [each.id for each in newest(tx, client)]
            return {frozenset((a.id, b.id)) for a, b in twins(tx, everybody)}

        assert pairs() == {frozenset((one.id, variant.id)), frozenset((one.id, tail.id))}
        change_person(tx, tail.id, "鷹橋二郎", "たかはし じろう", "(株)髙橋商店")
        assert frozenset((tail.id, firm.id)) in pairs()
        assert {b.id for _a, b in twins(tx, [one.id])} == {variant.id, tail.id}
        say_apart(tx, tail.id, one.id)
        say_apart(tx, one.id, tail.id)
        assert frozenset((one.id, tail.id)) not in pairs()
        merge(tx, one.id, variant.id, ME)
        assert pairs() == {frozenset((tail.id, firm.id))}

    await in_one(store, story)


@pytest.mark.req("A2")
async def test_found_by_sound_characters_and_digits(store: Store) -> None:
    def story(tx: Tx) -> None:
        client = a_client(tx)
        takahashi = add(tx, client, "+819012345678", "髙橋 裕子", "たかはし ゆうこ", "(株)ﾃﾞﾝﾜ商会")
        watanabe = add(tx, client, "+81312345679", "渡邉 一", "わたなべ はじめ")
        kana = add(tx, client, "+819099998888", "サイトー")
        nobody = add(tx, client, "+819077770000", "")
        for text, who in (
            ("高橋", takahashi),
            ("髙橋裕", takahashi),
            ("タカハシ", takahashi),
            ("たかはしゆー", takahashi),
            ("たかばし", takahashi),
            ("たけはし", takahashi),
            ("ゆうこ たかはし", takahashi),
            ("デンワ", takahashi),
            ("渡辺", watanabe),
            ("渡邊", watanabe),
            ("ワタナベ", watanabe),
            ("わたなへ", watanabe),
            ("5678", takahashi),
            ("090-1234-5678", takahashi),
            ("+819012345678", takahashi),
            ("５６７９", watanabe),
            ("さいとう", kana),
            ("0000", nobody),
        ):
            assert [one.id for one in find_persons(tx, text, client)] == [who.id], text
        for text in ("鈴木", "すずき", "1234", "0678", "", " ", "5", "たきまし"):
            assert find_persons(tx, text, client) == [], text

    await in_one(store, story)
