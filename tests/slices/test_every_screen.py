"""Every page of the inside, light and dark, in a real Chromium: clean for axe, nothing sticks out."""

from datetime import date
from pathlib import Path

import httpx
import pytest
from tests.browsers import chromium
from tests.outside_story import nowhere
from tests.screens import PHONE, WIDE_DARK, look, seated, serving
from tests.seat_story import MakeStory, SeatStory, seat_story
from tests.summary_story import put_summaries
from tests.web_fixtures import MakeWeb, Web, add_account

from denwaban import main
from denwaban.access import Role, make_api_key
from denwaban.calls import Call, Recordings
from denwaban.care import Reason, ask_help, mark_abusive, say_warning
from denwaban.config import Settings
from denwaban.delivery import Channels, Services
from denwaban.delivery.inbound.doors import Doors
from denwaban.disclosure import GatedField, Kind, Policy, set_policy
from denwaban.disclosure.law import Facts
from denwaban.disclosure.leaks import open_case
from denwaban.lines import (
    WEEKDAYS,
    Condition,
    Say,
    ServiceLevel,
    Step,
    StepKind,
    add_duty_list,
    numbers_of,
    plan_of,
    set_level,
    set_limit,
    set_number,
    set_plan,
    set_transfers,
)
from denwaban.lines.pages import ScriptNames
from denwaban.oncall import add_contact, contacts_of, record_test
from denwaban.people import (
    SkillKind,
    give_account,
    remember_caller,
    set_group,
    set_put_first,
    set_skill,
)
from denwaban.people.persons import By, merge
from denwaban.scripts import names_of
from denwaban.store import Tx
from denwaban.summaries import Press

__all__ = ["seat_story"]

pytestmark = pytest.mark.browser


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough for what is seen."""
    return f"sqlite:///{tmp_path / 'test.db'}"


def _queue(tx: Tx, story: SeatStory) -> None:
    """A group on duty, skills, a ladder with every kind of step, hours of a later day."""
    group = set_group(tx, None, "夜間班", [story.operator.id])
    add_duty_list(tx, "昼当番", group, WEEKDAYS, 720, 780, 15)
    set_skill(tx, story.operator.id, SkillKind.CLIENT, story.client_id, 3)
    set_skill(tx, story.operator.id, SkillKind.MATTER, "修理", 2)
    ladder = (
        Step(30, StepKind.WIDER, level=1),
        Step(60, StepKind.GROUP, group=group),
        Step(90, StepKind.CALL_BACK),
        Step(300, StepKind.MESSAGE),
    )
    set_level(tx, story.client_id, ServiceLevel(2, 20, True, True, ladder=ladder))
    set_put_first(tx, story.client_id, "+819012345678", True)
    (number, *_) = numbers_of(tx, story.client_id)
    set_number(tx, story.client_id, number.id, matter="修理", urgent=True)
    set_plan(tx, story.client_id, plan_of(tx, story.client_id), date(2030, 4, 1))


def furnish(tx: Tx, story: SeatStory) -> dict[str, str]:
    """Accounts, keys and contacts; returns accounts by role."""
    ids = {
        role.value: add_account(tx, role, login=f"{role}-1") for role in Role if role != "client"
    }
    ids["client"] = add_account(tx, Role.CLIENT, story.client_id, login="suzuki")
    give_account(tx, story.staff["鈴木"], ids["client"])
    make_api_key(tx, "山田設備 CRM 連携", Role.CLIENT, story.client_id)
    set_limit(tx, story.client_id, 1, date(2026, 1, 1))
    for channel, address in [
        ("mail", {"to": "suzuki@example.jp"}),
        ("slack", {"url": "https://hooks.slack.com/services/T1/B1/x"}),
        ("chatwork", {"room": "123456789", "token": "t"}),
    ]:
        add_contact(tx, story.client_id, story.staff["鈴木"], channel, address)
    mail, slack, _chat = contacts_of(tx, story.staff["鈴木"])
    record_test(tx, mail, "sent", "メールサーバーが受け取りました(250)")
    record_test(
        tx, slack, "failed", "Slack の Webhook が無効になっています。URL を作り直してください。"
    )
    _queue(tx, story)
    ids["summary"] = put_summaries(tx, story.client_id)
    ids["person"] = put_twins(tx, story.client_id)
    gated = (
        GatedField("契約内容", 2, tuple(Kind)),
        GatedField("残高", 3, tuple(Kind), approval=True),
    )
    set_transfers(
        tx,
        story.client_id,
        (
            Condition(Say.NEVER, words=("営業", "勧誘"), note="営業のお電話はおつなぎしません"),
            Condition(Say.ALLOW, story.staff["鈴木"], urgency="emergency"),
            Condition(Say.ASK, story.staff["鈴木"], days=31, opens=540, closes=1080),
        ),
    )
    set_policy(tx, Policy(story.client_id, gated), 0, ids["administrator"])
    ids["leak"] = open_case(
        tx, story.client_id, "別の方に契約内容をお話しした", Facts(tx.now), ids["supervisor"]
    )
    return ids


def put_twins(tx: Tx, client_id: str) -> str:
    """Two who may be one, and one who was joined with another; returns the latter."""
    known = [
        remember_caller(tx, client_id, number, name, "さとう はなこ", "佐藤商店")
        for number, name in (
            ("+819012345678", "佐藤 花子"),
            ("+81355555678", "佐藤花子(自宅)"),
            ("+815011115678", "佐籐 花子"),
        )
    ]
    merge(tx, known[0].person_id, known[1].person_id, By(None, "渡辺 真理"))
    return known[0].person_id


def an_abusive_call(tx: Tx, call: Call, operator_id: str) -> str:
    """Marks the call, warns and calls for help; returns the record's id."""
    case = mark_abusive(tx, call, operator_id, Reason.ABUSE, "「出て来い」と言われた")
    say_warning(tx, call.id, operator_id)
    ask_help(tx, call, operator_id, abuse=True)
    return case.id


