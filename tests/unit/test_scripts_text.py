"""The text form: nothing is lost in it, and a broken one names the line and what was expected."""

import pytest
from hypothesis import given, settings
from tests.some_scripts import any_scripts
from tests.thorough import examples

from denwaban.scripts import Script, ScriptInvalid, dump, parse, read, write
from denwaban.scripts.plain import PLAIN


@given(any_scripts())
@settings(max_examples=examples(25))
def test_the_text_reads_back_as_the_same_script(script: Script) -> None:
    text = dump(script)
    assert parse(text).script == script
    assert dump(parse(text).script) == text
    assert read(write(script)) == script


@given(any_scripts())
@settings(max_examples=examples(25))
def test_every_node_field_and_branch_has_its_line(script: Script) -> None:
    text = dump(script)
    source, lines = parse(text).source, text.split("\n")
    for n, node in enumerate(script.nodes):
        line = source.line(("nodes", n, "id"))
        assert line is not None
        assert lines[line - 1] == f'id = "{node.id}"'
        for m, field in enumerate(node.ask):
            line = source.line(("nodes", n, "ask", m, "id"))
            assert line is not None
            assert lines[line - 1] == f'  id = "{field.id}"'


def test_texts_of_several_lines_and_comments_do_not_shift_the_lines() -> None:
    text = (
        '# 前書き\n[[nodes]]\nkind = "end"\nid = "a" # "引用"\ntitle = \'x # y\'\n'
        'say = """\n二行の\n言葉"""\nask = [\n  # 覚え\n  { id = "x", label = "色",'
        ' choices = [\n    "赤", "青" ], type = "choice" },\n]\ndone = "済"\n'
    )
    with pytest.raises(ScriptInvalid) as told:
        parse(text.replace("choices = [\n    ", "choices = [").replace('"済"', "3"))
    assert [problem.line for problem in told.value.problems] == [13]
    source = parse(text.replace("choices = [\n    ", "choices = [")).source
    assert source.line(("nodes", 0, "ask", 0)) == 11
    assert source.line(("nodes", 0, "ask", 0, "nothing", "such")) == 11
    assert source.line(("nodes", 7)) == 2
    assert source.line(("head",)) is None


WHOLE = """[head]
tone = "ていねいに"

[[nodes]]
kind = "ask"
id = "who"
title = "お名前"
say = "お名前をお願いいたします。"
to = "end"

  [[nodes.ask]]
  id = "name"
  label = "お名前"
  type = "name"

[[nodes]]
kind = "end"
id = "end"
title = "結び"
say = "失礼いたします。"
"""


@pytest.mark.parametrize(
    ("was", "now", "line", "message", "expected"),
    [
        ('say = "お', 'sya = "お', 8, "「sya」という項目", "「say」では"),
        ("[head]", "[haed]", 1, "「haed」という項目", "「head」では"),
        ('tone = "ていねいに"', "tone = 3", 2, "「tone」は文字で書きますが、数字", ""),
        ('to = "end"\n', "", 4, "「to」がありません", "行き先の場面の id"),
        ('  label = "お名前"\n', "", 11, "「label」がありません", "短い名前"),
        ('id = "who"', 'id = "Who Is"', 6, "「id」の書き方", "英小文字で始まり"),
        ('type = "name"', 'type = "names"', 14, "「type」に「names」とは", "name, phone"),
        ('kind = "end"', 'kind = "stop"', 17, "「kind」に「stop」とは", "say, ask"),
        ('id = "end"', 'id = "who"', 18, "場面の id「who」が 2 度", "ほかにない id"),
        ('title = "結び"', 'title = "結び', 19, "引用符がありません", '"'),
        ('[[nodes]]\nkind = "ask"', '[[nodes]\nkind = "ask"', 4, "[[ が閉じられて", "[[nodes]]"),
        ('tone = "ていねいに"', 'tone "ていねいに"', 2, "= がありません", '名前 = "値"'),
        ('title = "結び"', f'title = "{"あ" * 31}"', 19, "「title」が長すぎます", "30 文字まで"),
        ('to = "end"', 'to = "end"\nto = "who"', 10, "同じ名前が 2 度", "どちらか"),
        (
            'title = "結び"',
            'title = "結び"\ndeadline = 1',
            20,
            "「deadline」の数が小さすぎます",
            "5 から",
        ),
    ],
)
def test_a_broken_text_names_the_line_and_what_was_expected(
    was: str, now: str, line: int, message: str, expected: str
) -> None:
    assert was in WHOLE
    with pytest.raises(ScriptInvalid) as told:
        parse(WHOLE.replace(was, now, 1))
    problem = told.value.problems[0]
    assert problem.line == line
    assert message in problem.message
    assert expected in problem.expected
    assert str(problem).startswith(f"{line} 行目: ")


def test_everything_wrong_is_told_at_once() -> None:
    text = WHOLE.replace('say = "お', 'sya = "お').replace("label", "lable").replace('"結び"', "3")
    with pytest.raises(ScriptInvalid) as told:
        parse(text)
    assert [problem.line for problem in told.value.problems] == [8, 11, 13, 19]


def test_json_is_read_too_and_its_faults_told() -> None:
    script = parse(PLAIN).script
    assert parse(write(script)).script == script
    with pytest.raises(ScriptInvalid) as told:
        parse('{\n  "nodes": [\n    {"kind": }\n  ]\n}')
    assert told.value.problems[0].line == 3


def test_windows_line_ends_and_a_byte_order_mark_do_not_matter() -> None:
    assert parse("\ufeff" + WHOLE.replace("\n", "\r\n")).script == parse(WHOLE).script
