"""How long data is kept, what is held for a dispute, and what one caller may ask for."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.delivery_story import DRAFT, open_office
from tests.recording_story import Shelf, wav
from tests.retention_story import NUMBER, OTHER, Files, site
from tests.web_fixtures import MakeWeb

from denwaban import reports, retention
from denwaban.access import Role
from denwaban.calls.recordings import State
from denwaban.calls.rows import calls, recordings
from denwaban.clock import JST, MovedClock
from denwaban.config import Settings
from denwaban.delivery.rows import report_talk
from denwaban.journal import after
from denwaban.people.persons import newest
from denwaban.people.persons.rows import person_ways, persons
from denwaban.promises.rows import promises as promise_rows
from denwaban.reports.rows import reports as report_rows
from denwaban.retention import Counts
from denwaban.retention.model import BadTerms, edge, months_typed, next_night
from denwaban.store import Store


@pytest.fixture
async def files(store: Store, clock: MovedClock, tmp_path: Path) -> Files:
    office = await open_office(store, clock, Settings())
    return Files(office, Shelf(store, clock, tmp_path))


async def text_of(files: Files) -> str:
    """Every word that is kept of callers."""
    tables = (report_rows, promise_rows, report_talk, persons, person_ways, calls)
    rows = [str(dict(row)) for table in tables for row in await files.all_of(table)]
    opened = await files.store.read(lambda tx: reports.reports(tx, None))
    known = await files.store.read(lambda tx: newest(tx))
    return "\n".join([*rows, *map(str, opened), *map(str, known), *await files.numbers()])


async def test_what_is_over_goes_by_night_and_figures_stay(files: Files, clock: MovedClock) -> None:
    old_call, old_report = await files.talk()
    clock.advance(timedelta(days=40))
    new_call, new_report = await files.talk(OTHER)
    await files.set(recordings=1, reports=1)
    await files.night()
    assert await files.counted() == [("retention", Counts(1, 1, 0))]
    states = {row["id"]: row["state"] for row in await files.all_of(recordings)}
    assert states == {old_call: State.ERASING, new_call: State.PLAIN}
    rows = {row["id"]: row for row in await files.all_of(report_rows)}
    assert rows[old_report]["subject"] == "【消去済み】"
    assert rows[old_report]["erased_at"] == clock.now()
    assert rows[old_report]["status"] == "done"
    made = await files.store.read(lambda tx: reports.report(tx, old_report))
    assert made is not None, "it is still read like any other"
    kept = await files.store.read(lambda tx: reports.report(tx, new_report))
    assert kept is not None
    assert (made.draft.who, kept.draft.who) == ("", "佐藤 花子")
    old = [row for row in await files.all_of(promise_rows) if row["report_id"] == old_report]
    assert [(row["caller_name"], row["what"]) for row in old] == [("", "")]
    talk = {row["report_id"]: row["text"] for row in await files.all_of(report_talk)}
    assert talk[old_report] == ""
    await files.night()
    assert len(await files.counted()) == 1, "nothing is left to erase"
    (due,) = await files.store.read(
        lambda tx: [row["due_at"] for row in tx.all(select(retention.rows.retention_terms))]
    )
    assert due == next_night(clock.now())


async def test_names_and_numbers_have_a_time_of_their_own(files: Files, clock: MovedClock) -> None:
    old_call, _report = await files.talk()
    clock.advance(timedelta(days=100))
    new_call, _report = await files.talk(OTHER)
    await files.set(callers=3)
    await files.night()
    numbers = await files.callers()
    assert numbers == {old_call: "", new_call: OTHER}
    assert await files.numbers() == [OTHER]
    assert await files.counted() == [("retention", Counts(0, 0, 1))]


async def test_what_is_held_or_still_open_stays(files: Files, clock: MovedClock) -> None:
    held_call, held_report = await files.talk()
    _call, open_report = await files.talk(done=False)
    client_id = files.office.client_id
    hold = await files.store.write(
        lambda tx: retention.place_hold(tx, client_id, "東京地裁 令和8年", None, held_call)
    )
    assert "東京地裁" not in str(await files.all_of(retention.rows.legal_holds))
    clock.advance(timedelta(days=40))
    await files.set(recordings=1, reports=1, callers=1)
    await files.night()
    rows = {row["id"]: row for row in await files.all_of(report_rows)}
    assert rows[held_report]["erased_at"] is None
    assert rows[open_report]["erased_at"] is None
    assert {row["id"]: row["state"] for row in await files.all_of(recordings)}[
        held_call
    ] == State.PLAIN
    whole = await files.store.write(
        lambda tx: retention.place_hold(tx, client_id, "すべて残す", None)
    )
    before = await text_of(files)
    await files.night()
    assert await text_of(files) == before
    for one in (hold, whole):
        await files.store.write(lambda tx, one=one: retention.lift_hold(tx, client_id, one, None))  # type: ignore[misc]
    with pytest.raises(LookupError):
        await files.store.write(lambda tx: retention.lift_hold(tx, client_id, hold, None))
    await files.night()
    rows = {row["id"]: row for row in await files.all_of(report_rows)}
    assert rows[held_report]["erased_at"] is not None
    assert rows[open_report]["erased_at"] is None


async def test_a_caller_who_asks_is_erased_and_the_record_does_not_say_who(
    files: Files,
) -> None:
    call_id, report_id = await files.talk()
    other_call, _other = await files.talk(OTHER)
    client_id = files.office.client_id
    gone, may = await files.store.write(
        lambda tx: retention.erase_caller(tx, client_id, "090-1234-5678", None)
    )
    assert (may.held, may.waiting) == (0, 0)
    assert gone == Counts(1, 1, 1)
    assert "佐藤 花子" in await text_of(files), "the other caller's"
    row = next(row for row in await files.all_of(report_rows) if row["id"] == report_id)
    assert (row["subject"], row["sealed"], row["number_blind"]) == ("【消去済み】", None, None)
    numbers = await files.callers()
    assert numbers[call_id] == ""
    record = str(await files.all_of(retention.rows.erasures))
    assert "1234" not in record
    kinds = [entry.fact for entry in await files.store.read(lambda tx: after(tx, 0))]
    assert [fact.kind for fact in kinds].count("data.erased") == 1
    assert [one.kind for one in await files.audited()] == ["data.erased"]
    assert NUMBER not in str(kinds)
    assert other_call in numbers
    with pytest.raises(retention.BadTerms):
        await files.store.write(lambda tx: retention.erase_caller(tx, client_id, "でんわ", None))


async def test_the_page_asks_before_it_harms(
    files: Files, make_web: MakeWeb, clock: MovedClock
) -> None:
    await files.talk()
    clock.advance(timedelta(days=40))
    web = await site(files, make_web)
    admin = await web.browser(Role.ADMINISTRATOR)
    place = f"/clients/{files.office.client_id}/data"
    assert "まだ何も消去していません" in (await admin.get(place)).text
    wrong = await admin.post(place, {"recordings": "0", "reports": "", "callers": ""})
    assert wrong.status_code == 422
    asked = await admin.post(place, {"recordings": "1", "reports": "", "callers": "", "seen": "0"})
    assert asked.status_code == 409
    assert "録音 1" in asked.text
    kept = await files.store.read(lambda tx: retention.terms_of(tx, files.office.client_id))
    assert kept.version == 0
    saved = await admin.post(
        place, {"recordings": "1", "reports": "", "callers": "", "seen": "0", "sure": "true"}
    )
    assert saved.status_code == 303
    late = await admin.post(place, {"recordings": "600", "seen": "0"})
    assert late.status_code == 422
    assert "ほかの方が先に変更しました" in late.text
    number = f"/clients/{files.office.client_id}/caller-data"
    found = await admin.post(number, {"number": "090-1234-5678"})
    assert "佐藤 花子" in found.text
    unsure = await admin.post(f"{number}/erase", {"number": "090-1234-5678"})
    assert "佐藤 花子" in unsure.text
    assert await files.counted() == []
    sure = await admin.post(f"{number}/erase", {"number": "090-1234-5678", "sure": "true"})
    assert (sure.status_code, "1234" in sure.headers["location"]) == (303, False)
    assert "本人の請求" in (await admin.get(place)).text
    nobody = await admin.post(number, {"number": "090-1111-2222"})
    assert "この番号のデータはありません" in nobody.text


async def test_holds_are_placed_and_lifted_by_hand(files: Files, make_web: MakeWeb) -> None:
    call_id, _report = await files.talk()
    web = await site(files, make_web)
    admin = await web.browser(Role.ADMINISTRATOR)
    place = f"/clients/{files.office.client_id}"
    for form, sentence in (
        ({"reason": ""}, "理由を500文字以内"),
        ({"reason": "\x00"}, "理由を500文字以内"),
        ({"reason": " \u3000\u200b\n"}, "理由を500文字以内"),
        ({"reason": "x", "call_id": "a" * 32}, "この顧客の通話ではありません"),
    ):
        refused = await admin.post(f"{place}/holds", form)
        assert refused.status_code == 422
        assert sentence in refused.text
    assert f'value="{call_id}"' in (await admin.get(f"{place}/data?call={call_id}")).text
    await admin.post(f"{place}/holds", {"reason": "訴訟のため", "call_id": call_id})
    shown = await admin.get(f"{place}/data")
    assert "訴訟のため" in shown.text
    asked = await admin.post(f"{place}/caller-data", {"number": NUMBER})
    assert "訴訟保留のため、消えません" in asked.text
    (hold,) = await files.store.read(lambda tx: retention.holds_of(tx, files.office.client_id))
    assert (await admin.post(f"{place}/holds/{hold.id}/lift")).status_code == 303
    assert (await admin.post(f"{place}/holds/{hold.id}/lift")).status_code == 404
    assert [one.kind for one in await files.audited()] == ["hold.placed", "hold.lifted"]


async def test_the_export_holds_everything_of_one_caller_and_nothing_of_another(
    files: Files, make_web: MakeWeb
) -> None:
    call_id, report_id = await files.talk()
    web = await site(files, make_web)
    await files.shelf.keeper.do(call_id)
    admin, program = await web.browser(Role.ADMINISTRATOR), await web.program(Role.ADMINISTRATOR)
    client_id = files.office.client_id
    page = await admin.post(f"/clients/{client_id}/caller-data/export", {"number": NUMBER})
    asked = await program.client.post(
        f"/api/v1/clients/{client_id}/caller-exports", json={"number": "090-1234-5678"}
    )
    for answer in (page, asked):
        assert answer.status_code == 200
        archive = zipfile.ZipFile(io.BytesIO(answer.content))
        assert sorted(archive.namelist()) == ["data.json", f"recordings/{call_id}.wav"]
        assert archive.read(f"recordings/{call_id}.wav") == wav(100)
        document = json.loads(archive.read("data.json"))
        assert document["caller"]["name"] == "佐藤 花子"
        assert document["reports"][0]["what_for"] == DRAFT.what_for
        assert [one["id"] for one in document["reports"]] == [report_id]
        assert document["comments"][0]["text"] == "佐藤様は工事の件です"
    kinds = [entry.fact.kind for entry in await files.store.read(lambda tx: after(tx, 0))]
    assert kinds.count("data.exported") == 2
    assert [one.kind for one in await files.audited()] == ["export.taken"] * 2
    assert "1234" not in str(await files.audited())


async def test_programs_of_administrators_do_the_same(files: Files, make_web: MakeWeb) -> None:
    call_id, _report = await files.talk()
    web = await site(files, make_web)
    program = await web.program(Role.ADMINISTRATOR)
    place = f"/api/v1/clients/{files.office.client_id}"
    terms = {"recordings": 24, "reports": 36, "callers": None}
    kept = await program.client.put(f"{place}/retention", json=terms)
    assert kept.json() == {**terms, "version": 1}
    moved = await program.client.put(f"{place}/retention", json={**terms, "version": 0})
    assert moved.status_code == 409
    assert (await program.get(f"{place}/retention")).json() == {**terms, "version": 1}
    made = await program.client.post(f"{place}/holds", json={"reason": "訴訟", "call_id": call_id})
    assert [one["id"] for one in (await program.get(f"{place}/holds")).json()] == [
        made.json()["id"]
    ]
    erased = await program.client.post(f"{place}/caller-erasures", json={"number": NUMBER})
    assert erased.json() == {
        "recordings": 0, "reports": 0, "callers": 0, "held": 2, "waiting": 0, "promised": 0,
        "left": 0,
    }  # fmt: skip
    for unread in ("\x00", "\u3000\u200b"):
        blank = await program.client.post(f"{place}/holds", json={"reason": unread})
        assert blank.status_code == 400
        assert blank.json()["errors"][0]["field"] == "reason"
    lifted = await program.client.delete(f"{place}/holds/{made.json()['id']}")
    assert lifted.status_code == 204
    erased = await program.client.post(f"{place}/caller-erasures", json={"number": NUMBER})
    assert erased.json()["reports"] == 1
    wrong = await program.client.post(f"{place}/caller-erasures", json={"number": "x"})
    assert wrong.status_code == 422
    gone = "/api/v1/clients/" + "0" * 32
    assert (await program.get(f"{gone}/retention")).status_code == 404


@pytest.mark.parametrize("text", ["0", "601", "0000019999", "9" * 5000, "²", "-1", "1.5"])
def test_months_that_nobody_means_are_refused(text: str) -> None:
    with pytest.raises(BadTerms):
        months_typed("reports", text)


def test_months_are_those_of_the_calendar(clock: MovedClock) -> None:
    assert edge(9, clock.now()).astimezone(JST).isoformat() == "2026-02-24T10:00:00+09:00"
    assert next_night(clock.now()).isoformat() == "2026-11-25T03:30:00+09:00"
