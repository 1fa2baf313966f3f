"""What a client wants of all its scripts holds wherever scripts are looked at: the editor, the command, publishing."""

from pathlib import Path
from typing import Any

import pytest
from tests.some_people import a_client
from tests.web_fixtures import MakeWeb

from denwaban.access import Role
from denwaban.cli import scripts as command
from denwaban.config import Settings
from denwaban.journal import after
from denwaban.people import add_staff, leave_staff
from denwaban.scripts import (
    HasErrors,
    ScriptError,
    ScriptSettings,
    Terms,
    add_script,
    draft_of,
    findings,
    new_script,
    set_settings,
    settings_of,
    submit,
)
from denwaban.scripts import pages as script_pages
from denwaban.scripts.api import routes
from denwaban.scripts.bulk import stored
from denwaban.store import Store, Tx

PROMISING = """
[[nodes]]
kind = "ask"
id = "hello"
title = "ご用件"
say = "ご用件をお伺いできますでしょうか。"
to = "told"
ask = [{ id = "what_for", label = "ご用件", purpose = "what_for" }]

[[nodes]]
kind = "inform"
id = "told"
title = "契約"
topic = "契約内容"
say = "ご契約は来年の三月までです。"
to = "later"

[[nodes]]
kind = "promise"
id = "later"
title = "折返し"
say = "折り返しご連絡いたします。"
minutes = 60
to = "end"

[[nodes]]
kind = "end"
id = "end"
title = "結び"
say = "失礼いたします。"
"""


def rules(tx: Tx, client_id: str, terms: Terms) -> set[str]:
    """What lint says of the script under these terms; the others stay out."""
    set_settings(tx, client_id, ScriptSettings(terms=terms))
    script_id = stored(tx, client_id=client_id)[0].id
    return {one.rule for one in findings(tx, script_id, PROMISING)[1]}


@pytest.mark.req("B4", "G2")
async def test_terms_are_what_lint_goes_by(store: Store) -> None:
    def look(tx: Tx) -> None:
        mine = a_client(tx, "mine")
        add_script(tx, mine, "受付", PROMISING, "はじめ")
        assert rules(tx, mine, Terms()) == set()
        assert rules(tx, mine, Terms(may_promise=False)) == {"unallowed-promise"}
        assert rules(tx, mine, Terms(shortest_promise=61)) == {"promise-time"}
        assert rules(tx, mine, Terms(longest_promise=59)) == {"promise-time"}
        assert rules(tx, mine, Terms(restricted=("契約内容",))) == {"restricted-unchecked"}
        suzuki, gone = add_staff(tx, mine, "鈴木"), add_staff(tx, mine, "高橋")
        assert rules(tx, mine, Terms(promisers=(suzuki,))) == set()
        assert stored(tx, client_id=mine)[0].around.promisers == frozenset({"鈴木"})
        leave_staff(tx, gone)
        # Whoever has left keeps nothing: then nobody may.
        assert rules(tx, mine, Terms(promisers=(gone,))) == {"unallowed-promise"}
        slow = Terms(characters_per_minute=100, seconds_to_question=10)
        assert rules(tx, mine, slow) == {"late-question"}
        # As the command reads many scripts at once.
        [one] = stored(tx, client_id=mine)
        assert (one.around.characters_per_minute, one.around.seconds_to_question) == (100, 10)

    await store.write(look)


async def test_a_script_against_the_terms_is_not_published(store: Store) -> None:
    def publish(tx: Tx) -> None:
        mine = a_client(tx, "mine")
        script_id = new_script(tx, mine, "受付", PROMISING, None)
        draft = draft_of(tx, script_id)
        assert draft is not None
        set_settings(tx, mine, ScriptSettings(terms=Terms(may_promise=False)))
        with pytest.raises(HasErrors):
            submit(tx, script_id, draft.id, reason="はじめ")
        set_settings(tx, mine, ScriptSettings())
        submit(tx, script_id, draft.id, reason="はじめ")

    await store.write(publish)


async def test_who_changed_what_from_what_is_kept(store: Store) -> None:
    def change(tx: Tx) -> list[dict[str, Any]]:
        mine = a_client(tx, "mine")
        set_settings(tx, mine, ScriptSettings(), "u" * 32)
        set_settings(tx, mine, ScriptSettings(terms=Terms(False, 30, restricted=("病歴",))), None)
        return [
            entry.fact.data
            for entry in after(tx, 0, 1000)
            if entry.fact.kind == "script.settings_changed"
        ]

    first, second = await store.write(change)
    assert first == {"user_id": "u" * 32, "changed": {}}
    # The topics themselves are the client's affair; the journal only counts them.
    assert second["changed"] == {
        "may_promise": [True, False],
        "shortest_promise": [5, 30],
        "restricted": [0, 1],
    }


