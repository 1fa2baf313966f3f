"""Thanks and wishes, for programs."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from denwaban.access import Principal, Role
from denwaban.feedback.acts import BadFeedback, give
from denwaban.feedback.model import LONGEST, Feedback, Kind, Shown
from denwaban.feedback.queries import page_of
from denwaban.reports import report as report_of
from denwaban.store import Store, Tx
from denwaban.web import _, needs
from denwaban.web.api import (
    NOT_BLANK,
    Cursor,
    IdText,
    Limit,
    Page,
    decode_cursor,
    make_page,
    missing,
    needs_client,
    only_client,
    refused,
)

READERS = needs(Role.CLIENT, Role.SUPERVISOR, Role.ADMINISTRATOR)
THEIRS = needs(Role.CLIENT)


class FeedbackIn(msgspec.Struct, forbid_unknown_fields=True):
    """A word about the call that a report is of."""

    kind: Kind
    """thanks or wish."""
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST, pattern=NOT_BLANK)]


class FeedbackOut(msgspec.Struct):
    id: str
    client_id: str
    report_id: str
    operator_id: str
    """Who took the call."""
    kind: Kind
    text: str
    name: str
    """Who said it."""
    at: datetime
    dealt_at: datetime | None
    """When a supervisor had dealt with a wish."""
    answer: str


def _show(it: Feedback) -> FeedbackOut:
    return FeedbackOut(
        it.id,
        it.client_id,
        it.report_id,
        it.operator_id,
        it.kind,
        it.text,
        it.name,
        it.at,
        it.dealt_at,
        it.answer,
    )


@get("/feedback", guards=[READERS], tags=["feedback"], operation_id="listFeedback")
async def list_feedback(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    client_id: FromQuery[IdText | None] = None,
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[FeedbackOut]:
    """Newest first; a client's key sees its own."""
    place = decode_cursor(cursor)
    wanted = only_client(who, client_id)

    def verb(tx: Tx) -> list[Shown]:
        before = place[0] if place else None
        return page_of(tx, None, client_id=wanted, before=before, limit=limit + 1)

    found = await store.read(verb)
    return make_page(found, limit, lambda one: _show(one.it), lambda one: (one.it.id,))


@post(
    "/reports/{report_id:str}/feedback",
    guards=[THEIRS],
    tags=["feedback"],
    operation_id="giveFeedback",
)
async def give_feedback(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    report_id: FromPath[IdText],
    data: JSONBody[FeedbackIn],
) -> FeedbackOut:
    """Thanks the operator of a call, or wishes for something. The same words again are no second entry."""

    def verb(tx: Tx) -> Feedback:
        report = report_of(tx, report_id)
        if report is None:
            raise missing()
        needs_client(who, report.client_id)
        return give(tx, report, data.kind, data.text, who.user_id, who.name)

    try:
        return _show(await store.write(verb))
    except BadFeedback as error:
        raise refused("text", _(str(error))) from error


routes = [list_feedback, give_feedback]