async def furnished(
    story: SeatStory, make_web: MakeWeb, tmp_path: Path
) -> tuple[Web, dict[str, str]]:
    web = await make_web(
        pages=main.PAGES,
        services={
            "switchboard": story.switchboard,
            "waiting_room": story.waiting_room,
            "practice": None,
            "call_backs": nowhere(story.store, story.clock),
            "channels": Channels(Settings(), httpx.AsyncClient()),
            "doors": Doors(Services()),
            "press": Press(),
            "recordings": Recordings(
                story.store, lambda call: tmp_path / f"{call}.wav", tmp_path / "sealed"
            ),
            "script_names": ScriptNames(names_of),
        },
        journal=story.journal,
        menu=main.MENU,
    )
    return web, await story.store.write(lambda tx: furnish(tx, story))


async def test_the_inside(
    seat_story: MakeStory,
    make_web: MakeWeb,
    tmp_path: Path,
) -> None:
    story = await seat_story()
    web, ids = await furnished(story, make_web, tmp_path)
    suzuki = story.staff["鈴木"]
    # One talks, one waits, one was answered and lost.
    leg, _call = await story.talk("09011110001")
    case = await story.store.write(lambda tx: an_abusive_call(tx, _call, story.operator.id))
    story.phone.seat_offline(story.operator.seat)
    story.phone.seat_hangs_up(story.operator.seat)
    story.phone.caller_hangs_up(leg)
    await story.switchboard.written()
    async with serving(web.app, lifespan="off") as url, chromium() as browser:
        admin = await seated(browser, story.store, url, ids["administrator"])
        for path in (
            "/floor", "/floor/wall", "/floor/abuse", "/floor/handling", "/floor/targets", f"/floor/targets/{story.operator.id}", f"/floor/abuse/{case}", f"/clients/{story.client_id}/care", "/dispatch", "/reports", "/calls", "/clients", "/clients/new", f"/clients/{story.client_id}",
            f"/clients/{story.client_id}/roster", f"/clients/{story.client_id}/hours",
            f"/staff/{suzuki}/calendars", f"/clients/{story.client_id}/lines", f"/clients/{story.client_id}/report-form", f"/clients/{story.client_id}/report-rules", f"/clients/{story.client_id}/ladder", f"/clients/{story.client_id}/promises", "/feedback", f"/scripts/settings/{story.client_id}", f"/clients/{story.client_id}/staff/new",
            f"/clients/{story.client_id}/data", "/audit", "/identity", "/leaks", f"/leaks/{ids['leak']}", f"/clients/{story.client_id}/disclosure", f"/clients/{story.client_id}/disclosure/import", "/summaries", f"/summaries/{ids['summary']}", f"/clients/{story.client_id}/summaries", f"/clients/{story.client_id}/summary-plan",
            f"/clients/{story.client_id}/lines?plan=2030-04-01", f"/clients/{story.client_id}/lines/level", f"/clients/{story.client_id}/transfers", f"/clients/{story.client_id}/first-callers",
            f"/staff/{suzuki}", f"/staff/{suzuki}/contacts", f"/staff/{story.staff['伊藤']}/contacts",
            "/persons", f"/persons/{ids['person']}",
            "/operators", f"/operators/{story.operator.id}", f"/operators/{story.operator.id}/skills", "/operators/groups", "/operators/skills/import", "/users", f"/users/{ids['client']}",
            "/users?q=nobody", "/keys", "/import", "/import?kind=staff", "/numbers/import", "/account",
            "/nowhere",
        ):  # fmt: skip
            await admin.goto(f"{url}{path}")
            await look(admin, path.split("?")[0].replace("/", "_").strip("_"), WIDE_DARK)
        await admin.goto(f"{url}/persons/{ids['person']}")
        await admin.get_by_placeholder("お名前・ふりがな・番号の下4桁").fill("サトー")
        await admin.get_by_role("button", name="探す").click()
        await admin.locator(".others").wait_for()
        await look(admin, "person_others", WIDE_DARK)
        await admin.goto(f"{url}/calls")
        await admin.get_by_placeholder("お名前・ふりがな・下4桁・用件").fill("5678")
        await admin.get_by_role("button", name="探す").click()
        await admin.get_by_text("佐籐 花子").wait_for()
        await look(admin, "persons_found", WIDE_DARK)
        # Of a daily summary the days are asked, of a monthly one the month; never both.
        await admin.goto(f"{url}/clients/{story.client_id}/summaries")
        days, month = admin.locator("#f-first"), admin.locator("#f-month")
        assert (await days.is_visible(), await month.is_visible()) == (True, False)
        await admin.get_by_label("種類").select_option("monthly")
        assert (await days.is_visible(), await month.is_visible()) == (False, True)
        await look(admin, "summaries_month")
        text = "顧客コード,会社名\nsato,佐藤歯科\n"
        for rows, told, name in (
            (text, "1行を読み取りました", "import_looked_at"),
            (text + "bad code,だめ\n", "直すところが", "import_wrong"),
        ):
            await admin.goto(f"{url}/import")
            await admin.set_input_files(
                "#f-file", {"name": "c.csv", "mimeType": "text/csv", "buffer": rows.encode("cp932")}
            )
            await admin.get_by_role("button", name="内容を確かめる").click()
            await admin.get_by_text(told).wait_for()
            await look(admin, name, WIDE_DARK)
        # What does harm asks once, and what was taken is said.
        await admin.goto(f"{url}/keys")
        await admin.get_by_role("button", name="山田設備 CRM 連携 を取り消す").click()
        sure = admin.get_by_role("dialog")
        await look(admin, "keys_revoke", WIDE_DARK)
        await admin.keyboard.press("Escape")
        await sure.wait_for(state="hidden")
        await admin.get_by_role("button", name="山田設備 CRM 連携 を取り消す").click()
        await sure.get_by_role("button", name="取り消す").click()
        await admin.locator(".toast", has_text="反映しました").wait_for()
        assert admin.url == f"{url}/keys"
        await admin.get_by_text("取り消し済み").wait_for()
        operator = await seated(browser, story.store, url, ids["operator"])
        await operator.goto(f"{url}/floor")
        await operator.get_by_text("この画面を使う権限がありません").wait_for()
        await look(operator, "403", WIDE_DARK)
        mine = await seated(browser, story.store, url, story.operator.user_id)
        await mine.goto(f"{url}/targets")
        await mine.get_by_role("heading", name="わたしの目標と実績").wait_for()
        await look(mine, "targets", WIDE_DARK)
        nobody = await seated(browser, story.store, url, None)
        await nobody.goto(f"{url}/sign-in")
        await look(nobody, "sign-in", WIDE_DARK)


