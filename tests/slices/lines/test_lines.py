"""Numbers, plans and limits in the database, and the cache beside them."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from tests.some_people import a_client

from denwaban.clock import JST, MovedClock
from denwaban.journal import after
from denwaban.lines import (
    EVERY_DAY,
    LinesError,
    Mode,
    PlanWindow,
    Service,
    ServiceCache,
    UnknownNumber,
    add_number,
    limits_of,
    numbers_of,
    plan_of,
    remove_limit,
    remove_number,
    service_for,
    set_limit,
    set_plan,
)
from denwaban.store import Store, Tx

ALL_DAY = PlanWindow("24時間", EVERY_DAY, 0, 1440, Mode.FULL)


@pytest.fixture
async def client(store: Store) -> str:
    return await store.write(lambda tx: a_client(tx, "yamada"))


@pytest.mark.req("A2", "A10", "A6")
async def test_the_number_decides_client_plan_and_limit(
    store: Store, clock: MovedClock, client: str
) -> None:
    def prepare(tx: Tx) -> None:
        add_number(tx, client, "03-1234-5678", "代表")
        set_plan(tx, client, [ALL_DAY])
        set_limit(tx, client, 2, date(2026, 4, 1))
        set_limit(tx, client, 3, date(2026, 12, 1))
        set_limit(tx, client, 4, date(2026, 12, 1))

    await store.write(prepare)
    found = await store.read(lambda tx: service_for(tx, "+81312345678", clock.now()))
    assert isinstance(found, Service)
    assert (found.client_id, found.window, found.limit) == (client, "24時間", 2)
    later = clock.now().astimezone(JST) + timedelta(days=30)
    found = await store.read(lambda tx: service_for(tx, "0312345678", later))
    assert isinstance(found, Service)
    assert found.limit == 4
    nobody = await store.read(lambda tx: service_for(tx, "0399999999", clock.now()))
    assert nobody == UnknownNumber("+81399999999")
    assert await store.write(lambda tx: remove_limit(tx, client, date(2026, 12, 1)))
    assert not await store.write(lambda tx: remove_limit(tx, client, date(2026, 12, 1)))
    assert [limit.lines for limit in await store.read(lambda tx: limits_of(tx, client))] == [2]


@pytest.mark.parametrize(
    ("number", "words"),
    [("12", "番号の形"), ("110", "番号の形"), ("+14155552671", "番号の形"), ("", "番号の形")],
)
async def test_what_is_no_number_of_ours_is_refused(
    store: Store, client: str, number: str, words: str
) -> None:
    with pytest.raises(LinesError, match=words):
        await store.write(lambda tx: add_number(tx, client, number, ""))


async def test_a_number_belongs_to_one_client(store: Store, client: str) -> None:
    other = await store.write(lambda tx: a_client(tx, "other"))
    number = await store.write(lambda tx: add_number(tx, client, "0312345678", ""))
    for who, words in ((client, "もう登録"), (other, "ほかの企業")):
        with pytest.raises(LinesError, match=words):
            await store.write(lambda tx, who=who: add_number(tx, who, "0312345678", ""))  # type: ignore[misc]
    assert not await store.write(lambda tx: remove_number(tx, other, number))
    assert await store.write(lambda tx: remove_number(tx, client, number))
    assert await store.read(lambda tx: numbers_of(tx, client)) == []


async def test_a_plan_with_a_fault_changes_nothing(store: Store, client: str) -> None:
    await store.write(lambda tx: set_plan(tx, client, [ALL_DAY]))
    wrong = PlanWindow("", 0, 0, 0, Mode.FULL)
    with pytest.raises(LinesError) as error:
        await store.write(lambda tx: set_plan(tx, client, [ALL_DAY, wrong]))
    assert all(sentence.startswith("2行目") for sentence in error.value.sentences)
    assert await store.read(lambda tx: plan_of(tx, client)) == [ALL_DAY]


async def test_the_cache_forgets_exactly_what_changed(
    store: Store, clock: MovedClock, client: str
) -> None:
    other = await store.write(lambda tx: a_client(tx, "other"))

    def prepare(tx: Tx) -> None:
        add_number(tx, client, "0312345678", "")
        add_number(tx, other, "0312345679", "")
        set_plan(tx, client, [ALL_DAY])

    await store.write(prepare)
    cache = ServiceCache(store)
    now = clock.now()
    assert cache.known("0312345678", now) is None
    assert len(await cache.warm()) == 2
    known: Callable[[str], Service | UnknownNumber | None] = lambda n: cache.known(n, now)  # noqa: E731
    first = known("0312345678")
    assert isinstance(first, Service)
    assert first.mode is Mode.FULL
    assert isinstance(await cache.find("0388888888", now), UnknownNumber)
    assert isinstance(known("0388888888"), UnknownNumber)

    async def tell(change: Callable[[Tx], object]) -> None:
        seq = (await store.read(lambda tx: after(tx, 0)))[-1].seq
        await store.write(change)
        for entry in await store.read(lambda tx: after(tx, seq)):
            cache.heard(entry.fact)

    await tell(lambda tx: set_plan(tx, client, []))
    assert known("0312345678") is None
    assert known("0312345679") is not None
    found = await cache.find("0312345678", now)
    assert isinstance(found, Service)
    assert found.mode is Mode.CLOSED
    await tell(lambda tx: add_number(tx, other, "0388888888", ""))
    assert known("0388888888") is None
    found = await cache.find("0388888888", now)
    assert isinstance(found, Service)
    assert found.client_id == other


async def test_the_cache_keeps_no_more_than_it_has_room_for(
    store: Store, clock: MovedClock
) -> None:
    cache = ServiceCache(store, room=10)
    for n in range(30):
        await cache.find(f"03111111{n:02}", clock.now())
    assert sum(cache.known(f"03111111{n:02}", clock.now()) is not None for n in range(30)) == 10
