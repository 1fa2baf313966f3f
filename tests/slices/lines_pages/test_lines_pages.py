"""A client's numbers, plan and limits on the page, as administrators and supervisors meet them."""

import re
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from tests.some_people import a_client
from tests.web_fixtures import Browser, MakeWeb, Web

from denwaban.access import Role
from denwaban.clock import MovedClock
from denwaban.lines import (
    EVERY_DAY,
    WEEKDAYS,
    LineLimit,
    Mode,
    PlanWindow,
    add_number,
    limits_of,
    numbers_of,
    pages,
    plan_of,
    set_limit,
    set_plan,
)
from denwaban.store import Store

SCRIPT = "a" * 32

MakeLinesWeb = Callable[[], Awaitable[Web]]

DAY = PlanWindow("平日昼間", WEEKDAYS, 540, 1080, Mode.FULL, SCRIPT)
NIGHT = PlanWindow("夜間", EVERY_DAY, 1080, 1980, Mode.FIRST_RESPONSE)


@pytest.fixture
def make_lines_web(make_web: MakeWeb) -> MakeLinesWeb:
    async def make() -> Web:
        names = pages.ScriptNames(lambda _tx, _client: {SCRIPT: "昼の台本"})
        web: Web = await make_web(pages=pages.routes, services={"script_names": names})
        return web

    return make


@pytest.fixture
async def client(store: Store) -> str:
    return await store.write(lambda tx: a_client(tx, "yamada"))


def typed(text: str) -> dict[str, str]:
    """What a browser would send of the plan's form as it stands in a page."""
    form = text.split('action="/clients', 2)[1].split("</form>")[0]
    fields = dict(
        re.findall(
            r'<input (?:type="hidden" |class="time" |id="[^"]+" )*name="([^"]+)" value="([^"]*)"',
            form,
        )
    )
    fields |= dict(re.findall(r'<input type="checkbox" name="([^"]+)" value="(1)" checked', form))
    for name, options in re.findall(r'<select id="[^"]+" name="([^"]+)".*?>(.*?)</select>', form):
        chosen = re.search(r'value="([^"]*)" selected', options)
        fields[name] = chosen[1] if chosen else re.findall(r'value="([^"]*)"', options)[0]
    return {name: value for name, value in fields.items() if name != "_csrf"}


async def press(browser: Browser, path: str, fields: dict[str, str], do: str) -> httpx.Response:
    return await browser.post(f"{path}/plan", {**fields, "do": do})


async def test_numbers_are_added_and_removed(
    make_lines_web: MakeLinesWeb, store: Store, client: str
) -> None:
    web = await make_lines_web()
    admin = await web.browser(Role.ADMINISTRATOR)
    path = f"/clients/{client}/lines"
    assert "番号はまだありません" in (await admin.get(path)).text
    for text, words in (("12", "番号の形が違うようです"), ("", "番号の形が違うようです")):
        refused = await admin.post(f"{path}/numbers", {"number": text, "label": "代表"})
        assert refused.status_code == 422
        assert words in refused.text
    assert (await admin.post(f"{path}/numbers", {"number": "0312345678"})).status_code == 303
    again = await admin.post(f"{path}/numbers", {"number": "03-1234-5678", "label": "X"})
    assert again.status_code == 422
    assert "この番号はもう登録されています" in again.text
    assert 'value="03-1234-5678"' in again.text
    [number] = await store.read(lambda tx: numbers_of(tx, client))
    # Removing is asked about first.
    assert f'data-open="remove-{number.id}"' in (await admin.get(path)).text
    for _time in (1, 2):
        done = await admin.post(f"{path}/numbers/{number.id}/remove")
        assert done.status_code == 303
    assert await store.read(lambda tx: numbers_of(tx, client)) == []


async def test_another_clients_number_is_not_removed(
    make_lines_web: MakeLinesWeb, store: Store, client: str
) -> None:
    other = await store.write(lambda tx: a_client(tx, "other"))
    number = await store.write(lambda tx: add_number(tx, other, "0312345678", ""))
    web = await make_lines_web()
    admin = await web.browser(Role.ADMINISTRATOR)
    await admin.post(f"/clients/{client}/lines/numbers/{number}/remove")
    assert len(await store.read(lambda tx: numbers_of(tx, other))) == 1


