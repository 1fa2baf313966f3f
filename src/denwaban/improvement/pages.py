"""The week's proposals, marks, and figures of use: for those who write scripts; for the client's staff to read."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from markupsafe import Markup

from denwaban.access import Principal, Role, user
from denwaban.clock import JST, Clock
from denwaban.improvement.deciding import (
    LONGEST_REASON,
    Decided,
    NoReason,
    NoSuchProposal,
    accept,
    accept_as_faq,
    branch_label,
    decline,
    draft_text,
    postpone,
)
from denwaban.improvement.figures import Use
from denwaban.improvement.marks import NoSuchMark
from denwaban.improvement.mending import add_branch
from denwaban.improvement.model import Decision
from denwaban.improvement.queries import Proposal, marks_of, proposals_of, use, waiting
from denwaban.improvement.reviews import found_good
from denwaban.improvement.words import kind_words, mark_sentence, sentence, state_words
from denwaban.knowledge import Author
from denwaban.scripts import (
    Listed,
    Script,
    State,
    document_of,
    draw,
    published,
    script_listed,
    versions_of,
)
from denwaban.scripts import kind_words as node_words
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, needs, not_here, page
from denwaban.web.api import Cursor, decode_cursor, encode_cursor

AUTHORS = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)
THEIRS = needs(Role.CLIENT)

AT_ONCE = 50
PERIODS = (7, 28, 91)
"""Days that the figures of use may be asked for."""

MUCH_DROPPED = 0.1
MUCH_OTHERWISE = 0.3
"""Shares from which on a figure stands out."""

T = TypeVar("T")

Id = Annotated[str, msgspec.Meta(max_length=32)]


class ReasonForm(msgspec.Struct):
    reason: Annotated[str, msgspec.Meta(max_length=LONGEST_REASON)] = ""


def _script(tx: Tx, script_id: str) -> Listed:
    found = script_listed(tx, script_id)
    if found is None:
        raise not_here()
    return found


def _shown(tx: Tx, one: Proposal, script: Script, text: str = "") -> dict[str, Any]:
    """A proposal; `text` is the draft that accepting it would change."""
    node = next((each for each in script.nodes if each.id == one.node), None)
    field = script.field(one.label)
    title = node.title if node is not None else one.node
    label = branch_label(one.what, one.label)
    who = user(tx, one.decided_by) if one.decided_by else None
    return {
        "one": one,
        "title": title,
        "label": field.label if field is not None else one.label,
        "branch": label if label and text and add_branch(text, one.node, label) else "",
        "faq": bool(label),
        "who": who.name if who is not None else "",
    }


def _told(shown: dict[str, Any]) -> dict[str, Any]:
    """With its sentence in the reader's language."""
    return {**shown, "sentence": sentence(shown["one"], shown["title"], shown["label"])}


@get("/improvement", guards=[AUTHORS])
async def show_waiting(
    store: NamedDependency[Store], cursor: FromQuery[Cursor | None] = None
) -> Template:
    """All scripts that something waits for."""
    place = decode_cursor(cursor, 3)
    after = (place[0], place[1], place[2]) if place is not None else None
    found = await store.read(lambda tx: waiting(tx, after=after, limit=AT_ONCE + 1))
    last = found[AT_ONCE - 1] if len(found) > AT_ONCE else None
    return page(
        "improvement/waiting.html",
        scripts=found[:AT_ONCE],
        later=cursor is not None,
        more=encode_cursor(last.client, last.name, last.id) if last else None,
    )


@get("/scripts/{script_id:str}/improvement", guards=[AUTHORS])
async def show_script(
    script_id: FromPath[str],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
    done: FromQuery[Annotated[str, msgspec.Meta(max_length=20)]] = "",
) -> Template:
    return await _script_page(store, clock, script_id, done=done)


