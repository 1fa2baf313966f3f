"""Thanks and wishes as our own people read them: operators those about their own calls, supervisors all."""

from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.feedback.acts import deal_with, mark_seen
from denwaban.feedback.model import LONGEST, Shown
from denwaban.feedback.queries import count_unseen, page_of
from denwaban.people import operator_of_user
from denwaban.store import Store, Tx
from denwaban.web import MenuEntry, needs, not_here, page
from denwaban.web.api import Cursor, decode_cursor, encode_cursor

FLOOR = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)
OURS = needs(Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)

AT_ONCE = 50

NOBODY = ""
"""Whose calls an account without an operator behind it reads of."""


class DealForm(msgspec.Struct):
    answer: Annotated[str, msgspec.Meta(max_length=2 * LONGEST)] = ""


def _whose(tx: Tx, who: Principal) -> str | None:
    """The operator whose calls these are; None: everybody's."""
    if who.role is not Role.OPERATOR:
        return None
    found = operator_of_user(tx, who.user_id)
    return found.id if found is not None else NOBODY


@get("/feedback", guards=[OURS])
async def show(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    cursor: FromQuery[Cursor | None] = None,
) -> Template:
    """Newest first. What is shown has been seen from then on."""
    place = decode_cursor(cursor)

    def look(tx: Tx) -> list[Shown]:
        return page_of(
            tx,
            who.user_id,
            operator_id=_whose(tx, who),
            before=place[0] if place else None,
            limit=AT_ONCE + 1,
        )

    found = await store.read(look)
    shown: list[Shown] = found[:AT_ONCE]
    fresh = [one.it.id for one in shown if one.new]
    if fresh:
        await store.write(lambda tx: mark_seen(tx, fresh, who.user_id))
    context: dict[str, Any] = {
        "found": shown,
        "may_deal": who.role is not Role.OPERATOR,
        "more": encode_cursor(shown[-1].it.id) if len(found) > AT_ONCE else "",
        "longest": LONGEST,
    }
    return page("feedback/list.html", **context)


@get("/feedback/waiting", guards=[OURS], media_type="text/plain")
async def waiting(who: NamedDependency[Principal], store: NamedDependency[Store]) -> str:
    """How many the reader has not seen: the number beside the entry of the menu."""
    return str(await store.read(lambda tx: count_unseen(tx, who.user_id, _whose(tx, who))))


@post("/feedback/{feedback_id:str}/deal", guards=[FLOOR])
async def deal(
    feedback_id: FromPath[str],
    data: URLEncodedBody[DealForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Redirect:
    """A wish was dealt with; the client reads the answer."""
    try:
        await store.write(lambda tx: deal_with(tx, feedback_id, who.user_id, data.answer))
    except LookupError as error:
        raise not_here() from error
    return Redirect(f"/feedback#{feedback_id}", status_code=303)


menu = [
    MenuEntry(
        "/feedback",
        "お礼・要望",
        frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR}),
        mark="/feedback/waiting",
    )
]

routes = [show, waiting, deal]
