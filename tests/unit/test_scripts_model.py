"""A script that would leave an operator stuck is never published; a sound one round-trips and can be walked."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.scripts import Script, ScriptInvalid, problems, read, walk, ways, write
from denwaban.scripts.plain import PLAIN

END = {"kind": "end", "id": "end", "title": "結び", "say": "失礼いたします。"}


def say(name: str, to: str, **more: Any) -> dict[str, Any]:
    return {"kind": "say", "id": name, "title": name, "say": "はい。", "to": to, **more}


def fork(name: str, *to: str, otherwise: str | None = "end") -> dict[str, Any]:
    return {
        "kind": "decide",
        "id": name,
        "title": name,
        "branches": [{"label": f"枝{n}", "to": t} for n, t in enumerate(to)],
        **({"otherwise": {"label": "それ以外", "to": otherwise}} if otherwise else {}),
    }


def script(*nodes: dict[str, Any]) -> Script:
    """Not by `read`, which refuses some of what `problems` tells."""
    return msgspec.convert({"nodes": list(nodes)}, Script)


def test_the_plain_script_is_sound() -> None:
    assert problems(read(PLAIN)) == []


def test_a_document_reads_back_equal() -> None:
    plain = read(PLAIN)
    assert read(write(plain)) == plain


@pytest.mark.req("B1")
def test_a_fork_without_otherwise_is_told() -> None:
    found = problems(script(fork("q", "end", otherwise=None), END))
    assert found == ["「q」(q) に「それ以外」の行き先がありません。"]


@pytest.mark.parametrize(
    ("nodes", "told"),
    [
        ([say("a", "nowhere"), END], "「nowhere」という場面はありません"),
        ([say("a", "end"), say("lost", "end"), END], "「lost」(lost) には、どこからも行けません"),
        ([fork("q", "a"), say("a", "a"), END], "堂々めぐり"),
        ([say("a", "b"), say("b", "a")], "終わりの場面"),
        ([say("a", "end"), say("a", "end"), END], "同じ id の場面が 2 つ"),
        ([say("a", "end", say=""), END], "言うことも聞くこともありません"),
        ([fork("q"), END], "分岐がひとつもありません"),
        (
            [
                say(
                    "a",
                    "end",
                    ask=[{"id": "x", "label": "色", "type": "choice", "choices": ["赤"]}],
                ),
                END,
            ],
            "選択肢が 2 つ以上",
        ),
        (
            [say("a", "end", ask=[{"id": "x", "label": "色"}, {"id": "x", "label": "形"}]), END],
            "同じ id の項目が 2 つ",
        ),
    ],
)
def test_what_would_leave_an_operator_stuck_is_told(nodes: list[dict[str, Any]], told: str) -> None:
    found = problems(script(*nodes))
    assert len(found) == 1
    assert told in found[0]


@pytest.mark.req("B3")
def test_a_node_that_needs_a_scroll_is_told() -> None:
    fields = [
        {"id": f"f{n}", "label": "ご様子", "lines": 4, "hint": "お客様の言葉のまま"}
        for n in range(4)
    ]
    found = problems(script(say("a", "end", ask=fields), END))
    assert found == ["「a」(a) は 1 画面に収まりません。言葉を短くするか、場面を分けてください。"]


def test_a_loop_with_a_way_out_is_fine() -> None:
    assert problems(script(say("a", "q"), fork("q", "a"), END)) == []


@pytest.mark.parametrize(
    "document",
    [
        "",
        "{",
        "nodes = 3",
        '{"nodes": []}',
        '{"nodes": [{"kind": "dance", "id": "a"}]}',
        "[[nodes]",
    ],
)
def test_what_is_no_script_is_refused_in_words(document: str) -> None:
    with pytest.raises(ScriptInvalid, match="ありません|誤り|書けません|書きます"):
        read(document)


def test_words_that_do_not_fit_a_screen_are_refused() -> None:
    with pytest.raises(ScriptInvalid):
        read({"nodes": [say("a", "end", say="あ" * 401), END]})


TREE = script(
    say("hello", "q"),
    {
        **fork("q", "leak", "boiler"),
        "branches": [
            {"label": "水漏れ", "to": "leak", "urgency": "emergency"},
            {"label": "給湯器", "to": "end"},
        ],
    },
    say(
        "leak",
        "end",
        ask=[{"id": "where", "label": "場所", "mandatory": True}, {"id": "model", "label": "型番"}],
    ),
    END,
)


def steps(*choices: str) -> walk.Path:
    path = walk.begin(TREE)
    for choice in choices:
        path = walk.forward(TREE, path, choice)
    return path


@pytest.mark.req("B10")
def test_the_worst_branch_decides_how_urgent_the_report_is() -> None:
    assert walk.urgency(TREE, steps("next", "1")) == "emergency"
    assert walk.urgency(TREE, steps("next", "2")) == "normal"
    assert [branch.label for branch in walk.chosen(TREE, steps("next", "0"))] == ["それ以外"]


@pytest.mark.req("B11", "B4")
def test_only_mandatory_fields_of_nodes_walked_are_missing() -> None:
    path = steps("next", "1", "next")
    assert [field.id for field in walk.missing(TREE, path, {})] == ["where"]
    assert [field.id for field in walk.missing(TREE, path, {"where": " \n"})] == ["where"]
    assert walk.missing(TREE, path, {"where": "台所"}) == []
    assert walk.missing(TREE, steps("next", "2"), {}) == []


def test_a_key_that_leads_nowhere_is_no_way() -> None:
    with pytest.raises(walk.NoSuchWay):
        walk.forward(TREE, steps("next"), "7")
    with pytest.raises(walk.NoSuchWay):
        walk.forward(TREE, steps("next"), "next")


@given(st.data())
def test_every_walk_can_be_undone_step_by_step(data: st.DataObject) -> None:
    paths = [walk.begin(TREE)]
    while choices := ways(TREE.node(paths[-1][-1].node)):
        paths.append(walk.forward(TREE, paths[-1], data.draw(st.sampled_from(sorted(choices)))))
    undone = paths[-1]
    for before in reversed(paths[:-1]):
        undone = walk.backward(undone)
        assert undone == before
    assert walk.backward(undone) == undone
