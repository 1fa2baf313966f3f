"""The drawing of a script: scenes in rows by how many steps a call takes to reach them. Pure; makes SVG."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from denwaban.scripts.model import Fork, Node, Script, ways

Mark = Literal["", "added", "removed", "changed"]

WIDE, HIGH = 176, 58
BESIDE, BELOW = 28, 54
EDGE = 24
SIGNS: Mapping[str, str] = {"": "", "added": "+", "removed": "−", "changed": "≠"}
A_LINE = 12
"""Characters of a title on one of its two lines."""


@dataclass(frozen=True, slots=True)
class Way:
    """An arrow."""

    start: str
    end: str
    key: str
    """The digit to press; empty where there is one way only."""
    mark: Mark = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scene is drawn: its upper left corner, in pixels."""

    x: float
    y: float
    row: int


def places(start: list[str], names: list[str], arrows: list[Way]) -> dict[str, Place]:
    """Rows by the fewest steps from `start`, each ordered so that arrows cross little; what cannot be reached stands in
    a last row."""
    onward: dict[str, list[str]] = {name: [] for name in names}
    back: dict[str, list[str]] = {name: [] for name in names}
    for way in arrows:
        if way.start in onward and way.end in onward:
            onward[way.start].append(way.end)
            back[way.end].append(way.start)
    depth = {name: 0 for name in start if name in onward}
    queue = deque(depth)
    while queue:
        name = queue.popleft()
        for target in onward[name]:
            if target not in depth:
                depth[target] = depth[name] + 1
                queue.append(target)
    last = max(depth.values(), default=-1) + 1
    rows: list[list[str]] = [[] for _ in range(last + 1)]
    for name in names:
        rows[depth.get(name, last)].append(name)
    order = {name: float(at) for row in rows for at, name in enumerate(row)}
    for row in rows[1:]:
        # Each under the middle of those that lead to it.
        above = {
            name: [
                order[each] for each in back[name] if depth.get(each, last) < depth.get(name, last)
            ]
            for name in row
        }
        row.sort(key=lambda name: sum(above[name]) / len(above[name]) if above[name] else 1e9)
        middle = [sum(above[name]) / len(above[name]) for name in row if above[name]]
        offset = (sum(middle) / len(middle) if middle else 0) - (len(row) - 1) / 2
        for at, name in enumerate(row):
            order[name] = at + offset
    left = min(order.values(), default=0)
    return {
        name: Place(
            EDGE + (order[name] - left) * (WIDE + BESIDE),
            EDGE + at * (HIGH + BELOW),
            at,
        )
        for at, row in enumerate([row for row in rows if row])
        for name in row
    }


def draw(
    script: Script,
    *,
    title: str,
    kinds: Mapping[str, str],
    lines: Mapping[str, int] | None = None,
    old: Script | None = None,
    notes: Mapping[str, str] | None = None,
) -> Markup:
    """The script as SVG. `kinds` are the words for the kinds of scenes; `lines` where each stands in the text. With `old`
    both are drawn in one, and what came, went or changed is marked by colour and sign. `notes` are a few characters on a
    scene, figures of its use."""
    nodes = {node.id: node for node in script.nodes}
    marks: dict[str, Mark] = {}
    arrows = _arrows(script)
    if old is not None:
        before = {node.id: node for node in old.nodes}
        marks = {
            **{name: "added" for name in nodes if name not in before},
            **{name: "removed" for name in before if name not in nodes},
            **{name: "changed" for name in nodes if name in before and nodes[name] != before[name]},
        }
        was, now = set(_arrows(old)), set(arrows)
        arrows = [Way(a.start, a.end, a.key, "" if a in was else "added") for a in arrows]
        arrows += [Way(a.start, a.end, a.key, "removed") for a in sorted(was - now, key=_sorting)]
        nodes |= {name: node for name, node in before.items() if name not in nodes}
    start = [script.first.id, *([script.head.regular] if script.head.regular else [])]
    where = places(start, list(nodes), arrows)
    wide = max((place.x for place in where.values()), default=0) + WIDE + EDGE * 2
    high = max((place.y for place in where.values()), default=0) + HIGH + EDGE
    drawn = [way for way in arrows if way.start in where and way.end in where]
    leaving: dict[str, list[str]] = {}
    for way in drawn:
        leaving.setdefault(way.start, []).append(way.key)
    body = [_arrow(way, where, sorted(set(leaving[way.start]), key=_digit)) for way in drawn]
    body += [
        _box(
            node,
            where[name],
            marks.get(name, ""),
            kinds,
            (lines or {}).get(name),
            (notes or {}).get(name, ""),
        )
        for name, node in nodes.items()
    ]
    frame = Markup(
        '<svg class="drawing" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" '
        'role="img" aria-label="{title}"><defs><marker id="drawing-tip" viewBox="0 0 8 8" refX="7" refY="4" '
        'markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z"/></marker></defs>{body}</svg>'
    )
    return frame.format(w=round(wide), h=round(high), title=title, body=Markup("").join(body))


