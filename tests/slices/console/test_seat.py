"""The operator's seat over HTTP, on both databases."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import func, select
from tests.asking import counted
from tests.seat_story import CALLER, NUMBER, MakeStory, SeatStory, seat_story, until
from tests.web_fixtures import Browser

from denwaban import calls, promises
from denwaban.access import Role, end_sessions
from denwaban.calls import Call, turnings
from denwaban.console.pages.common import Seat
from denwaban.console.pages.screen import open_pages
from denwaban.console.rows import today
from denwaban.console.waiting import SeatQueue
from denwaban.delivery.rows import deliveries
from denwaban.people import add_operator, caller_of, leave_operator, set_presence
from denwaban.promises import open_promises
from denwaban.reports import reports as all_reports
from denwaban.reports.rows import reports
from denwaban.scripts import LONGEST_ANSWER
from denwaban.store import Store, Tx
from denwaban.telephony.engine import PRACTICE_TRUNK
from denwaban.vault import Turnings

__all__ = ["seat_story"]


async def sit(story: SeatStory) -> Browser:
    return await story.web.browser(Role.OPERATOR, user_id=story.operator.user_id)


async def put(browser: Browser, call: Call, field: str, value: str, counter: int = 1) -> Any:
    path = f"/seat/calls/{call.id}/answers/{field}"
    return await browser.request("PUT", path, json={"value": value, "counter": counter})


async def go(browser: Browser, call: Call, at: str, choice: str = "next") -> Any:
    return await browser.request(
        "POST", f"/seat/calls/{call.id}/go", json={"at": at, "choice": choice}
    )


async def send(browser: Browser, call: Call) -> Any:
    return await browser.request("POST", f"/seat/calls/{call.id}/report", json={})


async def through(browser: Browser, call: Call) -> None:
    """The caller has no leak, wants the boiler looked at."""
    for at, choice in [("danger", "2"), ("who", "next"), ("matter", "2"), ("promise", "next")]:
        if at == "who":
            assert (await put(browser, call, "address", "港区芝1-2-3 101")).status_code == 200
        if at == "matter":
            assert (await put(browser, call, "what_for", "お湯が出ない")).status_code == 200
        assert (await go(browser, call, at, choice)).status_code == 200


async def count(story: SeatStory, table: Any) -> int:
    return int(
        await story.store.read(lambda tx: tx.scalar(select(func.count()).select_from(table)))
    )


@pytest.mark.req("A2", "A7")
async def test_before_answering_the_screen_shows_what_is_needed(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser = await sit(story)
    await story.rings()
    page = (await browser.get("/seat")).text
    for shown in (
        "お電話ありがとうございます。山田設備でございます。",
        "けが人、火、煙",
        "佐藤 花子",
        "090-1234-5678",
        "夜間プラン",
        "鈴木",
        "代: 伊藤",
        "到着時刻と料金のお約束",
    ):
        assert shown in page, shown


async def test_only_what_changed_is_sent_again(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser = await sit(story)
    page = (await browser.get("/seat")).text
    have = keys(page)
    assert set(have) == {
        "state",
        "day",
        "now",
        "todo",
        "middle",
        "right",
        "care",
        "bottom",
        "aids",
        "pass",
    }
    nothing = await browser.get("/seat/parts", headers={"X-Seat-Have": joined(have)})
    assert "hx-partial" not in nothing.text
    await story.rings()
    ringing = await browser.get("/seat/parts", headers={"X-Seat-Have": joined(have)})
    assert "#seat-middle" in ringing.text


async def test_a_call_that_began_while_the_screen_was_made_has_something_to_say(
    seat_story: MakeStory,
) -> None:
    story = await seat_story()
    leg, _first = await story.talk()

    class Slow:
        """So slow that the operator is with the next caller when the first one's run is written."""

        read = story.store.read
        next_caller = False

        async def write(self, verb: Callable[[Tx], object]) -> object:
            written = await story.store.write(verb)
            if not self.next_caller:
                self.next_caller = True
                await story.caller_hangs_up(leg)
                await story.switchboard.set_state(story.operator.id, "ready")
                await story.talk("08011112222")
            return written

    seat = Seat(story.operator.user_id, cast(Store, Slow()), story.switchboard, "", {})
    first, second = seat.pieces(await seat.look()), seat.pieces(await seat.look())
    for pieces, caller in ((first, "090-1234-5678"), (second, "080-1111-2222")):
        assert "恐れ入りますが、けが人" in pieces["middle"]
        assert caller in pieces["right"]


