"""The editor: the author's text, what lint says of it, the scene as operators see it, the drawing."""

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal
from denwaban.people import client
from denwaban.scripts.around import around_of
from denwaban.scripts.changes import compare
from denwaban.scripts.drafts import (
    Contradiction,
    Draft,
    Kept,
    asides_of,
    decide,
    delete_draft,
    draft_of,
    published_text,
    save_draft,
    text_of,
)
from denwaban.scripts.life import LONGEST_TEXT, NoSuchScript, ScriptError
from denwaban.scripts.lint import lint
from denwaban.scripts.model import Node, Script, ScriptInvalid
from denwaban.scripts.pages.common import (
    AUTHORS,
    broken,
    drawing,
    listed,
    names,
    told,
    told_as,
)
from denwaban.scripts.text import Source, parse
from denwaban.store import Store, Tx
from denwaban.web import _, fragment, not_here, page

Id = Annotated[str, msgspec.Meta(max_length=32)]


class Typed(msgspec.Struct, forbid_unknown_fields=True):
    """What stands in the editor, and the text that it was begun from (empty: from the published version)."""

    text: Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT * 2)]
    base: Id = ""


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """What stands in the editor, and where the cursor is."""

    text: Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT * 2)]
    line: int = 1


class Decided(msgspec.Struct):
    text: str = ""
    base: str = ""


class Seen(msgspec.Struct):
    base: str = ""


@get("/scripts/{script_id:str}/edit", guards=[AUTHORS])
async def show_editor(
    script_id: FromPath[str],
    store: NamedDependency[Store],
    line: FromQuery[int] = 1,
) -> Template:
    """The editor over the draft; without one, over what is published (a draft begins with the first change)."""

    def look(tx: Tx) -> dict[str, Any]:
        script = listed(tx, script_id)
        draft = draft_of(tx, script_id)
        asides = asides_of(tx, script_id)
        return {
            "script": script,
            "draft": draft,
            "text": draft.text if draft else published_text(tx, script_id) or "",
            "asides": asides,
            "names": names(tx, [draft.user_id if draft else None, *(a.user_id for a in asides)]),
        }

    found = await store.read(look)
    return page("scripts/editor.html", **found, line=max(1, line), words=_words())


def _words() -> dict[str, str]:
    """What the page's own program says."""
    return {
        "saved": _("保存しました"),
        "saving": _("保存しています…"),
        "unsaved": _("まだ保存していません"),
        "failed": _("保存できません。つながり次第、もう一度保存します"),
        "merged": _("ほかの方の変更と合わせて保存しました"),
        "clash": _("ほかの方が同じところを変えました。両方とも残っています"),
        "with": _("%(names)sも編集中", names="{names}"),
        "san": _("%(name)sさん", name="{name}"),
        "elsewhere": _("あなたの別の画面でも開いています"),
        "taken_in": _("%(name)sが保存しました。この画面にも取り込みました", name="{name}"),
        "joining": _("%(name)sが保存しました。あなたの文字と合わせます", name="{name}"),
        "somebody": _("ほかの方"),
        "gone": _("この下書きは、公開へ進んだか、消されました。ここの文字はこの画面に残っています"),
        "checked": _("確かめました"),
        "unchecked": _("確かめられませんでした"),
        "signed_out": _("サインインし直してください。書いた文字はこの画面に残っています"),
    }


