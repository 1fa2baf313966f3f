"""Callers of whom much is kept: no question has too many values, nothing waits for all of it, a kill loses nothing."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.delivery_story import open_office
from tests.recording_story import Shelf
from tests.retention_story import NUMBER, OTHER, Files, site
from tests.web_fixtures import MakeWeb

from denwaban import calls, care, delivery, feedback, improvement, people, reports, scripts
from denwaban import promises as promise_slice
from denwaban.access import Role
from denwaban.calls import recording_states
from denwaban.calls.holding import claim
from denwaban.calls.rows import calls as call_rows
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.memory.queries import calls_shown
from denwaban.people import persons
from denwaban.reports.rows import reports as report_rows
from denwaban.retention import Counts, export, requests
from denwaban.retention.export import described, pack
from denwaban.retention.rows import erasures
from denwaban.retention.whose import asked
from denwaban.routing import forget_places
from denwaban.store import Store, Tx
from denwaban.vault import UNOPENED

MANY = {"sqlite": 100, "postgresql": 66_000}
"""Values: PostgreSQL takes 65,535 parameters, SQLite as many as there are."""

ONE = f"{1:032x}"

ASKED: dict[str, Callable[[Tx, list[str]], Any]] = {
    "calls": lambda tx, many: calls.calls_by_ids(tx, many),
    "calls that go on": lambda tx, many: calls.still_going_on(tx, many),
    "erased recordings": lambda tx, many: calls.erase_recordings(tx, many),
    "recordings to seal": lambda tx, many: recording_states.to_seal(tx, many),
    "recordings here": lambda tx, many: recording_states.make_due(tx, many, "here"),
    "claimed": lambda tx, many: claim(tx, many, "here"),
    "forgotten numbers": lambda tx, many: calls.forget_numbers(tx, many),
    "places": lambda tx, many: forget_places(tx, many),
    "reports": lambda tx, many: reports.listed_by_ids(tx, many),
    "reports of calls": lambda tx, many: reports.reports_of_calls(tx, many),
    "erased reports": lambda tx, many: reports.erase_reports(tx, many),
    "talk": lambda tx, many: delivery.erase_talk(tx, many),
    "open reports": lambda tx, many: delivery.still_open(tx, many),
    "promises": lambda tx, many: promise_slice.erase_promises(tx, many),
    "open promises": lambda tx, many: promise_slice.still_promised(tx, many),
    "feedback": lambda tx, many: feedback.erase_feedback(tx, many),
    "answers": lambda tx, many: scripts.erase_answers(tx, many),
    "said": lambda tx, many: scripts.said_in(tx, many),
    "questions": lambda tx, many: improvement.erase_questions(tx, many),
    "abuse": lambda tx, many: care.erase_abuse_words(tx, many),
    "relay": lambda tx, many: care.marked(tx, many),
    "persons": lambda tx, many: persons.persons_by_ids(tx, many),
    "ways": lambda tx, many: persons.ways_of_each(tx, many),
    "forgotten persons": lambda tx, many: persons.forget_persons(tx, ONE, many),
    "others": lambda tx, many: persons.taken_from_number(tx, many, ""),
    "clients": lambda tx, many: people.clients_by_ids(tx, many),
    "calls shown": lambda tx, many: calls_shown(tx, many),
}


def _ask(verb: Callable[[Tx, list[str]], Any], many: list[str], tx: Tx) -> None:
    verb(tx, many)


async def test_no_question_has_too_many_values(store: Store) -> None:
    # One test for all: each takes a tenth of a second.
    many = [f"{n:032x}" for n in range(MANY[store.engine.dialect.name])]
    for name, verb in ASKED.items():
        try:
            await store.write(partial(_ask, verb, many))
        except Exception as error:
            raise AssertionError(name) from error


@pytest.fixture
async def files(
    store: Store, clock: MovedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Files:
    monkeypatch.setattr(requests, "AT_ONCE", 2)
    monkeypatch.setattr(export, "AT_ONCE", 2)
    office = await open_office(store, clock, Settings())
    return Files(office, Shelf(store, clock, tmp_path))


async def begun(files: Files) -> str:
    """An erasure of five calls and their reports; its id."""
    told = await requests.erase(files.store, files.office.client_id, "090-1234-5678", None)
    assert (bool(told.gone), told.left) == (False, 10)
    (row,) = await files.all_of(erasures)
    assert row["due_at"] is not None
    assert "1234" not in str(dict(row))
    return str(row["id"])


async def test_a_caller_of_whom_much_is_kept_is_erased_some_at_a_time_and_a_kill_loses_nothing(
    files: Files, make_web: MakeWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [await files.talk() for _ in range(5)]
    other, _report = await files.talk(OTHER)
    web = await site(files, make_web)
    admin = await web.browser(Role.ADMINISTRATOR)
    place = f"/clients/{files.office.client_id}"
    form = {"number": "090-1234-5678", "sure": "true"}
    told = await admin.post(f"{place}/caller-data/erase", form)
    assert told.headers["location"].endswith("done=erasing")
    (row,) = await files.all_of(erasures)
    assert "残り 10件" in (await admin.get(f"{place}/data?done=erasing")).text
    duty, steps = requests.duty(files.store), 0
    real = requests._step

    def dies(*args: Any) -> int | None:
        nonlocal steps
        steps += 1
        if steps == 3:
            raise RuntimeError("as good as a kill")
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(requests, "_step", dies)
        with pytest.raises(RuntimeError):
            await duty.do(row["id"])
    numbers = await files.callers()
    rows = {one["id"]: one for one in await files.all_of(report_rows)}
    whole = [bool(numbers[call]) for call, _report in made]
    assert [rows[report]["erased_at"] is None for _call, report in made] == whole
    assert sum(whole) == 1, "a call goes with its report, or stays with it"
    assert await files.numbers() == sorted([NUMBER, OTHER]), "whose they were goes last"
    await files.talk()  # rings while it is being erased
    await requests.duty(files.store).do(row["id"])
    (row,) = await files.all_of(erasures)
    assert (row["due_at"], row["number"], row["left"]) == (None, None, None)
    assert await files.counted() == [("request", Counts(6, 6, 1))]
    numbers = await files.callers()
    assert {one for one in numbers if numbers[one]} == {other}
    assert await files.numbers() == [OTHER]
    await duty.do(row["id"])
    assert await files.counted() == [("request", Counts(6, 6, 1))]


async def test_what_does_not_open_stays_alone_and_is_tried_again(
    files: Files, clock: MovedClock
) -> None:
    made = [await files.talk() for _ in range(5)]
    bad = made[2][0]
    mine = call_rows.c.id == bad

    def turn(tx: Tx) -> None:
        sealed = tx.scalar(select(call_rows.c.number).where(mine))
        tx.execute(update(call_rows).where(mine).values(number=sealed[:17] + sealed[17:][::-1]))

    await files.store.write(turn)
    erasure, duty = await begun(files), requests.duty(files.store)
    await duty.do(erasure)
    numbers = await files.callers()
    assert [numbers[call] != "" for call, _report in made] == [False, False, True, False, False]
    (row,) = await files.all_of(erasures)
    assert (row["left"], row["due_at"] - clock.now()) == (1, timedelta(hours=1))
    assert await files.numbers() == [NUMBER]
    await files.store.write(turn)
    await duty.do(erasure)
    (row,) = await files.all_of(erasures)
    assert (row["left"], row["due_at"], row["number"]) == (None, None, None)
    assert await files.counted() == [("request", Counts(5, 5, 1))]
    assert await files.numbers() == []


async def test_an_export_is_made_while_it_is_sent(files: Files) -> None:
    made = [await files.talk() for _ in range(5)]
    client_id = files.office.client_id
    pieces = await pack(files.store, files.shelf.recordings, client_id, NUMBER, None)
    first = await anext(pieces)
    assert first.startswith(b"PK"), "before the rest is read"
    whole = first + b"".join([piece async for piece in pieces])
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        names, document = archive.namelist(), json.loads(archive.read("data.json"))
    assert names == [*(f"recordings/{call}.wav" for call, _report in made), "data.json"]
    told = await files.store.read(lambda tx: described(tx, asked(tx, client_id, NUMBER)))
    for name in ("calls", "reports", "promises", "comments"):
        assert len(document[name]) == len(told[name]) == 5
    assert (document["answers"], document["abuse"], document["not_opened"]) == ([], [], [])
    assert [one["id"] for one in document["calls"]] == [call for call, _report in made]
    assert UNOPENED not in str(document)
    # Who gives up leaves nothing open.
    pieces = await pack(files.store, files.shelf.recordings, client_id, NUMBER, None)
    await anext(pieces)
    await pieces.aclose()