@pytest.mark.req("A10", "A11")
async def test_a_plan_is_made_window_by_window(
    make_lines_web: MakeLinesWeb, store: Store, clock: MovedClock, client: str
) -> None:
    web = await make_lines_web()
    admin = await web.browser(Role.ADMINISTRATOR)
    path = f"/clients/{client}/lines"
    assert "今は時間外です" in (await admin.get(path)).text
    one = await press(admin, path, typed((await admin.get(path)).text), "add")
    assert one.status_code == 200
    assert "まだ保存していません" in one.text
    assert await store.read(lambda tx: plan_of(tx, client)) == []
    fields = typed(one.text) | {"name-0": "夜間", "opens-0": "18:00", "closes-0": "33:00"}
    fields |= {f"day-0-{1 << n}": "1" for n in range(8)} | {"mode-0": "first_response"}
    two = typed((await press(admin, path, fields, "add")).text)
    assert two["closes-0"] == "33:00"
    two |= {"name-1": "平日昼間", "script-1": SCRIPT}
    moved = typed((await press(admin, path, two, "up-1")).text)
    assert (await press(admin, path, moved, "save")).status_code == 303
    assert await store.read(lambda tx: plan_of(tx, client)) == [DAY, NIGHT]
    shown = (await admin.get(path)).text
    assert "今は 平日昼間 です" in shown
    assert "次は 11/24(火) 18:00 から 夜間" in shown
    clock.advance(timedelta(hours=15))
    admin = await web.browser(Role.ADMINISTRATOR)
    # One o'clock at night belongs to the evening before.
    assert "今は 夜間 です" in (await admin.get(path)).text
    gone = typed((await press(admin, path, typed(shown), "drop-1")).text)
    assert (await press(admin, path, gone, "save")).status_code == 303
    assert await store.read(lambda tx: plan_of(tx, client)) == [DAY]


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"name-0": ""}, "name-0", "名前を100文字までで"),
        ({"opens-0": "24:00"}, "opens-0", "開始は 0:00〜23:59"),
        ({"opens-0": "9時"}, "opens-0", "開始は 0:00〜23:59"),
        ({"closes-0": ""}, "closes-0", "終了は 18:00 のように"),
        ({"closes-0": "09:00"}, "closes-0", "終了は開始より後で"),
        ({"closes-0": "33:01"}, "closes-0", "24時間以内"),
        ({"mode-0": "x"}, "mode-0", "受け方を選んでください"),
        ({"script-0": "b" * 32}, "script-0", "台本を選び直してください"),
        ({"message-0": "あ" * 501}, "message-0", "500文字まで"),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field(
    make_lines_web: MakeLinesWeb,
    store: Store,
    client: str,
    change: dict[str, str],
    field: str,
    words: str,
) -> None:
    await store.write(lambda tx: set_plan(tx, client, [DAY]))
    web = await make_lines_web()
    admin = await web.browser(Role.ADMINISTRATOR)
    path = f"/clients/{client}/lines"
    fields = typed((await admin.get(path)).text) | change
    answer = await press(admin, path, fields, "save")
    assert answer.status_code == 422
    beside = re.search(rf'<span class="error" id="e-{field}">([^<]+)<', answer.text)
    assert beside is not None
    assert words in beside[1]
    assert f'aria-describedby="e-{field}"' in answer.text
    assert await store.read(lambda tx: plan_of(tx, client)) == [DAY]


async def test_no_day_is_said_beside_the_days(
    make_lines_web: MakeLinesWeb, store: Store, client: str
) -> None:
    await store.write(lambda tx: set_plan(tx, client, [DAY]))
    web = await make_lines_web()
    admin = await web.browser(Role.ADMINISTRATOR)
    path = f"/clients/{client}/lines"
    fields = typed((await admin.get(path)).text)
    answer = await press(
        admin, path, {k: v for k, v in fields.items() if not k.startswith("day-")}, "save"
    )
    assert 'id="e-days-0">曜日を1つ以上' in answer.text


async def test_two_administrators_do_not_overwrite_each_others_plan(
    make_lines_web: MakeLinesWeb, store: Store, client: str
) -> None:
    await store.write(lambda tx: set_plan(tx, client, [DAY]))
    web = await make_lines_web()
    admin = await web.browser(Role.ADMINISTRATOR)
    path = f"/clients/{client}/lines"
    fields = typed((await admin.get(path)).text)
    await store.write(lambda tx: set_plan(tx, client, [NIGHT]))
    late = await press(admin, path, fields | {"name-0": "わたしの"}, "save")
    assert late.status_code == 409
    assert "ほかの方が先に変更しました" in late.text
    assert await store.read(lambda tx: plan_of(tx, client)) == [NIGHT]
    # What was typed is still there, and saved again on purpose it counts.
    assert (await press(admin, path, typed(late.text), "save")).status_code == 303
    [kept] = await store.read(lambda tx: plan_of(tx, client))
    assert (kept.name, kept.script_id) == ("わたしの", SCRIPT)


async def test_a_script_that_is_not_listed_any_more_stays_where_it_was(
    make_lines_web: MakeLinesWeb, store: Store, client: str
) -> None:
    gone = PlanWindow("昼", WEEKDAYS, 540, 1080, Mode.FULL, "c" * 32)
    await store.write(lambda tx: set_plan(tx, client, [gone]))
    web = await make_lines_web()
    admin = await web.browser(Role.ADMINISTRATOR)
    path = f"/clients/{client}/lines"
    fields = typed((await admin.get(path)).text)
    assert (await press(admin, path, fields, "save")).status_code == 303
    assert await store.read(lambda tx: plan_of(tx, client)) == [gone]


