"""A client's business hours on a page: split days, public holidays, the year's end, special days."""

import re
from datetime import date, timedelta
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.clock import japan_day
from denwaban.oncall import duty_words
from denwaban.oncall.hours import BadHours, BusinessHours, OtherHours, Span, holidays_of
from denwaban.oncall.loading import business_hours, has_hours
from denwaban.oncall.pages.common import ROSTER, own
from denwaban.oncall.reaching import set_hours
from denwaban.oncall.shift_file import minute_of
from denwaban.people import client_here
from denwaban.store import Store, Tx
from denwaban.web import _, page, saved

Lines = Annotated[str, msgspec.Meta(max_length=2000)]
Note = Annotated[str, msgspec.Meta(max_length=20_000)]

BITS = tuple(1 << n for n in range(8))
USUAL = "9:00-12:00, 13:00-18:00"


class HoursForm(msgspec.Struct):
    """A line of times for each weekday and for public holidays (empty: closed), the year's end, special days a line each."""

    mon: Lines = ""
    tue: Lines = ""
    wed: Lines = ""
    thu: Lines = ""
    fri: Lines = ""
    sat: Lines = ""
    sun: Lines = ""
    holiday: Lines = ""
    year_end: Lines = ""
    exceptions: Note = ""

    def by_day(self) -> list[str]:
        return [self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun, self.holiday]


FIELDS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday")


def form_of(hours: BusinessHours) -> HoursForm:
    """The hours as they are typed."""
    by_day = {
        name: _times([span for span in hours.spans if span.days & bit])
        for name, bit in zip(FIELDS, BITS, strict=True)
    }
    ends = hours.year_end
    lines = [
        " ".join(
            part
            for part in (
                one.first.isoformat()
                + (f"~{one.last.isoformat()}" if one.last != one.first else ""),
                _times(one.spans) or _("休み"),
                one.note,
            )
            if part
        )
        for one in hours.exceptions
    ]
    return HoursForm(
        **by_day,
        year_end=f"{ends[0][0]}/{ends[0][1]}-{ends[1][0]}/{ends[1][1]}" if ends else "",
        exceptions="\n".join(lines),
    )


def hours_from(form: HoursForm) -> BusinessHours:
    """The typed hours. Raises `BadHours` with the field."""
    spans: dict[tuple[int, int], int] = {}
    for name, bit, text in zip(FIELDS, BITS, form.by_day(), strict=True):
        for opens, closes in times_from(text, name):
            spans[opens, closes] = spans.get((opens, closes), 0) | bit
    return BusinessHours(
        tuple(Span(days, *times) for times, days in sorted(spans.items())),
        _year_end(form.year_end),
        tuple(_exception(line) for line in form.exceptions.splitlines() if line.strip()),
    )


def times_from(text: str, field: str) -> list[tuple[int, int]]:
    """9:00-12:00, 13:00-18:00 as minutes. Raises `BadHours`."""
    found = []
    for part in re.split(r"[,、]", text):
        if not part.strip() or part.strip() in ("休み", "closed", "-"):
            continue
        ends = re.split(r"[-–〜~ー]", part.strip(), maxsplit=1)
        opens, closes = (minute_of(ends[0]), minute_of(ends[-1])) if len(ends) == 2 else (None,) * 2
        if opens is None or closes is None:
            raise BadHours("時刻を読み取れません。例: 9:00-12:00, 13:00-18:00", field)
        found.append((opens, closes if closes > opens else closes + 1440))
    return found


def _year_end(text: str) -> tuple[tuple[int, int], tuple[int, int]] | None:
    if not text.strip():
        return None
    match = re.fullmatch(r"(\d{1,2})/(\d{1,2})\s*[-–〜~ー]\s*(\d{1,2})/(\d{1,2})", text.strip())
    if match is None:
        raise BadHours("年末年始の日付を確かめてください。例: 12/29-1/3", "year_end")
    a, b, c, d = (int(part) for part in match.groups())
    return (a, b), (c, d)


def _exception(line: str) -> OtherHours:
    head, _blank, rest = line.strip().partition(" ")
    first, _tilde, last = head.partition("~")
    try:
        days = date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError as error:
        raise BadHours(
            "臨時の日を読み取れません。例: 2026-12-23 10:00-15:00 棚卸し", "exceptions"
        ) from error
    times: list[str] = []
    note: list[str] = []
    for part in rest.split():
        if not note and (part in (_("休み"), "休み") or re.match(r"[\d翌]", part)):
            times.append(part)
        else:
            note.append(part)
    spans = [
        Span(0, opens, closes) for part in times for opens, closes in times_from(part, "exceptions")
    ]
    return OtherHours(*days, tuple(spans), " ".join(note))


def _times(spans: Any) -> str:
    return ", ".join(
        f"{span.opens // 60}:{span.opens % 60:02}-"
        f"{'翌' if span.closes > 1440 else ''}{_clock(span.closes)}"
        for span in spans
    )


def _clock(minute: int) -> str:
    within = minute - 1440 if minute > 1440 else minute
    return f"{within // 60}:{within % 60:02}"


async def _page(
    who: Principal, store: Store, client_id: str, status: int = 200, **more: Any
) -> Template:
    own(who, client_id)

    def look(tx: Tx) -> dict[str, Any]:
        found = client_here(tx, client_id)
        hours = business_hours(tx, client_id)
        known = has_hours(tx, client_id)
        first = japan_day(tx.now)
        usual = HoursForm(USUAL, USUAL, USUAL, USUAL, USUAL, year_end="12/29-1/3")
        return {
            "client": found,
            "known": known,
            "form": form_of(hours) if known else usual,
            "holidays": sorted(
                day
                for year in (first.year, first.year + 1)
                for day in holidays_of(year)
                if first <= day < first + timedelta(days=100)
            ),
            "hours": hours,
        }

    context: dict[str, Any] = {
        **await store.read(look),
        "own": who.role is Role.CLIENT,
        "words": duty_words,
        "fields": FIELDS,
        "errors": {},
        "done": "",
        **more,
    }
    return page("oncall/hours.html", status=status, **context)


@get("/clients/{client_id:str}/hours", guards=[ROSTER])
async def show_hours(
    client_id: FromPath[str], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Template:
    """When a client is open."""
    return await _page(who, store, client_id)


@post("/clients/{client_id:str}/hours", guards=[ROSTER])
async def post_hours(
    client_id: FromPath[str],
    data: URLEncodedBody[HoursForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """Replaces the business hours."""
    own(who, client_id)
    try:
        hours = hours_from(data)
        await store.write(lambda tx: set_hours(tx, client_id, hours))
    except BadHours as error:
        errors = {"mon" if error.field == "spans" else error.field: error.tell(_)}
        return await _page(who, store, client_id, 422, form=data, errors=errors)
    return saved(f"/clients/{client_id}/roster")


routes = [show_hours, post_hours]
