"""What the supervisor sees, over both databases."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from tests.web_fixtures import MakeWeb, add_account

from denwaban import calls, delivery, lines, people, promises, reports
from denwaban.access import Role
from denwaban.clock import MovedClock
from denwaban.floor import Today, near_limit
from denwaban.floor import pages as floor_pages
from denwaban.floor.rows import due_promises, line_limits, today
from denwaban.routing import (
    FloorView,
    SeatState,
    SeatView,
    Supervision,
    Switchboard,
    WaitingView,
    WatchView,
)
from denwaban.store import Store, Tx

NUMBER = "+81312345678"


class Nobody(Supervision):
    """No supervisor is at any call."""

    def __init__(self) -> None:
        pass

    def watches(self) -> list[WatchView]:
        return []


class Board(Switchboard):
    """A switchboard without an engine: shows what a test puts there."""

    def __init__(self) -> None:
        self.supervision = Nobody()
        self.engine = True
        self.waiting: list[WaitingView] = []
        self.seats: list[SeatView] = []
        self.used: dict[str, int] = {}

    def lines_in_use(self) -> dict[str, int]:
        return self.used

    def view(self) -> FloorView:
        return FloorView(
            engine=self.engine,
            waiting=tuple(self.waiting),
            seats=tuple(self.seats),
            calls=len(self.waiting),
        )


@dataclass
class House:
    client_id: str
    staff_id: str
    operator_id: str


@pytest.fixture
async def house(store: Store, clock: MovedClock) -> House:
    def make(tx: Tx) -> House:
        client_id = people.add_client(tx, "sakura", "さくら水道")
        lines.add_number(tx, client_id, NUMBER, "代表")
        lines.set_limit(tx, client_id, 4, clock.now().date())
        staff_id = people.add_staff(tx, client_id, "伊藤 大輔", in_charge=True)
        operator_id = people.add_operator(tx, add_account(tx, Role.OPERATOR), "鈴木 明日香")
        return House(client_id, staff_id, operator_id)

    return await store.write(make)


def call(tx: Tx, house: House, outcome: calls.Outcome | None, practice: bool = False) -> str:
    made = calls.begin(
        tx, client_id=house.client_id, dialled=NUMBER, caller="+819000000001", practice=practice
    )
    if outcome is calls.Outcome.ANSWERED:
        calls.answered(tx, made.id, house.operator_id)
    if outcome is not None:
        calls.ended(tx, made.id, outcome)
    return made.id


def seat(name: str, state: SeatState, clock: MovedClock, client: str = "") -> SeatView:
    return SeatView(
        operator_id=name,
        name=name,
        seat="seat-1",
        state=state,
        since=clock.now() - timedelta(seconds=30),
        online=state is not SeatState.OFFLINE,
        chosen="ready",
        after=None,
        reason="",
        call_id=None,
        client_id=None,
        client_name=client,
        held=False,
        muted=False,
    )


async def test_the_answer_rate_is_of_calls_that_were_to_be_answered(
    store: Store, clock: MovedClock, house: House
) -> None:
    midnight = clock.now() - timedelta(hours=10)
    assert (await store.read(lambda tx: today(tx, midnight))).rate == "—"

    def day(tx: Tx) -> None:
        for outcome, number in (
            (calls.Outcome.ANSWERED, 5),
            (calls.Outcome.ABANDONED, 1),
            (calls.Outcome.BLOCKED, 1),
            (calls.Outcome.OUT_OF_HOURS, 2),
            (calls.Outcome.REFUSED, 1),
            (None, 1),
        ):
            for _ in range(number):
                call(tx, house, outcome)
        call(tx, house, calls.Outcome.ANSWERED, practice=True)

    await store.write(day)
    found = await store.read(lambda tx: today(tx, midnight))
    assert found == Today(answered=5, abandoned=1, blocked=1, out_of_hours=2, practice=1, soon=5)
    assert found.level == 71
    assert (found.came, found.missed, found.rate) == (7, 2, "71.4")
    assert (await store.read(lambda tx: today(tx, clock.now() + timedelta(hours=1)))).rate == "—"


def test_a_client_is_near_its_limit_with_three_quarters_or_one_line_left() -> None:
    limits = {"a": ("A", 10), "b": ("B", 10), "c": ("C", 2), "d": ("D", 1), "e": ("E", 8)}
    used = {"a": 7, "b": 8, "c": 1, "d": 1, "e": 6, "no-limit": 99}
    near = near_limit(used, limits)
    assert [(one.client_id, one.full) for one in near] == [
        ("d", True),
        ("c", False),
        ("b", False),
        ("e", False),
    ]


@pytest.mark.req("A6")
async def test_the_limit_that_stands_beside_the_lines_in_use_is_that_of_today(
    store: Store, clock: MovedClock, house: House
) -> None:
    def soon(tx: Tx) -> str:
        tomorrow = clock.now().date() + timedelta(days=2)
        lines.set_limit(tx, house.client_id, 9, tomorrow)
        other = people.add_client(tx, "other", "別の会社")
        lines.set_limit(tx, other, 2, tomorrow)
        return other

    other = await store.write(soon)
    limits = await store.read(lambda tx: line_limits(tx, [house.client_id, other, "unknown"]))
    assert limits == {house.client_id: ("さくら水道", 4)}
    assert await store.read(lambda tx: line_limits(tx, [])) == {}


async def test_promises_show_from_an_hour_before_until_they_are_kept(
    store: Store, clock: MovedClock, house: House
) -> None:
    def make(tx: Tx) -> None:
        for minutes, who in ((30, "佐藤"), (90, "田中"), (5, "中村")):
            report = _report(tx, house, who, tx.now + timedelta(minutes=minutes))
            promises.make(tx, report)

    await store.write(make)
    clock.advance(timedelta(minutes=10))
    soon = clock.now() + timedelta(minutes=60)
    found = await store.read(lambda tx: due_promises(tx, soon))
    assert [(one.caller_name, one.late) for one in found] == [("中村", True), ("佐藤", False)]


def _report(tx: Tx, house: House, who: str, by: object = None) -> reports.Report:
    draft = reports.Draft(
        who=who,
        what_for="水漏れの修理について",
        done="折り返しをお約束しました",
        callback_needed=by is not None,
        callback_by=by,  # type: ignore[arg-type]
        urgency="normal",
        tone="calm",
        number="+819000000001",
    )
    return reports.accept(
        tx, house.client_id, None, house.operator_id, house.staff_id, draft, False
    )


@pytest.mark.req("A9", "L7")
async def test_the_page_shows_everything_at_once_and_empty_states(
    store: Store, clock: MovedClock, house: House, make_web: MakeWeb
) -> None:
    board = Board()
    web = await make_web(pages=floor_pages.routes, services={"switchboard": board})
    supervisor = await web.browser(Role.SUPERVISOR)
    empty = (await supervisor.get("/floor")).text
    for words in (
        "お待ちのお客様はいません",
        "すべて担当者が確認",
        "約束はありません",
        "余裕があります",
        "—",
    ):
        assert words in empty

    board.engine = False
    board.waiting = [
        WaitingView("c1", house.client_id, "みどり内科", clock.now() - timedelta(seconds=40), None)
    ]
    board.seats = [
        seat("山田", SeatState.READY, clock),
        seat("鈴木", SeatState.TALKING, clock, "さくら水道"),
        replace(
            seat("新人", SeatState.READY, clock),
            training=people.TrainingStage.BESIDE,
            senior="木村",
            held_back=True,
        ),
    ]

    def make(tx: Tx) -> None:
        report = _report(tx, house, "佐藤", tx.now + timedelta(minutes=30))
        delivery.send(tx, report, 15)
        promises.make(tx, report)

    await store.write(make)
    board.used = {house.client_id: 4}
    shown = await supervisor.get("/floor/parts")
    assert shown.status_code == 200
    for words in (
        "みどり内科",
        "通話中",
        "【要折り返し】佐藤様より",
        "伊藤 大輔",
        "満線",
        "あと",
        "つながりません",
        "研修・同席 先輩: 木村",
    ):
        assert words in shown.text
    assert "同席 <b>新人</b> 先輩: 木村" in (await supervisor.get("/floor/wall")).text
    assert shown.text.index("鈴木") < shown.text.index("山田")


async def test_only_supervisors_and_administrators_see_it(
    store: Store, house: House, make_web: MakeWeb
) -> None:
    web = await make_web(pages=floor_pages.routes, services={"switchboard": Board()})
    for role, status in (
        (Role.SUPERVISOR, 200),
        (Role.ADMINISTRATOR, 200),
        (Role.OPERATOR, 403),
        (Role.CLIENT, 403),
    ):
        browser = await web.browser(role, house.client_id if role is Role.CLIENT else None)
        for path in ("/floor", "/floor/parts"):
            assert (await browser.get(path)).status_code == status
    stranger = await web.anonymous()
    assert (await stranger.get("/floor/live")).status_code in (302, 303, 401)


def test_what_changes_the_floor_is_told_to_the_page() -> None:
    for kind in ("call.arrived", "operator.state_changed", "report.sent", "promise.kept"):
        assert kind.startswith(floor_pages.CHANGES)
    assert not "user.signed_in".startswith(floor_pages.CHANGES)
