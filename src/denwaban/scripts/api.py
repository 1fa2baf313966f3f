"""Scripts as JSON, under /api/v1: read by everybody who may see the client, written by supervisors and administrators."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody

from denwaban.access import Principal, Role
from denwaban.people import client
from denwaban.scripts import authoring
from denwaban.scripts.around import around_of
from denwaban.scripts.drafts import (
    Contradiction,
    Draft,
    draft_of,
    new_script,
    save_draft,
)
from denwaban.scripts.life import (
    LONGEST_NOTE,
    LONGEST_TEXT,
    HasErrors,
    NeedsReasons,
    NoSuchScript,
    ScriptError,
    State,
    Version,
)
from denwaban.scripts.lint import lint
from denwaban.scripts.model import ScriptInvalid
from denwaban.scripts.queries import Listed, script_listed, scripts_page
from denwaban.scripts.text import parse
from denwaban.scripts.versions import document_of, version, versions_of
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, needs
from denwaban.web.api import (
    NO_NULL,
    NOT_BLANK,
    Cursor,
    IdText,
    Limit,
    Page,
    ShortText,
    decode_cursor,
    make_page,
    missing,
    needs_client,
    refused,
)
from denwaban.web.errors import known

EVERYONE = needs()
AUTHORS = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)

# Form feeds and the like are nobody's; tabs and line ends are.
Document = Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT, pattern=NO_NULL)]
Note = Annotated[str, msgspec.Meta(max_length=LONGEST_NOTE, pattern=NO_NULL)]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NOTE, pattern=NOT_BLANK)]
Tag = Annotated[str | None, HeaderParameter(name="If-Match", max_length=100)]


class ScriptOut(msgspec.Struct):
    """A script and where it stands. `draft`: the tag of what its authors have now; null: nobody is writing."""

    id: str
    client_id: str
    name: str
    version: int | None
    version_id: str | None
    published_at: datetime | None
    draft: str | None
    coming: State | None
    coming_id: str | None
    unread: int
    """Operators who have still to read the newest change."""


class ScriptIn(msgspec.Struct, forbid_unknown_fields=True):
    """A new script with its first draft (TOML)."""

    client_id: IdText
    name: ShortText
    text: Document


class DraftOut(msgspec.Struct):
    """A draft, exactly as it was written. `merged`: another author's changes are in it too."""

    draft: str
    text: str
    merged: bool = False


class DraftIn(msgspec.Struct, forbid_unknown_fields=True):
    text: Document


class FindingOut(msgspec.Struct):
    """One thing to mend. Errors keep a script from being published; a warning needs a reason, given by `key`."""

    key: str
    rule: str
    level: str
    line: int | None
    node: str | None
    message: str
    why: str
    mend: str


class LintIn(msgspec.Struct, forbid_unknown_fields=True):
    """A text to look at; without one the draft."""

    text: Document | None = None


class LintOut(msgspec.Struct):
    findings: list[FindingOut]


class PublishIn(msgspec.Struct, forbid_unknown_fields=True):
    """The draft that is to be published (its tag), why, and why each warning stays. `at`: when, if not at once."""

    draft: IdText
    reason: Reason
    background: Note = ""
    warnings: dict[str, Note] = {}
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class VersionOut(msgspec.Struct):
    """One version. It is `published` at once, at its date, or after the client has approved."""

    id: str
    version: int
    state: State
    reason: str
    background: str
    submitted_at: datetime | None
    publish_at: datetime | None
    published_at: datetime | None
    of_version: int | None


class WholeVersion(VersionOut):
    """One version with its words. Those of a published version never change."""

    text: str = ""


def _out(found: Listed) -> ScriptOut:
    return ScriptOut(
        found.id,
        found.client_id,
        found.name,
        found.version,
        found.version_id,
        found.published_at,
        found.draft_id,
        found.coming,
        found.coming_id,
        found.unread,
    )


def _version(found: Version) -> dict[str, Any]:
    return {
        "id": found.id,
        "version": found.number,
        "state": found.state,
        "reason": found.reason,
        "background": found.background,
        "submitted_at": found.submitted_at,
        "publish_at": found.publish_at,
        "published_at": found.published_at,
        "of_version": found.of_version,
    }


def _theirs(tx: Tx, who: Principal, script_id: str) -> Listed:
    found = script_listed(tx, script_id)
    if found is None:
        raise missing()
    needs_client(who, found.client_id)
    return found


def _visible(who: Principal, found: Version) -> bool:
    """A client's staff see what is or was in force and what waits for them, not what we took back."""
    return who.role is not Role.CLIENT or found.state is not State.WITHDRAWN


@get("/scripts", guards=[EVERYONE], operation_id="listScripts", tags=["scripts"])
async def get_scripts(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    client_id: FromQuery[IdText | None] = None,
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = 50,
) -> Page[ScriptOut]:
    """By client, then by name. A client's staff sees its own."""
    if client_id is not None:
        needs_client(who, client_id)
    place = decode_cursor(cursor, 3)
    after = (place[0], place[1], place[2]) if place is not None else None
    wanted = client_id or who.client_id
    found = await store.read(
        lambda tx: scripts_page(tx, client_id=wanted, after=after, limit=limit + 1)
    )
    return make_page(found, limit, _out, lambda one: one.place)


