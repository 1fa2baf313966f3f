"""A client's report form and rules: on pages and by the API, frozen on reports, and kept out of messages."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from tests.delivery_story import DRAFT, Office, open_office
from tests.web_fixtures import MakeWeb, Web

from denwaban import reports
from denwaban.access import Role
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.delivery.message import data_of
from denwaban.delivery.model import Kind
from denwaban.people import Changed, leave_staff
from denwaban.promises import make, promise_of_report
from denwaban.reports import DEFAULT_FORM, FormField, Rule, Rules, lines_of, pages, settings_api
from denwaban.reports import api as reports_api
from denwaban.reports.form import HIDDEN
from denwaban.store import Store, Tx

CARD = FormField("x_card", "診察券番号", secret=True)
FORM = msgspec.structs.replace(
    DEFAULT_FORM,
    fields=(
        msgspec.structs.replace(DEFAULT_FORM.fields[4], label="ご相談", secret=True),
        *DEFAULT_FORM.fields[:4],
        CARD,
        *DEFAULT_FORM.fields[5:],
    ),
)


@pytest.fixture
async def office(store: Store, clock: MovedClock) -> Office:
    return await open_office(store, clock, Settings())


def accepted(tx: Tx, office: Office, **changes: object) -> reports.Report:
    draft = replace(DRAFT, extra=(("x_card", "0012-345"),))
    return reports.accept(
        tx,
        office.client_id,
        None,
        office.operator_id,
        office.suzuki,
        draft,
        False,
        **changes,  # type: ignore[arg-type]
    )


async def web_of(make_web: MakeWeb) -> Web:
    return await make_web(pages=pages.routes, api=[*reports_api.routes, *settings_api.routes])


@pytest.mark.req("C2")
async def test_a_report_keeps_the_form_it_was_written_on(office: Office) -> None:
    store = office.store
    await store.write(lambda tx: reports.set_form(tx, office.client_id, FORM, None))
    sent = await store.write(lambda tx: accepted(tx, office))
    await store.write(lambda tx: reports.set_form(tx, office.client_id, DEFAULT_FORM, None))
    kept = await store.read(lambda tx: reports.report(tx, sent.id))
    assert kept == sent
    assert kept is not None
    assert kept.form == FORM
    labels = [label for label, _value in lines_of(kept, signed_in=True)]
    assert labels[:2] == ["ご相談", "どなたから"]
    assert ("診察券番号", "0012-345") in lines_of(kept, signed_in=True)


@pytest.mark.req("C2", "G2")
async def test_what_is_secret_is_read_only_after_signing_in(office: Office) -> None:
    store = office.store
    await store.write(lambda tx: reports.set_form(tx, office.client_id, FORM, None))
    sent = await store.write(lambda tx: accepted(tx, office))
    told = dict(lines_of(sent))
    assert told["診察券番号"] == HIDDEN
    assert told["ご相談"] == HIDDEN
    leaving = msgspec.json.encode(data_of(sent, Kind.FIRST)).decode() + str(lines_of(sent))
    assert "0012-345" not in leaving
    assert DRAFT.what_for not in leaving


@pytest.mark.req("C7")
async def test_a_warning_needs_a_reason_that_stays(office: Office) -> None:
    store = office.store

    def vague(tx: Tx, reason: str) -> reports.Report:
        draft = replace(DRAFT, what_for="先日の件で話がしたい")
        return reports.accept(
            tx, office.client_id, None, office.operator_id, office.suzuki, draft, False, reason=reason
        )  # fmt: skip

    with pytest.raises(reports.Incomplete) as held:
        await store.write(lambda tx: vague(tx, "  "))
    assert all(one.warning for one in held.value.findings)
    sent = await store.write(lambda tx: vague(tx, "内容を話されません"))
    assert sent.override is not None
    assert sent.override.reason == "内容を話されません"
    assert "曖昧" in sent.override.told[0]
    assert (await store.read(lambda tx: reports.report(tx, sent.id))) == sent

    def carded(tx: Tx) -> reports.Report:
        draft = replace(DRAFT, note="4111-1111-1111-1111")
        return reports.accept(
            tx, office.client_id, None, office.operator_id, office.suzuki, draft, False, reason="x"
        )  # fmt: skip

    with pytest.raises(reports.Incomplete, match="カード番号"):
        await store.write(carded)


@pytest.mark.req("J1", "D1")
async def test_an_opportunity_is_promised_within_three_hours(office: Office) -> None:
    routing = reports.Routing(by="default", chances=("資料請求",))
    due_at = office.clock.now() + timedelta(hours=3)
    draft = replace(
        DRAFT, callback_needed=False, callback_by=None, done="資料のお届け先を伺いました",
        what_for="資料請求したい",
    )  # fmt: skip

    def verb(tx: Tx) -> reports.Report:
        sent = reports.accept(
            tx, office.client_id, None, office.operator_id, office.suzuki, draft, False,
            routing=routing, due_at=due_at,
        )  # fmt: skip
        make(tx, sent)
        return sent

    sent = await office.store.write(verb)
    assert sent.at_once
    promise = await office.store.read(lambda tx: promise_of_report(tx, sent.id))
    assert promise is not None
    assert promise.by == due_at


@pytest.mark.req("D3")
async def test_rules_are_changed_as_a_whole_and_in_turn(office: Office) -> None:
    store = office.store
    rules = Rules((Rule("工事は伊藤", words=("工事",), staff_id=office.ito),))
    first = await store.write(lambda tx: reports.set_rules(tx, office.client_id, rules, None, 0))
    assert first.version == 1
    same = await store.write(lambda tx: reports.set_rules(tx, office.client_id, rules, None, 1))
    assert same.version == 1
    with pytest.raises(Changed):
        await store.write(lambda tx: reports.set_rules(tx, office.client_id, rules, None, 0))
    strange = Rules((Rule("誰か", staff_id="c" * 32),))
    with pytest.raises(reports.NotUsable):
        await store.write(lambda tx: reports.set_rules(tx, office.client_id, strange, None))
    assert (await office.facts()).count("report_rules.changed") == 1


async def test_by_pages(office: Office, make_web: MakeWeb) -> None:
    web = await web_of(make_web)
    browser = await web.browser(Role.SUPERVISOR)
    place = f"/clients/{office.client_id}/report-form"
    page = await browser.get(place)
    assert page.status_code == 200
    fields: dict[str, str] = {
        "seen": "0",
        "rows": str(len(DEFAULT_FORM.fields)),
        "vague": "いつもの",
    }
    for n, one in enumerate(DEFAULT_FORM.fields):
        fields |= {f"key-{n}": one.key, f"label-{n}": one.label}
    fields["label-4"] = "ご相談の内容"
    moved = await browser.post(place, data={**fields, "do": "up-4"})
    assert "まだ保存していません" in moved.text
    assert moved.text.index("ご相談の内容") < moved.text.index('value="電話番号"')
    refused = await browser.post(place, data={**fields, "label-4": "お名前"})
    assert refused.status_code == 422
    assert "二つあります" in refused.text
    saved = await browser.post(place, data=fields)
    assert saved.status_code == 303
    again = await browser.post(place, data=fields)
    assert again.status_code == 409
    kept = await office.store.read(lambda tx: reports.form_of(tx, office.client_id))
    assert kept.form.label("what_for") == "ご相談の内容"
    assert kept.form.vague == ("いつもの",)
    assert (await office.facts()).count("report_form.changed") == 1


@pytest.mark.req("A8")
async def test_the_tester_tells_which_rule_and_why_not_the_others(
    office: Office, make_web: MakeWeb
) -> None:
    web = await web_of(make_web)
    browser = await web.browser(Role.ADMINISTRATOR)
    place = f"/clients/{office.client_id}/report-rules"
    fields = {
        "seen": "0", "rows": "2", "usual_chances": "1",
        "name-0": "急ぎは全員確認", "urgency-0-emergency": "1", "everyone-0": "1", "minutes-0": "15",
        "name-1": "給湯器は伊藤", "words-1": "給湯器、ボイラー", "staff-1": office.ito, "opens-1": "8:00",
        "closes-1": "19:00",
    }  # fmt: skip
    wrong = await browser.post(place, data={**fields, "closes-1": "7:00"})
    assert wrong.status_code == 422
    assert "終了は開始より後" in wrong.text
    assert (await browser.post(place, data=fields)).status_code == 303
    case = {"text": "給湯器の資料請求をしたい", "urgency": "normal", "at": "2026-11-24T10:00"}
    tried = await browser.post(f"{place}/try", data=case)
    assert tried.status_code == 200
    for shown in (
        "「給湯器は伊藤」が当てはまります",
        "伊藤さんへ",
        "緊急性が「緊急」ではありません",
        "「給湯器」という言葉があります",
        "資料請求",
        "11/24 13:00",
    ):
        assert shown in tried.text, shown
    sent = await office.store.write(lambda tx: accepted(tx, office))
    past = await browser.post(f"{place}/try", data={"report": sent.id})
    assert "「給湯器は伊藤」が当てはまります" in past.text
    night = await browser.post(f"{place}/try", data={**case, "at": "2026-11-24T22:00"})
    assert "どの決まりにも当てはまりません" in night.text
    assert "曜日か時刻が合いません" in night.text
    await office.store.write(lambda tx: leave_staff(tx, office.ito))
    gone = await browser.post(f"{place}/try", data=case)
    assert "担当に決めた方が名簿にいません" in gone.text
    assert (await browser.get(place)).status_code == 200


async def test_by_the_api(office: Office, make_web: MakeWeb) -> None:
    web = await web_of(make_web)
    program = await web.program(Role.ADMINISTRATOR)
    place = f"/api/v1/clients/{office.client_id}"
    form = (await program.get(f"{place}/report-form")).json()
    assert form["version"] == 0
    fields = form["form"]["fields"]
    fields.append({"key": "x_card", "label": "診察券番号", "secret": True})
    data = {"form": {"fields": fields}, "seen": 0}
    put = await program.request("PUT", f"{place}/report-form", json=data)
    assert put.status_code == 200, put.text
    assert (await program.request("PUT", f"{place}/report-form", json=data)).status_code == 409
    data = {"form": {"fields": fields[1:]}, "seen": 1}
    assert (await program.request("PUT", f"{place}/report-form", json=data)).status_code == 422
    rules = {"rules": [{"name": "給湯器", "words": ["給湯器"], "staff_id": office.ito}]}
    put = await program.request("PUT", f"{place}/report-rules", json={"rules": rules, "seen": 0})
    assert put.status_code == 200, put.text
    tried = await program.request(
        "POST", f"{place}/report-rules/try", json={"text": "給湯器の音", "caller": "known"}
    )
    assert tried.json()["staff_id"] == office.ito
    sent = await office.store.write(lambda tx: accepted(tx, office))
    read = (await program.get(f"/api/v1/reports/{sent.id}")).json()["report"]
    assert read["fields"] == [
        {"key": "x_card", "label": "診察券番号", "value": "0012-345", "secret": True}
    ]
    client = await web.program(Role.CLIENT, office.client_id)
    assert (await client.get(f"{place}/report-form")).status_code == 403
