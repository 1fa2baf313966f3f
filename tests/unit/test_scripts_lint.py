"""Each rule of lint finds its fault, on the right line, and nothing in scripts that are sound."""

from dataclasses import replace
from datetime import date

import pytest

from denwaban.scripts import Around, Finding, ScriptInvalid, lint, parse
from denwaban.scripts.lint.rules import RULES
from denwaban.scripts.model import Script
from denwaban.scripts.plain import PLAIN
from denwaban.scripts.text import Source
from denwaban.web.language import catalogue

END = """
[[nodes]]
kind = "end"
id = "end"
title = "結び"
say = "失礼いたします。"
"""


def node(kind: str, name: str, lines: str = "", say: str = "はい。") -> str:
    return (
        f'\n[[nodes]]\nkind = "{kind}"\nid = "{name}"\ntitle = "{name}"\nsay = "{say}"\n{lines}\n'
    )


def say(name: str, to: str, words: str = "はい。", lines: str = "") -> str:
    return node("say", name, f'to = "{to}"\n{lines}', words)


def fork(name: str, *labels: str, to: str = "end", lines: str = "", otherwise: bool = True) -> str:
    rows = "".join(f'  {{ label = "{label}", to = "{to}" }},\n' for label in labels)
    rest = f'otherwise = {{ label = "それ以外", to = "{to}" }}' if otherwise else ""
    return node("decide", name, f"branches = [\n{rows}]\n{rest}\n{lines}")


def ask(name: str, to: str, field: str, words: str = "はい。") -> str:
    return node("ask", name, f'to = "{to}"\nask = [{{ {field} }}]', words)


def found(text: str, around: Around | None = None) -> list[Finding]:
    script, source = parse(text)
    return lint(script, around or Around(), source)


NAME = 'id = "caller_name", label = "お名前", purpose = "caller_name"'
MATTER = 'id = "what_for", label = "ご用件", purpose = "what_for"'
LEFT = Around(present=frozenset({"森 由美"}), left=frozenset({"橋本 亮", "森 一郎"}))
DEEP = "".join(fork(f"q{n}", "はい", to=f"q{n + 1}") for n in range(6)) + say("q6", "end") + END

