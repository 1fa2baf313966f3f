"""What is a caller's own: calls by their direction, calls given to somebody else, and what is still needed."""

from pathlib import Path

import pytest
from sqlalchemy import update
from tests.delivery_story import open_office
from tests.recording_story import Shelf
from tests.retention_story import NUMBER, OTHER, Files, site
from tests.web_fixtures import MakeWeb

from denwaban import retention
from denwaban.access import Role
from denwaban.calls import calls_of_numbers
from denwaban.calls.rows import calls
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.lines import add_number
from denwaban.people import persons as people_persons
from denwaban.reports.rows import reports as report_rows
from denwaban.store import Store, Tx

LINE = "+81312345678"


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
    assert [one.id for one in found.calls] == [own_call]
    assert [one.id for one in found.reports] == [own_report]
    theirs = await files.store.read(lambda tx: retention.asked(tx, client_id, OTHER))
    assert given_call in [one.id for one in theirs.calls]
    assert given_report in [one.id for one in theirs.reports]
    await files.store.write(lambda tx: retention.erase_caller(tx, client_id, NUMBER, None))
    numbers = {row["id"]: row["caller"] for row in await files.all_of(calls)}
    assert (numbers[own_call], numbers[given_call]) == ("", NUMBER)
    names = {row["id"]: row["caller_name"] for row in await files.all_of(report_rows)}
    assert (names[own_report], names[given_report]) == ("", "佐藤 花子")
