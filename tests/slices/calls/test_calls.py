"""Calls in the database: what happened, who called before, whom nobody talked with."""

from datetime import timedelta

import pytest
from tests.some_people import a_client, an_operator

from denwaban.calls import (
    Call,
    CallState,
    Outcome,
    answered,
    begin,
    call,
    calls_of,
    changes,
    ended,
    held,
    history,
    missed,
    offered,
    open_calls,
    open_offers,
    record,
    write_rows,
)
from denwaban.clock import MovedClock
from denwaban.journal import after
from denwaban.store import Store


async def test_the_story_of_a_call_is_in_its_row_its_offers_and_the_journal(
    store: Store, clock: MovedClock
) -> None:
    client = await store.write(a_client)
    suzuki = await store.write(lambda tx: an_operator(tx, "suzuki"))
    fresh = await store.write(
        lambda tx: begin(tx, client_id=client, dialled="+81312345678", caller="+819012345678")
    )
    clock.advance(timedelta(seconds=4))
    await store.write(lambda tx: offered(tx, fresh.id, suzuki))
    clock.advance(timedelta(seconds=3))
    await store.write(lambda tx: answered(tx, fresh.id, suzuki))
    await store.write(lambda tx: held(tx, fresh.id, True))
    assert [c.state for c in await store.read(open_calls)] == [CallState.HELD]
    await store.write(lambda tx: held(tx, fresh.id, False))
    clock.advance(timedelta(minutes=2))
    over = await store.write(lambda tx: ended(tx, fresh.id, Outcome.ANSWERED, "x.wav"))
    assert await store.read(lambda tx: call(tx, fresh.id)) == over
    assert (over.wait_ms, over.operator_id, over.recording) == (7000, suzuki, "x.wav")
    assert over.ended_at == clock.now()
    assert await store.read(open_calls) == []
    assert await store.read(open_offers) == []
    facts = [entry.fact for entry in await store.read(lambda tx: after(tx, 0))]
    assert [fact.kind for fact in facts if fact.subject == fresh.id] == [
        "call.arrived",
        "call.offered",
        "call.answered",
        "call.held",
        "call.unheld",
        "call.ended",
    ]
    with pytest.raises(LookupError):
        await store.write(lambda tx: held(tx, fresh.id, True))


@pytest.mark.req("C9", "A6")
async def test_whom_nobody_talked_with_is_in_the_missed_list(
    store: Store, clock: MovedClock
) -> None:
    mine = await store.write(a_client)
    other = await store.write(lambda tx: a_client(tx, "other"))
    start = clock.now()

    async def a_call(client: str, caller: str, outcome: Outcome, seconds: int) -> Call:
        fresh = await store.write(
            lambda tx: begin(tx, client_id=client, dialled="+81312345678", caller=caller)
        )
        clock.advance(timedelta(seconds=seconds))
        return await store.write(lambda tx: ended(tx, fresh.id, outcome))

    await a_call(mine, "+819011111111", Outcome.ABANDONED, 18)
    await a_call(mine, "", Outcome.BLOCKED, 0)
    await a_call(mine, "+819011111112", Outcome.OUT_OF_HOURS, 12)
    await a_call(mine, "+819011111113", Outcome.MESSAGE, 30)
    await a_call(mine, "+819011111114", Outcome.LOST, 5)
    await a_call(mine, "+819011111115", Outcome.ANSWERED, 60)
    await a_call(other, "+819011111116", Outcome.ABANDONED, 1)
    found = await store.read(lambda tx: missed(tx, mine, start))
    assert [(m.number, m.outcome, m.wait_ms) for m in reversed(found)] == [
        ("+819011111111", Outcome.ABANDONED, 18000),
        ("", Outcome.BLOCKED, 0),
        ("+819011111112", Outcome.OUT_OF_HOURS, 12000),
        ("+819011111113", Outcome.MESSAGE, 30000),
        ("+819011111114", Outcome.LOST, 5000),
    ]
    third = found[1]
    older = await store.read(
        lambda tx: missed(tx, mine, start, before=(third.at, third.call_id), limit=2)
    )
    assert older == found[2:4]
    assert await store.read(lambda tx: missed(tx, mine, clock.now() + timedelta(1))) == []


@pytest.mark.req("A2", "A3")
async def test_history_is_of_this_caller_and_this_client(store: Store, clock: MovedClock) -> None:
    mine = await store.write(a_client)
    other = await store.write(lambda tx: a_client(tx, "other"))
    for client, caller in (
        (mine, "+81901"),
        (other, "+81901"),
        (mine, "+81902"),
        (mine, "+81901"),
        (mine, ""),
    ):
        await store.write(
            lambda tx, client=client, caller=caller: begin(  # type: ignore[misc]
                tx, client_id=client, dialled="+81312345678", caller=caller
            )
        )
        clock.advance(timedelta(minutes=1))
    found = await store.read(lambda tx: history(tx, mine, "+81901"))
    assert [c.caller for c in found] == ["+81901", "+81901"]
    assert found[0].arrived_at > found[1].arrived_at
    assert await store.read(lambda tx: history(tx, mine, "")) == []
    newest = await store.read(lambda tx: calls_of(tx, mine, limit=1))
    rest = await store.read(
        lambda tx: calls_of(tx, mine, before=(newest[0].arrived_at, newest[0].id))
    )
    assert len(rest) == 3
    assert len(await store.read(calls_of)) == 5


async def test_writing_again_what_was_already_there_keeps_one_row(
    store: Store, clock: MovedClock
) -> None:
    fresh = Call("c1", None, "leg", "t", "100", "", clock.now())
    made = [changes.arrived(fresh)]
    await store.write(lambda tx: record(tx, made))
    done = [*made, changes.ended(fresh, Outcome.REFUSED, clock.now())]
    await store.write(lambda tx: write_rows(tx, done, again=True))
    found = await store.read(lambda tx: call(tx, "c1"))
    assert found is not None
    assert found.outcome is Outcome.REFUSED