async def test_the_clients_own_contacts_on_a_phone(
    seat_story: MakeStory, make_web: MakeWeb, tmp_path: Path
) -> None:
    story = await seat_story()
    web, ids = await furnished(story, make_web, tmp_path)
    async with serving(web.app, lifespan="off") as url, chromium() as browser:
        page = await seated(browser, story.store, url, ids["client"], PHONE)
        for path in ("", f"/{ids['summary']}"):
            await page.goto(f"{url}/portal/summaries{path}")
            await look(page, f"phone_summaries{path[:1].replace('/', '_one')}")
        await page.goto(f"{url}/portal/presence")
        await look(page, "phone_presence")
        await page.get_by_role("link", name="届け先を変える").click()
        await page.locator(".where", has_text="suzuki@example.jp").wait_for()
        await look(page, "phone_contacts")
        await page.get_by_text("変える", exact=True).first.click()
        await page.fill("input[name=to] >> nth=0", "new@example.jp")
        await look(page, "phone_contact_change")
        await page.get_by_role("button", name="保存する").first.click()
        await page.locator(".where", has_text="new@example.jp").wait_for()
        await page.get_by_role("button", name="消す", exact=True).first.click()
        await look(page, "phone_contact_remove")
        await page.get_by_role("dialog").get_by_role("button", name="消す", exact=True).click()
        await page.locator(".where", has_text="new@example.jp").wait_for(state="detached")
        contacts = await story.store.read(lambda tx: contacts_of(tx, story.staff["鈴木"]))
        assert [one.channel for one in contacts] == ["slack", "chatwork"]
