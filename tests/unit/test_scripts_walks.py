"""What lint lets through can be walked to its end with nothing lacking."""

from collections import Counter

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from msgspec import structs
from tests.some_scripts import mended, tangled_scripts

from denwaban.scripts import End, NoSuchWay, Script, closed, lint, parse, walk, ways
from denwaban.scripts.plain import PLAIN


def answers(script: Script) -> dict[str, str]:
    return {field.id: "はい" for node in script.nodes for field in node.ask}


@pytest.mark.req("B1", "B11")
@given(tangled_scripts(), st.integers(0, 3))
def test_every_walk_of_a_script_that_passes_ends_with_nothing_lacking(
    tangled: Script, begin: int
) -> None:
    script = mended(tangled)
    assert [f for f in lint(script) if f.level == "error"] == []
    event(f"mandatory items {len(script.head.mandatory)}")
    left: Counter[str] = Counter()
    path = walk.begin(script)
    # Whoever takes each way of a node in turn comes to an end, however the loops lie.
    for _step in range(5_000):
        here = script.node(path[-1].node)
        choices = sorted(ways(here))
        if not choices:
            break
        path = walk.forward(script, path, choices[(begin + left[here.id]) % len(choices)])
        left[here.id] += 1
    last = script.node(path[-1].node)
    assert isinstance(last, End)
    assert walk.missing(script, path, answers(script)) == []
    assert walk.unsaid(script, path) == []


@pytest.mark.req("B11")
@given(tangled_scripts())
def test_what_lint_says_is_skipped_can_be_skipped(tangled: Script) -> None:
    """The way that a finding tells is a real one: lint does not cry wolf."""
    told = {f.rule for f in lint(tangled) if f.level == "error"}
    seen: set[tuple[str, frozenset[str], frozenset[str]]] = set()
    todo: list[tuple[str, frozenset[str], frozenset[str]]] = [
        (tangled.first.id, frozenset(), frozenset())
    ]
    item, phrase = False, False
    while todo:
        name, had, heard = todo.pop()
        node = tangled.node(name)
        had |= {field.purpose for field in node.ask}
        heard |= {p for p in tangled.head.must_say if p in node.say}
        if (name, had, heard) in seen:
            continue
        seen.add((name, had, heard))
        if isinstance(node, End) and not node.exception:
            item = item or not had.issuperset(tangled.head.mandatory)
            phrase = phrase or not heard.issuperset(tangled.head.must_say)
        todo += [(to, had, heard) for to in ways(node).values()]
    assert ("skipped-item" in told) == item
    assert ("skipped-phrase" in told) == phrase


FREE = parse(
    PLAIN.replace("[[nodes]]", '[head]\nfree = true\nmandatory = ["what_for"]\n\n[[nodes]]', 1)
).script


@pytest.mark.req("B19")
def test_free_mode_lets_an_operator_go_anywhere_and_still_wants_what_is_mandatory() -> None:
    path = walk.jump(FREE, walk.begin(FREE), "end")
    assert [step.node for step in path] == ["who", "end"]
    assert [f.id for f in walk.missing(FREE, path, {})] == [
        "caller_name",
        "caller_number",
        "what_for",
    ]
    path = walk.jump(FREE, walk.jump(FREE, path, "matter"), "end")
    known = {"caller_name": "佐藤", "caller_number": "090", "what_for": "修理"}
    assert walk.missing(FREE, path, known) == []
    assert walk.forks(FREE, path) == []


def test_nobody_jumps_where_the_script_does_not_allow_it() -> None:
    bound = parse(PLAIN).script
    with pytest.raises(NoSuchWay):
        walk.jump(bound, walk.begin(bound), "end")
    with pytest.raises(NoSuchWay):
        walk.jump(FREE, walk.begin(FREE), "nowhere")


