"""Holds and self-completion: what an operator aims at and how their months went; pages, API, both databases."""

from datetime import timedelta

import pytest
from tests.slices.floor.test_floor import NUMBER, Board, House, house, seat
from tests.some_people import an_operator
from tests.web_fixtures import MakeWeb

from denwaban import calls, reports
from denwaban.access import Role
from denwaban.calls import CallState, Offer, Outcome, changes, open_offers, record
from denwaban.care import mark_relay
from denwaban.clock import MovedClock, day_begins, japan_day, month_after
from denwaban.journal import after
from denwaban.people import operator
from denwaban.routing import SeatState
from denwaban.store import Store, Tx, new_id
from denwaban.targets import Result, api, months, pages

__all__ = ["house"]

HER, RELAY = "+819000000001", "+815000000001"


def talked(
    tx: Tx,
    house: House,
    *,
    holds: int = 0,
    told: bool = True,
    back: bool = False,
    passed: bool = False,
    to: str = "",
    caller: str = HER,
    practice: bool = False,
) -> str:
    """A call that suzuki answers. `told`: its report is sent, `back`: with a call-back; `passed`: to the client's staff; `to`:
    to this operator."""
    begun = calls.begin(
        tx, client_id=house.client_id, dialled=NUMBER, caller=caller, practice=practice
    )
    call = calls.answered(tx, begun.id, house.operator_id)
    for _ in range(holds):
        calls.held(tx, call.id, True)
        call = calls.held(tx, call.id, False)
    (leg,) = (one for one in open_offers(tx) if one.call_id == call.id)
    if to:
        record(tx, changes.taken_over(call, Offer(new_id(), call.id, to, tx.now), leg, tx.now))
    if passed:
        state = CallState.PASSED
        record(
            tx,
            [changes.moved(call, "given", tx.now, state=state, offer=leg, took=house.staff_id)],
        )
    calls.ended(tx, call.id, Outcome.ANSWERED)
    if told:
        draft = reports.Draft(
            who="佐藤 花子",
            what_for="水漏れの修理について",
            done="承りました",
            callback_needed=back,
            callback_by=tx.now + timedelta(hours=1) if back else None,
            urgency=reports.Urgency.NORMAL,
            tone=reports.Tone.CALM,
            number=caller,
        )
        reports.accept(
            tx,
            house.client_id,
            call.id,
            house.operator_id,
            house.staff_id,
            draft,
            practice,
            reason="急いで切られました",
        )
    return call.id


async def two_months(store: Store, clock: MovedClock, house: House) -> str:
    """One call in the last second of a month, and several after it; returns tanaka's id."""
    midnight = day_begins(month_after(japan_day(clock.now())))
    clock.advance(midnight - timedelta(seconds=1) - clock.now())
    await store.write(lambda tx: talked(tx, house, holds=1))
    clock.advance(timedelta(seconds=2))

    def month(tx: Tx) -> str:
        tanaka = an_operator(tx, "tanaka")
        talked(tx, house, holds=2)
        talked(tx, house, back=True)
        talked(tx, house, holds=1, passed=True)
        talked(tx, house, holds=3, to=tanaka)
        talked(tx, house, told=False)
        talked(tx, house, holds=4, practice=True)
        # The mark is the number's: both of its calls stand apart.
        talked(tx, house, holds=5, caller=RELAY)
        found = calls.call(tx, talked(tx, house, caller=RELAY))
        assert found is not None
        mark_relay(tx, found, house.operator_id, True)
        return tanaka

    return await store.write(month)


@pytest.mark.req("F8")
async def test_an_operators_months_are_counted_from_calls_and_reports(
    store: Store, clock: MovedClock, house: House
) -> None:
    tanaka = await two_months(store, clock, house)
    first = japan_day(clock.now()).replace(day=1)
    this, before, older = await store.read(lambda tx: months(tx, house.operator_id, first, 3))
    assert this.usual == Result(contacts=5, alone=4, holds=3, reported=4, completed=1)
    assert (this.usual.holds_each, this.usual.self_completion) == (0.8, 25.0)
    assert this.relay == Result(contacts=2, alone=2, holds=5, reported=2, completed=2)
    assert before.usual == Result(contacts=1, alone=1, holds=1, reported=1, completed=1)
    assert older.usual == older.relay == Result()
    (hers,) = await store.read(lambda tx: months(tx, tanaka, first, 1))
    assert hers.usual == Result(contacts=1, reported=1)


