"""What these pages share."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from litestar import Response
from markupsafe import Markup

from denwaban.access import Role, user
from denwaban.clock import JST
from denwaban.scripts.drawing import draw
from denwaban.scripts.lint import Finding
from denwaban.scripts.model import Script, ScriptInvalid
from denwaban.scripts.queries import Listed, script_listed
from denwaban.scripts.text import Source
from denwaban.scripts.words import kind_words
from denwaban.store import Tx
from denwaban.web import _, needs, not_here

AUTHORS = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)


def listed(tx: Tx, script_id: str) -> Listed:
    """The script, or a `Problem` 404."""
    found = script_listed(tx, script_id)
    if found is None:
        raise not_here()
    return found


def names(tx: Tx, ids: Sequence[str | None]) -> dict[str, str]:
    """Names of accounts."""
    found = {one: user(tx, one) for one in set(ids) if one}
    return {key: one.name for key, one in found.items() if one is not None}


def drawing(
    script: Script, title: str, source: Source | None = None, old: Script | None = None
) -> Markup:
    """The script as a picture; with `source` its scenes know their lines."""
    lines = {}
    if source is not None:
        for place, node in enumerate(script.nodes):
            if (line := source.line(("nodes", place))) is not None:
                lines[node.id] = line
    return draw(script, title=title, kinds=kind_words(), lines=lines, old=old)


def told(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings in the reader's language."""
    shown = []
    for one in findings:
        message, why, mend = one.tell(_) if one.msgid else (one.message, one.why, one.mend)
        shown.append(
            {
                "level": one.level,
                "line": one.line,
                "node": one.node,
                "key": one.key,
                "message": message,
                "why": why,
                "mend": mend,
            }
        )
    return shown


def broken(error: ScriptInvalid) -> list[dict[str, Any]]:
    """What keeps a text from being a script, in the form of findings."""
    return [
        {
            "level": "error",
            "line": problem.line,
            "node": None,
            "key": "broken",
            "message": message,
            "why": "",
            "mend": expected,
        }
        for problem in error.problems
        for message, expected in [problem.tell(_)]
    ]


def told_as(status: int, **what: Any) -> Response[dict[str, Any]]:
    """An answer for a page's own program."""
    return Response(what, status_code=status, headers={"Cache-Control": "no-store"})


def moment_of(text: str) -> datetime | None:
    """The moment of an `<input type="datetime-local">`, as told in Tokyo; None when empty. Raises ValueError."""
    if not text.strip():
        return None
    at = datetime.fromisoformat(text.strip())
    if not 2000 <= at.year <= 2999:
        raise ValueError("year")
    return at if at.tzinfo is not None else at.replace(tzinfo=JST)
