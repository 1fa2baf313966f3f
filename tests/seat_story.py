"""A whole installation in memory around one seat: callers, a switchboard on a fake phone, the web app, an operator.

story = await seat_story()
call = await story.rings()
await story.answers()
…
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.web_fixtures import MakeWeb, Web, add_account

import denwaban.calls
import denwaban.lines
from denwaban import console
from denwaban.access import Role
from denwaban.calls import Call
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.console import WaitingRoom, pages
from denwaban.disclosure.pages import seat as identity
from denwaban.journal import Journal
from denwaban.lines import EVERY_DAY, HOLIDAY, Mode, PlanWindow, add_number, set_plan
from denwaban.outgoing import Outgoing
from denwaban.people import (
    Operator,
    add_client,
    add_operator,
    add_staff,
    operator,
    remember_caller,
    set_presence,
)
from denwaban.routing import SeatView, Switchboard
from denwaban.scripts import RunView, add_script, run_of_call, unread
from denwaban.store import Store, Tx
from denwaban.telephony.fake import FakePhone
from denwaban.telephony.port import Leg, Phone

NUMBER = "03-5555-0101"
CALLER = "09012345678"

PLUMBER = """
[[nodes]]
kind = "decide"
id = "danger"
title = "安全の確認"
say = "恐れ入りますが、けが人、火、煙、ガスのにおいはございませんか。"
hint = "ひとつでもあれば、119 または 110 を先にご案内します。"
  [[nodes.branches]]
  label = "ある(危険)"
  to = "safe"
  urgency = "emergency"
  [[nodes.branches]]
  label = "ない"
  to = "who"
  [nodes.otherwise]
  label = "それ以外"
  to = "who"

[[nodes]]
kind = "say"
id = "safe"
title = "安全のご案内"
say = "身の安全を最優先にしてください。火やけがの場合は 119 番へおかけください。ガスのときは、スイッチに触れず、窓を開けて外へ出てください。"
refuse = "到着時刻の約束はしません →「確認のうえ、担当よりご連絡いたします」"
urgency = "emergency"
to = "who"

[[nodes]]
kind = "ask"
id = "who"
title = "お名前・連絡先"
say = "お名前と、つながりやすいお電話番号をお伺いできますでしょうか。"
to = "matter"
  [[nodes.ask]]
  id = "caller_name"
  label = "お名前"
  type = "name"
  mandatory = true
  purpose = "caller_name"
  [[nodes.ask]]
  id = "caller_number"
  label = "折返し番号"
  type = "phone"
  mandatory = true
  purpose = "caller_number"
  [[nodes.ask]]
  id = "address"
  label = "場所"
  lines = 2
  hint = "建物名・部屋番号まで"
  mandatory = true

[[nodes]]
kind = "decide"
id = "matter"
title = "ご用件"
purpose = "what_for"
say = "ありがとうございます。どのようなことでお困りでしょうか。"
  [[nodes.ask]]
  id = "what_for"
  label = "ご様子(お客様の言葉のまま)"
  purpose = "what_for"
  [[nodes.branches]]
  label = "水漏れ"
  to = "leak"
  urgency = "soon"
  [[nodes.branches]]
  label = "給湯器"
  to = "promise"
  [[nodes.branches]]
  label = "見積"
  to = "promise"
  [[nodes.branches]]
  label = "営業のお電話"
  to = "end_sales"
  [nodes.otherwise]
  label = "それ以外"
  to = "promise"

[[nodes]]
kind = "ask"
id = "leak"
title = "水漏れの状況"
say = "ご不便をおかけしております。水はいまも広がっておりますか。止水栓は閉められますでしょうか。"
refuse = "原因や料金の断定はしません →「担当が拝見してからご案内いたします」"
to = "promise"
  [[nodes.ask]]
  id = "spreading"
  label = "広がり"
  type = "choice"
  choices = ["広がっている", "止まっている", "わからない"]
  mandatory = true
  [[nodes.ask]]
  id = "since"
  label = "いつから"
  type = "datetime"

[[nodes]]
kind = "promise"
id = "promise"
title = "折返しの約束"
say = "確認のうえ、担当より折り返しご連絡いたします。ご都合のよいお時間はございますか。"
minutes = 60
to = "end"
  [[nodes.ask]]
  id = "callback_by"
  label = "いつまでに"
  type = "datetime"
  purpose = "callback_by"

[[nodes]]
kind = "end"
id = "end"
title = "結び"
say = "山田設備の田中が承りました。お電話ありがとうございました。失礼いたします。"
done = "状況を伺い、担当から折り返すとお伝えしました。"

