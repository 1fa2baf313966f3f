"""What a finished run says about its script. Pure."""

from denwaban.scripts import EVASIVE, OTHERWISE, Decide, Fork, RunView, says
from denwaban.texts import NOT_ASKED


def otherwise_words(run: RunView) -> list[tuple[str, str]]:
    """(fork, answer) where それ以外 was chosen and words were written down until the next fork, or at the fork itself."""
    found = []
    for place, step in enumerate(run.path):
        node = run.script.node(step.node)
        if not isinstance(node, Decide) or step.choice != OTHERWISE:
            continue
        asked = list(node.ask)
        for later in run.path[place + 1 :]:
            then = run.script.node(later.node)
            asked += then.ask
            if isinstance(then, Fork):
                break
        texts = [
            f.id
            for f in asked
            if f.type == "text"
            and f.purpose in ("", "what_for", "note")
            and run.value(f.id).strip() not in ("", NOT_ASKED)
        ]
        # What the call was about says more than the rest.
        texts.sort(key=lambda name: _purpose(run, name) != "what_for")
        if texts:
            found.append((node.id, texts[0]))
    return found


def _purpose(run: RunView, name: str) -> str:
    field = run.script.field(name)
    return field.purpose if field is not None else ""


def operators_own(run: RunView, name: str) -> bool:
    """Whether operators write here what they did and told; what callers said is theirs to say as they like."""
    return name in ("report.done", "report.note") or _purpose(run, name) == "note"


def evasive_phrases(run: RunView, text: str) -> list[str]:
    """Words of `text` that put off or that the script forbids."""
    found = [match[0] for match in EVASIVE.finditer(text)]
    found += [one.words for one in run.script.head.forbidden if says(text, one.words)]
    return list(dict.fromkeys(found))
