"""How a client's calls are put through, groups and lists of duty, skills and plans of a later day: as people set them."""

from datetime import date

import pytest
from tests.some_people import a_client, an_operator
from tests.web_fixtures import MakeWeb

from denwaban.access import Role
from denwaban.clock import MovedClock
from denwaban.lines import (
    EVERY_DAY,
    Mode,
    PlanWindow,
    ServiceLevel,
    Step,
    StepKind,
    add_number,
    level_of,
    numbers_of,
    pages,
    plan_of,
    plans_of,
    service_for,
    set_level,
    set_plan,
)
from denwaban.lines import api as lines_api
from denwaban.lines.levels import duty_lists_of
from denwaban.lines.pages.duty import routes as duty_pages
from denwaban.lines.pages.first import routes as first_pages
from denwaban.lines.pages.level import routes as level_pages
from denwaban.people import SkillKind, groups, put_first_callers, skills_of
from denwaban.people.api import routes as people_api
from denwaban.people.pages import routes as people_pages
from denwaban.store import Store

DAY = PlanWindow("平日昼間", EVERY_DAY, 540, 1080, Mode.FULL)
LEVEL = {
    "least_level": "2",
    "previous_seconds": "20",
    "says_place": "1",
    "answer_seconds": "15",
    "answer_percent": "90",
    "steps": "2",
    "after-0": "60",
    "kind-0": "message",
    "words-0": "またおかけください",
    "after-1": "30",
    "kind-1": "wider",
    "level-1": "1",
}


async def test_a_level_is_agreed_and_its_steps_are_put_in_order(
    make_web: MakeWeb, store: Store
) -> None:
    web = await make_web(pages=level_pages)
    client = await store.write(lambda tx: a_client(tx, "yamada"))
    admin = await web.browser(Role.ADMINISTRATOR)
    path = f"/clients/{client}/lines/level"
    assert "段階を下げて広げる" in (await admin.get(path)).text
    more = await admin.post(path, {**LEVEL, "do": "add"})
    assert 'name="after-2"' in more.text
    fewer = await admin.post(path, {**LEVEL, "do": "drop-0"})
    assert "またおかけください" not in fewer.text
    bad = await admin.post(path, {**LEVEL, "after-1": "x", "kind-0": "group", "do": "save"})
    assert bad.status_code == 422
    assert "班を選んでください" in bad.text
    assert await store.read(lambda tx: level_of(tx, client)) == ServiceLevel()
    saved = await admin.post(path, {**LEVEL, "do": "save"})
    assert saved.status_code == 303
    agreed = await store.read(lambda tx: level_of(tx, client))
    assert agreed == ServiceLevel(
        2,
        20,
        False,
        True,
        15,
        90,
        (
            Step(30, StepKind.WIDER, level=1),
            Step(60, StepKind.MESSAGE, words="またおかけください"),
        ),
    )
    # A form from before somebody else's change does not overwrite it.
    late = await admin.post(path, {**LEVEL, "do": "save"})
    assert late.status_code == 409
    supervisor = await web.browser(Role.SUPERVISOR)
    assert "つなぎ方を保存する" not in (await supervisor.get(path)).text