async def test_a_step_reads_no_more_than_it_changes(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser = await sit(story)
    leg, call = await story.talk()
    have = keys((await browser.get("/seat")).text)
    at = (await story.run(call.id)).node.id
    headers = {"X-Seat-Have": joined(have)}
    body = {"at": at, "choice": "2"}
    step = await browser.request("POST", f"/seat/calls/{call.id}/go", json=body, headers=headers)
    assert set(keys(step.text)) == {"middle", "aids"}
    await story.caller_hangs_up(leg)
    over = await browser.get("/seat/parts", headers=headers)
    assert {"middle", "bottom", "now"} <= set(keys(over.text))


async def test_a_request_is_one_transaction_and_asks_little(
    seat_story: MakeStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = await seat_story()
    await Turnings(story.store, turnings).run()  # until then it is asked whether it has been
    browser = await sit(story)
    _leg, call = await story.talk()
    # Old rows are sealed, as they are all day.
    await Turnings(story.store, (*calls.turnings, *promises.turnings)).run()
    have = {"X-Seat-Have": joined(keys((await browser.get("/seat")).text))}
    me, made = asyncio.current_task(), list[tuple[str, int]]()

    def counting(kind: str, run: Any) -> Any:
        async def count(verb: Any) -> Any:
            if asyncio.current_task() is not me:
                return await run(verb)

            def told(tx: Tx) -> Any:
                with counted(tx) as asked:
                    found = verb(tx)
                made.append((kind, len(asked)))
                return found

            return await run(told)

        return count

    await browser.request("GET", "/seat/parts")
    for kind in ("read", "write"):
        monkeypatch.setattr(story.store, kind, counting(kind, getattr(story.store, kind)))
    step = await browser.request(
        "POST", f"/seat/calls/{call.id}/go", json={"at": "danger", "choice": "2"}, headers=have
    )
    assert step.status_code == 200
    assert (await put(browser, call, "address", "港区芝1-2-3 101")).status_code == 200
    assert (await browser.get("/seat/parts", headers=have)).status_code == 200
    assert [kind for kind, _asked in made] == ["write", "write", "read"]
    assert made[0][1] <= 10  # two of them: the numbers of who calls, and what they have said before
    assert made[1][1] <= 6  # one of them: the key, while it is so new that it may not be committed


async def test_a_session_that_is_over_changes_nothing_any_more(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser = await sit(story)
    _leg, call = await story.talk()
    assert (await go(browser, call, "danger", "2")).status_code == 200
    node = (await story.run(call.id)).node.id
    await story.store.write(lambda tx: end_sessions(tx, browser.user_id))
    for answer in (
        await go(browser, call, node),
        await put(browser, call, "address", "港区"),
        await browser.get("/seat/parts"),
    ):
        assert answer.status_code in (303, 401)
    # Nor does an operator who has left, nor anybody else of ours or theirs.
    again = await sit(story)
    await story.store.write(lambda tx: leave_operator(tx, story.operator.id))
    assert (await go(again, call, node)).status_code in (303, 401, 404)
    for role, client_id, status in (
        (Role.SUPERVISOR, None, 404),  # has no seat
        (Role.CLIENT, story.client_id, 403),
    ):
        other = await story.web.browser(role, client_id)
        assert (await go(other, call, node)).status_code == status
    nobody = await story.web.browser(Role.OPERATOR)
    assert (await go(nobody, call, node)).status_code == 404
    assert (await story.run(call.id)).node.id == node


async def test_who_waits_is_read_once_for_all_and_told_to_each(seat_story: MakeStory) -> None:
    story = await seat_story()
    room, told = story.waiting_room, 0

    def wake() -> None:
        nonlocal told
        told += 1

    mine, other = SeatQueue(room, story.operator.id), SeatQueue(room, "somebody else")
    with room.visit(wake):
        first = mine.news()
        assert told == 1
        assert first is not None
        assert "お待ちの方はいません" in first.data
        assert mine.news() is None  # told once
        await story.rings()
        await until(lambda: "山田設備" in room.drawn("somebody else"))
        # Whom this seat can take with one key waits elsewhere on its screen; to all others she is one who waits.
        assert mine.news() is None
        seen = other.news()
        assert seen is not None
        assert seen.data.count("山田設備") == 1
        story.phone.caller_dials(NUMBER, "05099998888")
        await until(lambda: len(room.queue.callers) == 2)
        second = mine.news()
        assert second is not None
        assert second.data.count("山田設備") == 1
        assert told >= 3
    await story.answers()
    await until(lambda: len(room.queue.callers) == 1)
    with room.visit(wake):
        page = (await (await sit(story)).get("/seat")).text
    assert page.count('<span class="name">山田設備</span>') == 1


async def test_many_who_wait_are_counted(seat_story: MakeStory) -> None:
    story = await seat_story()
    for n in range(9):
        story.phone.caller_dials(NUMBER, f"0509999000{n}")
    room = story.waiting_room
    await until(lambda: len(room.queue.callers) == 9)
    drawn = room.drawn(story.operator.id)
    assert drawn.count('class="name">山田設備') == 6
    assert "ほか2件" in drawn  # one rings here
    assert "ほか3件" in room.drawn("somebody else")


def keys(page: str) -> dict[str, str]:
    parts = page.split(' id="seat-')[1:]
    named = {part.split('"')[0]: part for part in parts if 'data-key="' in part.split(">")[0]}
    return {name: part.split('data-key="')[1].split('"')[0] for name, part in named.items()}


def joined(have: dict[str, str]) -> str:
    return ",".join(f"{name}:{key}" for name, key in have.items())


@pytest.mark.req("A3")
async def test_what_is_known_is_not_asked_again(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser = await sit(story)
    _leg, call = await story.talk()
    await browser.get("/seat")
    run = await story.run(call.id)
    assert run.value("caller_name") == "佐藤 花子"
    assert run.value("caller_name.kana") == "さとう はなこ"
    assert run.value("caller_number") == "090-1234-5678"
    assert run.answers["caller_name"].known


@pytest.mark.req("C1", "C3", "D2")
async def test_the_report_is_made_from_the_run_and_sent_once(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser = await sit(story)
    leg, call = await story.talk()
    await browser.get("/seat")
    await through(browser, call)
    early = await send(browser, call)
    assert early.status_code == 409
    await story.caller_hangs_up(leg)
    page = (await browser.get("/seat")).text
    assert "【要折り返し】佐藤 花子様より" in page
    for _ in range(2):
        sent = await send(browser, call)
        assert sent.status_code == 200, sent.text
    [report] = await story.store.read(lambda tx: all_reports(tx, None))
    draft, number = report.draft, report.draft.number
    assert draft.what_for == "給湯器: お湯が出ない"
    assert draft.done == "状況を伺い、担当から折り返すとお伝えしました。"
    assert draft.callback_needed is True
    assert number == "090-1234-5678"
    assert report.in_charge_id == story.staff["鈴木"]
    assert ("場所", "港区芝1-2-3 101") in draft.answers
    assert await count(story, deliveries) >= 1
    kept = await story.store.read(lambda tx: open_promises(tx, story.client_id, number))
    assert len(kept) == 1
    # When they call again, the promise is in sight.
    await story.rings()
    assert 'class="promise' in (await browser.get("/seat")).text


async def test_the_operator_is_ready_again_when_the_report_is_sent(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser = await sit(story)
    leg, call = await story.talk()
    await browser.get("/seat")
    await through(browser, call)
    await story.caller_hangs_up(leg)
    assert (await send(browser, call)).status_code == 200
    await story.rings("08011112222")


@pytest.mark.req("B11", "C8")
async def test_what_is_missing_is_named_in_words(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser = await sit(story)
    leg, call = await story.talk()
    await browser.get("/seat")
    await go(browser, call, "danger", "2")
    await story.caller_hangs_up(leg)
    refused = await send(browser, call)
    assert refused.status_code == 422
    problems = refused.json()["problems"]
    assert problems[0] == [
        "address",
        "「場所」がまだです。伺えなかったときは「聞けませんでした」を選んでください。",
    ]
    assert await count(story, reports) == 0
    await put(browser, call, "address", "聞けませんでした")
    await put(browser, call, "report.callback", "no")
    await put(browser, call, "report.what_for", "途中でお電話が切れました")
    await put(browser, call, "report.done", "かけ直しをお待ちしています")
    assert (await send(browser, call)).status_code == 200


async def test_nothing_typed_is_lost_when_the_browser_dies(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser = await sit(story)
    leg, call = await story.talk()
    await browser.get("/seat")
    await go(browser, call, "danger", "2")
    await put(browser, call, "address", "港区芝1-2-3\n「青い屋根」の家")
    again = await sit(story)
    page = (await again.get("/seat")).text
    assert "お名前と、つながりやすいお電話番号" in page
    assert "港区芝1-2-3\n「青い屋根」の家</textarea>" in page
    await put(again, call, "report.note", "犬がいます", 5)
    await story.caller_hangs_up(leg)
    third = await sit(story)
    page = (await third.get("/seat")).text
    assert "やること" in page
    assert "犬がいます</textarea>" in page


async def test_a_late_packet_does_not_overwrite_newer_text(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser = await sit(story)
    _leg, call = await story.talk()
    await browser.get("/seat")
    assert (await put(browser, call, "address", "新しい", 10)).json()["kept"]
    late = (await put(browser, call, "address", "古い", 9)).json()
    assert (late["counter"], late["kept"]) == (10, False)
    assert (await story.run(call.id)).value("address") == "新しい"


async def test_an_answer_of_fifty_thousand_characters_is_refused_and_loses_nothing(
    seat_story: MakeStory,
) -> None:
    story = await seat_story()
    browser = await sit(story)
    _leg, call = await story.talk()
    await browser.get("/seat")
    await put(browser, call, "address", "港区", 1)
    refused = await put(browser, call, "address", "あ" * 50_000, 2)
    assert refused.status_code == 422
    assert "10,000文字まで" in refused.json()["problem"]
    assert (await story.run(call.id)).value("address") == "港区"
    assert (await put(browser, call, "address", "あ" * LONGEST_ANSWER, 3)).status_code == 200


@pytest.mark.parametrize("value", ["\x00", "\ud800", "<script>alert(1)</script>", "𠮷野家🦐", "‮"])
async def test_any_text_can_be_typed(seat_story: MakeStory, value: str) -> None:
    story = await seat_story()
    browser = await sit(story)
    leg, call = await story.talk()
    await browser.get("/seat")
    await through(browser, call)
    body = f'{{"counter": 5, "value": {ascii_json(value)}}}'
    path = f"/seat/calls/{call.id}/answers/what_for"
    headers = {"Content-Type": "application/json"}
    kept = await browser.request("PUT", path, content=body, headers=headers)
    assert kept.status_code in (200, 400), kept.text
    await story.caller_hangs_up(leg)
    page = await browser.get("/seat")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert (await send(browser, call)).status_code in (200, 422)


def ascii_json(text: str) -> str:
    return '"' + "".join(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else c for c in text) + '"'


async def test_another_operators_call_is_not_there(seat_story: MakeStory) -> None:
    story = await seat_story()
    leg, call = await story.talk()
    other = await story.web.browser(Role.OPERATOR)
    await story.store.write(lambda tx: add_operator(tx, other.user_id, "別の人", ""))
    for answer in (
        await put(other, call, "address", "x"),
        await go(other, call, "danger", "2"),
        await other.request("POST", f"/seat/calls/{call.id}/back", json={"at": "danger"}),
        await send(other, call),
        await put(other, call, "nothing_like_it", "x"),
    ):
        assert answer.status_code == 404
    assert "佐藤" not in (await other.get("/seat")).text
    await story.caller_hangs_up(leg)
    assert (await send(other, call)).status_code == 404


@pytest.mark.parametrize(
    ("role", "status"), [(Role.SUPERVISOR, 404), (Role.ADMINISTRATOR, 403), (Role.CLIENT, 403)]
)
async def test_the_seat_is_for_operators(seat_story: MakeStory, role: Role, status: int) -> None:
    """And for a supervisor with a seat of their own, which this one has not."""
    story = await seat_story()
    other = await story.web.browser(role, story.client_id if role is Role.CLIENT else None)
    for path in ("/seat", "/seat/parts", "/seat/live"):
        assert (await other.get(path)).status_code == status


async def test_a_supervisor_with_a_seat_searches_and_notes_questions_there(
    seat_story: MakeStory,
) -> None:
    story = await seat_story()
    other = await story.web.browser(Role.SUPERVISOR)
    await story.store.write(lambda tx: add_operator(tx, other.user_id, "木村", ""))
    found = await other.request("POST", "/seat/search", json={"text": "さとう"})
    assert found.status_code == 200
    _leg, call = await story.talk()
    noted = {"id": "0" * 32, "words": "駐車場はありますか", "counter": 1}
    # Somebody else's call, not a page that is not for them.
    path = f"/seat/calls/{call.id}/question"
    assert (await other.request("PUT", path, json=noted)).status_code == 404


async def test_one_page_holds_the_seat(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser = await sit(story)
    first, second = "1" * 32, "2" * 32
    got = await browser.request("POST", "/seat/claim", json={"page": first})
    assert got.status_code == 200
    assert got.headers["cache-control"] == "no-store"
    assert got.json() == {
        "url": "ws://denwaban.test:8421/ws",
        "uri": f"sip:{story.operator.seat}@denwaban.test",
        "password": story.operator.sip_password,
    }
    # The first page is open: its live stream is held.

    async def forever() -> AsyncIterator[bytes]:
        yield b""
        await asyncio.Event().wait()

    held = open_pages.hold(first, forever())
    await anext(held)
    refused = await browser.request("POST", "/seat/claim", json={"page": second})
    assert refused.status_code == 409
    assert refused.json() == {"elsewhere": True}
    taken = await browser.request("POST", "/seat/claim", json={"page": second, "force": True})
    assert taken.status_code == 200
    await held.aclose()  # type: ignore[attr-defined]
    # A page that is gone does not stand in the way.
    assert (await browser.request("POST", "/seat/claim", json={"page": first})).status_code == 200


async def test_hold_mute_and_hang_up(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser = await sit(story)
    _leg, _call = await story.talk()
    await browser.get("/seat")
    for path in ("hold", "mute"):
        shown = await browser.request("POST", f"/seat/{path}", json={"on": True})
        assert shown.status_code == 200
    assert (story.seat().held, story.seat().muted) == (True, True)
    shown = await browser.request("POST", "/seat/hold", json={"on": False})
    assert "保留 " in shown.text
    assert (await browser.request("POST", "/seat/hang-up", json={})).status_code == 200
    refused = await browser.request("POST", "/seat/hold", json={"on": True})
    assert refused.status_code == 409
    assert refused.json()["problem"]


async def test_a_withheld_number_is_asked_and_remembers_nobody(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser = await sit(story)
    await story.rings("")
    assert "非通知の方" in (await browser.get("/seat")).text
    await story.answers()
    assert "佐藤" not in (await browser.get("/seat")).text


async def test_the_caller_is_remembered_for_the_next_time(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser = await sit(story)
    leg, call = await story.talk("08099998888")
    await browser.get("/seat")
    await put(browser, call, "caller_name", "山本 一郎")
    await through(browser, call)
    await story.caller_hangs_up(leg)
    assert (await send(browser, call)).status_code == 200
    known = await story.store.read(lambda tx: caller_of(tx, story.client_id, "+818099998888"))
    assert known is not None
    assert known.name == "山本 一郎"
    assert CALLER  # the first caller stays known


@pytest.mark.req("A3", "C1")
async def test_a_report_without_a_walk_knows_the_known_caller(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser = await sit(story)
    leg, call = await story.talk()
    await browser.get("/seat")
    await story.caller_hangs_up(leg)
    page = (await browser.get("/seat")).text
    for known in ("【通常報告】佐藤 花子様より", 'value="さとう はなこ"', 'value="090-1234-5678"'):
        assert known in page
    await put(browser, call, "report.callback", "no")
    await put(browser, call, "report.what_for", "番号の間違い")
    await put(browser, call, "report.done", "間違いとのことで終えました")
    assert (await send(browser, call)).status_code == 200
    [report] = await story.store.read(lambda tx: all_reports(tx, None))
    assert (report.draft.who, report.draft.number) == ("佐藤 花子", "090-1234-5678")


async def test_who_said_they_are_somebody_else_is_not_overwritten(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser = await sit(story)
    leg, call = await story.talk()
    await browser.get("/seat")
    await go(browser, call, "danger", "2")
    await put(browser, call, "caller_name", "")
    await story.caller_hangs_up(leg)
    assert "お名前不明の方より" in (await browser.get("/seat")).text


@pytest.mark.req("A7", "A9")
async def test_an_absence_shows_until_when_and_who_stands_in(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser = await sit(story)
    back = story.clock.now() + timedelta(hours=5)
    await story.store.write(lambda tx: set_presence(tx, story.staff["高橋"], "away", back))
    await story.rings()
    page = re.sub(r"<[^>]+>", "", (await browser.get("/seat")).text)
    assert "不在 15:00まで → 代: 伊藤" in page


async def test_practice_does_not_count_in_the_operators_day(seat_story: MakeStory) -> None:
    story = await seat_story()
    await sit(story)
    leg = story.phone.caller_dials(NUMBER, CALLER, trunk=PRACTICE_TRUNK)
    await until(lambda: story.phone.seat_rings(story.operator.seat))
    await story.answers()
    await story.caller_hangs_up(leg)
    midnight = story.clock.now() - timedelta(hours=12)
    counted = await story.store.read(lambda tx: today(tx, story.operator.id, midnight))
    assert counted == (0, 0)


async def test_a_break_chosen_while_talking_says_that_it_begins_afterwards(
    seat_story: MakeStory,
) -> None:
    story = await seat_story()
    browser = await sit(story)
    assert "休憩する" in (await browser.get("/seat")).text
    await story.talk()
    page = (await browser.get("/seat")).text
    assert "通話後に休憩" in page
    assert "休憩する" not in page
    chosen = await browser.post("/seat/state", json={"state": "break"})
    assert "通話後に休憩に入ります" in chosen.text
    taken_back = await browser.post("/seat/state", json={"state": "ready"})
    assert "通話後に休憩に入ります" not in taken_back.text
