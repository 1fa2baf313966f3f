"""Help, the abuse clock and relay callers at the seat and on the floor, over both databases."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.seat_story import NUMBER, MakeStory, SeatStory, seat_story, until
from tests.web_fixtures import Browser, MakeWeb, add_account

from denwaban import audit, care
from denwaban.access import Role
from denwaban.calls.decisions import decisions_of
from denwaban.care import Happened, Rules, open_case, set_rules
from denwaban.floor import pages as floor_pages
from denwaban.people import add_operator
from denwaban.store import Tx

__all__ = ["seat_story"]


class Desk:
    """A seat in a browser, and a supervisor's."""

    def __init__(self, story: SeatStory, seat: Browser) -> None:
        self.story, self.seat = story, seat

    async def post(self, path: str, value: Any) -> httpx.Response:
        return await self.seat.request("POST", path, json=value)

    async def screen(self) -> str:
        return (await self.seat.get("/seat/parts")).text


async def _desk(story: SeatStory) -> Desk:
    return Desk(story, await story.web.browser(Role.OPERATOR, user_id=story.operator.user_id))


async def test_one_key_calls_a_supervisor_who_answers_by_name(seat_story: MakeStory) -> None:
    story = await seat_story()
    desk = await _desk(story)
    assert (await desk.post("/seat/help", {"on": True})).status_code == 404
    leg, call = await story.talk()
    assert "SV を呼んでいます" in (await desk.post("/seat/help", {"on": True})).text
    first = await story.store.read(lambda tx: care.open_helps(tx))
    assert [(one.operator, one.client, one.help.abuse) for one in first] == [
        ("田中", "山田設備", False)
    ]
    await desk.post("/seat/help", {"on": True})
    assert len(await story.store.read(lambda tx: care.open_helps(tx))) == 1

    def come(tx: Tx) -> str:
        user_id = add_account(tx, Role.SUPERVISOR, login="kimura")
        return care.answer_help(tx, first[0].help.id, user_id).answered_by

    name = await story.store.write(come)
    assert f"{name} さんが向かっています" in await desk.screen()
    await story.caller_hangs_up(leg)
    assert await story.store.read(lambda tx: care.open_helps(tx)) == []
    with pytest.raises(care.CareError):
        await story.store.write(lambda tx: care.answer_help(tx, first[0].help.id, "x" * 32))


@pytest.mark.req("I7")
async def test_the_clock_counts_from_the_mark_and_leaves_a_record(seat_story: MakeStory) -> None:
    story = await seat_story()
    desk = await _desk(story)
    _leg, call = await story.talk()
    story.clock.advance(timedelta(minutes=5))
    assert (await desk.post("/seat/abuse/warned", {})).status_code == 409
    assert (await desk.post("/seat/abuse", {"reason": "other"})).status_code == 409
    shown = (await desk.post("/seat/abuse", {"reason": "abuse", "words": "「ばか野郎」"})).text
    assert "警告を言いました" in shown
    assert "15分を過ぎました" not in shown
    # Nobody is cut off unwarned.
    assert (await desk.post("/seat/abuse/hang-up", {})).status_code == 409
    assert "結びを言って切る" in (await desk.post("/seat/abuse/warned", {})).text
    story.clock.advance(timedelta(minutes=15))
    shown = await desk.screen()
    assert "15分を過ぎました" in shown
    assert care.DEFAULT.warning in shown
    await desk.post("/seat/abuse/warned", {})
    await desk.post("/seat/abuse/note", {"words": "「家まで来い」と言われた"})
    await desk.post("/seat/abuse/hand-over", {})
    case = await story.store.read(lambda tx: open_case(tx, call.id))
    assert case is not None
    helps = await story.store.read(lambda tx: care.open_helps(tx))
    assert [one.help.abuse for one in helps] == [True]
    assert (await desk.post("/seat/abuse/hang-up", {})).status_code == 200
    await story.switchboard.written()
    events = await story.store.read(lambda tx: care.events_of(tx, case.id))
    assert [(one.what, one.minute) for one in events] == [
        (Happened.MARKED, 0),
        (Happened.WARNED, 0),
        (Happened.WARNED, 15),
        (Happened.NOTED, 15),
        (Happened.HANDED_OVER, 15),
        (Happened.HUNG_UP, 15),
    ]
    assert {one.who for one in events} == {"田中"}
    assert events[2].words == care.DEFAULT.warning
    assert story.seat().call_id is None