async def _script_page(
    store: Store, clock: Clock, script_id: str, done: str = "", error: str = ""
) -> Template:
    def look(tx: Tx) -> dict[str, Any]:
        listed = _script(tx, script_id)
        script = published(tx, script_id)
        text = draft_text(tx, script_id)[0]
        closed = [Decision.POSTPONED, Decision.ACCEPTED, Decision.DECLINED]
        return {
            "script": listed,
            "text": document_of(tx, listed.version_id)[1] if listed.version_id else "",
            "proposals": [
                _shown(tx, one, script, text)
                for one in proposals_of(tx, script_id, [Decision.OPEN], 100)
            ],
            "decided": [_shown(tx, one, script) for one in proposals_of(tx, script_id, closed, 30)],
            "marks": marks_of(tx, script_id),
        }

    found = await store.read(look)
    lines = found.pop("text").split("\n")
    return page(
        "improvement/script.html",
        status=422 if error else 200,
        script=found["script"],
        proposals=[_told(one) for one in found["proposals"]],
        decided=[_told(one) for one in found["decided"]],
        marks=[
            {
                "one": mark,
                "sentence": mark_sentence(mark),
                "lines": [(n, lines[n - 1].strip()) for n in mark.lines if n <= len(lines)][:8],
            }
            for mark in found["marks"]
        ],
        kinds=kind_words(),
        states=state_words(),
        longest=LONGEST_REASON,
        done=done,
        error=error,
        now=clock.now(),
    )


def _gone() -> Problem:
    return Problem(
        409, _("この提案は、もう対応が済んでいます"), _("一覧を開き直して、確かめてください。")
    )


async def _decided(store: Store, verb: Callable[[Tx], T]) -> T:
    """What a decision about a proposal gives. Raises `Problem` when there is no such proposal, or it was decided before."""
    try:
        return await store.write(verb)
    except NoSuchProposal as error:
        raise not_here() from error
    except Decided as error:
        raise _gone() from error


@post("/improvement/{proposal_id:str}/accept", guards=[AUTHORS])
async def post_accept(
    proposal_id: FromPath[str], store: NamedDependency[Store], who: NamedDependency[Principal]
) -> Redirect:
    """Into the draft; its author goes on in the editor."""
    taken = await _decided(store, lambda tx: accept(tx, proposal_id, who.user_id))
    if taken.written:
        return Redirect(f"/scripts/{taken.script_id}/improvement?done=written", status_code=303)
    return Redirect(f"/scripts/{taken.script_id}/edit", status_code=303)


@post("/improvement/{proposal_id:str}/faq", guards=[AUTHORS])
async def post_faq(
    proposal_id: FromPath[str], store: NamedDependency[Store], who: NamedDependency[Principal]
) -> Redirect:
    """Into the FAQ, to be answered there."""

    by = Author(who.user_id, who.name)
    client_id, faq_id = await _decided(store, lambda tx: accept_as_faq(tx, proposal_id, by))
    return Redirect(f"/clients/{client_id}/faqs/{faq_id}", status_code=303)


@post("/improvement/{proposal_id:str}/decline", guards=[AUTHORS])
async def post_decline(
    proposal_id: FromPath[str],
    data: URLEncodedBody[ReasonForm],
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
) -> Redirect:
    try:
        script_id = await _decided(
            store, lambda tx: decline(tx, proposal_id, who.user_id, data.reason)
        )
    except NoReason as error:
        raise Problem(
            422, _("見送る理由がありません"), _("戻って、理由をひとこと書いてください。")
        ) from error
    return Redirect(f"/scripts/{script_id}/improvement?done=declined", status_code=303)


@post("/improvement/{proposal_id:str}/postpone", guards=[AUTHORS])
async def post_postpone(
    proposal_id: FromPath[str], store: NamedDependency[Store], who: NamedDependency[Principal]
) -> Redirect:
    script_id = await _decided(store, lambda tx: postpone(tx, proposal_id, who.user_id))
    return Redirect(f"/scripts/{script_id}/improvement?done=postponed", status_code=303)


