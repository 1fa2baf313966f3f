"""The stage of an operator's training: the page, the API, who may, and what stays on record."""

import pytest
from tests.some_people import an_operator
from tests.web_fixtures import MakeWeb

from denwaban.access import Role
from denwaban.journal import after
from denwaban.people import Training, TrainingStage, api, leave_operator, trainees, training_of
from denwaban.people.pages import routes
from denwaban.store import Store


@pytest.mark.req("L7")
async def test_a_supervisor_decides_how_far_an_operator_is(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(pages=routes, api=api.routes)
    new = await store.write(lambda tx: an_operator(tx, "new"))
    senior = await store.write(lambda tx: an_operator(tx, "senior"))
    supervisor, operator = await web.browser(Role.SUPERVISOR), await web.browser(Role.OPERATOR)
    page = f"/operators/{new}"

    async def holds() -> Training | None:
        return await store.read(lambda tx: training_of(tx, new))

    form = {"stage": "beside", "senior_id": senior}
    assert (await operator.post(f"{page}/training", form)).status_code == 403
    for wrong in ({"stage": "beside"}, {**form, "senior_id": new}, {**form, "senior_id": "0" * 32}):
        refused = await supervisor.post(f"{page}/training", wrong)
        assert refused.status_code == 422
        assert 'id="e-senior_id"' in refused.text
    assert await holds() is None
    assert (await supervisor.post(f"{page}/training", form)).status_code == 303
    found = await holds()
    assert found is not None
    assert (found.stage, found.senior_id) == (TrainingStage.BESIDE, senior)
    assert found.set_by == supervisor.user_id
    shown = (await supervisor.get(page)).text
    assert "さんが決めました" in shown
    assert f'<option value="{senior}" selected>' in shown
    read = (await supervisor.get(page, headers={"Accept-Language": "en"})).text
    assert "独り立ち" not in read
    listed = (await supervisor.get("/operators")).text
    assert '<span class="badge">同席</span>' in listed
    # Who learns is nobody's senior.
    other = await store.write(lambda tx: an_operator(tx, "other"))
    path = f"/operators/{other}/training"
    assert (await supervisor.post(path, {**form, "senior_id": new})).status_code == 422
    assert (await supervisor.post(f"/operators/{'0' * 32}/training", form)).status_code == 404

    program, reader = await web.program(Role.SUPERVISOR), await web.program(Role.OPERATOR)
    path = f"/api/v1/operators/{new}/training"
    assert (await reader.get(path)).json()["stage"] == "beside"
    alone = {"stage": None}
    assert (await reader.request("PUT", path, json=alone)).status_code == 403
    made = await program.request("PUT", path, json=alone)
    assert (made.json()["stage"], made.json()["senior_id"]) == (None, None)
    assert "連携するプログラム" in (await supervisor.get(page)).text
    never = (await reader.get(f"/api/v1/operators/{other}/training")).json()
    assert (never["stage"], never["set_at"]) == (None, None)

    entries = await store.read(lambda tx: after(tx, 0))
    kept = [one.fact.data for one in entries if one.fact.kind == "operator.training_set"]
    assert [one["stage"] for one in kept] == ["beside", None]
    assert kept[0]["by"] == supervisor.user_id


@pytest.mark.req("L7")
async def test_who_has_left_is_in_no_training(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(api=api.routes)
    new = await store.write(lambda tx: an_operator(tx, "new"))
    program = await web.program(Role.SUPERVISOR)
    path = f"/api/v1/operators/{new}/training"
    assert (await program.request("PUT", path, json={"stage": "observes"})).status_code == 200
    assert [one.operator_id for one in await store.read(trainees)] == [new]
    await store.write(lambda tx: leave_operator(tx, new))
    assert await store.read(trainees) == []
