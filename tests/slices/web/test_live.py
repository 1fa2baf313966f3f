"""Live streams: in order, from the cursor, ending with the session."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from litestar.testing import RequestFactory

from denwaban.access import TOPIC, Hashed, Lookup, Role, add_user, end_sessions, open_session, user
from denwaban.journal import Entry, Fact, Journal, append, last_seq
from denwaban.store import Store, Tx
from denwaban.web import LiveEvent
from denwaban.web.here import Here
from denwaban.web.live import MOST, Live, _events, cursor, encode


def choose(entry: Entry) -> LiveEvent | None:
    return LiveEvent("", entry.fact.kind) if entry.fact.kind.startswith("call.") else None


async def next_event(stream: AsyncIterator[bytes]) -> str:
    return (await asyncio.wait_for(anext(stream), 10)).decode()


async def somebody(store: Store) -> Here:
    def enter(tx: Tx) -> Here:
        found = user(tx, add_user(tx, "tanaka", Hashed("!"), Role.OPERATOR, "田中"))
        assert found is not None
        token, who = open_session(tx, found)
        return Here(who, token, "/live")

    return await store.write(enter)


async def test_facts_come_in_order_and_a_reconnection_misses_none(store: Store) -> None:
    at, journal = await somebody(store), Journal(store)
    shared = Live(Lookup(store, Journal(store)), store.signal(TOPIC))
    running = asyncio.create_task(journal.run())
    try:
        # From a cursor, as pages do: "from now on" would race with what is written next.
        shown = await store.read(last_seq)
        stream = _events(shared, at, journal, shown, choose)
        assert "retry" in await next_event(stream)
        waiting = asyncio.create_task(next_event(stream))
        await store.write(
            lambda tx: append(tx, Fact("other.thing", "x"), Fact("call.arrived", "a"))
        )
        first = await waiting
        assert "data: call.arrived" in first
        seq = int(first.split("id: ")[1].split("\n")[0])
        await stream.aclose()  # type: ignore[attr-defined]
        await store.write(
            lambda tx: append(tx, Fact("call.answered", "a"), Fact("call.ended", "a"))
        )
        again = _events(shared, at, journal, seq, choose)
        assert "retry" in await next_event(again)
        assert "data: call.answered" in await next_event(again)
        assert "data: call.ended" in await next_event(again)
        await again.aclose()  # type: ignore[attr-defined]
    finally:
        running.cancel()


async def test_a_stream_ends_with_its_session_and_on_shutdown(store: Store) -> None:
    at, journal = await somebody(store), Journal(store)
    shared = Live(Lookup(store, Journal(store)), store.signal(TOPIC))
    running = asyncio.create_task(journal.run())
    try:
        stream = _events(shared, at, journal, None, choose)
        await next_event(stream)
        waiting = asyncio.create_task(next_event(stream))
        await asyncio.sleep(0)
        assert at.who is not None
        user_id = at.who.user_id
        await store.write(lambda tx: end_sessions(tx, user_id))
        with pytest.raises(StopAsyncIteration):
            await waiting
        shared.stop()
        assert [chunk async for chunk in _events(shared, at, journal, None, choose)] == [
            b"retry: 1000\n\n"
        ]
    finally:
        running.cancel()


async def test_a_slow_reader_hears_nothing_that_came_before_the_end(store: Store) -> None:
    journal = Journal(store)
    running = asyncio.create_task(journal.run())
    shown = await store.read(last_seq)
    facts = [Fact("call.arrived", "a"), Fact("call.answered", "a"), Fact("call.ended", "a")]
    try:
        live = journal.following(shown, choose)
        items = live.items()
        waiting = asyncio.ensure_future(anext(items))
        await asyncio.sleep(0)
        await store.write(lambda tx: append(tx, *facts))
        kept = journal.following(shown, choose)
        from_rows = kept.items()
        for reader, following in ((waiting, live), (anext(from_rows), kept)):
            _seq, event = await reader
            assert event == LiveEvent("", "call.arrived")
            following.stop()
        for rest in (items, from_rows):
            assert [one async for one in rest] == []
    finally:
        running.cancel()


async def test_one_person_has_so_many_streams_and_the_oldest_gives_way(store: Store) -> None:
    at, journal = await somebody(store), Journal(store)
    shared = Live(Lookup(store, Journal(store)), store.signal(TOPIC))
    running = asyncio.create_task(journal.run())
    shown = await store.read(last_seq)
    streams = [_events(shared, at, journal, shown, choose) for _ in range(MOST + 2)]
    try:
        for stream in streams:
            await next_event(stream)
        assert [[chunk async for chunk in gone] for gone in streams[:2]] == [[], []]
        await store.write(lambda tx: append(tx, Fact("call.arrived", "a")))
        for stream in (streams[2], streams[-1]):
            assert "data: call.arrived" in await next_event(stream)
    finally:
        for stream in streams:
            await stream.aclose()  # type: ignore[attr-defined]
        running.cancel()
    assert not shared._open


@pytest.mark.parametrize(
    ("seen", "seq"), [("12", 12), ("9" * 19, 3), ("9" * 5000, 3), ("²", 3), ("-1", 3), ("", 3)]
)
def test_a_cursor_that_is_none_is_not_gone_by(seen: str, seq: int) -> None:
    headers = {"Last-Event-ID": seen.encode("utf-8").decode("latin-1")}
    assert cursor(RequestFactory().get("/live", headers=headers), 3) == seq


def test_several_lines_are_one_event() -> None:
    assert encode(LiveEvent("seat", "<p>\nx\n</p>"), 7) == (
        b"id: 7\nevent: seat\ndata: <p>\ndata: x\ndata: </p>\n\n"
    )