def _sorting(way: Way) -> tuple[str, str, str]:
    return way.start, way.key, way.end


def _arrows(script: Script) -> list[Way]:
    return [
        Way(node.id, target, key if isinstance(node, Fork) else "")
        for node in script.nodes
        for key, target in ways(node).items()
    ]


def _box(
    node: Node, at: Place, mark: Mark, kinds: Mapping[str, str], line: int | None, note: str
) -> Markup:
    kind = str(node.__struct_config__.tag)
    rows = [node.title[:A_LINE], node.title[A_LINE:]]
    if len(rows[1]) > A_LINE:
        rows[1] = rows[1][: A_LINE - 1] + "…"
    rows = [row for row in rows if row]
    top = at.y + (40 if len(rows) == 1 else 34)
    texts = Markup("").join(
        Markup('<text class="title" x="{}" y="{}">{}</text>').format(
            round(at.x + WIDE / 2), round(top + 15 * n), row
        )
        for n, row in enumerate(rows)
    )
    where = Markup(' data-line="{}"').format(line) if line is not None else Markup("")
    sign = (
        Markup('<text class="sign" x="{}" y="{}">{}</text>').format(
            round(at.x + WIDE - 14), round(at.y + 17), SIGNS[mark]
        )
        if mark
        else Markup("")
    )
    if note:
        texts += Markup('<text class="note" x="{}" y="{}">{}</text>').format(
            round(at.x + WIDE - 8), round(at.y + 17), note
        )
    return Markup(
        '<g class="scene {kind} {urgency} {mark}" data-node="{id}"{where}><title>{title}</title>'
        '<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="7"/>'
        '<text class="kind" x="{kx}" y="{ky}">{word}</text>{sign}{texts}</g>'
    ).format(
        kind=kind,
        urgency=node.urgency,
        mark=mark,
        id=node.id,
        where=where,
        title=f"{node.title}: {node.say}" if node.say else node.title,
        x=round(at.x),
        y=round(at.y),
        w=WIDE,
        h=HIGH,
        kx=round(at.x + 9),
        ky=round(at.y + 17),
        word=kinds.get(kind, kind),
        sign=sign,
        texts=texts,
    )


def _digit(key: str) -> int:
    """In the order of the keys on the screen: 0 (それ以外) comes last."""
    return (int(key or "1") - 1) % 10


def _arrow(way: Way, where: Mapping[str, Place], keys: list[str]) -> Markup:
    """`keys` are those of all arrows from the same scene: their starts are spread."""
    a, b = where[way.start], where[way.end]
    x1, y1 = a.x + WIDE / 2 + (keys.index(way.key) - (len(keys) - 1) / 2) * 17, a.y + HIGH
    label = (x1 - 6, y1 + 14)
    if b.row > a.row:
        x2, y2 = b.x + WIDE / 2, b.y - 2
        bend = max(28, (y2 - y1) / 2)
        path = f"M{x1:.0f} {y1:.0f}C{x1:.0f} {y1 + bend:.0f} {x2:.0f} {y2 - bend:.0f} {x2:.0f} {y2:.0f}"
    elif b.row == a.row:
        # Under the row, to the neighbour's foot.
        x2, y2 = b.x + WIDE / 2 + (-24 if b.x > a.x else 24), b.y + HIGH + 2
        path = f"M{x1:.0f} {y1:.0f}C{x1:.0f} {y1 + 40:.0f} {x2:.0f} {y2 + 40:.0f} {x2:.0f} {y2:.0f}"
    else:
        # Back up, around the right edge.
        x1, y1, x2, y2 = a.x + WIDE, a.y + HIGH / 2, b.x + WIDE + 2, b.y + HIGH / 2
        out = max(x1, x2) + 30
        path = f"M{x1:.0f} {y1:.0f}C{out:.0f} {y1:.0f} {out:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"
        label = (x1 + 10, y1 - 5)
    text = (
        Markup('<text x="{}" y="{}">{}</text>').format(round(label[0]), round(label[1]), way.key)
        if way.key
        else Markup("")
    )
    return Markup('<g class="way {}"><path d="{}" marker-end="url(#drawing-tip)"/>{}</g>').format(
        way.mark, path, text
    )
