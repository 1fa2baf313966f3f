"""The drawing of a script: everything is on it once, nothing on top of anything else."""

import re
import time
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.thorough import examples

from denwaban.scripts.drawing import BESIDE, HIGH, WIDE, Way, draw, places
from denwaban.scripts.model import Script
from denwaban.scripts.plain import PLAIN
from denwaban.scripts.text import read

NAMES = [f"n{n}" for n in range(12)]


@settings(max_examples=examples(100))
@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=30))
def test_no_scene_covers_another_and_rows_follow_the_steps(pairs: list[tuple[str, str]]) -> None:
    arrows = [Way(a, b, "") for a, b in pairs]
    where = places(["n0"], NAMES, arrows)
    assert set(where) == set(NAMES)
    boxes = list(where.values())
    for n, one in enumerate(boxes):
        assert one.x >= 0
        for other in boxes[n + 1 :]:
            assert abs(one.y - other.y) >= HIGH or abs(one.x - other.x) >= WIDE + BESIDE - 0.01
    for way in arrows:
        if where[way.start].row < max(place.row for place in boxes):
            assert where[way.end].row <= where[way.start].row + 1 or where[way.start].row > 0


def big(scenes: int) -> Script:
    forks = "".join(
        f'[[nodes]]\nkind="decide"\nid="n{n}"\ntitle="場面{n}"\nsay="はい"\n'
        + "".join(
            f'[[nodes.branches]]\nlabel="枝{k}"\nto="n{min(scenes, n * 3 + k)}"\n'
            for k in (1, 2, 3)
        )
        + f'[nodes.otherwise]\nlabel="それ以外"\nto="n{scenes}"\n'
        for n in range(scenes)
    )
    return read(forks + f'[[nodes]]\nkind="end"\nid="n{scenes}"\ntitle="結び"\nsay="はい"\n')


def test_it_is_proper_svg_and_says_what_is_new() -> None:
    old = read(PLAIN)
    new = read(PLAIN.replace("お名前とお電話番号を", "<b>&ご芳名"))
    told = draw(new, title="図<1>", kinds={"ask": "聞く"}, old=old, lines={"who": 2})
    tree = ElementTree.fromstring(str(told))
    scenes = [each for each in tree.iter() if "scene" in each.get("class", "").split()]
    assert len(scenes) == 4
    assert {each.get("data-node") for each in scenes if "changed" in each.get("class", "")} == {
        "who"
    }
    assert "≠" in "".join(tree.itertext())
    assert "style=" not in str(told)
    assert scenes[0].get("data-line") == "2"


def test_two_hundred_scenes_are_drawn_in_no_time() -> None:
    script = big(199)
    began = time.perf_counter()
    told = draw(script, title="図", kinds={})
    assert len(re.findall(r'class="scene ', str(told))) == 200
    assert time.perf_counter() - began < 2  # some 20 ms; a square law would show
