"""Calls for supervisors: the list, one call, its recording."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Stream, Template

from denwaban.access import Principal, Role
from denwaban.calls import words
from denwaban.calls.cursor import place_of
from denwaban.calls.decisions import decisions_of
from denwaban.calls.marks import happened, marks
from denwaban.calls.model import Outcome
from denwaban.calls.playing import heard, stream
from denwaban.calls.queries import Listed, Wanted, listed, offers_of, one
from denwaban.calls.recordings import Recordings, state_of
from denwaban.calls.story import story_of, words_of
from denwaban.calls.waveform import waveform
from denwaban.clock import day_begins
from denwaban.lines import show_number
from denwaban.store import Store
from denwaban.web import Problem, _, needs, page
from denwaban.web.api import Cursor, encode_cursor

FLOOR = [needs(Role.SUPERVISOR, Role.ADMINISTRATOR)]

AT_ONCE = 50

RATES = ("0.75", "1", "1.25", "1.5", "2")

Text = Annotated[str, msgspec.Meta(max_length=100)]


def _day(text: str) -> tuple[datetime | None, datetime | None]:
    """From midnight to midnight in Tokyo. Raises ValueError."""
    if not text:
        return None, None
    first = day_begins(date.fromisoformat(text))
    if not 2000 <= first.year <= 2999:
        raise ValueError("year")
    return first, first + timedelta(days=1)


@get("/calls", guards=FLOOR)
async def show_calls(
    store: NamedDependency[Store],
    client: FromQuery[Text] = "",
    outcome: FromQuery[Text] = "",
    day: FromQuery[Text] = "",
    cursor: FromQuery[Cursor | None] = None,
) -> Template:
    """Calls, newest first. Callers' numbers are never in an address: there is no search by number here."""
    before = place_of(cursor)
    wrong = ""
    since = until = None
    try:
        since, until = _day(day)
    except ValueError:
        wrong = _("日付の形が違うようです。例: 2026-11-24")
    known = {each.value: each for each in Outcome}
    wanted = Wanted(
        client=client.replace("\x00", "").strip(),
        outcome=known.get(outcome),
        missed=outcome == "missed",
        outbound=outcome == "outbound",
        since=since,
        until=until,
    )
    found: list[Listed] = []
    if not wrong:
        found = await store.read(lambda tx: listed(tx, wanted, before, AT_ONCE + 1))
    shown = found[:AT_ONCE]
    more = None
    if len(found) > AT_ONCE:
        last = shown[-1].call
        more = encode_cursor(last.arrived_at.isoformat(), last.id)
    asked = {"client": client, "outcome": outcome, "day": day}
    return page(
        "calls/list.html",
        status=422 if wrong else 200,
        calls=shown,
        client=client,
        outcome=outcome,
        day=day,
        wrong=wrong,
        asked={name: value for name, value in asked.items() if value},
        more=more,
        later=cursor is not None,
        outcomes=[
            ("", _("すべて")),
            ("missed", _("話せなかった電話すべて")),
            *((key.value, text) for key, text in words.outcome_words().items()),
            ("outbound", _("こちらからかけた電話")),
        ],
        **_shown(),
    )


def _shown() -> dict[str, Any]:
    return {
        "badge": words.badge,
        "waited": words.waited,
        "talked": words.talked,
        "show_number": show_number,
    }


@get("/calls/{call_id:str}", guards=FLOOR)
async def show_call(
    call_id: FromPath[str],
    store: NamedDependency[Store],
    recordings: NamedDependency[Recordings],
) -> Template:
    """One call: who was rung for it, and its recording."""
    found, offers, facts, steps, state, decisions = await store.read(
        lambda tx: (
            one(tx, call_id),
            offers_of(tx, call_id),
            happened(tx, call_id),
            story_of(tx, call_id),
            state_of(tx, call_id),
            decisions_of(tx, call_id),
        )
    )
    if found is None:
        raise _not_here()
    call = found.call
    wav, silence = await heard(recordings, call, state)
    return page(
        "calls/call.html",
        found=found,
        call=call,
        offers=offers,
        results=words.result_words(),
        story=[(step.at, text) for step in steps if (text := words_of(step))],
        decisions=[(one, words.decision_words()[one.kind]) for one in decisions],
        said=words.said(call),
        length=words.span(wav.seconds) if wav is not None else "",
        silence=silence,
        modes=words.mode_words(),
        rates=RATES,
        marks=[
            (mark.seconds, told)
            for mark in marks(call, facts)
            if (told := words.mark_words(mark.kind, mark.detail))
        ],
        span=words.span,
        **_shown(),
    )


@get("/calls/{call_id:str}/recording", guards=FLOOR)
async def play(
    request: Request[Any, Any, Any],
    call_id: FromPath[str],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    recordings: NamedDependency[Recordings],
) -> Stream | Response[bytes]:
    """The recording, whole or a part. That somebody listens is in the journal and the audit before the first byte is sent."""
    found, state = await store.read(lambda tx: (one(tx, call_id), state_of(tx, call_id)))
    if found is None:
        raise _not_here()
    return await stream(request, who, store, recordings, found.call, state)


@get("/calls/{call_id:str}/waveform", guards=FLOOR, opt={"quiet": True})
async def picture(
    call_id: FromPath[str],
    store: NamedDependency[Store],
    recordings: NamedDependency[Recordings],
) -> Response[dict[str, Any]]:
    """How loud the recording is along its length: `peaks`, 0 to 255, and `seconds`. Nothing can be understood from it."""
    found, state = await store.read(lambda tx: (one(tx, call_id), state_of(tx, call_id)))
    if found is None:
        raise _not_here()
    wav, silence = await heard(recordings, found.call, state)
    if wav is None:
        raise Problem(404, _("この通話の録音はありません"), silence)
    drawn = await waveform(store, found.call, wav)
    return Response({"seconds": wav.seconds, "peaks": drawn}, headers={"Cache-Control": "no-store"})


def _not_here() -> Problem:
    return Problem(404, _("この通話は見つかりません"), _("一覧から選び直してください。"))


routes = [show_calls, show_call, play, picture]
