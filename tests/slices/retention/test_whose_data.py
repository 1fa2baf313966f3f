"""What is a caller's own: calls by their direction, calls given to somebody else, and what is still needed."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import insert, select, update
from tests.delivery_story import open_office
from tests.recording_story import Shelf
from tests.retention_story import NUMBER, OTHER, Files, site
from tests.web_fixtures import MakeWeb

from denwaban import care, promises, reports, retention
from denwaban.access import Role
from denwaban.calls import Outcome, answered, begin, calls_by_ids, calls_of_numbers, ended
from denwaban.calls.rows import calls
from denwaban.care import rows as care_rows
from denwaban.clock import MovedClock, japan_day
from denwaban.config import Settings
from denwaban.lines import add_number
from denwaban.people import persons as people_persons
from denwaban.people.persons.rows import person_ways
from denwaban.retention import Counts
from denwaban.retention.export import described
from denwaban.scripts import rows as script_rows
from denwaban.store import Store, Tx, new_id
from denwaban.summaries.model import CallLine
from denwaban.summaries.rows import summaries
from denwaban.summaries.sealing import open_calls
from denwaban.vault import VaultError

LINE, THIRD, FOURTH = "+81312345678", "+819011110003", "+819011110004"


@pytest.fixture
async def files(store: Store, clock: MovedClock, tmp_path: Path) -> Files:
    office = await open_office(store, clock, Settings())
    return Files(office, Shelf(store, clock, tmp_path))


async def test_the_number_of_a_line_is_nobodys_own(files: Files, make_web: MakeWeb) -> None:
    client_id = files.office.client_id
    call_id, _report = await files.talk()
    back, _report = await files.talk(OTHER)
    await files.store.write(
        lambda tx: tx.execute(
            update(calls)
            .where(calls.c.id == back)
            .values(direction="outbound", caller=LINE, dialled=OTHER)
        )
    )

    def of(number: str) -> object:
        return lambda tx: calls_of_numbers(tx, client_id, [number])

    assert await files.store.read(of(LINE)) == []  # type: ignore[arg-type]
    assert await files.store.read(of(NUMBER)) == [call_id]  # type: ignore[arg-type]
    assert await files.store.read(of(OTHER)) == [back]  # type: ignore[arg-type]

    await files.store.write(lambda tx: add_number(tx, client_id, LINE, "代表"))
    web = await site(files, make_web)
    admin, program = await web.browser(Role.ADMINISTRATOR), await web.program(Role.ADMINISTRATOR)
    for act in ("", "/export", "/erase"):
        page = await admin.post(
            f"/clients/{client_id}/caller-data{act}", {"number": "03-1234-5678", "sure": "true"}
        )
        assert (page.status_code, "顧客の窓口の番号です" in page.text) == (422, True)
    for act in ("caller-exports", "caller-erasures"):
        told = await program.client.post(
            f"/api/v1/clients/{client_id}/{act}", json={"number": LINE}
        )
        assert (told.status_code, "顧客の窓口の番号です" in told.text) == (422, True)
    assert await files.counted() == []


async def test_a_call_given_to_another_is_not_the_numbers_owners(files: Files) -> None:
    client_id = files.office.client_id
    own_call, own_report = await files.talk()
    given_call, given_report = await files.talk()
    await files.talk(OTHER)

    def give(tx: Tx) -> None:
        other = people_persons.person_by_number(tx, client_id, OTHER)
        assert other is not None
        people_persons.give_call(tx, other.id, given_call)

    await files.store.write(give)
    found = await files.store.read(lambda tx: retention.asked(tx, client_id, NUMBER))
    assert found.calls == (own_call,)
    assert found.reports == ((own_report, own_call),)
    theirs = await files.store.read(lambda tx: retention.asked(tx, client_id, OTHER))
    assert given_call in theirs.calls
    assert (given_report, given_call) in theirs.reports
    await files.store.write(lambda tx: retention.erase_caller(tx, client_id, NUMBER, None))
    left = await files.store.read(lambda tx: calls_by_ids(tx, [own_call, given_call]))
    assert (left[own_call].caller, left[given_call].caller) == ("", NUMBER)
    every = await files.store.read(lambda tx: reports.reports(tx, None))
    names = {one.id: one.draft.who for one in every}
    assert (names[own_report], names[given_report]) == ("", "佐藤 花子")


async def test_who_has_a_number_that_does_not_open_is_not_half_erased(files: Files) -> None:
    client_id = files.office.client_id
    await files.talk()
    third, _report = await files.talk(OTHER)

    def join(tx: Tx) -> str:
        mine, other = (
            people_persons.person_by_number(tx, client_id, one) for one in (NUMBER, OTHER)
        )
        assert mine is not None
        assert other is not None
        people_persons.merge(tx, mine.id, other.id, people_persons.By(None, "試験"))
        return mine.id

    who = await files.store.write(join)
    ways = await files.store.read(lambda tx: people_persons.ways_of(tx, who))
    ids = {one.value: one.id for one in ways}

    def spoil(tx: Tx, number: str) -> str:
        mine = person_ways.c.id == ids[number]
        kept = str(tx.scalar(select(person_ways.c.sealed).where(mine)))
        tx.execute(update(person_ways).where(mine).values(sealed="dv1.x"))
        return kept

    kept = await files.store.write(lambda tx: spoil(tx, OTHER))
    with pytest.raises(VaultError):
        await files.store.write(lambda tx: retention.erase_caller(tx, client_id, NUMBER, None))
    left = await files.store.read(lambda tx: calls_by_ids(tx, [third]))
    assert left[third].caller == OTHER
    assert await files.store.read(lambda tx: people_persons.person(tx, who)) is not None
    # The number that they tell us themselves need not open.
    mine = person_ways.c.id == ids[OTHER]
    await files.store.write(
        lambda tx: tx.execute(update(person_ways).where(mine).values(sealed=kept)) and None
    )
    await files.store.write(lambda tx: spoil(tx, NUMBER))
    await files.store.write(lambda tx: retention.erase_caller(tx, client_id, NUMBER, None))
    left = await files.store.read(lambda tx: calls_by_ids(tx, [third]))
    assert left[third].caller == ""
    assert await files.store.read(lambda tx: people_persons.person(tx, who)) is None


async def test_who_made_a_held_call_stays_known_and_so_does_its_line(
    files: Files, clock: MovedClock
) -> None:
    client_id = files.office.client_id
    held_call, _report = await files.talk()
    free_call, _report = await files.talk()
    await files.talk(OTHER)
    given_call, _report = await files.talk(THIRD)

    def prepare(tx: Tx) -> None:
        whom = people_persons.remember(tx, client_id, FOURTH, "高橋 一郎", "タカハシ イチロウ")
        people_persons.give_call(tx, whom.id, given_call)
        for call_id in (held_call, given_call):
            retention.place_hold(tx, client_id, "訴訟のため", None, call_id)
        rang = calls_by_ids(tx, (held_call, free_call))
        lines = [
            CallLine(rang[one].arrived_at, NUMBER, LINE, "answered", 1, 1, False)
            for one in (held_call, free_call)
        ]
        today = japan_day(tx.now)
        tx.execute(
            insert(summaries).values(
                id=new_id(), client_id=client_id, kind="daily", first=today, last=today, edition=1,
                reason="", wanted_at=tx.now, mailed=False, calls=msgspec.to_builtins(lines),
            )
        )  # fmt: skip

    await files.store.write(prepare)
    clock.advance(timedelta(days=40))
    await files.set(callers=1)
    await files.night()
    numbers = await files.callers()
    assert (numbers[held_call], numbers[free_call]) == (NUMBER, "")
    assert await files.numbers() == sorted([NUMBER, THIRD, FOURTH])
    (row,) = await files.all_of(summaries)
    lines = await files.store.read(lambda tx: open_calls(tx, client_id, row["id"], row["calls"]))
    assert [one.number for one in lines] == [NUMBER, ""]


async def test_what_a_promise_still_needs_is_not_erased(
    files: Files, clock: MovedClock, make_web: MakeWeb
) -> None:
    client_id = files.office.client_id
    call_id, report_id = await files.talk(kept=False)
    open_call, _report = await files.talk(OTHER, done=False)
    clock.advance(timedelta(days=40))
    await files.set(recordings=1, reports=1, callers=1)
    await files.night()
    assert await files.counted() == []
    numbers = await files.callers()
    assert numbers == {call_id: NUMBER, open_call: OTHER}
    gone, may = await files.store.write(
        lambda tx: retention.erase_caller(tx, client_id, NUMBER, None)
    )
    assert (bool(gone), may.waiting, may.promised) == (False, 2, 1), "the report and its call"
    admin = await (await site(files, make_web)).browser(Role.ADMINISTRATOR)
    page = await admin.post(f"/clients/{client_id}/caller-data", {"number": NUMBER})
    assert "お約束がまだ果たされていません" in page.text

    def keep(tx: Tx) -> None:
        promise = promises.promise_of_report(tx, report_id)
        assert promise is not None
        promises.keep(tx, promise.id, None, "お電話しました")

    await files.store.write(keep)
    await files.night()
    assert ("retention", Counts(1, 1, 1)) in await files.counted()
    numbers = await files.callers()
    assert numbers == {call_id: "", open_call: OTHER}


async def test_words_about_abuse_and_answers_nobody_reported_go_too(
    files: Files, clock: MovedClock
) -> None:
    client_id, operator_id = files.office.client_id, files.office.operator_id
    reported, _report = await files.talk()
    script, version, run = new_id(), new_id(), new_id()

    def unreported(tx: Tx) -> str:
        call = begin(tx, client_id=client_id, dialled=LINE, caller=OTHER)
        answered(tx, call.id, operator_id)
        for one in (call, calls_by_ids(tx, (reported,))[reported]):
            care.mark_abusive(tx, one, operator_id, care.Reason.ABUSE, "佐藤が怒鳴った")
        ended(tx, call.id, Outcome.ANSWERED)
        tx.execute(insert(script_rows.scripts).values(id=script, client_id=client_id, name="受付"))
        tx.execute(
            insert(script_rows.script_versions).values(
                id=version, script_id=script, version=1, document={}, reason=""
            )
        )
        tx.execute(
            insert(script_rows.runs).values(
                id=run, call_id=call.id, client_id=client_id, script_version_id=version,
                node="a", path=[], started_at=tx.now,
            )
        )  # fmt: skip
        tx.execute(
            insert(script_rows.answers).values(
                run_id=run, field="住所", value="港区芝", known=0, counter=1, at=tx.now
            )
        )
        return call.id

    silent = await files.store.write(unreported)

    async def words() -> int:
        rows = await files.all_of(care_rows.abuse_events)
        return len([row for row in rows if row["words"]])

    async def answers() -> int:
        return await files.store.read(lambda tx: len(tx.all(select(script_rows.answers))))

    assert await words() == 2
    document = await files.store.read(
        lambda tx: described(tx, retention.asked(tx, client_id, NUMBER))
    )
    assert [one["words"] for one in document["abuse"]] == ["佐藤が怒鳴った"]
    await files.store.write(lambda tx: retention.erase_caller(tx, client_id, NUMBER, None))
    assert await words() == 1
    clock.advance(timedelta(days=40))
    await files.set(reports=1)
    hold = await files.store.write(
        lambda tx: retention.place_hold(tx, client_id, "訴訟のため", None, silent)
    )
    await files.night()
    assert (await words(), await answers()) == (1, 1)
    await files.store.write(lambda tx: retention.lift_hold(tx, client_id, hold, None))
    await files.night()
    assert (await words(), await answers()) == (0, 0)