async def test_groups_and_duty(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(pages=duty_pages)
    who = await store.write(lambda tx: an_operator(tx, "suzuki"))
    supervisor = await web.browser(Role.SUPERVISOR)
    path = "/operators/groups"
    assert (await supervisor.post(path, {"name": "夜間班"})).status_code == 303
    assert (await supervisor.post(path, {"name": "夜間班"})).status_code == 422
    (group,) = await store.read(groups)
    await supervisor.post(path, {"name": "昼班", "group": group.id, "member": who})
    (group,) = await store.read(groups)
    assert (group.name, group.members) == ("昼班", frozenset({who}))
    duty = {
        "title": "昼当番",
        "group": group.id,
        "opens": "12:00",
        "closes": "13:00",
        "alone": "10",
    }
    assert (await supervisor.post("/operators/duty", duty)).status_code == 422
    made = await supervisor.post("/operators/duty", {**duty, "day-1": "1", "day-128": "1"})
    assert made.status_code == 303
    (one,) = await store.read(duty_lists_of)
    assert (one.days, one.opens, one.alone_seconds) == (129, 720, 10)
    assert one.operators == {who}
    assert "昼当番" in (await supervisor.get(path)).text
    # A group that somebody counts on stays.
    assert (await supervisor.post(f"{path}/{group.id}/remove", {})).status_code == 409
    await supervisor.post(f"/operators/duty/{one.id}/remove", {})
    assert (await supervisor.post(f"{path}/{group.id}/remove", {})).status_code == 303
    assert await store.read(groups) == []


async def test_skills_on_the_page_from_a_file_and_by_the_api(
    make_web: MakeWeb, store: Store
) -> None:
    web = await make_web(pages=people_pages, api=people_api)
    client = await store.write(lambda tx: a_client(tx, "yamada"))
    who = await store.write(lambda tx: an_operator(tx, "suzuki"))
    supervisor = await web.browser(Role.SUPERVISOR)
    path = f"/operators/{who}/skills"
    learned = {"kind": "client", "key": "yamada", "level": "3"}
    assert (await supervisor.post(path, learned)).status_code == 303
    assert (await supervisor.post(path, {**learned, "key": "nobody"})).status_code == 422
    shown = (await supervisor.get(path)).text
    assert "yamada社" in shown
    assert "yamada社" in (await supervisor.get(f"/operators/{who}")).text
    text = "席,種類,対象,段階\nseat-suzuki,業種,歯科,4\nseat-suzuki,顧客,yamada,0\n"
    looked = await supervisor.post(
        "/operators/skills/import", {}, files={"file": ("スキル.csv", text.encode("cp932"))}
    )
    assert "2行を読み取りました" in looked.text
    assert len(await store.read(skills_of)) == 1
    sure = {"text": text, "sure": "true"}
    await supervisor.post("/operators/skills/import", sure, files={"x": ("", b"")})
    (skill,) = await store.read(skills_of)
    assert (skill.kind, skill.key, skill.level) == (SkillKind.TRADE, "歯科", 4)
    bad_file = "席,種類,対象,段階\nx,犬,y,z\n".encode()
    wrong = await supervisor.post(
        "/operators/skills/import", {}, files={"file": ("x.csv", bad_file)}
    )
    assert wrong.status_code == 422
    program = await web.program(Role.ADMINISTRATOR)
    api = f"/api/v1{path}"
    body = {"items": [{"kind": "client", "key": client, "level": 5}]}
    answer = await program.request("PUT", api, json=body)
    assert answer.json() == body
    assert (await program.get(api)).json() == body
    bad = {"items": [{"kind": "client", "key": "nobody", "level": 5}]}
    assert (await program.request("PUT", api, json=bad)).status_code == 422
    assert (await program.get(api)).json() == body


async def test_a_plan_of_a_later_day_takes_over_on_that_day(
    make_web: MakeWeb, store: Store, clock: MovedClock
) -> None:
    names = pages.ScriptNames(lambda _tx, _client: {})
    web = await make_web(pages=pages.routes, api=lines_api.routes, services={"script_names": names})
    client = await store.write(lambda tx: a_client(tx, "yamada"))
    await store.write(lambda tx: set_plan(tx, client, [DAY]))
    await store.write(lambda tx: add_number(tx, client, "0312345678", "代表"))
    admin = await web.browser(Role.ADMINISTRATOR)
    path = f"/clients/{client}/lines"
    begins = date(2027, 4, 1)
    assert (await admin.post(f"{path}/plans", {"begins": "2020-01-01"})).status_code == 422
    made = await admin.post(f"{path}/plans", {"begins": str(begins)})
    assert made.headers["location"] == f"{path}?plan={begins}&saved=1#plan"
    page = (await admin.get(f"{path}?plan={begins}")).text
    assert "2027/04/01 から" in page
    mark = page.split('name="mark" value="')[1].split('"')[0]
    fields = {
        "mark": mark,
        "rows": "1",
        "begins": str(begins),
        "name-0": "終日",
        "day-0-1": "1",
        "opens-0": "0:00",
        "closes-0": "24:00",
        "mode-0": "first_response",
        "urgent-0": "1",
        "least-0": "2",
        "do": "save",
    }
    assert (await admin.post(f"{path}/plan", fields)).status_code == 303
    assert await store.read(lambda tx: plan_of(tx, client)) == [DAY]
    plans = await store.read(lambda tx: plans_of(tx, client))
    assert [plan.effective_from for plan in plans] == [None, begins]
    (window,) = plans[1].windows
    assert (window.name, window.urgent, window.least_level) == ("終日", True, 2)
    service = await store.read(lambda tx: service_for(tx, "0312345678", clock.now()))
    assert getattr(service, "window", "") in ("平日昼間", "")
    clock.advance(date(2027, 4, 5) - clock.now().date())
    assert [one.name for one in await store.read(lambda tx: plan_of(tx, client))] == ["終日"]
    # What is set without a day is the plan that holds.
    await store.write(lambda tx: set_plan(tx, client, [DAY]))
    plans = await store.read(lambda tx: plans_of(tx, client))
    assert plans[1].windows == (DAY,)
    program = await web.program(Role.ADMINISTRATOR)
    api = f"/api/v1/clients/{client}"
    later = {"windows": [{"name": "夜", "days": 255, "opens": 0, "closes": 60, "mode": "full"}]}
    assert (await program.request("PUT", f"{api}/plans/2028-01-01", json=later)).status_code == 200
    assert len((await program.get(f"{api}/plans")).json()["items"]) == 3
    assert (await program.request("DELETE", f"{api}/plans/2028-01-01")).status_code == 204
    level = {"least_level": 1, "ladder": [{"after": 5, "kind": "call_back"}]}
    answer = await program.request("PUT", f"{api}/level", json=level)
    assert answer.json()["ladder"][0]["kind"] == "call_back"
    group = {"ladder": [{"after": 5, "kind": "group", "group": "x"}]}
    assert (await program.request("PUT", f"{api}/level", json=group)).status_code == 422


@pytest.mark.req("A14")
async def test_what_a_number_is_for(make_web: MakeWeb, store: Store) -> None:
    names = pages.ScriptNames(lambda _tx, _client: {})
    web = await make_web(pages=pages.routes, services={"script_names": names})
    client = await store.write(lambda tx: a_client(tx, "yamada"))
    number = await store.write(lambda tx: add_number(tx, client, "0312345678", "代表"))
    admin = await web.browser(Role.ADMINISTRATOR)
    path = f"/clients/{client}/lines/numbers/{number}"
    assert (await admin.post(path, {"matter": "修理", "urgent": "true"})).status_code == 303
    (found,) = await store.read(lambda tx: numbers_of(tx, client))
    assert (found.matter, found.urgent) == ("修理", True)
    assert (await admin.post(path, {"matter": "長" * 51})).status_code == 422
    assert "緊急用" in (await admin.get(f"/clients/{client}/lines")).text


@pytest.mark.req("A17")
async def test_a_client_says_who_goes_first_and_sees_only_its_own(
    make_web: MakeWeb, store: Store
) -> None:
    web = await make_web(pages=first_pages)
    mine, other = await store.write(lambda tx: (a_client(tx, "mine"), a_client(tx, "other")))
    staff = await web.browser(Role.CLIENT, mine)
    path = f"/clients/{mine}/first-callers"
    assert (await staff.get("/first-callers")).headers["location"] == path
    assert "どのお客様も待った順に" in (await staff.get(path)).text
    await store.write(lambda tx: set_level(tx, mine, ServiceLevel(callers_first=True)))
    assert "どのお客様も待った順に" not in (await staff.get(path)).text
    given = {"number": "090-1234-5678", "name": "佐藤 花子"}
    assert (await staff.post(path, {"number": "110"})).status_code == 422
    assert (await staff.post(path, given)).status_code == 303
    (caller,) = await store.read(lambda tx: put_first_callers(tx, mine))
    assert (caller.number, caller.name) == ("+819012345678", "佐藤 花子")
    stranger = await web.browser(Role.CLIENT, other)
    assert (await stranger.get(path)).status_code == 404
    assert (await stranger.post(path, given)).status_code == 404
    assert (await stranger.post(f"{path}/{caller.id}/remove", {})).status_code == 404
    assert len(await store.read(lambda tx: put_first_callers(tx, mine))) == 1
    assert (await staff.post(f"{path}/{caller.id}/remove", {})).status_code == 303
    assert await store.read(lambda tx: put_first_callers(tx, mine)) == []