@post("/improvement/marks/{mark_id:str}/good", guards=[AUTHORS])
async def post_good(
    mark_id: FromPath[str],
    data: URLEncodedBody[ReasonForm],
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
) -> Redirect:
    """問題なし, and why."""
    reason = data.reason.strip()
    if not reason:
        raise Problem(
            422, _("問題なしとする理由がありません"), _("戻って、理由をひとこと書いてください。")
        )
    try:
        script_id = await store.write(lambda tx: found_good(tx, mark_id, who.user_id, reason))
    except NoSuchMark as error:
        raise not_here() from error
    return Redirect(f"/scripts/{script_id}/improvement?done=good", status_code=303)


@get("/scripts/{script_id:str}/use", guards=[AUTHORS])
async def show_use(
    script_id: FromPath[str],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
    version: FromQuery[Id] = "",
    days: FromQuery[int] = 28,
) -> Template:
    """What real calls did at each node, in a table and on the drawing."""
    today = clock.now().astimezone(JST).date()
    period = days if days in PERIODS else PERIODS[1]

    def look(tx: Tx) -> dict[str, Any]:
        listed = _script(tx, script_id)
        versions = [v for v in versions_of(tx, script_id) if v.state is State.PUBLISHED]
        shown = next(
            (v for v in versions if v.id == (version or listed.version_id)),
            versions[0] if versions else None,
        )
        if shown is None:
            return {"script": listed, "versions": [], "shown": None, "document": None, "use": {}}
        return {
            "script": listed,
            "versions": versions,
            "shown": shown,
            "document": document_of(tx, shown.id)[0],
            "use": use(tx, shown.id, *_days(today, period)),
        }

    found = await store.read(look)
    document: Script | None = found.pop("document")
    uses: dict[str, Use] = found.pop("use")
    whole = uses.get("", Use())
    return page(
        "improvement/use.html",
        **found,
        rows=[(node, uses.get(node.id, Use())) for node in document.nodes] if document else [],
        whole=whole,
        drawing=_drawing(document, uses) if document and whole.visits else None,
        kinds=node_words(),
        much_dropped=MUCH_DROPPED,
        much_otherwise=MUCH_OTHERWISE,
        periods=PERIODS,
        period=period,
        first=_days(today, period)[0],
        last=today,
    )


def _days(today: date, period: int) -> tuple[date, date]:
    return today - timedelta(days=period - 1), today


def _drawing(script: Script, uses: dict[str, Use]) -> Markup:
    notes = {}
    for name, one in uses.items():
        if not name:
            continue
        parts = [_("%(n)s回", n=f"{one.visits:,}")]
        if one.median is not None:
            parts.append(_("%(n)s秒", n=f"{one.median:.0f}"))
        if one.share_otherwise:
            parts.append(_("外%(n)s%%", n=f"{one.share_otherwise * 100:.0f}"))
        notes[name] = " ".join(parts)
    return draw(script, title=_("使われ方の図"), kinds=node_words(), notes=notes)


@get("/portal/improvement", guards=[THEIRS])
async def show_theirs(
    who: NamedDependency[Principal], store: NamedDependency[Store], clock: NamedDependency[Clock]
) -> Template:
    """What we would like to change in the client's own scripts, and why; deciding is ours, approving theirs."""
    client_id = who.client_id
    if client_id is None:
        raise Problem(403, _("この画面を使う権限がありません"))

    def look(tx: Tx) -> list[dict[str, Any]]:
        found = []
        for one in waiting(tx, client_id=client_id, after=None, limit=AT_ONCE):
            script = published(tx, one.id)
            proposals = proposals_of(tx, one.id, [Decision.OPEN], 20)
            found.append(
                {
                    "script": one,
                    "proposals": [_shown(tx, each, script) for each in proposals],
                    "marks": marks_of(tx, one.id),
                }
            )
        return found

    found = await store.read(look)
    return page(
        "improvement/theirs.html",
        scripts=[
            {
                "script": one["script"],
                "proposals": [_told(each) for each in one["proposals"]],
                "marks": [mark_sentence(mark) for mark in one["marks"]],
            }
            for one in found
        ],
        kinds=kind_words(),
        now=clock.now(),
    )


routes: list[HTTPRouteHandler] = [
    show_waiting,
    show_script,
    post_accept,
    post_faq,
    post_decline,
    post_postpone,
    post_good,
    show_use,
    show_theirs,
]
