"""A practice call from the button to its end: the caller waits for an operator, speaks in turn, hangs up."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
from tests.web_fixtures import MakeWeb, add_account

from denwaban import calls, lines, people, scripts
from denwaban.access import Role
from denwaban.clock import MovedClock
from denwaban.journal import Journal
from denwaban.practice import STORIES, Ending, Practice, PracticeCall, PracticeError, Story
from denwaban.practice import api as practice_api
from denwaban.practice import pages as practice_pages
from denwaban.practice.model import FIRST_PATIENCE, MOST, PATIENCE, WAITS, TooManyPractices
from denwaban.practice.trying import ring_walk
from denwaban.scripts import rehearsal
from denwaban.scripts.plain import PLAIN
from denwaban.store import Store, Tx
from denwaban.telephony.ari.practice_caller import Heard
from denwaban.telephony.port import PhoneError
from denwaban.telephony.speech import Voice

STORY = STORIES[0]


class Line:
    """The caller's end, without an engine: what is said is kept."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[Heard] = asyncio.Queue()
        self.spoken: list[str] = []
        self.gone = False

    async def say(self, wav: Path) -> None:
        self.spoken.append(wav.name)

    async def hang_up(self) -> None:
        self.gone = True


class Door:
    """What the engine and the switchboard do with a practice call, until an operator answers."""

    def __init__(self, store: Store, client_id: str) -> None:
        self.store = store
        self.client_id = client_id
        self.lines: list[Line] = []
        self.wanted: list[str | None] = []
        self.away = False
        self.closed = False

    async def dial(self, *, number: str, caller: str, seconds: int) -> Line:
        if self.away:
            raise PhoneError("away")
        line = Line()
        self.lines.append(line)
        await self.store.write(
            lambda tx: calls.begin(
                tx,
                client_id=self.client_id,
                dialled=lines.parse_number(number).key,
                caller=lines.parse_number(caller).key,
                trunk="practice",
                practice=True,
            )
        )
        return line

    async def close(self) -> None:
        self.closed = True


class Words:
    """Speech whose file names are the words."""

    async def wav(self, text: str, *, voice: Voice) -> Path:
        assert voice is Voice.CALLER
        return Path(text)


@pytest.fixture
async def client_id(store: Store) -> str:
    def make(tx: Tx) -> str:
        made = people.add_client(tx, "test", "さくら水道")
        lines.add_number(tx, made, STORY.dialled, "代表")
        lines.set_plan(
            tx, made, [lines.PlanWindow("終日", lines.EVERY_DAY, 0, 1440, lines.Mode.FULL)]
        )
        return made

    return await store.write(make)


@pytest.fixture
async def operator_id(store: Store) -> str:
    return await store.write(
        lambda tx: people.add_operator(tx, add_account(tx, Role.OPERATOR), "鈴木")
    )


@pytest.fixture
async def door(store: Store, client_id: str) -> Door:
    return Door(store, client_id)


@pytest.fixture
async def practice(store: Store, clock: MovedClock, door: Door) -> AsyncIterator[Practice]:
    journal = Journal(store)
    made = Practice(store, journal, clock, Words(), door, door.wanted.append)
    running = [asyncio.ensure_future(journal.run()), asyncio.ensure_future(made.run())]
    await asyncio.sleep(0)
    yield made
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    assert door.closed


async def eventually(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.005)


def now(practice: Practice, made: PracticeCall) -> PracticeCall:
    return next(one for one in practice.calls if one.id == made.id)


async def ringing(practice: Practice) -> PracticeCall:
    """A practice call whose call is known."""
    made = await practice.ring(STORY.id)
    await eventually(lambda: now(practice, made).call_id)
    return now(practice, made)


def _has_said(line: Line, count: int) -> bool:
    return len(line.spoken) == count


Answer = Callable[[PracticeCall], Awaitable[None]]


@pytest.fixture
def answer(store: Store, practice: Practice, operator_id: str) -> Answer:
    async def do(made: PracticeCall) -> None:
        call_id = made.call_id or ""
        await store.write(lambda tx: calls.answered(tx, call_id, operator_id))
        await eventually(lambda: now(practice, made).connected_at)

    return do