@put("/scripts/{script_id:str}/draft", guards=[AUTHORS], opt={"quiet": True})
async def put_draft(
    script_id: FromPath[str],
    data: JSONBody[Typed],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Response[Any]:
    """Keeps what was typed. 200 {draft, text, sent, merged}; 409 {aside} when another author changed the same place."""
    try:
        done = await store.write(
            lambda tx: save_draft(tx, script_id, data.text, data.base or None, who.user_id)
        )
    except NoSuchScript as error:
        raise not_here() from error
    except ScriptError as error:
        return told_as(422, problem=_(str(error)))
    if isinstance(done, Contradiction):
        return told_as(409, aside=done.aside.id)
    told_text = {"text": done.draft.text} if done.merged else {}
    return told_as(200, draft=done.draft.id, sent=done.sent_id, merged=done.merged, **told_text)


@post("/scripts/{script_id:str}/check", guards=[AUTHORS], status_code=200, opt={"quiet": True})
async def post_check(
    script_id: FromPath[str], data: JSONBody[Asked], store: NamedDependency[Store]
) -> Response[Any]:
    """What lint says, the scene at the cursor, and the drawing, as pieces of HTML. A text that is no script yet has
    findings only."""

    def look(tx: Tx) -> dict[str, Any]:
        owner = listed(tx, script_id)
        try:
            script, source = parse(data.text)
        except ScriptInvalid as error:
            return {"broken": error, "script": None}
        found = lint(script, around_of(tx, owner.client_id, owner.id), source)
        first_words = client(tx, owner.client_id)
        return {
            "found": found,
            "script": script,
            "source": source,
            "greeting": first_words.greeting if first_words else "",
            "name": owner.name,
        }

    seen = await store.read(look)
    script: Script | None = seen["script"]
    # The reader's language is known here, not inside the transaction.
    found = told(seen["found"]) if script is not None else broken(seen["broken"])
    answer: dict[str, Any] = {
        "findings": fragment("scripts/findings.html", findings=found),
        "errors": sum(each["level"] == "error" for each in found),
        "warnings": sum(each["level"] == "warning" for each in found),
        "lines": [[each["line"], each["level"]] for each in found if each["line"]],
    }
    if script is not None:
        node = node_at(script, seen["source"], data.line)
        answer["scenes"] = [
            line
            for place in range(len(script.nodes))
            if (line := seen["source"].line(("nodes", place))) is not None
        ]
        answer["preview"] = fragment(
            "scripts/preview.html",
            node=node,
            first=node is script.first,
            greeting=seen["greeting"],
            titles={each.id: each.title for each in script.nodes},
        )
        answer["node"] = node.id
        title = _("台本「%(name)s」の図", name=seen["name"])
        answer["drawing"] = str(drawing(script, title, seen["source"]))
    return told_as(200, **answer)


def node_at(script: Script, source: Source, line: int) -> Node:
    """The scene that the line belongs to; the first one above all scenes."""
    found = script.first
    for place, node in enumerate(script.nodes):
        begins = source.line(("nodes", place))
        if begins is not None and begins <= line:
            found = node
    return found


@post("/scripts/{script_id:str}/draft/delete", guards=[AUTHORS])
async def post_delete(
    script_id: FromPath[str], data: URLEncodedBody[Seen], store: NamedDependency[Store]
) -> Template | Redirect:
    try:
        stays = await store.write(lambda tx: delete_draft(tx, script_id, data.base))
    except NoSuchScript as error:
        raise not_here() from error
    except ScriptError:
        return Redirect(f"/scripts/{script_id}/edit", status_code=303)
    return Redirect(f"/scripts/{script_id}" if stays else "/scripts", status_code=303)


@get("/scripts/{script_id:str}/clash/{aside_id:str}", guards=[AUTHORS])
async def show_clash(
    script_id: FromPath[str], aside_id: FromPath[str], store: NamedDependency[Store]
) -> Template:
    """Two texts that contradict each other, side by side, and the choice."""

    def look(tx: Tx) -> dict[str, Any]:
        script = listed(tx, script_id)
        aside = text_of(tx, script_id, aside_id)
        if aside is None:
            raise not_here()
        draft = draft_of(tx, script_id) or Draft(
            "", published_text(tx, script_id) or "", None, tx.now
        )
        return {
            "script": script,
            "aside": aside,
            "draft": draft,
            "names": names(tx, [aside.user_id, draft.user_id]),
        }

    found = await store.read(look)
    return page(
        "scripts/clash.html", **found, rows=compare(found["draft"].text, found["aside"].text)
    )


@post("/scripts/{script_id:str}/clash/{aside_id:str}", guards=[AUTHORS])
async def post_clash(
    script_id: FromPath[str],
    aside_id: FromPath[str],
    data: URLEncodedBody[Decided],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Redirect:
    """Ends it with the text that was chosen or written; both stay among what is kept."""
    try:
        done: Kept | Contradiction = await store.write(
            lambda tx: decide(tx, script_id, aside_id, data.text, data.base or None, who.user_id)
        )
    except (NoSuchScript, ScriptError) as error:
        raise not_here() from error
    if isinstance(done, Contradiction):
        return Redirect(f"/scripts/{script_id}/clash/{done.aside.id}", status_code=303)
    return Redirect(f"/scripts/{script_id}/edit", status_code=303)


routes = [show_editor, put_draft, post_check, post_delete, show_clash, post_clash]
