"""What the caller says on a walk, for a synthesised voice. Pure."""

from denwaban.scripts import walk
from denwaban.scripts.model import OTHERWISE, Decide, Field, Fork, Script
from denwaban.scripts.phrases import bare
from denwaban.scripts.rehearsal import Walk


def spoken(script: Script, one: Walk) -> tuple[str, ...]:
    """What the caller says, turn by turn: first why they call, then at each node what is answered and decided there."""
    lines = [one.caller] if bare(one.caller) else []
    for step in one.path:
        node = script.node(step.node)
        said = [
            f"{_aloud(field, one.answers[field.id])}です。"
            for field in node.ask
            if bare(one.answers.get(field.id, ""))
        ]
        if isinstance(node, Fork) and step.choice not in ("", walk.JUMPED):
            branch = (
                node.otherwise if step.choice == OTHERWISE else node.branches[int(step.choice) - 1]
            )
            # A hand-over is answered by whoever picks up, not by the caller.
            if branch is not None and isinstance(node, Decide) and bare(branch.label):
                said.append(f"{branch.label}、でお願いします。")
        if said:
            lines.append(" ".join(said))
    return (
        *(lines or ["もしもし、お願いいたします。"]),
        "ありがとうございました。失礼いたします。",
    )


_DIGITS = dict(
    zip("0123456789", "ゼロ イチ ニー サン ヨン ゴー ロク ナナ ハチ キュウ".split(), strict=True)
)


def _aloud(field: Field, value: str) -> str:
    if field.type == "phone":
        parts = ["".join(_DIGITS.get(one, "") for one in part) for part in value.split("-")]
        return "の、".join(part for part in parts if part) or value
    if field.type == "datetime" and len(value) == 16 and value[10] == "T":
        return f"{int(value[5:7])}月{int(value[8:10])}日の{int(value[11:13])}時{_minutes(value)}"
    return value


def _minutes(value: str) -> str:
    return f"{int(value[14:16])}分" if value[14:16] != "00" else ""