async def test_the_clients_own_marks_words_and_beginning(seat_story: MakeStory) -> None:
    story = await seat_story()
    desk = await _desk(story)
    rules = Rules(marks=(10, 20), from_start=True, warning="お静かに願います。")

    def settle(tx: Tx) -> None:
        set_rules(tx, story.client_id, rules, add_account(tx, Role.SUPERVISOR))

    await story.store.write(settle)
    await story.talk()
    story.clock.advance(timedelta(minutes=12))
    shown = (await desk.post("/seat/abuse", {"reason": "long"})).text
    assert "10分を過ぎました" in shown
    assert "お静かに願います。" in shown
    # A mark that was a mistake is taken back; what happened stays in the record.
    await desk.post("/seat/abuse/withdraw", {})
    assert "カスハラ <time" not in await desk.screen()
    listed = await story.store.read(care.cases)
    assert listed[0].case.ended_at is not None


@pytest.mark.req("I7")
async def test_relay_callers_are_remembered_and_never_judged(seat_story: MakeStory) -> None:
    story = await seat_story()
    desk = await _desk(story)
    leg, first = await story.talk("05012345678")
    assert "通訳のためです" in (await desk.post("/seat/relay", {"on": True})).text
    refused = await desk.post("/seat/abuse", {"reason": "long"})
    assert refused.status_code == 409
    assert "電話リレーサービス" in refused.json()["problem"]
    await story.caller_hangs_up(leg)
    await story.switchboard.set_state(story.operator.id, "ready")
    leg, again = await story.talk("05012345678")
    assert await story.store.read(lambda tx: care.is_relay(tx, again))
    assert "通訳のためです" in await desk.screen()
    await desk.post("/seat/relay", {"on": False})
    assert not await story.store.read(lambda tx: care.is_relay(tx, first))
    await story.caller_hangs_up(leg)


@pytest.mark.req("L9")
async def test_a_supervisor_with_a_seat_takes_the_call_over_to_the_seats_page(
    seat_story: MakeStory,
) -> None:
    story = await seat_story()
    _leg, call = await story.talk()
    # One key of the operator; all the rest is the supervisor's.
    asking = await _desk(story)
    assert (await asking.post("/seat/help", {"on": True})).status_code == 200
    kimura = await story.web.browser(Role.SUPERVISOR)
    assert (await kimura.get("/seat")).status_code == 404
    own = await story.store.write(lambda tx: add_operator(tx, kimura.user_id, "木村"))
    await until(lambda: story.switchboard.view().seat(own) is not None)
    found = story.switchboard.view().seat(own)
    assert found is not None
    story.phone.seat_online(found.seat)
    await until(lambda: bool(getattr(story.switchboard.view().seat(own), "online", False)))
    assert 'data-stage="idle"' in (await kimura.get("/seat")).text
    watch = story.switchboard.supervision.watch
    await watch(kimura.user_id, own, story.operator.id, care.Mode.TAKE_OVER)
    story.phone.seat_answers(found.seat)
    await until(lambda: story.seat().call_id is None)
    await story.switchboard.written()
    shown = (await kimura.get("/seat")).text
    assert 'data-stage="talking"' in shown
    assert call.id in shown
    # It is the supervisor's to report, and no longer the operator's.
    old = await _desk(story)
    assert call.id not in await old.screen()


