"""Publishing, and what was published."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from denwaban.access import Principal
from denwaban.scripts import authoring
from denwaban.scripts.api.shapes import (
    AUTHORS,
    EVERYONE,
    PublishIn,
    VersionOut,
    WholeVersion,
    theirs,
    version_out,
    visible,
)
from denwaban.scripts.life import (
    HasErrors,
    NeedsReasons,
    NoSuchScript,
    ScriptError,
    Version,
)
from denwaban.scripts.model import ScriptInvalid
from denwaban.scripts.versions import document_of, version, versions_of
from denwaban.store import Store, Tx
from denwaban.web import Problem, _
from denwaban.web.api import (
    IdText,
    missing,
    refused,
)
from denwaban.web.errors import known


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
        theirs(tx, who, script_id)
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
        return VersionOut(**version_out(await store.write(act)))
    except (HasErrors, NeedsReasons) as error:
        raise Problem(
            422, *known(422), errors=[(one.key, one.message) for one in error.findings]
        ) from error
    except ScriptInvalid as error:
        raise Problem(
            422, *known(422), errors=[("draft", one.tell(_)[0]) for one in error.problems]
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
        theirs(tx, who, script_id)
        return versions_of(tx, script_id)

    found = await store.read(look)
    return [VersionOut(**version_out(one)) for one in found if visible(who, one)]


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
        theirs(tx, who, found.script_id)
        if not visible(who, found):
            raise missing()
        return found, document_of(tx, version_id)[1]

    try:
        found, text = await store.read(look)
    except NoSuchScript as error:
        raise missing() from error
    return WholeVersion(**version_out(found), text=text)


routes = [post_publish, get_versions, get_version]