@pytest.mark.req("A5")
def test_a_regular_caller_is_greeted_where_the_script_says() -> None:
    text = PLAIN.replace("[[nodes]]", '[head]\nregular = "matter"\n\n[[nodes]]', 1)
    script = parse(text).script
    assert walk.begin(script, regular=True)[-1].node == "matter"
    assert walk.begin(script)[-1].node == "who"
    assert walk.begin(parse(PLAIN).script, regular=True)[-1].node == "who"


@pytest.mark.req("B10")
def test_the_shortest_deadline_on_the_way_holds() -> None:
    text = PLAIN.replace('title = "お名前"', 'title = "お名前"\ndeadline = 60').replace(
        'title = "ご用件"', 'title = "ご用件"\ndeadline = 30'
    )
    script = parse(text).script
    path = walk.begin(script)
    assert walk.deadline(script, path) == 60
    assert walk.deadline(script, walk.forward(script, path, "next")) == 30
    assert walk.deadline(parse(PLAIN).script, path) is None


@pytest.mark.req("B16")
def test_answers_to_objections_are_locked_after_a_refusal() -> None:
    text = """[head]
objections = [
  { when = "高い", answer = "分割もございます。" },
  { when = "どこで番号を知った", answer = "お申し込みの名簿です。", locked = false },
]
"""
    script = parse(text + PLAIN).script
    assert [one.when for one in walk.objections(script, refused=False)] == [
        "高い",
        "どこで番号を知った",
    ]
    assert [one.when for one in walk.objections(script, refused=True)] == ["どこで番号を知った"]


CHECKED = parse("""
[head]
free = true

[[nodes]]
kind = "ask"
id = "who"
title = "どなたか"
say = "お名前をお願いいたします。"
ask = [{ id = "caller_name", label = "お名前", type = "name", identity = true }]
to = "compare"

[[nodes]]
kind = "decide"
id = "compare"
title = "照らし合わせ"
say = "確かめます。"
branches = [{ label = "合った", to = "before", verified = true }, { label = "合わない", to = "end" }]
otherwise = { label = "それ以外", to = "end" }

[[nodes]]
kind = "say"
id = "before"
title = "前置き"
say = "では申し上げます。"
to = "tell"

[[nodes]]
kind = "inform"
id = "tell"
title = "契約の内容"
topic = "契約内容"
say = "ご契約は来月までです。"
to = "end"

[[nodes]]
kind = "end"
id = "end"
title = "終わり"
say = "失礼いたします。"
""").script


@pytest.mark.req("B19", "L5")
def test_nobody_jumps_past_the_identity_check() -> None:
    path = walk.begin(CHECKED)
    assert closed(CHECKED, path) == frozenset()  # nothing is restricted
    # What leads on to it without another check lies behind the check as well.
    behind = closed(CHECKED, path, ["契約内容"])
    assert behind == {"before", "tell"}
    proved = walk.forward(CHECKED, walk.forward(CHECKED, path, "next"), "1")
    assert closed(CHECKED, proved, ["契約内容"]) == frozenset()
    failed = walk.forward(CHECKED, walk.forward(CHECKED, path, "next"), "2")
    assert closed(CHECKED, failed, ["契約内容"]) == behind


@given(tangled_scripts(), st.data())
def test_only_what_leads_on_to_it_lies_behind_the_check(
    tangled: Script, data: st.DataObject
) -> None:
    """From no node that is open one comes to restricted ones without a check: walked through node by node."""
    told = data.draw(st.sets(st.sampled_from([node.id for node in tangled.nodes])))
    nodes = tuple(structs.replace(node, restricted=node.id in told) for node in tangled.nodes)
    script = structs.replace(tangled, nodes=nodes)
    behind = closed(script, walk.begin(script))
    for start in script.nodes:
        seen, todo = set(), [start.id]
        while todo:
            if (name := todo.pop()) not in seen:
                seen.add(name)
                todo += ways(script.node(name)).values()
        # These scripts have no check: behind it lies whatever comes to one of them.
        assert (start.id in behind) == bool(seen & told)
