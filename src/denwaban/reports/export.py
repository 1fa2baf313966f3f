"""Reports as a CSV file by the client's form: its fields are the columns, in its order and words."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta

from litestar import Response

from denwaban import audit
from denwaban.access import Principal
from denwaban.clock import JST, japan_day
from denwaban.lines import show_number
from denwaban.people import PeopleError
from denwaban.people.csvfile import write_csv
from denwaban.reports import queries
from denwaban.reports.cards import mask_cards
from denwaban.reports.form import Form
from denwaban.reports.model import TONE_WORDS, URGENCY_WORDS, Draft, Report, Status, Tone, Urgency
from denwaban.reports.settings import form_of
from denwaban.store import Store, Tx
from denwaban.texts import N_

MOST = 20_000
"""Reports in one file."""

LONGEST = 400
"""Days."""

STATUSES = {Status.DONE: "完了", Status.CALLBACK: "要折り返し", Status.CHECKING: "確認中"}

Made = Callable[[Draft], str]


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(JST):%Y-%m-%d %H:%M}" if at is not None else ""


_VALUES: dict[str, Made] = {
    "who": lambda draft: draft.who,
    "kana": lambda draft: draft.kana,
    "company": lambda draft: draft.company,
    "number": lambda draft: show_number(draft.number) if draft.number else "",
    "what_for": lambda draft: draft.what_for,
    "done": lambda draft: draft.done,
    "callback": lambda draft: "必要" if draft.callback_needed else "不要",
    "callback_by": lambda draft: _moment(draft.callback_by) if draft.callback_needed else "",
    "urgency": lambda draft: URGENCY_WORDS[Urgency(draft.urgency)],
    "tone": lambda draft: TONE_WORDS[Tone(draft.tone)],
    "note": lambda draft: draft.note,
}


def days_asked(first: str, last: str, now: datetime) -> tuple[date, date]:
    """The days that an address names (2026-11-01, both counted); the month so far when it names none. Raises `PeopleError`."""
    today = japan_day(now)
    try:
        begin = date.fromisoformat(first) if first else today.replace(day=1)
        end = date.fromisoformat(last) if last else max(today, begin)
    except ValueError as error:
        raise PeopleError(N_("日付を読み取れません。例: 2026-11-24"), "first") from error
    if not 0 <= (end - begin).days < LONGEST or not 1970 <= begin.year <= 9000:
        raise PeopleError(N_("期間は400日までにしてください。"), "last")
    return begin, end


def csv_of(tx: Tx, client_id: str, first: date, last: date) -> bytes:
    """The reports that were sent on these days in Tokyo, oldest first, without practice. Every field of today's form is a
    column; so is every own field of the forms before, behind them. For readers who have signed in: 秘密 fields are there, card
    numbers are masked. One that cannot be opened has a row that says so, with its id. Raises `PeopleError` when there are too
    many."""
    since = datetime(first.year, first.month, first.day, tzinfo=JST)
    after = last + timedelta(days=1)
    until = datetime(after.year, after.month, after.day, tzinfo=JST)
    found = queries.sent_between(tx, client_id, since, until, MOST + 1)
    if len(found) > MOST:
        raise PeopleError(N_("多すぎます。2万件までの期間にしてください。"), "last")
    return write_csv(_table(form_of(tx, client_id).form, found))


def _table(form: Form, found: Sequence[Report]) -> Iterator[list[str]]:
    columns = {field.key: field.label for field in form.fields}
    for report in found:
        for field in report.form.own:
            columns.setdefault(field.key, field.label)
    yield ["送信日時", "件名", "状態", *columns.values(), "台本の回答"]
    for report in found:
        draft, own = report.draft, dict(report.draft.extra)
        cells = [_VALUES[key](draft) if key in _VALUES else own.get(key, "") for key in columns]
        answers = " / ".join(f"{label}: {text}" for label, text in draft.answers if text)
        line = [_moment(report.sent_at), report.subject, STATUSES[report.status], *cells, answers]
        masked = [mask_cards(cell) for cell in line]
        if report.closed:
            masked[1] += report.id  # which one it is, for those who put it right
        yield masked


async def taken(
    store: Store, who: Principal, client_id: str, first: str, last: str
) -> Response[bytes]:
    """The file of the days that an address names (see `days_asked`). That it was taken is in the audit before it is sent.
    Raises `PeopleError`."""

    def verb(tx: Tx) -> tuple[bytes, date, date]:
        begin, end = days_asked(first, last, tx.now)
        return csv_of(tx, client_id, begin, end), begin, end

    data, begin, end = await store.read_long(verb)
    told = {"what": "reports", "first": begin.isoformat(), "last": end.isoformat()}
    trace = audit.Trace("export.taken", who.user_id, client_id, data=told)
    await store.write(lambda tx: audit.record(tx, trace))
    return _download(data, begin, end)


def _download(data: bytes, first: date, last: date) -> Response[bytes]:
    """The file; its name tells the days."""
    return Response(
        data,
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="reports-{first:%Y%m%d}-{last:%Y%m%d}.csv"',
            "Cache-Control": "no-store",
        },
    )