@pytest.mark.req("F8")
async def test_a_supervisor_sets_targets_and_the_operator_alone_sees_their_own(
    store: Store, clock: MovedClock, house: House, make_web: MakeWeb
) -> None:
    tanaka = await two_months(store, clock, house)
    board = Board()
    web = await make_web(pages=pages.routes, api=api.routes, services={"switchboard": board})
    me = await store.read(lambda tx: operator(tx, house.operator_id))
    other = await store.read(lambda tx: operator(tx, tanaka))
    assert me is not None
    assert other is not None
    suzuki = await web.browser(Role.OPERATOR, user_id=me.user_id)
    supervisor = await web.browser(Role.SUPERVISOR)
    mine, path = "/targets", f"/floor/targets/{house.operator_id}"
    before = (await suzuki.get(mine)).text
    assert "0.8回" in before
    assert "25.0%" in before
    assert "目標は決まっていません" in before
    # Set with what a Japanese keyboard gives; who did it stands there.
    form = {"holds": "０．８回", "self_completion": "８０％"}
    assert (await supervisor.post(path, form)).status_code == 303
    for page in ((await suzuki.get(mine)).text, (await supervisor.get(path)).text):
        for words in ("0.8回まで", "80%以上", "目標どおりです", "テスト supervisor", "2件 2.5回"):
            assert words in page
    listed = (await supervisor.get("/floor/targets")).text
    assert "0.8回まで" in listed
    assert "25.0%" not in listed
    # What is no target is told, and nothing changes.
    wrong = await supervisor.post(path, {"holds": "少なめ", "self_completion": "101"})
    assert wrong.status_code == 422
    assert "小数は1桁で" in wrong.text
    assert "0から100までの整数で" in wrong.text
    assert "少なめ" in wrong.text
    assert "0.8回まで" in (await suzuki.get(mine)).text
    # Not while there is a caller.
    board.seats = [seat(house.operator_id, SeatState.TALKING, clock)]
    busy = (await suzuki.get(mine)).text
    assert "いまはお電話に集中してください" in busy
    assert "0.8回" not in busy
    board.seats = [seat(house.operator_id, SeatState.BREAK, clock)]
    assert "0.8回まで" in (await suzuki.get(mine)).text
    # Nobody sees a colleague's.
    hers = await web.browser(Role.OPERATOR, user_id=other.user_id)
    assert "0.8回" not in (await hers.get(mine)).text
    assert (await hers.get(path)).status_code == 403
    one = f"/api/v1/operators/{house.operator_id}/targets"
    assert (await hers.get(one)).status_code == 404
    assert (await suzuki.get(f"/api/v1/operators/{tanaka}/targets")).status_code == 404
    assert (await suzuki.request("PUT", one, json=SET)).status_code == 403
    assert (await suzuki.get(one)).json()["holds"] == 0.8
    nobody = await web.browser(Role.OPERATOR)
    assert (await nobody.get(mine)).status_code == 404
    assert (await supervisor.get(f"/floor/targets/{'0' * 32}")).status_code == 404
    # An empty field takes a target away.
    assert (await supervisor.post(path, {"self_completion": "70"})).status_code == 303
    answer = (await suzuki.get(one)).json()
    assert (answer["holds"], answer["self_completion"]) == (None, 70)


SET = {"holds": 0.3, "self_completion": 75}


@pytest.mark.req("F8")
async def test_a_program_sets_targets_and_reads_the_months(
    store: Store, clock: MovedClock, house: House, make_web: MakeWeb
) -> None:
    await two_months(store, clock, house)
    web = await make_web(api=api.routes)
    program = await web.program(Role.SUPERVISOR)
    path = f"/api/v1/operators/{house.operator_id}/targets"
    empty = (await program.get(path)).json()
    assert (empty["holds"], empty["self_completion"], empty["changed_at"]) == (None, None, None)
    found = (await program.request("PUT", path, json=SET)).json()
    assert (found["holds"], found["self_completion"]) == (0.3, 75)
    assert found["changed_by"] == "test"
    assert len(found["months"]) == 4
    assert found["months"][0]["first"] == f"{japan_day(clock.now()):%Y-%m}-01"
    assert found["months"][0]["usual"]["self_completion"] == 25.0
    assert found["months"][0]["relay"]["holds_each"] == 2.5
    assert found["months"][3]["usual"]["holds_each"] is None
    for body, status in (
        ({"holds": 0.25, "self_completion": None}, 422),
        ({"holds": 11, "self_completion": None}, 400),
        ({"holds": None}, 400),
        ({**SET, "more": 1}, 400),
    ):
        assert (await program.request("PUT", path, json=body)).status_code == status, body
    gone = f"/api/v1/operators/{'0' * 32}/targets"
    assert (await program.get(gone)).status_code == 404
    assert (await program.request("PUT", gone, json=SET)).status_code == 404
    facts = [one.fact for one in await store.read(lambda tx: after(tx, 0))]
    (told,) = [one for one in facts if one.kind == "targets.set"]
    assert told.subject == house.operator_id
