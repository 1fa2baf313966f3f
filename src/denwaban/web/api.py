"""What every JSON API under /api/v1 shares."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from denwaban.access import Principal
from denwaban.texts import CONTROL
from denwaban.web.errors import PROBLEM_JSON, ProblemDetails, known, not_here
from denwaban.web.problem import Problem

T = TypeVar("T")

NO_NULL = rf"^[^{CONTROL}]*$"
"""Text without control characters (PostgreSQL refuses the null character)."""

_UNSEEN = (
    r"\s\u00ad\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2800\u3164\ufeff\uffa0"
)

NOT_BLANK = rf"^[^{CONTROL}]*[^{_UNSEEN}{CONTROL}][^{CONTROL}]*$"
"""The same, with something to read in it (`texts.legible`, as far as a pattern can say it)."""

Limit = Annotated[int, QueryParameter(ge=1, le=200)]
"""How many items a page holds."""

Cursor = Annotated[str, QueryParameter(max_length=500)]
"""Where a page begins: `next` of the page before."""

Moment = Annotated[
    str,
    QueryParameter(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$",
        schema_extra={"examples": ["2026-11-24T00:00:00+09:00"]},
    ),
]
"""A moment with its time zone, in a query; read it with `moment`. (A plain datetime would take any number too.)"""

_NO_DAY = "a moment with its time zone, such as 2026-11-24T00:00:00+09:00"

ShortText = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=NOT_BLANK)]
OptionalText = Annotated[str, msgspec.Meta(max_length=100, pattern=NO_NULL)]
LongText = Annotated[str, msgspec.Meta(max_length=10_000, pattern=NO_NULL)]
IdText = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}$")]
"""An identifier, in path, query or body."""


class Page(msgspec.Struct, Generic[T]):
    """Some items, and where the next ones begin (null: these were the last)."""

    items: list[T]
    next: str | None


def encode_cursor(*place: str) -> str:
    """An opaque cursor for a place in an order."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def decode_cursor(cursor: str | None, parts: int = 1) -> tuple[str, ...] | None:
    """The place a cursor names, None for the beginning. A cursor that is not ours is a `Problem` 404."""
    if not cursor:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place = msgspec.json.decode(raw, type=tuple[str, ...])
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise Problem(404, *known(404), errors=[("cursor", "unknown cursor")]) from error
    if len(place) != parts or any("\x00" in part for part in place):
        raise Problem(404, *known(404), errors=[("cursor", "unknown cursor")])
    return place


def make_page(
    found: Sequence[Any],
    limit: int,
    show: Callable[[Any], T],
    place: Callable[[Any], tuple[str, ...]],
) -> Page[T]:
    """A page of the first `limit` rows of `found`, which was asked for `limit + 1` rows."""
    shown = found[:limit]
    more = len(found) > limit
    return Page([show(item) for item in shown], encode_cursor(*place(shown[-1])) if more else None)


def needs_client(who: Principal, client_id: str | None) -> None:
    """Raises `Problem` 404 (never 403: that would tell that it exists) unless `who` may see this client."""
    if not who.may_see(client_id):
        raise missing()


def only_client(who: Principal, asked: str | None) -> str | None:
    """Whose rows a list holds: the client that was asked for, of a client's key its own; None: every client's. Raises
    `Problem` 404 as `needs_client`."""
    if asked is not None:
        needs_client(who, asked)
    return who.client_id or asked


def missing() -> Problem:
    """404: it is not there, or not theirs to see."""
    return not_here()


def refused(field: str, message: str, status: int = 422) -> Problem:
    """Input that is well formed but cannot be accepted; `message` is a sentence without what was typed."""
    return Problem(status, *known(status), errors=[(field, message)])


def _spec(description: str) -> ResponseSpec:
    return ResponseSpec(
        ProblemDetails, generate_examples=False, description=description, media_type=PROBLEM_JSON
    )


PROBLEMS: dict[int, ResponseSpec] = {
    400: _spec("The request cannot be read, or a value is out of its bounds"),
    401: _spec("No session or API key, or one that has ended"),
    403: _spec("This role may not do this"),
    404: _spec("It is not there, or it belongs to another client"),
    405: _spec("This method is not offered here"),
    409: _spec("It was changed meanwhile, or does not go with what is stored"),
    413: _spec("The body is too large"),
    415: _spec("The body is not JSON"),
    422: _spec("The values contradict each other or what is stored"),
    429: _spec("Too many requests"),
    503: _spec("The database is away; try again"),
}
"""Documented on every operation by `build_app`."""


def moment(name: str, text: str) -> datetime:
    """A `Moment` of the query; a day that is none is refused."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise refused(name, _NO_DAY) from error
    if at.tzinfo is None or not 1970 <= at.year <= 9000:
        raise refused(name, _NO_DAY)
    return at
