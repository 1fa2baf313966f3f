"""Walks that nobody has to think of: together they take every way, and each comes to an end."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import event, given
from tests.some_scripts import mended, tangled_scripts

from denwaban.scripts import End, Script, examples, lint, read, rehearsal, spoken, walk, ways, write
from denwaban.scripts.library import Template, library
from denwaban.scripts.plain import PLAIN
from denwaban.scripts.text import parse, with_example

TODAY = date(2026, 11, 24)


def reachable(script: Script) -> set[walk.Edge]:
    """Every way that a call can take, from both beginnings."""
    todo = [script.first.id, script.start(True).id]
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += ways(script.node(name)).values()
    return {edge for edge in walk.edges(script) if edge.node in seen}


@pytest.mark.req("B1", "B11")
@given(tangled_scripts())
def test_walks_of_a_script_that_passes_take_every_way_and_end_with_nothing_lacking(
    tangled: Script,
) -> None:
    script = mended(tangled)
    assert [f for f in lint(script) if f.level == "error"] == []
    made = rehearsal.walks(script, TODAY)
    event(f"{min(len(made), 8)} walks")
    assert {edge for one in made for edge in walk.taken(one.path)} == reachable(script)
    assert len(made) <= max(1, len(walk.edges(script)))
    for one in made:
        assert isinstance(script.node(one.path[-1].node), End)
        assert one.failures == ()
        assert rehearsal.replay(script, one.choices, regular=one.regular) == one.path
    assert made == rehearsal.walks(script, TODAY)


@given(tangled_scripts())
def test_a_walk_kept_as_an_example_comes_out_as_it_says(tangled: Script) -> None:
    script = mended(tangled)
    for one in rehearsal.walks(script, TODAY)[:4]:
        example = rehearsal.to_example(
            script,
            one.path,
            one.answers,
            name=one.name,
            caller="お願いします。",
            regular=one.regular,
        )
        assert examples.run(script, example) == []
        again = rehearsal.walk_of(script, example)
        assert (again.path, again.failures) == (one.path, ())


@pytest.mark.parametrize("template", library(), ids=lambda one: one.code)
def test_the_templates_walk_through(template: Template) -> None:
    text, script = template.text, template.script
    made = rehearsal.walks(script, TODAY, ["鈴木 一郎"])
    assert {edge for one in made for edge in walk.taken(one.path)} == reachable(script)
    assert [one.failures for one in made if one.failures] == []
    # Few, and none that goes round for ever.
    assert len(made) <= len(walk.branches(script)) + 1
    assert max(len(one.path) for one in made) <= 2 * len(script.nodes)
    # Kept with the author's text, it is still the same script, one example richer.
    example = rehearsal.to_example(script, made[0].path, made[0].answers, name="新しい例")
    richer = parse(with_example(text, example)).script
    assert richer.examples == (*script.examples, example)
    assert [f for f in lint(richer) if f.level == "error"] == []


def test_answers_fit_their_fields_and_are_spoken_in_turn() -> None:
    script = read(PLAIN)
    (only,) = rehearsal.walks(script, TODAY)
    assert only.answers["caller_name"] == "佐藤 花子"
    assert only.answers["caller_name.kana"] == "さとう はなこ"
    assert only.answers["caller_number"] == "090-0000-1200"
    assert only.answers["callback_by"] == "2026-11-25T15:00"
    lines = spoken(script, replace(only, caller="修理のことで伺いたいのですが。"))
    assert lines[0] == "修理のことで伺いたいのですが。"
    assert "佐藤 花子です。" in lines[1]
    assert "ゼロキュウゼロの、ゼロゼロゼロゼロの、イチニーゼロゼロです。" in lines[1]
    assert "11月25日の15時です。" in lines[3]
    assert lines[-1].startswith("ありがとう")


BROKEN = """
[[examples]]
name = "折返しの依頼"
caller = "折り返しをお願いします。"
steps = [
  { at = "who", answer = { caller_name = "佐藤 花子", caller_number = "090-0000-1200" } },
  { at = "matter", answer = { what_for = "修理の日" } },
  { at = "promise" },
  { at = "end" },
]
expect = ["who", "matter", "end"]
report = ["佐藤 花子", "見積もり"]
"""


@pytest.mark.req("B11")
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("", "", "報告に「見積もり」がありません。"),
        ('at = "matter"', 'at = "promise"', "手順 2 は「promise」のはずですが、「matter」にいます。"),
        ('["who", "matter", "end"]', '["matter", "who"]', "「who」を、この順には通りません。"),
        (', caller_number = "090-0000-1200"', "", "必須の「折返し番号」を聞いていません。"),
    ],
    ids=["report", "step", "order", "mandatory"],
)  # fmt: skip
def test_an_example_that_fails_says_which_step_and_what_was_expected(
    old: str, new: str, told: str
) -> None:
    wrong = [
        f for f in lint(read(PLAIN + BROKEN.replace(old, new, 1))) if f.rule == "example-fails"
    ]
    assert [f.level for f in wrong] == ["error"]
    assert "折返しの依頼" in wrong[0].message
    assert told in wrong[0].message


def test_an_example_goes_into_every_form_of_the_text() -> None:
    script = read(PLAIN)
    (only,) = rehearsal.walks(script, TODAY)
    example = rehearsal.to_example(script, only.path, only.answers, name='名前に"引用符"')
    from_toml = parse(with_example(PLAIN, example)).script
    assert from_toml.examples == (example,)
    assert with_example(PLAIN, example).startswith(PLAIN.rstrip("\n"))  # not a letter is touched
    assert parse(with_example(write(script), example)).script.examples == (example,)
