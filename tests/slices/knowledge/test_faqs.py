"""Entries: what is kept of them, who changed what, and what the search finds."""

from datetime import date, timedelta

import pytest
from tests.some_people import a_client

from denwaban.clock import MovedClock
from denwaban.journal import after
from denwaban.knowledge import (
    Author,
    Bound,
    Content,
    NoSuchFaq,
    add_faq,
    change_faq,
    faq,
    faqs_page,
    find,
    remove_faq,
    restore_faq,
)
from denwaban.knowledge.queries import changes_of
from denwaban.people import Changed, PeopleError
from denwaban.store import Store, new_id
from denwaban.store.words import query

TODAY = date(2026, 11, 24)
ME = Author("a" * 32, "渡辺 真理")
CANCEL = Content("解約したい", "画面から承ります。", "退会、やめたい", Bound.EXPLAIN)


@pytest.fixture
async def client(store: Store) -> str:
    return await store.write(lambda tx: a_client(tx))


async def found(store: Store, text: str, day: date = TODAY) -> list[tuple[str, str]]:
    hits = await store.read(lambda tx: find(tx, query(text), day))
    return [(hit.hit.title, hit.faq.answer if hit.faq else "") for hit in hits]


async def test_an_entry_is_found_until_it_is_removed_and_again_when_it_is_brought_back(
    store: Store, client: str
) -> None:
    faq_id = await store.write(lambda tx: add_faq(tx, client, CANCEL, ME))
    assert await found(store, "やめたい") == [("解約したい", "画面から承ります。")]
    await store.write(lambda tx: remove_faq(tx, faq_id, ME))
    await store.write(lambda tx: remove_faq(tx, faq_id, ME))
    assert await found(store, "解約") == []
    assert await store.read(lambda tx: faqs_page(tx, client)) == []
    with pytest.raises(NoSuchFaq):
        await store.write(lambda tx: change_faq(tx, faq_id, CANCEL, ME))
    await store.write(lambda tx: restore_faq(tx, faq_id, ME))
    await store.write(lambda tx: restore_faq(tx, faq_id, ME))
    assert len(await found(store, "解約")) == 1
    history = await store.read(lambda tx: changes_of(tx, faq_id))
    assert [change.what for change in history] == ["restored", "removed", "added"]
    facts = await store.read(lambda tx: after(tx, 0))
    assert [entry.fact.kind for entry in facts if entry.fact.subject == faq_id] == [
        "faq.added",
        "faq.removed",
        "faq.restored",
    ]


async def test_a_change_says_who_changed_what_and_leaves_a_fact_without_the_text(
    store: Store, client: str, clock: MovedClock
) -> None:
    faq_id = await store.write(lambda tx: add_faq(tx, client, CANCEL, ME))
    clock.advance(timedelta(hours=1))
    new = Content("解約したい", "お電話で承ります。", "退会", Bound.TAKE, valid_until=TODAY)
    you = Author(None, "石川 直樹")
    before = await store.read(lambda tx: faq(tx, faq_id))
    assert before is not None
    await store.write(lambda tx: change_faq(tx, faq_id, new, you, before.updated_at))
    await store.write(lambda tx: change_faq(tx, faq_id, new, you))
    with pytest.raises(Changed):
        await store.write(lambda tx: change_faq(tx, faq_id, CANCEL, ME, before.updated_at))
    last, first = await store.read(lambda tx: changes_of(tx, faq_id))
    assert (last.by, last.what, last.fields) == (
        "石川 直樹",
        "changed",
        ("answer", "wordings", "bound", "valid_until"),
    )
    assert last.content == new
    assert (first.by, first.content) == (ME.name, CANCEL)
    fact = (await store.read(lambda tx: after(tx, 0)))[-1].fact
    assert (fact.kind, fact.client_id) == ("faq.changed", client)
    assert fact.data == {"fields": ["answer", "wordings", "bound", "valid_until"]}


async def test_only_what_holds_on_that_day_is_found(store: Store, client: str) -> None:
    week = timedelta(days=7)
    holiday = Content(
        "年末の休み", "12月29日からです。", "", valid_from=TODAY, valid_until=TODAY + week
    )
    await store.write(lambda tx: add_faq(tx, client, holiday, ME))
    assert await found(store, "年末", TODAY - timedelta(days=1)) == []
    assert len(await found(store, "年末", TODAY)) == 1
    assert len(await found(store, "年末", TODAY + week)) == 1
    assert await found(store, "年末", TODAY + week + timedelta(days=1)) == []


@pytest.mark.req("A13")
async def test_a_restricted_answer_neither_shows_nor_is_found_by_its_words(
    store: Store, client: str
) -> None:
    secret = Content("次回の請求額", "口座から3,200円です。", "", restricted=True)
    faq_id = await store.write(lambda tx: add_faq(tx, client, secret, ME))
    assert await found(store, "請求") == [("次回の請求額", "")]
    assert await found(store, "口座") == []
    open_now = Content("次回の請求額", "口座から3,200円です。", "")
    await store.write(lambda tx: change_faq(tx, faq_id, open_now, ME))
    assert await found(store, "口座") == [("次回の請求額", "口座から3,200円です。")]
    await store.write(lambda tx: change_faq(tx, faq_id, secret, ME))
    assert await found(store, "口座") == []


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (Content("", "はい"), "question"),
        (Content(" ", "はい"), "question"),
        (Content("はい", " \n"), "answer"),
        (Content("は" * 101, "はい"), "question"),
        (Content("はい", "は" * 401), "answer"),
        (Content("はい", "\n".join("123456789")), "answer"),
        (Content("はい", "はい", "は" * 201), "wordings"),
        (Content("は\x00い", "はい"), "question"),
        (Content("は", "い", valid_from=TODAY, valid_until=date(2026, 11, 23)), "valid_until"),
    ],
)
async def test_what_cannot_be_said_is_refused(
    store: Store, client: str, content: Content, field: str
) -> None:
    with pytest.raises(PeopleError) as refused:
        await store.write(lambda tx: add_faq(tx, client, content, ME))
    assert refused.value.field == field
    assert await store.read(lambda tx: faqs_page(tx, client)) == []


async def test_an_entry_belongs_to_a_client_that_is_there(store: Store) -> None:
    with pytest.raises(PeopleError):
        await store.write(lambda tx: add_faq(tx, new_id(), CANCEL, ME))