@pytest.mark.req("L5", "F5")
async def test_the_caller_speaks_in_turn_and_hangs_up_at_the_end(
    practice: Practice, door: Door, clock: MovedClock, answer: Answer, store: Store
) -> None:
    made = await ringing(practice)
    line = door.lines[0]
    # What is heard while waiting is an announcement, then music: nobody to talk with.
    for heard in (Heard.ANSWERED, Heard.TALKING, Heard.QUIET, Heard.TALKING):
        line.heard.put_nowait(heard)
    await eventually(line.heard.empty)
    await answer(made)
    line.heard.put_nowait(Heard.QUIET)  # the music stops; then the greeting
    line.heard.put_nowait(Heard.TALKING)
    await eventually(line.heard.empty)
    clock.advance(timedelta(seconds=FIRST_PATIENCE + 1))
    line.heard.put_nowait(Heard.QUIET)
    await eventually(lambda: line.spoken)
    assert line.spoken == [STORY.lines[0]]
    assert now(practice, made).said == 1

    for count in range(2, len(STORY.lines) + 1):
        line.heard.put_nowait(Heard.SAID)
        line.heard.put_nowait(Heard.TALKING)
        line.heard.put_nowait(Heard.QUIET)
        await eventually(partial(_has_said, line, count))
    assert line.spoken == list(STORY.lines)
    assert not line.gone
    line.heard.put_nowait(Heard.SAID)
    await eventually(lambda: now(practice, made).ending)
    assert now(practice, made).ending is Ending.TALKED
    assert line.gone


async def test_without_a_microphone_the_caller_goes_on_by_itself(
    practice: Practice, door: Door, clock: MovedClock, answer: Answer
) -> None:
    made = await ringing(practice)
    line = door.lines[0]
    await answer(made)
    for count, _words in enumerate(STORY.lines, 1):

        def waited(count: int = count) -> bool:
            clock.advance(timedelta(seconds=0.5))
            return len(line.spoken) == count

        before = clock.now()
        await eventually(waited)
        assert clock.now() - before <= timedelta(seconds=PATIENCE + 5)
        line.heard.put_nowait(Heard.SAID)
    await eventually(lambda: now(practice, made).ending is Ending.TALKED)


async def test_on_hold_the_caller_waits_however_long_the_music_plays(
    practice: Practice, door: Door, clock: MovedClock, answer: Answer, store: Store
) -> None:
    made = await ringing(practice)
    line = door.lines[0]
    await answer(made)
    call_id = made.call_id or ""
    await store.write(lambda tx: calls.held(tx, call_id, True))
    line.heard.put_nowait(Heard.TALKING)
    await asyncio.sleep(0.3)
    clock.advance(timedelta(seconds=90))
    await asyncio.sleep(0.1)
    assert line.spoken == []
    await store.write(lambda tx: calls.held(tx, call_id, False))

    # When the caller has heard of it is the machine's to say.
    def spoken() -> object:
        clock.advance(timedelta(seconds=FIRST_PATIENCE + 0.1))
        return line.spoken

    await eventually(spoken)


async def test_after_a_minute_without_an_answer_the_caller_gives_up(
    practice: Practice, door: Door, clock: MovedClock
) -> None:
    made = await ringing(practice)
    await eventually(lambda: clock._sleepers)  # from now on it waits
    clock.advance(timedelta(seconds=WAITS - 1))
    await asyncio.sleep(0.05)
    assert now(practice, made).ending is None
    clock.advance(timedelta(seconds=1.1))
    await eventually(lambda: now(practice, made).ending)
    assert now(practice, made).ending is Ending.NOBODY
    assert door.lines[0].gone


async def test_calls_that_are_refused_or_closed_are_told(
    practice: Practice, door: Door, store: Store
) -> None:
    made = await ringing(practice)
    call_id = made.call_id or ""
    await store.write(lambda tx: calls.ended(tx, call_id, calls.Outcome.BLOCKED))
    await eventually(lambda: now(practice, made).ending)
    assert now(practice, made).ending is Ending.BLOCKED


