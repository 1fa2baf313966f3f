"""What the client's pages and ours share: lists by month, one summary with its drawing, the files."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from litestar import Response
from litestar.response import Template

from denwaban import audit
from denwaban.access import Principal
from denwaban.calls.words import span
from denwaban.lines import show_number
from denwaban.store import Store, Tx
from denwaban.summaries.model import Document, Period, month_of
from denwaban.summaries.paper import Press, PressFailed, paper
from denwaban.summaries.queries import Kept, kept, listed, months
from denwaban.summaries.table import csv_of
from denwaban.summaries.words import OUTCOMES, TITLES, file_name, percent_words, period_words
from denwaban.vault import UNOPENED
from denwaban.web import Problem, _, language, not_here, page

WIDE, TALL, BAR = 720, 150, 22
"""Of the drawing, in its own units."""

SHOWN_MISSED = 500
"""Rows of missed calls on the page; the files have all."""


@dataclass(frozen=True, slots=True)
class Bar:
    """An hour of the day in the drawing."""

    hour: int
    x: float
    received: int
    answered: int
    missed: int
    answered_tall: float
    missed_tall: float

    @property
    def top(self) -> float:
        """Where the bar ends."""
        return TALL - self.answered_tall - self.missed_tall


def title(period: Period) -> str:
    """The days in the reader's language."""
    if language() != "en":
        return period_words(period)
    if period == month_of(period.first):
        return f"{period.first:%B %Y}"
    if period.first == period.last:
        return f"{period.last:%a %d %b %Y}"
    return f"{period.first:%a %d %b} – {period.last:%a %d %b %Y}"


def day_title(day: date) -> str:
    """11/24(火), or Tue 24 Nov."""
    if language() == "en":
        return f"{day:%a %d %b}"
    return f"{day.month}/{day.day}({'月火水木金土日'[day.weekday()]})"


def time_words(seconds: int | None) -> str:
    """1:20; — for none."""
    return span(seconds) if seconds is not None else "—"


def month_asked(text: str, found: list[date], today: date) -> date:
    """The first day of the month that an address names (2026-11), the newest with something in it when it names none."""
    with suppress(ValueError):
        asked = date.fromisoformat(f"{text}-01")
        if 2000 <= asked.year <= today.year + 1:
            return asked
    return found[0] if found else today.replace(day=1)


def of_month(tx: Tx, client_id: str, text: str, today: date, *, made: bool) -> dict[str, Any]:
    """The list of a month, and which months there are."""
    found = months(tx, client_id)
    month = month_asked(text, found, today)
    rows = listed(
        tx, client_id, since=month, until=month_of(month).last + timedelta(days=1), made=made
    )
    chosen = found if month in found else sorted([*found, month], reverse=True)
    return {
        "month": month,
        "months": [(one.strftime("%Y-%m"), title(month_of(one))) for one in chosen],
        "monthly": [one for one in rows if one.period.kind == "monthly"],
        "daily": [one for one in rows if one.period.kind == "daily"],
        "title": title,
        "titles": {kind: _(text) for kind, text in TITLES.items()},
    }


def bars(document: Document) -> list[Bar]:
    """The hours of the day as rectangles; what is neither answered nor missed stands with the missed."""
    most = max([1, *(tally.received for tally in document.hours)])
    step = WIDE / 24
    return [
        Bar(
            hour,
            round(hour * step + (step - BAR) / 2, 1),
            tally.received,
            tally.answered,
            tally.missed,
            round(TALL * tally.answered / most, 1),
            round(TALL * (tally.received - tally.answered) / most, 1),
        )
        for hour, tally in enumerate(document.hours)
    ]


def show(found: Kept, base: str, **more: Any) -> Template:
    """The page of one summary; `base` is its address."""
    document = found.document
    missed = [line for line in found.calls if line.missed]
    return page(
        "summaries/one.html",
        listed=found.listed,
        document=document,
        bars=bars(document),
        wide=WIDE,
        tall=TALL,
        bar=BAR,
        missed=missed[:SHOWN_MISSED],
        closed=found.closed,
        more_missed=max(0, len(missed) - SHOWN_MISSED),
        days=list(zip(document.period.days, document.days, strict=True)),
        outcomes={name: _(text) for name, text in OUTCOMES.items()},
        titles={kind: _(text) for kind, text in TITLES.items()},
        title=title,
        day_title=day_title,
        time_words=time_words,
        percent=percent_words,
        number=show_number,
        base=base,
        **more,
    )


async def the_kept(store: Store, summary_id: str, client_id: str | None = None) -> Kept:
    """The summary, if it is made and (when `client_id` is given) that client's and no trial; else a 404."""
    found = await store.read(lambda tx: kept(tx, summary_id))
    if found is None:
        raise not_here()
    if client_id is not None and (found.listed.client_id != client_id or not found.listed.edition):
        raise not_here()
    return found


async def pdf_file(store: Store, who: Principal, found: Kept, press: Press) -> Response[bytes]:
    """The paper, with everything in it: who reads it has signed in. It is in the audit before it is sent, as below."""
    try:
        words = paper(found.document, found.calls, mail=False)
        if found.closed:
            words["missed"] = [[UNOPENED, "", "", ""]]
        data = await press.pdf(words)
    except PressFailed as error:
        raise Problem(
            503,
            _("PDF を作れませんでした"),
            _("少し待ってからもう一度お試しください。同じ中身は CSV でもご覧になれます。"),
        ) from error
    await _note(store, who, found)
    return file(data, "application/pdf", file_name(found.document, "pdf"))


async def csv_file(store: Store, who: Principal, found: Kept) -> Response[bytes]:
    """The calls, with everything in it; in place of those that cannot be opened a row that says so."""
    await _note(store, who, found)
    data = csv_of(found.document, found.calls, mail=False, closed=found.closed)
    return file(data, "text/csv; charset=utf-8", file_name(found.document, "csv"))


async def _note(store: Store, who: Principal, found: Kept) -> None:
    listed = found.listed
    trace = audit.Trace(
        "export.taken", who.user_id, listed.client_id, subject=listed.id, data={"what": "summary"}
    )
    await store.write(lambda tx: audit.record(tx, trace))


def file(data: bytes, kind: str, name: str) -> Response[bytes]:
    """A download that no cache keeps."""
    return Response(
        data,
        media_type=kind,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )
