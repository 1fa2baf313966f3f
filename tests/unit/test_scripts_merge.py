"""Two authors at once: neither's work is lost; and what differs is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.scripts.changes import changes, compare
from denwaban.scripts.merge import merge
from denwaban.scripts.plain import PLAIN
from denwaban.scripts.text import read

LINES = st.lists(st.sampled_from(["", "say", "ask", "[[nodes]]", "to = 1"]), max_size=12)


def edited(draw: st.DrawFn, base: list[str], author: str) -> list[str]:
    text = list(base)
    for n in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        if draw(st.booleans()):
            text[at:at] = [f"{author}{n}"]
        else:
            del text[at : at + draw(st.integers(0, 3))]
    return text


@st.composite
def two_authors(draw: st.DrawFn) -> tuple[str, str, str]:
    base = draw(LINES)
    texts = (base, edited(draw, base, "mine"), edited(draw, base, "theirs"))
    one, two, three = ("\n".join(text) for text in texts)
    return one, two, three


@pytest.mark.req("B18")
@given(two_authors())
def test_what_only_one_wrote_is_in_the_merged_text(texts: tuple[str, str, str]) -> None:
    base, mine, theirs = texts
    merged = merge(base, mine, theirs)
    assert merged == merge(base, theirs, mine)
    if merged is None:
        return
    written = [line for text in (mine, theirs) for line in text.split("\n")]
    for line in written:
        if line.startswith(("mine", "theirs")):
            assert merged.split("\n").count(line) == written.count(line)
    # Nothing comes from nowhere, and what both left alone is there.
    known = {*base.split("\n"), *written}
    assert set(merged.split("\n")) <= known


@given(two_authors())
def test_one_author_alone_gets_what_they_wrote(texts: tuple[str, str, str]) -> None:
    base, mine, _theirs = texts
    assert merge(base, mine, base) == merge(base, base, mine) == merge(base, mine, mine) == mine


@given(
    st.integers(0, 9),
    st.integers(0, 9),
    st.lists(st.text("xyz", max_size=3), max_size=3),
    st.lists(st.text("pqr", max_size=3), max_size=3),
)
def test_changes_apart_from_each_other_are_always_merged(
    at: int, gap: int, one: list[str], two: list[str]
) -> None:
    base = [f"line {n}" for n in range(24)]
    later = at + 2 + gap
    mine = [*base[:at], *one, *base[at + 1 :]]
    theirs = [*base[:later], *two, *base[later + 1 :]]
    wanted = [*base[:at], *one, *base[at + 1 : later], *two, *base[later + 1 :]]
    assert merge("\n".join(base), "\n".join(mine), "\n".join(theirs)) == "\n".join(wanted)


def test_the_same_place_changed_differently_is_nobodys_to_decide() -> None:
    assert merge("a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n") is None
    assert merge("a\nb\nc\n", "a\nX\nc\n", "a\nX\nc\n") == "a\nX\nc\n"


@given(two_authors())
def test_the_rows_of_a_comparison_are_both_texts(texts: tuple[str, str, str]) -> None:
    _base, mine, theirs = texts
    rows = compare(mine, theirs, None)
    left = ["".join(text for _m, text in row.before) for row in rows if row.left]
    right = ["".join(text for _m, text in row.after) for row in rows if row.right]
    assert ("\n".join(left), "\n".join(right)) == (mine, theirs)
    folded = compare(mine, theirs)
    assert sum(row.skipped or 1 for row in folded) == len(rows)


@pytest.mark.req("B7")
def test_changes_are_told_scene_by_scene() -> None:
    old = read(PLAIN)
    new = read(
        PLAIN.replace("お名前とお電話番号を", "ご芳名とお電話番号を")
        .replace('id = "matter"', 'id = "what"')
        .replace('to = "matter"', 'to = "what"')
    )
    told = {(one.kind, one.node): one for one in changes(old, new)}
    assert set(told) == {("changed", "who"), ("added", "what"), ("removed", "matter")}
    parts = {part.name: (part.before, part.after) for part in told["changed", "who"].parts}
    assert set(parts) == {"say"}
    assert parts["say"][0] == old.first.say
    assert changes(old, old) == []
