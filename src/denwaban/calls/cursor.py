"""Where a page of the list of calls begins, as the address has it."""

from datetime import datetime

from denwaban.calls.past import Place
from denwaban.web.api import decode_cursor, missing


def place_of(cursor: str | None) -> Place | None:
    """The place that a cursor names, None for the beginning. A cursor that is not ours is a `Problem` 404."""
    place = decode_cursor(cursor, 2)
    if place is None:
        return None
    try:
        at = datetime.fromisoformat(place[0])
    except ValueError as error:
        raise missing() from error
    # A moment that no calendar of a database has would be an error there.
    if at.tzinfo is None or not 1970 <= at.year <= 9000:
        raise missing()
    return at, place[1]
