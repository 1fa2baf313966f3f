"""From a draft to what calls follow: the form with reason and background, and what may be done with a version."""

from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal
from denwaban.scripts import authoring
from denwaban.scripts.changes import changes
from denwaban.scripts.drafts import draft_of
from denwaban.scripts.life import (
    HasErrors,
    NeedsReasons,
    NoSuchScript,
    ScriptError,
    Version,
)
from denwaban.scripts.model import ScriptInvalid
from denwaban.scripts.pages.common import AUTHORS, broken, listed, moment_of, told
from denwaban.scripts.settings import settings_of
from denwaban.scripts.versions import document_of, version
from denwaban.scripts.words import change_words, part_words
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, not_here, page


class PublishForm(msgspec.Struct):
    draft: str = ""
    reason: str = ""
    background: str = ""
    when: str = "now"
    """now | later | review: only ask, do not publish yet"""
    at: str = ""


class WhenForm(msgspec.Struct):
    at: str = ""


class ReasonForm(msgspec.Struct):
    reason: str = ""


async def _form_page(
    store: Store,
    script_id: str,
    form: PublishForm | None = None,
    error: str = "",
    given: dict[str, str] | None = None,
) -> Template:
    def look(tx: Tx) -> dict[str, Any]:
        script = listed(tx, script_id)
        draft = draft_of(tx, script_id)
        found: dict[str, Any] = {
            "script": script,
            "draft": draft,
            "settings": settings_of(tx, script.client_id),
            "findings": [],
            "broken": None,
            "changes": [],
        }
        if draft is None:
            return found
        try:
            document, said = authoring.findings(tx, script_id, draft.text)
        except ScriptInvalid as broken_off:
            return {**found, "broken": broken_off}
        found["findings"] = said
        if script.version_id is not None:
            found["changes"] = changes(document_of(tx, script.version_id)[0], document)
        return found

    found = await store.read(look)
    # The reader's language is known here, not inside the transaction.
    said, broken_off = found.pop("findings"), found.pop("broken")
    return page(
        "scripts/publish.html",
        findings=broken(broken_off) if broken_off is not None else told(said),
        status=422 if error else 200,
        **found,
        form=form or PublishForm(),
        error=error,
        given=given or {},
        change_words=change_words(),
        part_words=part_words(),
    )


@get("/scripts/{script_id:str}/publish", guards=[AUTHORS])
async def show_publish(script_id: FromPath[str], store: NamedDependency[Store]) -> Template:
    return await _form_page(store, script_id)


@post("/scripts/{script_id:str}/publish", guards=[AUTHORS])
async def post_publish(
    request: Request[Any, Any, Any],
    script_id: FromPath[str],
    data: URLEncodedBody[PublishForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """Submits the draft; publishes it too, now or at a date, when nobody has to approve it."""
    form = await request.form()
    given = {
        key.removeprefix("why-"): value
        for key, value in form.items()
        if key.startswith("why-") and isinstance(value, str)
    }

    def act(tx: Tx) -> Version:
        made = authoring.submit(
            tx,
            script_id,
            data.draft,
            reason=data.reason,
            background=data.background,
            warnings=given,
            user_id=who.user_id,
        )
        if made.approval or data.when == "review":
            return made
        at = _at(data.at) if data.when == "later" else None
        return authoring.release(tx, made.id, who.user_id, at)

    try:
        await store.write(act)
    except NoSuchScript as error:
        raise not_here() from error
    except (HasErrors, NeedsReasons, ScriptError) as error:
        return await _form_page(store, script_id, data, _(str(error)), given)
    except ScriptInvalid:
        told_off = _("直すところが残っているため、公開できません")
        return await _form_page(store, script_id, data, told_off, given)
    return Redirect(f"/scripts/{script_id}", status_code=303)


def _at(text: str) -> Any:
    try:
        at = moment_of(text)
    except ValueError as error:
        raise ScriptError("公開の日時を確かめてください") from error
    if at is None:
        raise ScriptError("公開の日時を入れてください")
    return at


async def _act(store: Store, version_id: str, act: Any) -> Redirect:
    """Does something with a version and goes back to its script."""

    def do(tx: Tx) -> str:
        script_id = version(tx, version_id).script_id
        act(tx)
        return script_id

    try:
        script_id = await store.write(do)
    except NoSuchScript as error:
        raise not_here() from error
    except ScriptError as error:
        raise Problem(
            409, _(str(error)), _("画面を読み込み直してから、もう一度お試しください。")
        ) from error
    return Redirect(f"/scripts/{script_id}", status_code=303)


@post("/scripts/versions/{version_id:str}/release", guards=[AUTHORS])
async def post_release(
    version_id: FromPath[str],
    data: URLEncodedBody[WhenForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Redirect:
    """Publishes an approved version, now or at a date."""

    def act(tx: Tx) -> None:
        authoring.release(tx, version_id, who.user_id, _at(data.at) if data.at.strip() else None)

    return await _act(store, version_id, act)


@post("/scripts/versions/{version_id:str}/withdraw", guards=[AUTHORS])
async def post_withdraw(
    version_id: FromPath[str], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Redirect:
    return await _act(store, version_id, lambda tx: authoring.withdraw(tx, version_id, who.user_id))


@post("/scripts/versions/{version_id:str}/roll-back", guards=[AUTHORS])
async def post_roll_back(
    version_id: FromPath[str],
    data: URLEncodedBody[ReasonForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Redirect:
    """One step back: the earlier words are published again, at once."""
    return await _act(
        store,
        version_id,
        lambda tx: authoring.roll_back(tx, version_id, who.user_id, data.reason),
    )


routes = [show_publish, post_publish, post_release, post_withdraw, post_roll_back]
