"""Whom we promised to call back in turn and did not reach: the client is told, on both databases."""

import pytest
from tests.delivery_story import Office, open_office

from denwaban import promises, reports
from denwaban.calls import begin
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.people import add_client
from denwaban.promises.unreached import tell
from denwaban.reports import Incomplete
from denwaban.routing.keeping import Result, keep, over
from denwaban.store import Store, Tx

NUMBER, OURS = "+819012345678", "+81312345678"


@pytest.fixture
async def office(store: Store, clock: MovedClock) -> Office:
    return await open_office(store, clock, Settings())


def given_up(tx: Tx, client_id: str, operator_id: str) -> str:
    call = begin(tx, client_id=client_id, dialled=OURS, caller=NUMBER)
    keep(tx, call.id, client_id, NUMBER, OURS)
    over(tx, call.id, Result.GIVEN_UP, operator_id)
    return call.id


@pytest.mark.req("C4", "D1")
async def test_the_client_gets_a_report_and_a_promise_once(office: Office) -> None:
    def verb(tx: Tx) -> str:
        call = given_up(tx, office.client_id, office.operator_id)
        tell(tx, call, 15)
        tell(tx, call, 15)
        return call

    call = await office.store.write(verb)
    await office.store.write(lambda tx: tell(tx, call, 15))
    found = await office.store.read(lambda tx: reports.reports(tx, office.client_id))
    (report,) = found
    assert (report.call_id, report.in_charge_id) == (call, office.suzuki)
    assert report.draft.number == NUMBER
    assert "3回お電話しましたが" in report.draft.done
    promise = await office.store.read(lambda tx: promises.promise_of_report(tx, report.id))
    assert promise is not None
    assert promise.by is not None
    assert await office.deliveries(report)
    facts = await office.facts()
    assert facts.count("report.sent") == facts.count("promise.made") == 1
    assert facts.count("call.place_over") == 1


async def test_a_client_without_anybody_stays_due(office: Office) -> None:
    def verb(tx: Tx) -> str:
        client_id = add_client(tx, "alone", "誰もいない社", "")
        return given_up(tx, client_id, office.operator_id)

    call = await office.store.write(verb)
    with pytest.raises(Incomplete):
        await office.store.write(lambda tx: tell(tx, call, 15))
    duty = promises.unreached_duty(office.store, 15)
    late = duty.late_after.total_seconds()
    assert late <= 300
