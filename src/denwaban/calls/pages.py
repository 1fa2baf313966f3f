"""Calls for supervisors: the list, one call, its recording."""

import asyncio
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

import msgspec
import structlog
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Stream, Template

from denwaban import audit
from denwaban.access import Principal, Role
from denwaban.calls import words
from denwaban.calls.cursor import place_of
from denwaban.calls.marks import happened, marks
from denwaban.calls.model import Call, Outcome
from denwaban.calls.queries import Listed, Wanted, listed, offers_of, one, played_since
from denwaban.calls.recordings import (
    NotSatisfiable,
    Recordings,
    State,
    Wav,
    part,
    read,
    recorded,
    state_of,
)
from denwaban.calls.story import story_of, words_of
from denwaban.calls.waveform import waveform
from denwaban.clock import JST
from denwaban.journal import Fact, append
from denwaban.lines import show_number
from denwaban.store import Store, Tx
from denwaban.vault import VaultError
from denwaban.web import Problem, _, needs, page
from denwaban.web.api import Cursor, encode_cursor

log = structlog.get_logger(__name__)

FLOOR = [needs(Role.SUPERVISOR, Role.ADMINISTRATOR)]

AT_ONCE = 50

ONE_LISTENING = timedelta(minutes=10)
"""A player asks for many pieces of a recording; within this time they are one listening."""

RATES = ("0.75", "1", "1.25", "1.5", "2")

Text = Annotated[str, msgspec.Meta(max_length=100)]


def _day(text: str) -> tuple[datetime | None, datetime | None]:
    """From midnight to midnight in Tokyo. Raises ValueError."""
    if not text:
        return None, None
    first = datetime.combine(date.fromisoformat(text), time(), JST)
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
    found, offers, facts, steps, state = await store.read(
        lambda tx: (
            one(tx, call_id),
            offers_of(tx, call_id),
            happened(tx, call_id),
            story_of(tx, call_id),
            state_of(tx, call_id),
        )
    )
    if found is None:
        raise _not_here()
    call = found.call
    wav, silence = await _heard(recordings, call, state)
    return page(
        "calls/call.html",
        found=found,
        call=call,
        offers=offers,
        results=words.result_words(),
        story=[(step.at, text) for step in steps if (text := words_of(step))],
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


async def _heard(recordings: Recordings, call: Call, state: State | None) -> tuple[Wav | None, str]:
    """The recording, or why there is nothing to hear."""
    try:
        wav = await asyncio.to_thread(recordings.find, call)
    except (VaultError, OSError) as error:
        log.error("calls.recording_closed", call=call.id, error=type(error).__name__)
        return None, _("録音をいま開けません。運用管理の担当に、この通話の時刻を伝えてください。")
    return wav, "" if wav is not None else _silence(call, state)


def _silence(call: Call, state: State | None) -> str:
    if state in (State.ERASING, State.ERASED):
        return _("録音は、決められた期間を過ぎたか、求めがあったため、消去しました。")
    if recorded(call):
        return _(
            "録音のファイルが見つかりません。運用管理の担当に、この通話の時刻を伝えてください。"
        )
    if call.outcome is None:
        return _("録音は、オペレーターが応答すると始まります。")
    return _("だれとも話していないため、録音はありません。")


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
    wav, silence = await _heard(recordings, found.call, state)
    if wav is None:
        raise Problem(404, _("この通話の録音はありません"), silence)
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "no-store", "ETag": wav.mark}
    asked = request.headers.get("range")
    if request.headers.get("if-range", wav.mark) != wav.mark:
        # It has grown since the first part was fetched: the parts would not fit together.
        asked = None
    try:
        wanted = part(asked, wav.size)
    except NotSatisfiable:
        headers["Content-Range"] = f"bytes */{wav.size}"
        return Response(b"", status_code=416, headers=headers, media_type="audio/wav")
    await _note(store, who, found.call)
    bounds = wanted if wanted is not None else range(wav.size)
    headers["Content-Length"] = str(len(bounds))
    if wanted is not None:
        headers["Content-Range"] = f"bytes {bounds.start}-{bounds.stop - 1}/{wav.size}"
    return Stream(
        read(wav, bounds),
        status_code=200 if wanted is None else 206,
        headers=headers,
        media_type="audio/wav",
    )


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
    wav, silence = await _heard(recordings, found.call, state)
    if wav is None:
        raise Problem(404, _("この通話の録音はありません"), silence)
    drawn = await waveform(store, found.call, wav)
    return Response({"seconds": wav.seconds, "peaks": drawn}, headers={"Cache-Control": "no-store"})


async def _note(store: Store, who: Principal, call: Call) -> None:
    if await store.read(lambda tx: played_since(tx, call.id, who.user_id, tx.now - ONE_LISTENING)):
        return
    fact = Fact("recording.played", call.id, call.client_id, {"user_id": who.user_id})

    def write(tx: Tx) -> None:
        append(tx, fact)
        audit.record(
            tx, audit.Trace("recording.played", who.user_id, call.client_id, call.id, call.id)
        )

    await store.write(write)


def _not_here() -> Problem:
    return Problem(404, _("この通話は見つかりません"), _("一覧から選び直してください。"))


routes = [show_calls, show_call, play, picture]
