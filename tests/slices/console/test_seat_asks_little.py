"""How much the database is asked for one look at a seat, from the first ring to the report, on both databases."""

from collections.abc import Callable
from functools import partial

import pytest
from tests.asking import counted
from tests.seat_story import MakeStory, SeatStory, seat_story

from denwaban import calls, promises
from denwaban.console.acts import look_begun
from denwaban.console.look import Look, NotBegun, look
from denwaban.scripts import save_answer
from denwaban.store import Tx
from denwaban.vault import Turnings, file_key

__all__ = ["seat_story"]

MOST = {"idle": 7, "ringing": 22, "talking": 24, "report": 29}
"""Statements. Every one of them is paid by fifty seats at twenty calls a second: whoever needs another finds one to save."""

SOMEBODY = "+819000000000"


async def asks(
    story: SeatStory, verb: Callable[[Tx], Look] | None = None, write: bool = False
) -> tuple[Look, int]:
    """The look, and how many statements it took."""
    count = 0

    def told(tx: Tx) -> Look:
        nonlocal count
        with counted(tx) as asked:
            found = verb(tx) if verb is not None else look(tx, story.operator)
        count = len(asked)
        return found

    run = story.store.write if write else story.store.read
    return await run(told), count


@pytest.mark.req("A2")
async def test_a_look_asks_little_however_many_reports_wait(seat_story: MakeStory) -> None:
    story = await seat_story()
    operator = story.operator
    # Old rows are sealed, and the keys of a client and of the installation are read once in five minutes, for all seats.
    await Turnings(story.store, (*calls.turnings, *promises.turnings)).run()
    await story.store.write(lambda tx: file_key(tx, story.client_id))
    for way in (story.store.write, story.store.read):
        await way(lambda tx: calls.history(tx, story.client_id, SOMEBODY))
        await way(lambda tx: promises.open_promises(tx, story.client_id, SOMEBODY))
    seen, idle = await asks(story)
    assert (seen.stage, idle <= MOST["idle"]) == ("idle", True), idle
    asked: dict[str, list[int]] = {"ringing": [], "talking": [], "report": []}
    for number in range(3):
        leg = await story.rings()
        seen, count = await asks(story)
        assert (seen.stage, seen.todo_count) == ("ringing", number)
        asked["ringing"].append(count)
        call = await story.answers()
        with pytest.raises(NotBegun):
            await asks(story)
        begin = partial(look_begun, operator=operator, call_id=call.id, opened="")
        begun, _count = await asks(story, begin, write=True)
        assert begun.call_id == call.id
        run = await story.run(call.id)
        if number:
            name = partial(save_answer, which=run, field="caller_name", value=f"佐藤 {number}子")
            await story.store.write(name)
        seen, count = await asks(story)
        assert (seen.stage, seen.todo_count) == ("talking", number)
        asked["talking"].append(count)
        await story.caller_hangs_up(leg)
        seen, count = await asks(story)
        assert (seen.stage, seen.todo_count) == ("report", number + 1)
        asked["report"].append(count)
        await story.switchboard.set_state(operator.id, "ready")
    assert [one.caller for one in seen.todo] == ["佐藤 2子", "佐藤 1子", "佐藤 花子"]
    assert all(max(counts) <= MOST[stage] for stage, counts in asked.items()), asked
    # The first call knows of no earlier one; from then on a report more costs nothing more.
    assert all(counts[1] == counts[2] for counts in asked.values()), asked


async def test_a_screen_says_which_facts_it_knows(seat_story: MakeStory) -> None:
    """The page asks no more for what it hears of them."""
    story = await seat_story()
    await story.rings()
    seen = await story.store.read(lambda tx: look(tx, story.operator))
    call = await story.answers()
    later, _count = await asks(
        story, lambda tx: look_begun(tx, story.operator, call.id, ""), write=True
    )
    assert 0 < seen.seen < later.seen
    # One that read not everything does not know everything.
    step = await story.store.read(
        lambda tx: look(tx, story.operator, wanted=frozenset({"middle", "now"}))
    )
    assert step.seen == 0