@pytest.mark.req("L5")
async def test_a_caller_follows_a_walk_and_the_operator_that_text(
    practice: Practice, door: Door, store: Store, client_id: str, answer: Answer
) -> None:
    said = "下書きの言葉でございます。"

    def draft(tx: Tx) -> str:
        script_id = scripts.add_script(tx, client_id, "受付", PLAIN, "はじめ")
        text = PLAIN.replace("恐れ入りますが、お名前", f"{said}お名前")
        return scripts.rehearsal_version(tx, script_id, text)

    version_id = await store.write(draft)
    script = (await store.read(lambda tx: scripts.document_of(tx, version_id)))[0]
    walk = rehearsal.walks(script, date(2026, 11, 24))[0]
    owner = await store.read(lambda tx: people.client(tx, client_id))
    assert owner is not None
    made = await ring_walk(store, practice, owner, script, walk, version_id, "受付", "tanaka")
    assert door.wanted == ["tanaka"]
    await eventually(lambda: now(practice, made).call_id)
    await answer(now(practice, made))
    call_id = now(practice, made).call_id or ""
    run = await store.read(lambda tx: scripts.run_of_call(tx, call_id))
    assert run is not None
    assert said in run.node.say
    found = await store.read(lambda tx: calls.call(tx, call_id))
    assert found is not None
    assert found.practice
    assert made.story.lines[0].startswith("佐藤 花子です。")


async def test_five_at_once_and_no_more(practice: Practice, door: Door) -> None:
    for _number in range(MOST):
        await ringing(practice)
    # Callers of one story come from one number; still every one of them has its own call.
    assert len({one.call_id for one in practice.calls}) == MOST
    with pytest.raises(TooManyPractices):
        await practice.ring(STORY.id)


async def test_an_engine_that_is_away_and_an_unknown_story_are_told(
    practice: Practice, door: Door
) -> None:
    door.away = True
    with pytest.raises(PracticeError, match="エンジン"):
        await practice.ring(STORY.id)
    assert practice.calls[0].ending is Ending.FAILED
    with pytest.raises(PracticeError):
        await practice.ring("nothing")
    other: Story = STORIES[1]
    with pytest.raises(PracticeError, match="例の会社"):
        await practice.ring(other.id)


@pytest.fixture
async def web(make_web: MakeWeb, practice: Practice) -> object:
    return await make_web(
        pages=practice_pages.routes, api=practice_api.routes, services={"practice": practice}
    )


async def test_the_page_lists_the_stories_and_rings(web: object, practice: Practice) -> None:
    operator = await web.browser(Role.OPERATOR)  # type: ignore[attr-defined]
    shown = await operator.get("/practice")
    assert shown.status_code == 200
    assert STORY.title in shown.text
    assert STORIES[1].title not in shown.text  # its client is not there
    rung = await operator.post("/practice", data={"story": STORY.id})
    assert rung.status_code == 303
    part = await operator.post(
        "/practice", data={"story": STORY.id}, headers={"HX-Request": "true"}
    )
    assert part.status_code == 200
    assert "呼び出しています" in part.text
    assert (await operator.post("/practice", data={"story": "none"})).status_code == 409
    client = await web.browser(Role.CLIENT, client_id=(await _any_client(practice)))  # type: ignore[attr-defined]
    assert (await client.get("/practice")).status_code == 403


async def _any_client(practice: Practice) -> str:
    return (await practice._store.read(people.clients))[0].id


async def test_programs_ring_and_follow(web: object, practice: Practice) -> None:
    program = await web.program(Role.OPERATOR)  # type: ignore[attr-defined]
    stories = (await program.get("/api/v1/practice-stories")).json()
    assert [one["id"] for one in stories] == [STORY.id]
    rung = await program.request("POST", "/api/v1/practice-calls", json={})
    assert rung.status_code == 201, rung.text
    assert rung.json()["title"] == STORY.title
    found = await program.get(f"/api/v1/practice-calls/{rung.json()['id']}")
    assert found.json()["ending"] is None
    assert (await program.get(f"/api/v1/practice-calls/{'0' * 32}")).status_code == 404
    unknown = await program.request("POST", "/api/v1/practice-calls", json={"story": "none"})
    assert unknown.status_code == 422
    for _number in range(MOST - 1):
        await program.request("POST", "/api/v1/practice-calls", json={})
    assert (await program.request("POST", "/api/v1/practice-calls", json={})).status_code == 429