CASES: dict[str, tuple[str, Around | None]] = {
    "no-such-node": (say("a", "nowhere") + END, None),
    "no-regular-node": ('[head]\nregular = "vip"\n' + say("a", "end") + END, None),
    "no-otherwise": (fork("q", "はい", otherwise=False) + END, None),
    "no-branches": (fork("q") + END, None),
    "many-branches": (fork("q", *"甲乙丙丁戊己庚辛") + END, None),
    "same-branches": (fork("q", "ABC", "ＡＢＣ") + END, None),
    "overlapping-branches": (fork("q", "予約", "予約の変更") + END, None),
    "too-deep": (DEEP, None),
    "unreachable": (say("a", "end") + say("lost", "end") + END, None),
    "no-end": (say("a", "b") + say("b", "a"), None),
    "no-exit": (fork("q", "はい", to="a").replace('以外", to = "a"', '以外", to = "end"') + say("a", "a") + END, None),
    "empty-node": (say("a", "end", "") + END, None),
    "too-high": (
        node("ask", "a", 'to = "end"\n' + "ask = [" + ", ".join(f'{{ id = "f{n}", label = "様子", lines = 4, hint = "言葉のまま" }}' for n in range(4)) + "]") + END,
        None,
    ),
    "few-choices": (ask("a", "end", 'id = "x", label = "色", type = "choice", choices = ["赤"]') + END, None),
    "needless-choices": (ask("a", "end", 'id = "x", label = "色", choices = ["赤", "青"]') + END, None),
    "unknown-item": ('[head]\nmandatory = ["what_for"]\n' + say("a", "end") + END, None),
    "skipped-item": (
        '[head]\nmandatory = ["caller_name"]\n'
        + fork("q", "はい", to="a").replace('以外", to = "a"', '以外", to = "end"')
        + ask("a", "end", NAME)
        + END,
        None,
    ),
    "skipped-phrase": ('[head]\nmust_say = ["身の安全を最優先に"]\n' + say("a", "end") + END, None),
    "example-fails": (
        say("a", "end") + END + '\n[[examples]]\nname = "例"\nsteps = [{ at = "a", choice = "いいえ" }]\n',
        None,
    ),
    "secret-recorded": (ask("a", "end", 'id = "card", label = "カード番号"') + END, None),
    "restricted-unchecked": (say("a", "end", lines="restricted = true") + END, None),
    "identity-unasked": (
        ask("a", "q", 'id = "order", label = "注文番号", identity = true')
        + fork("q", "合った").replace('label = "合った"', 'label = "合った", verified = true')
        + END,
        None,
    ),
    "boundary-crossed": (
        '[head]\ntopics = [{ name = "料金", bound = "take" }]\n'
        + node("inform", "a", 'to = "end"\ntopic = "料金"')
        + END,
        None,
    ),
    "unknown-topic": (
        '[head]\ntopics = [{ name = "料金" }]\n' + node("inform", "a", 'to = "end"\ntopic = "在庫"') + END,
        None,
    ),
    "unallowed-promise": (
        '[head]\npromises = [{ what = "資料のお届け" }]\n' + node("promise", "a", 'to = "end"') + END,
        None,
    ),
    "promise-time": (
        '[head]\npromises = [{ what = "折り返しのご連絡", longest = 60 }]\n'
        + node("promise", "a", 'to = "end"')
        + END,
        None,
    ),
    "promise-in-words": (say("a", "end", "三十分以内に担当からお電話いたします。") + END, None),
    "staff-left": (say("a", "end", "橋本亮におつなぎします。") + END, LEFT),
    "staff-left-in-head": (
        '[head]\npromises = [{ what = "折り返しのご連絡", by = "橋本 亮" }]\n' + say("a", "end") + END,
        LEFT,
    ),
    "staff-left-perhaps": (say("a", "end", "橋本さんにおつなぎします。") + END, LEFT),
    "no-holiday-cover": (say("a", "end") + END, Around(holiday_cover=False)),
    "late-question": (say("a", "b", "あ" * 150) + say("b", "q", "い" * 150) + fork("q", "はい") + END, Around(greeting="お電話ありがとうございます。" * 13)),
    "evasive": (say("a", "end", "わたくしでは、わかりかねます。") + END, None),
    "assurance": (say("a", "end", "絶対、大丈夫です。") + END, None),
    "forbidden-phrase": (
        '[head]\nforbidden = [{ words = "無料です", instead = "担当が申し上げます" }]\n'
        + say("a", "end", "点検は無料です。")
        + END,
        None,
    ),
    "forbidden-in-head": (
        '[head]\nforbidden = [{ words = "無料です", instead = "点検は無料です" }]\n' + say("a", "end") + END,
        None,
    ),
    "no-empathy": (
        '[head]\nempathy = [{ feeling = "angry", words = "ごもっともです" }]\n'
        + say("a", "end", lines='feeling = "angry"')
        + END,
        None,
    ),
    "review-overdue": ("[head]\nreview = 2026-01-31\n" + say("a", "end") + END, Around(today=date(2026, 2, 1))),
    "sales-opening": (
        '[head]\npurpose = "sales"\n' + say("a", "q", lines='opening = ["company"]') + fork("q", "よい") + END,
        None,
    ),
    "left-before-matter": (
        say("a", "b", "あいにく橋田は先月退職いたしました。") + ask("b", "end", MATTER) + END,
        None,
    ),
    "no-apology": ('[head]\npurpose = "orphan"\n' + ask("a", "end", MATTER) + END, None),
    "hand-over-before-matter": (
        '[head]\npurpose = "orphan"\n' + node("hand_over", "a", 'to = "end"\nfailed = "b"') + ask("b", "end", MATTER, "申し訳ございません。") + END,
        None,
    ),
    "promise-before-hand-over": (
        '[head]\npurpose = "orphan"\n' + ask("a", "b", MATTER, "申し訳ございません。") + node("promise", "b", 'to = "end"') + END,
        None,
    ),
}  # fmt: skip

BY_PARSE = {"duplicate-node", "duplicate-field"}
"""Refused before lint sees them; lint still knows them, for documents that came another way."""

LINES = {
    "same-branches": 'label = "ＡＢＣ"',
    "overlapping-branches": 'label = "予約の変更"',
    "skipped-item": "",
    "promise-in-words": "say =",
    "no-otherwise": "[[nodes]]",
    "no-such-node": "to =",
    "few-choices": "ask =",
    "no-regular-node": "regular =",
    "review-overdue": "review =",
    "example-fails": "[[examples]]",
    "identity-unasked": "verified",
}


def test_every_rule_has_a_case() -> None:
    assert set(CASES) | BY_PARSE == set(RULES)


@pytest.mark.req("B1", "B2", "B3", "B4", "B9", "B11", "B12", "A13", "G1", "G3", "J3", "J4", "J5")
@pytest.mark.parametrize("rule", CASES)
def test_a_rule_finds_its_fault_and_says_what_to_do(rule: str) -> None:
    text, around = CASES[rule]
    got = found(text, around)
    mine = [finding for finding in got if finding.rule == rule]
    assert mine, [finding.rule for finding in got]
    assert {finding.rule for finding in got} == {rule}
    for finding in mine:
        assert finding.line is not None
        assert "%(" not in finding.message
        assert finding.level == RULES[rule].level
        assert finding.why.endswith("。")
        assert finding.mend.endswith("。")
    if rule in LINES:
        assert mine[0].line is not None
        assert LINES[rule] in text.splitlines()[mine[0].line - 1]


@pytest.mark.parametrize(
    "words",
    [
        "お間違いなくご記入ください。",
        "多分野の専門家がおります。",
        "そのうちの一つをお選びください。",
        "絶対に火は使わないでください。",
        "必ず窓を開けてください。",
        "果汁100%の商品でございます。",
        "転職のご相談でございますね。",
        "退職金のお手続きでございますね。",
        "担当へ確実に引き継ぎます。",
        "三十分以内の作業でございます。",
    ],
)
def test_ordinary_words_are_no_fault(words: str) -> None:
    assert found(say("a", "end", words) + END) == []


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("様子を見て、大丈夫でしょう。", "assurance"),
        ("１００％安全です。", "assurance"),
        ("担当者は、先月辞めました。", "left-before-matter"),
        ("あいにく転職しております。", "left-before-matter"),
        ("１時間以内に必ずご連絡いたします。", "promise-in-words"),
        ("多分、届いております。", "evasive"),
    ],
)
def test_faults_are_found_whatever_the_width_and_the_punctuation(words: str, rule: str) -> None:
    assert [finding.rule for finding in found(say("a", "end", words) + END)] == [rule]


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_can_be_told_in_english(rule: str) -> None:
    english = catalogue("en")
    told = RULES[rule]
    assert {told.message, told.why, told.mend} <= english.keys()


def test_the_plain_script_has_nothing_to_mend() -> None:
    assert found(PLAIN) == []


def test_errors_come_first_then_lines() -> None:
    text = say("a", "b", "たぶん。") + say("b", "end", "絶対大丈夫です。") + say("c", "end") + END
    got = found(text)
    assert [finding.rule for finding in got] == ["assurance", "unreachable", "evasive"]
    assert [finding.level for finding in got] == ["error", "error", "warning"]


def test_duplicates_that_no_author_wrote_are_found_too() -> None:
    one = parse(say("a", "end") + ask("b", "end", NAME) + END).script
    doubled = Script(nodes=(*one.nodes, *one.nodes))
    assert {finding.rule for finding in lint(doubled)} >= {"duplicate-node", "duplicate-field"}


