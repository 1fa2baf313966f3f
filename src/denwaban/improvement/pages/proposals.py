"""The week's proposals and marks, for those who write scripts."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal
from denwaban.clock import Clock
from denwaban.improvement.deciding import (
    LONGEST_REASON,
    Decided,
    NoReason,
    NoSuchProposal,
    accept,
    accept_as_faq,
    decline,
    draft_text,
    postpone,
)
from denwaban.improvement.letters import count_waiting, letters_of
from denwaban.improvement.marks import NoSuchMark
from denwaban.improvement.model import Decision
from denwaban.improvement.pages.common import AT_ONCE, AUTHORS, shown, the_script, told
from denwaban.improvement.queries import marks_of, proposals_of, waiting
from denwaban.improvement.reviews import found_good
from denwaban.improvement.words import kind_words, mark_sentence, state_words
from denwaban.knowledge import Author
from denwaban.scripts import (
    document_of,
    published,
)
from denwaban.store import Store, Tx
from denwaban.texts import clean_text
from denwaban.web import Problem, _, not_here, page
from denwaban.web.api import Cursor, decode_cursor, encode_cursor

T = TypeVar("T")


class ReasonForm(msgspec.Struct):
    reason: Annotated[str, msgspec.Meta(max_length=LONGEST_REASON)] = ""


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
        listed = the_script(tx, script_id)
        script = published(tx, script_id)
        text = draft_text(tx, script_id)[0]
        closed = [Decision.POSTPONED, Decision.ACCEPTED, Decision.DECLINED]
        return {
            "script": listed,
            "text": document_of(tx, listed.version_id)[1] if listed.version_id else "",
            "proposals": [
                shown(tx, one, script, text)
                for one in proposals_of(tx, script_id, [Decision.OPEN], 100)
            ],
            "decided": [shown(tx, one, script) for one in proposals_of(tx, script_id, closed, 30)],
            "marks": marks_of(tx, script_id),
            "letters": letters_of(tx, script_id),
        }

    found = await store.read(look)
    lines = found.pop("text").split("\n")
    return page(
        "improvement/script.html",
        status=422 if error else 200,
        script=found["script"],
        proposals=[told(one) for one in found["proposals"]],
        decided=[told(one) for one in found["decided"]],
        marks=[
            {
                "one": mark,
                "sentence": mark_sentence(mark),
                "lines": [(n, lines[n - 1].strip()) for n in mark.lines if n <= len(lines)][:8],
            }
            for mark in found["marks"]
        ],
        letters=found["letters"],
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
    reason = clean_text(data.reason, lines=True)
    if not reason:
        raise Problem(
            422, _("問題なしとする理由がありません"), _("戻って、理由をひとこと書いてください。")
        )
    try:
        script_id = await store.write(lambda tx: found_good(tx, mark_id, who.user_id, reason))
    except NoSuchMark as error:
        raise not_here() from error
    return Redirect(f"/scripts/{script_id}/improvement?done=good", status_code=303)


@get("/improvement/waiting", guards=[AUTHORS], media_type="text/plain")
async def count(store: NamedDependency[Store]) -> str:
    """How many scripts something waits for: the number beside the entry of the menu."""
    return str(await store.read(count_waiting))


routes: list[HTTPRouteHandler] = [
    show_waiting,
    count,
    show_script,
    post_accept,
    post_faq,
    post_decline,
    post_postpone,
    post_good,
]