@pytest.mark.parametrize(
    "terms",
    [
        Terms(shortest_promise=200, longest_promise=100),
        Terms(characters_per_minute=0),
        Terms(branches=10),
        Terms(restricted=("長" * 31,)),
        Terms(promisers=("f" * 32,)),
    ],
)
async def test_terms_that_make_no_sense_are_refused(store: Store, terms: Terms) -> None:
    def change(tx: Tx) -> None:
        mine = a_client(tx, "mine")
        with pytest.raises(ScriptError):
            set_settings(tx, mine, ScriptSettings(terms=terms))
        assert settings_of(tx, mine) == ScriptSettings()

    await store.write(change)


async def test_the_form_says_which_number_is_wrong_and_keeps_what_was_typed(
    make_web: MakeWeb, store: Store
) -> None:
    web = await make_web(pages=script_pages.routes)
    mine = await store.write(a_client)
    browser = await web.browser(Role.SUPERVISOR)
    path = f"/scripts/settings/{mine}"
    assert "台本のきまり" in (await browser.get(path)).text
    form = {
        "grace_hours": "12",
        "may_promise": "true",
        "shortest_promise": "30",
        "longest_promise": "１８０",
        "restricted": "契約内容\n\n 病歴 \n契約内容",
        "characters_per_minute": "三百",
        "seconds_to_question": "60",
        "depth": "4",
        "branches": "6",
    }
    wrong = await browser.post(path, data=form)
    assert wrong.status_code == 422
    assert "100 から 1000 までの数を書いてください" in wrong.text
    assert "三百" in wrong.text
    assert "病歴" in wrong.text
    backwards = await browser.post(
        path, data={**form, "characters_per_minute": "280", "shortest_promise": "300"}
    )
    assert backwards.status_code == 422
    assert "短い方を長い方より後にできません" in backwards.text
    suzuki = await store.write(lambda tx: add_staff(tx, mine, "鈴木"))
    good = await browser.post(
        path, data={**form, "characters_per_minute": "280", "promisers": [suzuki]}
    )
    assert good.status_code == 303
    kept = await store.read(lambda tx: settings_of(tx, mine))
    assert kept.terms == Terms(True, 30, 180, ("契約内容", "病歴"), 280, 60, 4, 6, (suzuki,))
    assert f'value="{suzuki}" checked' in (await browser.get(path)).text


async def test_programs_read_and_write_the_terms(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(api=routes)
    mine, other = await store.write(lambda tx: (a_client(tx, "mine"), a_client(tx, "other")))
    author, theirs = await web.program(Role.SUPERVISOR), await web.program(Role.CLIENT, mine)
    path = f"/api/v1/clients/{mine}/script-settings"
    usual = (await author.get(path)).json()
    assert usual["characters_per_minute"] == 300
    wanted = {**usual, "may_promise": False, "restricted": ["契約内容"], "approval": True}
    assert (await author.request("PUT", path, json=wanted)).json() == wanted
    assert (await theirs.get(path)).json() == wanted
    assert (await theirs.request("PUT", path, json=usual)).status_code == 403
    operator = await web.program(Role.OPERATOR)
    assert (await operator.get(path)).status_code == 403
    stranger = await web.program(Role.CLIENT, other)
    assert (await stranger.get(path)).status_code == 404
    for bad in (
        {"promisers": ["f" * 32]},
        {"depth": 0},
        {"restricted": [""]},
        {"shortest_promise": 99, "longest_promise": 9},
    ):
        answer = await author.request("PUT", path, json={**wanted, **bad})
        assert answer.status_code in (400, 422)
    assert (await author.get(path)).json() == wanted


async def test_the_command_lints_a_file_among_a_client(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def put(tx: Tx) -> None:
        mine = a_client(tx, "mine")
        set_settings(tx, mine, ScriptSettings(terms=Terms(may_promise=False)))

    await store.write(put)
    file = tmp_path / "a.toml"
    file.write_text(PROMISING, "utf-8")
    assert command.lint_files([file]) == 0
    settings = Settings(database_url=store.url)
    assert await command.lint_files_of(settings, [file], "mine") == 1
    assert "error unallowed-promise" in capsys.readouterr().out
    with pytest.raises(command.CannotDo):
        await command.lint_files_of(settings, [file], "nobody")
