"""What authors write, and what lint says of it."""

from typing import Any

from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from denwaban.access import Principal
from denwaban.scripts.api.shapes import (
    AUTHORS,
    DraftIn,
    DraftOut,
    FindingOut,
    LintIn,
    LintOut,
    Tag,
    theirs,
)
from denwaban.scripts.around import around_of
from denwaban.scripts.drafts import (
    Contradiction,
    Draft,
    draft_of,
    save_draft,
)
from denwaban.scripts.life import (
    ScriptError,
)
from denwaban.scripts.lint import Finding, lint
from denwaban.scripts.model import Problem as Broken
from denwaban.scripts.model import ScriptInvalid
from denwaban.scripts.text import parse
from denwaban.scripts.versions import document_of
from denwaban.store import Store, Tx
from denwaban.web import Problem, _
from denwaban.web.api import (
    IdText,
    missing,
    refused,
)
from denwaban.web.errors import known


def _draft(draft: Draft, merged: bool = False) -> Response[DraftOut]:
    headers = {"ETag": f'"{draft.id}"', "Cache-Control": "no-store"}
    return Response(DraftOut(draft.id, draft.text, merged), headers=headers)


@get("/scripts/{script_id:str}/draft", guards=[AUTHORS], operation_id="getDraft", tags=["scripts"])
async def get_draft(
    script_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Response[DraftOut]:
    """What the authors have now, with its ETag. 404 when nobody is writing."""

    def look(tx: Tx) -> Draft | None:
        theirs(tx, who, script_id)
        return draft_of(tx, script_id)

    found = await store.read(look)
    if found is None:
        raise missing()
    return _draft(found)


@put("/scripts/{script_id:str}/draft", guards=[AUTHORS], operation_id="putDraft", tags=["scripts"])
async def put_draft(
    script_id: FromPath[IdText],
    data: JSONBody[DraftIn],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    if_match: Tag = None,
) -> Response[DraftOut]:
    """Keeps a text that was begun from the draft `If-Match` names (none: from the published version). What another author
    wrote meanwhile is merged by lines; 409 when it contradicts, and then both texts are kept for people to decide."""
    base = if_match.strip().removeprefix("W/").strip('"') if if_match else None

    def save(tx: Tx) -> Any:
        theirs(tx, who, script_id)
        return save_draft(tx, script_id, data.text, base, who.user_id)

    try:
        done = await store.write(save)
    except ScriptError as error:
        raise refused("text", _(str(error))) from error
    if isinstance(done, Contradiction):
        raise Problem(
            409,
            *known(409),
            errors=[("text", _("ほかの方が同じところを変えました。両方とも残っています"))],
        )
    return _draft(done.draft, done.merged)


@post(
    "/scripts/{script_id:str}/lint",
    guards=[AUTHORS],
    operation_id="lintScript",
    tags=["scripts"],
    status_code=200,
)
async def post_lint(
    script_id: FromPath[IdText],
    data: JSONBody[LintIn],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> LintOut:
    """What is to be mended, with lines. A text that is no script yet is told as errors, too."""

    def look(tx: Tx) -> list[Finding] | ScriptInvalid:
        owner = theirs(tx, who, script_id)
        text = data.text
        if text is None:
            draft = draft_of(tx, script_id)
            text = draft.text if draft else None
        if text is None and owner.version_id is not None:
            text = document_of(tx, owner.version_id)[1]
        try:
            script, source = parse(text or "")
        except ScriptInvalid as error:
            return error
        return lint(script, around_of(tx, owner.client_id, script_id), source)

    found = await store.read(look)
    if isinstance(found, ScriptInvalid):
        return LintOut([_broken(problem) for problem in found.problems])
    return LintOut([_finding(one) for one in found])


# The reader's language is known outside of the transaction only.
def _broken(problem: Broken) -> FindingOut:
    message, expected = problem.tell(_)
    return FindingOut("broken", "broken", "error", problem.line, None, message, "", expected)


def _finding(one: Finding) -> FindingOut:
    message, why, mend = one.tell(_)
    return FindingOut(one.key, one.rule, one.level, one.line, one.node, message, why, mend)


routes = [get_draft, put_draft, post_lint]