@pytest.mark.req("A6")
async def test_limits_with_a_date_of_effect(
    make_lines_web: MakeLinesWeb, store: Store, client: str
) -> None:
    web = await make_lines_web()
    admin = await web.browser(Role.ADMINISTRATOR)
    path = f"/clients/{client}/lines"
    for lines, begins in (("2", "2026-04-01"), ("5", "2026-12-01")):
        done = await admin.post(f"{path}/limits", {"lines": lines, "effective_from": begins})
        assert done.status_code == 303
    shown = (await admin.get(path)).text
    assert "同時に 2 本まで" in shown
    assert "これから" in shown
    for lines, begins, words in (
        ("0", "2026-12-01", "1から1000まで"),
        ("x", "2026-12-01", "回線数を数字で"),
        ("²", "2026-12-01", "回線数を数字で"),
        ("3", "いつか", "適用日を選んで"),
    ):
        refused = await admin.post(f"{path}/limits", {"lines": lines, "effective_from": begins})
        assert refused.status_code == 422
        assert words in refused.text
    assert (await admin.post(f"{path}/limits/2026-12-01/remove")).status_code == 303
    kept = await store.read(lambda tx: limits_of(tx, client))
    assert kept == [LineLimit(date(2026, 4, 1), 2)]


async def test_supervisors_read_and_nobody_else_changes(
    make_lines_web: MakeLinesWeb, store: Store, client: str
) -> None:
    await store.write(lambda tx: set_plan(tx, client, [DAY, NIGHT]))
    await store.write(lambda tx: set_limit(tx, client, 2, date(2026, 4, 1)))
    web = await make_lines_web()
    path = f"/clients/{client}/lines"
    supervisor = await web.browser(Role.SUPERVISOR)
    shown = await supervisor.get(path)
    assert shown.status_code == 200
    assert "昼の台本" in shown.text
    assert "18:00〜33:00" in shown.text
    assert 'action="/clients' not in shown.text
    tries: list[tuple[str, dict[str, Any]]] = [
        (f"{path}/numbers", {"number": "0312345678"}),
        (f"{path}/plan", {"rows": "0", "do": "save"}),
        (f"{path}/limits", {"lines": "1", "effective_from": "2026-12-01"}),
        (f"{path}/limits/2026-04-01/remove", {}),
    ]
    for browser in (
        supervisor,
        await web.browser(Role.OPERATOR),
        await web.browser(Role.CLIENT, client),
    ):
        for place, data in tries:
            assert (await browser.post(place, data)).status_code == 403
    assert (await (await web.browser(Role.OPERATOR)).get(path)).status_code == 403
    admin = await web.browser(Role.ADMINISTRATOR)
    assert (await admin.get("/clients/nobody/lines")).status_code == 404
    for place, data in tries[:3]:
        missing = place.replace(client, "nobody")
        assert (await admin.post(missing, data)).status_code == 404


async def test_numbers_come_from_a_file_all_or_none(
    make_lines_web: MakeLinesWeb, store: Store, client: str
) -> None:
    web = await make_lines_web()
    admin = await web.browser(Role.ADMINISTRATOR)

    async def send(text: str, encoding: str = "cp932") -> httpx.Response:
        file = ("numbers.csv", text.encode(encoding), "text/csv")
        return await admin.request("POST", "/numbers/import", files={"file": file})

    wrong = await send(
        "顧客コード,電話番号,表示名\n"
        "yamada,03-1234-5678,代表\n"
        "nobody,03-1234-5679,\n"
        "\n"
        "yamada,12,\n"
        "yamada,０３１２３４５６７８,二度目\n"
        f"yamada,0312345680,{'長' * 101}\n"
    )
    assert wrong.status_code == 422
    told = re.findall(r'<td class="num end">(\d+)</td><td>([^<]*)</td><td>([^<]*)<', wrong.text)
    assert [(row, column) for row, column, _words in told] == [
        ("3", "顧客コード"),
        ("5", "電話番号"),
        ("6", "電話番号"),
        ("7", "表示名"),
    ]
    assert told[2][2] == "2行目と同じ番号です"
    assert await store.read(lambda tx: numbers_of(tx)) == []
    # Excel took the leading zero.
    good = await send("コード,番号,用途\nyamada,312345678,代表\nyamada,0120-123-456,予約\n")
    assert good.status_code == 200
    assert "追加 2件" in good.text
    again = await send(
        "client_code,number,label\nyamada,0312345678,本社代表\nyamada,0120123456,\n", "utf-8"
    )
    assert "追加 0件、変更 2件" in again.text
    kept = {n.number: n.label for n in await store.read(lambda tx: numbers_of(tx, client))}
    assert kept == {"+81312345678": "本社代表", "+81120123456": "予約"}
    assert "見出しがありません" in (await send("a,b\n1,2\n")).text
    supervisor = await web.browser(Role.SUPERVISOR)
    assert (await supervisor.get("/numbers/import")).status_code == 403
