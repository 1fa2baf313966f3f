"""Business hours as JSON, under /api/v1."""

from datetime import date

import msgspec
from litestar import get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from denwaban.access import Principal
from denwaban.oncall.api.common import Days, Minute, Short, seen, told
from denwaban.oncall.hours import BadHours, BusinessHours, OtherHours, Span
from denwaban.oncall.loading import business_hours, has_hours
from denwaban.oncall.pages.common import ROSTER
from denwaban.oncall.reaching import set_hours
from denwaban.store import Store, Tx
from denwaban.web.api import IdText, missing


class SpanIO(msgspec.Struct, forbid_unknown_fields=True):
    """Minutes of the day in Tokyo; beyond 1440 the next day's. `days`: bits Mon 1 … Sun 64, public holiday 128."""

    opens: Minute
    closes: Minute
    days: Days = 0


class OtherHoursIO(msgspec.Struct, forbid_unknown_fields=True):
    """Days on which other hours hold; closed without `spans`."""

    first: date
    last: date
    spans: list[SpanIO] = []
    note: Short = ""


class HoursIO(msgspec.Struct, forbid_unknown_fields=True):
    """Business hours. `year_end`: closed from this to that day (`12-29`, `01-03`) every year."""

    spans: list[SpanIO]
    year_end: tuple[Short, Short] | None = None
    exceptions: list[OtherHoursIO] = []


@get("/clients/{client_id:str}/hours", guards=[ROSTER], tags=["roster"])
async def get_hours(
    client_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> HoursIO:
    """When a client is open; 404 while it has not said."""

    def look(tx: Tx) -> BusinessHours:
        seen(tx, who, client_id)
        if not has_hours(tx, client_id):
            raise missing()
        return business_hours(tx, client_id)

    return _show_hours(await store.read(look))


@put("/clients/{client_id:str}/hours", guards=[ROSTER], tags=["roster"])
async def put_hours(
    client_id: FromPath[IdText],
    data: JSONBody[HoursIO],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> HoursIO:
    """Replaces a client's business hours."""

    def change(tx: Tx) -> BusinessHours:
        seen(tx, who, client_id)
        hours = _hours(data)
        set_hours(tx, client_id, hours)
        return hours

    try:
        return _show_hours(await store.write(change))
    except BadHours as error:
        raise told(error) from error


def _hours(data: HoursIO) -> BusinessHours:
    ends = None
    if data.year_end is not None:
        try:
            first, last = (date.fromisoformat(f"2024-{part}") for part in data.year_end)
        except ValueError as error:
            raise BadHours("年末年始の日付を確かめてください。例: 12/29", "year_end") from error
        ends = ((first.month, first.day), (last.month, last.day))
    return BusinessHours(
        tuple(Span(one.days, one.opens, one.closes) for one in data.spans),
        ends,
        tuple(
            OtherHours(
                one.first,
                one.last,
                tuple(Span(0, span.opens, span.closes) for span in one.spans),
                one.note,
            )
            for one in data.exceptions
        ),
    )


def _show_hours(hours: BusinessHours) -> HoursIO:
    ends = hours.year_end
    return HoursIO(
        [SpanIO(one.opens, one.closes, one.days) for one in hours.spans],
        (f"{ends[0][0]:02}-{ends[0][1]:02}", f"{ends[1][0]:02}-{ends[1][1]:02}") if ends else None,
        [
            OtherHoursIO(
                one.first,
                one.last,
                [SpanIO(span.opens, span.closes) for span in one.spans],
                one.note,
            )
            for one in hours.exceptions
        ],
    )


routes = [get_hours, put_hours]
