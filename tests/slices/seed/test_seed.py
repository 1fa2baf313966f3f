"""The example installation can be used from the first minute."""

from datetime import datetime, timedelta
from functools import cache, partial

import pytest

from denwaban import calls, delivery, lines, people, promises, reports, scripts
from denwaban.access import Role, sign_in
from denwaban.clock import JST, MovedClock
from denwaban.lines import Mode, Service
from denwaban.oncall import OnDuty, contacts_of, person_in_charge
from denwaban.practice import STORIES
from denwaban.seed import COMPANIES, plant
from denwaban.store import Store, Tx


async def test_everything_that_was_generated_works(store: Store) -> None:
    made = await store.write(plant)
    assert made is not None
    assert {one.role for one in made.sign_ins} == {role.value for role in Role}
    for one in made.sign_ins:
        _token, who = await sign_in(store, one.login, one.password, "203.0.113.9")
        assert who.name == one.name
    assert set(made.api_keys) == {role.value for role in Role}
    assert [seat.seat for seat in made.seats] == ["seat-1", "seat-2"]


async def test_planting_again_changes_nothing(store: Store) -> None:
    await store.write(plant)
    assert await store.write(plant) is None
    assert len(await store.read(people.clients)) == len(COMPANIES)


@pytest.mark.parametrize(
    "start", [datetime(2026, 1, 1, 0, 0, tzinfo=JST), datetime(2026, 12, 31, 23, 59, tzinfo=JST)]
)
async def test_it_can_be_planted_at_any_moment(
    store: Store, clock: MovedClock, start: datetime
) -> None:
    clock.advance(start - clock.now())
    assert await store.write(plant) is not None


@pytest.mark.req("A10", "A11")
async def test_every_hour_of_a_week_and_a_holiday_has_its_plan_and_script(
    store: Store, clock: MovedClock
) -> None:
    await store.write(plant)

    def look(tx: Tx) -> None:
        begun = cache(partial(scripts.first_node, tx))
        for story in STORIES:
            for hour in range(24 * 8):
                at = clock.now() + timedelta(hours=hour)
                service = lines.service_for(tx, story.dialled, at)
                assert isinstance(service, Service)
                assert service.window
                if service.mode is not Mode.CLOSED:
                    assert "録音" in begun(service.script_id).say
        # Labour Thanksgiving Day, a Monday: the support desk has its holiday hours.
        holiday = datetime(2026, 11, 23, 11, 0, tzinfo=JST)
        service = lines.service_for(tx, STORIES[1].dialled, holiday)
        assert isinstance(service, Service)
        assert service.window == "夜間・休日"
        # Somebody who wants to practise at night finds a client who is open.
        night = datetime(2026, 11, 24, 3, 0, tzinfo=JST)
        service = lines.service_for(tx, STORIES[0].dialled, night)
        assert isinstance(service, Service)
        assert service.window == "夜間緊急"

    await store.read(look)


async def test_the_first_practice_caller_has_a_history_and_an_open_promise(
    store: Store, clock: MovedClock
) -> None:
    await store.write(plant)
    story = STORIES[0]

    def look(tx: Tx) -> None:
        client = people.client_by_code(tx, story.client_code)
        assert client is not None
        caller = people.caller_of(tx, client.id, story.caller_number)
        assert caller is not None
        assert caller.name == story.caller_name
        past = calls.history(tx, client.id, story.caller_number)
        assert len(past) == 2
        assert all(one.arrived_at < clock.now() for one in past)
        found = [report for report in reports.reports(tx, client.id) if report.call_id]
        assert len(found) == 2
        [promise] = promises.open_promises(tx, client.id, story.caller_number)
        assert promise.by is not None
        assert promise.by > clock.now()
        # Nothing of the past is still on its way to anybody.
        for report in found:
            taken = delivery.acknowledgement(tx, report.id)
            assert taken is not None

    await store.read(look)


async def test_everyone_can_be_reached_and_somebody_is_in_charge(
    store: Store, clock: MovedClock
) -> None:
    await store.write(plant)

    def look(tx: Tx) -> None:
        for client in people.clients(tx):
            assert isinstance(person_in_charge(tx, client.id, clock.now()), OnDuty)
            staff = people.staff_of(tx, client.id)
            assert any(one.user_id for one in staff)
            for one in staff:
                assert one.kana
                assert one.substitute_id
                assert one.department
                [contact] = contacts_of(tx, one.id)
                assert contact.address["to"].endswith(".example")

    await store.read(look)