async def _moved_too_late(story: SeatStory, sv: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller hangs up while the supervisor's decision is written: it is on record that nobody was moved."""
    reached, go_on = asyncio.Event(), asyncio.Event()
    recorder = story.switchboard.deciding._recorder

    class Slow:
        async def written(self) -> None:
            await recorder.written()
            reached.set()
            await go_on.wait()

    leg = story.phone.caller_dials(NUMBER, "09011110003")
    await until(lambda: len(story.switchboard.view().waiting) == 2)
    waits = story.switchboard.view().waiting[-1]
    with monkeypatch.context() as slowly:
        slowly.setattr(story.switchboard.deciding, "_recorder", Slow())
        path, up = f"/floor/calls/{waits.call_id}/move", {"where": "first", "reason": "お急ぎ"}
        moving = asyncio.create_task(sv.request("POST", path, json=up))
        await reached.wait()
        story.phone.caller_hangs_up(leg)
        await until(lambda: len(story.switchboard.view().waiting) == 1)
        go_on.set()
        assert (await moving).status_code == 409
    decided = await story.store.read(lambda tx: decisions_of(tx, waits.call_id))
    assert [one.kind.value for one in decided] == ["moved_first", "not_moved"]
    traces = await story.store.read(
        lambda tx: audit.listed(tx, audit.Wanted(call_id=waits.call_id))
    )
    assert "call.not_moved" in {one.kind for one in traces}


async def test_the_floor_answers_prints_and_settles(
    seat_story: MakeStory, make_web: MakeWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = await seat_story()
    _leg, call = await story.talk()

    def ask(tx: Tx) -> tuple[str, str]:
        asked = care.ask_help(tx, call, story.operator.id)
        case = care.mark_abusive(tx, call, story.operator.id, care.Reason.ABUSE, "「出て来い」")
        return asked.id, case.id

    help_id, case_id = await story.store.write(ask)
    web = await make_web(
        pages=floor_pages.routes,
        services={"switchboard": story.switchboard},
        journal=story.journal,
    )
    sv = await web.browser(Role.SUPERVISOR)
    admin = await web.browser(Role.ADMINISTRATOR)
    board = (await sv.get("/floor")).text
    assert "行きます" in board
    assert "data-pick" in board
    watching = await admin.get("/floor")
    assert "data-pick" not in watching.text
    for path, value in (
        ("/floor/watch", {"operator_id": story.operator.id, "mode": "listen"}),
        ("/floor/watch/end", {}),
        (f"/floor/help/{help_id}/answer", {}),
        ("/floor/phone", {}),
        ("/floor/let", {"operator_id": story.operator.id, "call_id": call.id, "reason": "ご要望"}),
        (f"/floor/calls/{call.id}/move", {"where": "first", "reason": "お急ぎ"}),
    ):
        assert (await admin.request("POST", path, json=value)).status_code == 403
    answered = await sv.request("POST", f"/floor/help/{help_id}/answer", json={})
    assert answered.json() == {"operator": story.operator.id}
    listen = {"operator_id": story.operator.id, "mode": "listen"}
    refused = await sv.request("POST", "/floor/watch", json=listen)
    assert refused.status_code == 409
    assert "電話を使う" in refused.json()["problem"]
    account = (await sv.request("POST", "/floor/phone", json={})).json()
    # The call that the supervisor meant is over: nobody listens to the next one instead.
    other = await sv.request("POST", "/floor/watch", json={**listen, "call_id": "gone"})
    assert (other.status_code, "別のお電話" in other.json()["problem"]) == (409, True)
    assert set(account) == {"url", "uri", "password"}
    assert (await sv.request("POST", "/floor/phone", json={})).json() == account
    assert "山田設備" in (await sv.get("/floor/wall")).text
    # Somebody waits: moved before others, with a reason; and the talk may be put through.
    story.phone.caller_dials(NUMBER, "09011110002")
    await until(lambda: len(story.switchboard.view().waiting) == 1)
    (waits,) = story.switchboard.view().waiting
    assert f'data-move="{waits.call_id}"' in (await sv.get("/floor/parts")).text
    move = f"/floor/calls/{waits.call_id}/move"
    nowhere = await sv.request("POST", move, json={"where": "first", "reason": " "})
    assert (nowhere.status_code, "理由" in nowhere.json()["problem"]) == (409, True)
    nobody = {"where": "group", "id": "gone", "reason": "お急ぎ"}
    assert (await sv.request("POST", move, json=nobody)).status_code == 409
    up = {"where": "first", "reason": "お急ぎのご様子"}
    assert (await sv.request("POST", move, json=up)).status_code == 200
    assert story.switchboard.view().waiting[0].priority == 1
    assert f'data-call="{call.id}"' in (await sv.get("/floor/parts")).text
    let = {"operator_id": story.operator.id, "call_id": waits.call_id, "reason": "ご要望"}
    other = await sv.request("POST", "/floor/let", json=let)
    assert (other.status_code, "別のお電話" in other.json()["problem"]) == (409, True)
    let["call_id"] = call.id
    assert (await sv.request("POST", "/floor/let", json=let)).status_code == 200
    decided = await story.store.read(lambda tx: decisions_of(tx, waits.call_id))
    assert [(one.kind.value, one.reason) for one in decided] == [("moved_first", "お急ぎのご様子")]
    await _moved_too_late(story, sv, monkeypatch)
    record = (await sv.get(f"/floor/abuse/{case_id}")).text
    for words in ("「出て来い」", "暴言・脅し", "印をつけました", "田中"):
        assert words in record
    assert case_id in (await sv.get("/floor/abuse")).text
    assert (await sv.get("/floor/abuse/nobody")).status_code == 404
    form = {"monitored": "on", "marks": "10 20", "warning": "警告です。", "closing": "結びです。"}
    path = f"/clients/{story.client_id}/care"
    assert (await sv.post(path, data=form)).status_code == 303
    rules = await story.store.read(lambda tx: care.rules_of(tx, story.client_id))
    assert rules == Rules(True, False, (10, 20), False, "警告です。", "結びです。")
    wrong = await sv.post(path, data={**form, "marks": "いつでも"})
    assert wrong.status_code == 422
    assert "いつでも" in wrong.text