@pytest.mark.req("B2")
def test_depth_counts_decisions_of_the_longest_way_and_a_loop_only_once() -> None:
    shallow = DEEP.replace('label = "はい", to = "q4"', 'label = "はい", to = "end"')
    assert [f.rule for f in found(shallow)] == ["too-deep"]
    assert found(DEEP, Around(depth=6)) == []
    loop = fork("a", "もう一度", to="a").replace('以外", to = "a"', '以外", to = "end"') + END
    assert found(loop, Around(depth=1)) == []
    assert [f.rule for f in found(loop, Around(depth=0))] == ["too-deep"]


@pytest.mark.req("B11")
def test_an_end_that_says_why_may_lack_what_is_mandatory() -> None:
    text = CASES["skipped-item"][0]
    assert found(text.replace('title = "結び"', 'title = "結び"\nexception = "間違い電話"')) == []
    (finding,) = found(text)
    assert finding.node == "end"
    assert "q → 結び" in finding.message


@pytest.mark.req("G1")
def test_restricted_information_may_follow_the_check() -> None:
    text = (
        ask("a", "b", 'id = "order", label = "注文番号", identity = true')
        + ask("b", "q", 'id = "phone", label = "電話番号", identity = true')
        + fork("q", "合った").replace(
            'label = "合った", to = "end"', 'label = "合った", to = "tell", verified = true'
        )
        + node("inform", "tell", 'to = "end"\ntopic = "注文"')
        + END
    )
    order = Around(restricted=frozenset({"注文"}))
    assert found(text, order) == []
    around = text.replace('"それ以外", to = "end"', '"それ以外", to = "tell"')
    assert [f.rule for f in found(around, order)] == ["restricted-unchecked"]
    skipped = text.replace('to = "b"', 'to = "q"').replace('id = "b"', 'id = "lost"')
    assert {f.rule for f in found(skipped, order)} == {"identity-unasked", "unreachable"}


def test_a_sales_script_that_tells_all_four_things_first_is_fine() -> None:
    text = CASES["sales-opening"][0]
    four = '["company", "caller", "goods", "purpose"]'
    assert found(text.replace('["company"]', four)) == []
    (finding,) = found(text)
    assert "勧誘する人の氏名、商品・サービスの種類、勧誘の目的" in finding.message


def test_a_namesake_who_is_still_there_is_not_blamed() -> None:
    assert found(say("a", "end", "森さんにおつなぎします。") + END, LEFT) == []
    there = replace(LEFT, present=LEFT.present | {"橋本 亮"})
    assert found(CASES["staff-left"][0], there) == []


def test_nobody_may_promise_where_the_client_forbids_it() -> None:
    text = node("promise", "a", 'to = "end"') + END
    assert found(text) == []
    for around in (Around(may_promise=False), Around(promisers=frozenset())):
        assert [f.rule for f in found(text, around)] == ["unallowed-promise"]
    assert [f.rule for f in found(text, Around(longest_promise=60))] == ["promise-time"]


def test_the_same_complaint_has_the_same_key_in_the_next_version() -> None:
    text = CASES["evasive"][0]
    (before,) = found(text)
    (after,) = found(say("new", "a") + text)
    assert before.key == after.key == "evasive:a"
    assert before.line != after.line


def test_a_finding_is_told_in_the_language_of_the_reader() -> None:
    (finding,) = found(CASES["evasive"][0])
    message, _why, _mend = finding.tell(lambda text, **values: f"<{text}>" % values)
    assert message == f"<{finding.message}>"


def test_a_script_without_a_text_is_linted_without_lines() -> None:
    script = parse(CASES["evasive"][0]).script
    assert [f.line for f in lint(script)] == [None]
    assert lint(script, source=Source("")) != []


def test_broken_text_never_reaches_lint() -> None:
    with pytest.raises(ScriptInvalid):
        found(say("a", "end") + say("a", "end") + END)