[[nodes]]
kind = "end"
id = "end_sales"
title = "営業の結び"
say = "担当に申し伝えます。お電話ありがとうございました。"
done = "営業のお電話として承りました。"
"""


class Quiet:
    """Speaks nothing: for tests nobody listens to."""

    async def wav(self, text: str) -> Path:
        return Path("silence.wav")


@dataclass
class SeatStory:
    """One client (山田設備), one operator whose SIP phone is registered, and a switchboard that runs."""

    store: Store
    clock: MovedClock
    phone: FakePhone
    switchboard: Switchboard
    waiting_room: WaitingRoom
    journal: Journal
    web: Web
    client_id: str
    staff: dict[str, str]
    operator: Operator

    async def rings(self, from_: str = CALLER) -> Leg:
        """A caller dials, and this seat rings."""
        leg = self.phone.caller_dials(NUMBER, from_)
        await until(lambda: self.phone.seat_rings(self.operator.seat))
        await self.switchboard.written()
        return leg

    async def answers(self) -> Call:
        """The seat picks up; returns the call."""
        self.phone.seat_answers(self.operator.seat)
        await until(lambda: self._state() == "talking")
        await self.switchboard.written()
        call = await self.store.read(self._open)
        assert call is not None
        return call

    async def talk(self, from_: str = CALLER) -> tuple[Leg, Call]:
        leg = await self.rings(from_)
        return leg, await self.answers()

    async def caller_hangs_up(self, leg: Leg) -> None:
        self.phone.caller_hangs_up(leg)
        await until(lambda: self._state() != "talking")
        await self.switchboard.written()

    async def run(self, call_id: str) -> RunView:
        found = await self.store.read(lambda tx: run_of_call(tx, call_id))
        assert found is not None
        return found

    def seat(self) -> SeatView:
        found = self.switchboard.view().seat(self.operator.id)
        assert found is not None
        return found

    def _state(self) -> str:
        return self.seat().state.value

    def _open(self, tx: Tx) -> Call | None:
        return next(
            (c for c in denwaban.calls.open_calls(tx) if c.operator_id == self.operator.id), None
        )


MakeStory = Callable[..., Awaitable[SeatStory]]


async def until(true: Callable[[], bool], within: float = 20.0) -> None:
    """Waits for a condition, not for a time."""
    async with asyncio.timeout(within):
        while not true():
            await asyncio.sleep(0.005)


def people(tx: Tx) -> tuple[str, dict[str, str], str]:
    """The client, its staff by surname, and the operator's id."""
    client_id = add_client(
        tx,
        "yamada",
        "山田設備",
        "やまだせつび",
        "設備",
        "お電話ありがとうございます。山田設備でございます。",
        "到着時刻と料金のお約束はできません。\n→「確認のうえ、担当よりご連絡いたします」\n当番の私用番号はお伝えしません。",
    )
    ito = add_staff(tx, client_id, "伊藤", "いとう", "修理")
    staff = {
        "伊藤": ito,
        "鈴木": add_staff(
            tx, client_id, "鈴木", "すずき", "夜間当番", in_charge=True, substitute_id=ito
        ),
        "高橋": add_staff(tx, client_id, "高橋", "たかはし", "見積", substitute_id=ito),
    }
    set_presence(tx, staff["高橋"], "away", None, "")
    script_id = add_script(tx, client_id, "設備の緊急受付", PLUMBER, "はじめの台本")
    add_number(tx, client_id, NUMBER, "代表")
    always = EVERY_DAY | HOLIDAY
    set_plan(tx, client_id, [PlanWindow("夜間プラン", always, 0, 1440, Mode.FULL, script_id)])
    remember_caller(tx, client_id, "+819012345678", "佐藤 花子", "さとう はなこ", "")
    user_id = add_account(tx, Role.OPERATOR, login="tanaka")
    operator_id = add_operator(tx, user_id, "田中", "たなか")
    return client_id, staff, operator_id


@pytest.fixture
async def seat_story(
    store: Store, clock: MovedClock, make_web: MakeWeb
) -> AsyncIterator[MakeStory]:
    """Makes the story; everything that runs in it ends with the test. Given an `engine`, its phones are to be signed in."""
    async with AsyncExitStack() as stack:

        async def make(settings: Settings | None = None, engine: Phone | None = None) -> SeatStory:
            used = settings or Settings()
            client_id, staff, operator_id = await store.write(people)
            found = await store.read(lambda tx: operator(tx, operator_id))
            assert found is not None
            journal = Journal(store)
            phone = FakePhone(clock)
            outgoing = Outgoing(engine or phone, clock, used)
            board = Switchboard(
                store,
                clock,
                engine or phone,
                used,
                Quiet(),
                journal,
                unread,
                outgoing=outgoing,
                conditions=console.conditions,
            )
            room = WaitingRoom(store, journal)
            parts = (journal, outgoing, board, room)
            tasks = [asyncio.create_task(part.run()) for part in parts]

            async def stop() -> None:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

            stack.push_async_callback(stop)
            await board.ready()
            web = await make_web(
                pages=[*pages.routes, *identity.routes],
                services={"switchboard": board, "waiting_room": room},
                settings=used,
                journal=journal,
                connect=console.addresses(used),
            )
            await board.set_state(operator_id, "ready")
            story = SeatStory(
                store, clock, phone, board, room, journal, web, client_id, staff, found
            )
            if engine is None:
                phone.seat_online(found.seat)
                await until(lambda: story.seat().online)
            return story

        yield make