@get("/scripts/{script_id:str}", guards=[EVERYONE], operation_id="getScript", tags=["scripts"])
async def get_script(
    script_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> ScriptOut:
    return _out(await store.read(lambda tx: _theirs(tx, who, script_id)))


@post("/scripts", guards=[AUTHORS], operation_id="addScript", tags=["scripts"])
async def post_script(
    data: JSONBody[ScriptIn], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> ScriptOut:
    """A script with a draft; calls follow it when it is published and a plan names it."""

    def make(tx: Tx) -> Listed:
        if client(tx, data.client_id) is None:
            raise missing()
        made = new_script(tx, data.client_id, data.name, data.text, who.user_id)
        return _theirs(tx, who, made)

    try:
        return _out(await store.write(make))
    except ScriptError as error:
        raise refused("name", _(str(error))) from error


def _draft(draft: Draft, merged: bool = False) -> Response[DraftOut]:
    headers = {"ETag": f'"{draft.id}"', "Cache-Control": "no-store"}
    return Response(DraftOut(draft.id, draft.text, merged), headers=headers)


@get("/scripts/{script_id:str}/draft", guards=[AUTHORS], operation_id="getDraft", tags=["scripts"])
async def get_draft(
    script_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Response[DraftOut]:
    """What the authors have now, with its ETag. 404 when nobody is writing."""

    def look(tx: Tx) -> Draft | None:
        _theirs(tx, who, script_id)
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
        _theirs(tx, who, script_id)
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

    def look(tx: Tx) -> LintOut:
        owner = _theirs(tx, who, script_id)
        text = data.text
        if text is None:
            draft = draft_of(tx, script_id)
            text = draft.text if draft else None
        if text is None and owner.version_id is not None:
            text = document_of(tx, owner.version_id)[1]
        try:
            script, source = parse(text or "")
        except ScriptInvalid as error:
            return LintOut(
                [
                    FindingOut(
                        "broken", "broken", "error", one.line, None, one.message, "", one.expected
                    )
                    for one in error.problems
                ]
            )
        found = lint(script, around_of(tx, owner.client_id, script_id), source)
        return LintOut(
            [
                FindingOut(
                    one.key,
                    one.rule,
                    one.level,
                    one.line,
                    one.node,
                    one.message,
                    one.why,
                    one.mend,
                )
                for one in found
            ]
        )

    return await store.read(look)


@post(
    "/scripts/{script_id:str}/publish",
    guards=[AUTHORS],
    operation_id="publishScript",
    tags=["scripts"],
    status_code=200,
)
async def post_publish(
    script_id: FromPath[IdText],
    data: JSONBody[PublishIn],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> VersionOut:
    """Makes the draft a version and publishes it, at once or at a date; where the client approves first it stays in review.
    422 when errors are left or a warning has no reason; 409 when the draft is another by now."""

    def act(tx: Tx) -> Version:
        _theirs(tx, who, script_id)
        made = authoring.submit(
            tx,
            script_id,
            data.draft,
            reason=data.reason,
            background=data.background,
            warnings=data.warnings,
            user_id=who.user_id,
        )
        return made if made.approval else authoring.release(tx, made.id, who.user_id, data.at)

    try:
        return VersionOut(**_version(await store.write(act)))
    except (HasErrors, NeedsReasons) as error:
        raise Problem(
            422, *known(422), errors=[(one.key, one.message) for one in error.findings]
        ) from error
    except ScriptInvalid as error:
        raise Problem(
            422, *known(422), errors=[("draft", one.message) for one in error.problems]
        ) from error
    except ScriptError as error:
        raise refused("draft", _(str(error)), 409) from error


@get(
    "/scripts/{script_id:str}/versions",
    guards=[EVERYONE],
    operation_id="listVersions",
    tags=["scripts"],
)
async def get_versions(
    script_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> list[VersionOut]:
    """Newest first."""

    def look(tx: Tx) -> list[Version]:
        _theirs(tx, who, script_id)
        return versions_of(tx, script_id)

    found = await store.read(look)
    return [VersionOut(**_version(one)) for one in found if _visible(who, one)]


@get(
    "/scripts/versions/{version_id:str}",
    guards=[EVERYONE],
    operation_id="getVersion",
    tags=["scripts"],
)
async def get_version(
    version_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> WholeVersion:
    def look(tx: Tx) -> tuple[Version, str]:
        found = version(tx, version_id)
        _theirs(tx, who, found.script_id)
        if not _visible(who, found):
            raise missing()
        return found, document_of(tx, version_id)[1]

    try:
        found, text = await store.read(look)
    except NoSuchScript as error:
        raise missing() from error
    return WholeVersion(**_version(found), text=text)


routes = [
    get_scripts,
    get_script,
    post_script,
    get_draft,
    put_draft,
    post_lint,
    post_publish,
    get_versions,
    get_version,
]
