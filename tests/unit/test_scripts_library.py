"""The built-in templates are sound, in the form that the editor writes, and do what their examples say."""

import pytest

from denwaban.scripts import dump, lint, ways
from denwaban.scripts.examples import run
from denwaban.scripts.library import Template, library
from denwaban.scripts.text import parse
from denwaban.scripts.walk import begin
from denwaban.seed.acts import SCRIPTS

TEMPLATES = pytest.mark.parametrize("template", library(), ids=lambda one: one.code)


@pytest.mark.req("B17")
def test_there_is_one_for_each_trade() -> None:
    assert {one.code for one in library()} == {
        "ec",
        "saas",
        "clinic",
        "law-office",
        "real-estate",
        "facility",
        "orphaned-customers",
        "outbound-sales",
    }


@TEMPLATES
@pytest.mark.req("B17", "B3", "B4")
def test_a_template_has_nothing_to_mend(template: Template) -> None:
    text, source = parse(template.text)
    assert lint(text, source=source) == []


@TEMPLATES
def test_a_template_is_in_the_canonical_form(template: Template) -> None:
    assert dump(template.script) == template.text


@TEMPLATES
def test_the_examples_of_a_template_come_out(template: Template) -> None:
    assert len(template.script.examples) >= 2
    for example in template.script.examples:
        assert run(template.script, example) == [], example.name


@TEMPLATES
@pytest.mark.req("B1")
def test_every_node_of_a_template_can_be_walked_to(template: Template) -> None:
    seen = {begin(template.script)[0].node}
    todo = list(seen)
    while todo:
        for to in ways(template.script.node(todo.pop())).values():
            if to not in seen:
                seen.add(to)
                todo.append(to)
    assert seen == {node.id for node in template.script.nodes}


@pytest.mark.parametrize("file", sorted(SCRIPTS.glob("*.toml")), ids=lambda file: file.stem)
def test_the_scripts_of_the_example_companies_have_nothing_to_mend(file: object) -> None:
    script, source = parse(SCRIPTS.joinpath(str(file)).read_text("utf-8"))
    assert lint(script, source=source) == []


BASE = """[[nodes]]
kind = "decide"
id = "q"
title = "種類"
say = "どちらでしょうか。"
branches = [{ label = "修理", to = "who", urgency = "soon" }]
otherwise = { label = "それ以外", to = "end" }

[[nodes]]
kind = "ask"
id = "who"
title = "色"
say = "何色でしょうか。"
to = "end"
ask = [{ id = "colour", label = "色", type = "choice", choices = ["赤", "青"], mandatory = true }]

[[nodes]]
kind = "end"
id = "end"
title = "結び"
say = "失礼いたします。"
done = "承りました。"
"""


@pytest.mark.parametrize(
    ("example", "told"),
    [
        (
            'steps = [{ at = "q", choice = "修理" }, { at = "who", answer = { colour = "赤" } }]',
            None,
        ),
        ('steps = [{ at = "q", choice = "0" }]\nreport = ["それ以外", "承りました"]', None),
        ('steps = [{ at = "who" }]', "手順 1 は「who」のはず"),
        ('steps = [{ at = "q", choice = "点検" }]', "「点検」はありません(修理、それ以外)"),
        ('steps = [{ at = "q", choice = "修理" }]', "終わりまで進んでいません"),
        ('steps = [{ at = "q", choice = "1" }, { at = "who" }]', "必須の「色」を聞いていません"),
        (
            'steps = [{ at = "q", choice = "1" }, { at = "who", answer = { colour = "緑" } }]',
            "選択肢に「緑」はありません",
        ),
        ('steps = [{ at = "q", answer = { size = "大" } }]', "「q」では「size」を聞きません"),
        ('steps = [{ at = "q", choice = "0" }]\nexpect = ["end", "q"]', "この順には通りません"),
        ('steps = [{ at = "q", choice = "0" }]\nreport = ["修理"]', "報告に「修理」がありません"),
        (
            'steps = [{ at = "q", choice = "0" }, { at = "end" }, { at = "q" }]',
            "「end」で終わり、先の手順に進めません",
        ),
    ],
)
def test_an_example_tells_what_comes_out_otherwise(example: str, told: str | None) -> None:
    script = parse(f'{BASE}\n[[examples]]\nname = "例"\n{example}\n').script
    got = run(script, script.examples[0])
    if told is None:
        assert got == []
    else:
        assert any(told in one for one in got), got
