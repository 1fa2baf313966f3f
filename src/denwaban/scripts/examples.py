"""Runs the author's own examples: a caller says this, the call comes through there, the report says that. Pure."""

from collections.abc import Iterable

from denwaban.scripts import walk
from denwaban.scripts.model import OTHERWISE, End, Example, Field, Fork, Node, Script, Step, ways
from denwaban.scripts.phrases import bare


def run(script: Script, example: Example) -> list[str]:
    """What does not come out as the example says, as Japanese sentences; empty when all does."""
    path = walk.begin(script, regular=example.regular)
    answers: dict[str, str] = {}
    for number, step in enumerate(example.steps, 1):
        node = script.node(path[-1].node)
        if node.id != step.at:
            return [f"手順 {number} は「{step.at}」のはずですが、「{node.id}」にいます。"]
        if wrong := _wrong_answers(node, step):
            return [f"手順 {number}: {one}" for one in wrong]
        answers |= step.answer
        if isinstance(node, End):
            if number < len(example.steps):
                return [f"手順 {number} の「{node.id}」で終わり、先の手順に進めません。"]
            break
        try:
            path = walk.forward(script, path, choice_of(node, step.choice))
        except walk.NoSuchWay:
            told = "、".join(_choices(node))
            return [f"手順 {number}: 「{node.id}」に「{step.choice}」はありません({told})。"]
    return [*_outcome(script, example, path, answers)]


def _wrong_answers(node: Node, step: Step) -> Iterable[str]:
    asked = {answer: field for field in node.ask for answer in field.answers}
    found = []
    for name, value in step.answer.items():
        field = asked.get(name)
        if field is None:
            found.append(f"「{node.id}」では「{name}」を聞きません。")
        elif field.type == "choice" and value not in field.choices:
            found.append(f"「{field.label}」の選択肢に「{value}」はありません。")
    return found


def choice_of(node: Node, choice: str) -> str:
    """`next` and digits as they are; the label of a branch as its digit."""
    if isinstance(node, Fork):
        for digit, branch in enumerate(node.branches, 1):
            if bare(branch.label) == bare(choice):
                return str(digit)
        if node.otherwise is not None and bare(node.otherwise.label) == bare(choice):
            return OTHERWISE
    return choice


def _choices(node: Node) -> list[str]:
    if isinstance(node, Fork):
        return [branch.label for branch in (*node.branches, node.otherwise) if branch]
    return list(ways(node))


def _outcome(
    script: Script, example: Example, path: walk.Path, answers: dict[str, str]
) -> Iterable[str]:
    last = script.node(path[-1].node)
    if not isinstance(last, End):
        yield f"「{last.id}」で止まり、終わりまで進んでいません。"
    for field in walk.missing(script, path, answers):
        yield f"必須の「{field.label}」を聞いていません。"
    for phrase in walk.unsaid(script, path):
        yield f"必ず言う「{phrase}」を言っていません。"
    walked = iter([step.node for step in path])
    for name in example.expect:
        # `in` takes from the iterator as far as the name: what is expected next must come after it.
        if name not in walked:
            yield f"「{name}」を、この順には通りません。"
            break
    report = bare("\n".join(account(script, path, answers)))
    for words in example.report:
        if bare(words) not in report:
            yield f"報告に「{words}」がありません。"


def account(script: Script, path: walk.Path, answers: dict[str, str]) -> list[str]:
    """What the report will be made of: answers under their labels, branches taken, promises, what was done."""
    lines = [
        f"{field.label}: {answers[answer]}"
        for node in walk.walked(script, path)
        for field in node.ask
        for answer in _answered(field, answers)
    ]
    lines += [branch.label for branch in walk.chosen(script, path)]
    for node in walk.walked(script, path):
        lines += [text for text in (getattr(node, "what", ""), getattr(node, "done", "")) if text]
    return [*lines, walk.urgency(script, path)]


def _answered(field: Field, answers: dict[str, str]) -> list[str]:
    return [answer for answer in field.answers if answers.get(answer, "").strip()]
