"""Everything that is kept of one caller, as a ZIP of JSON and WAV, made while it is sent."""

import asyncio
import io
import zipfile
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
import structlog
from sqlalchemy import select

from denwaban import audit
from denwaban.calls import Call, Recordings, calls_by_ids
from denwaban.calls.recordings import read, recorded
from denwaban.care import abuse_words
from denwaban.care import rows as care_rows
from denwaban.delivery import rows as delivery_rows
from denwaban.delivery import talk_words
from denwaban.journal import Fact, append
from denwaban.people.persons import old_names, ways_of
from denwaban.promises import rows as promise_rows
from denwaban.reports import Report, listed_by_ids
from denwaban.retention.whose import Asked, asked
from denwaban.scripts import rows as script_rows
from denwaban.scripts import said_in
from denwaban.store import Store, Tx, among_these
from denwaban.vault import VaultError, not_opened

log = structlog.get_logger(__name__)

AT_ONCE = 200
"""Of so many calls or reports one transaction tells: who waits at a screen reads beside it."""

_Listed = list[dict[str, Any]]
_Section = Callable[[Tx, Sequence[str]], _Listed]


def _calls(tx: Tx, call_ids: Sequence[str]) -> _Listed:
    found = calls_by_ids(tx, call_ids)
    return [_call(found[one]) for one in sorted(found)]


def _answers(tx: Tx, call_ids: Sequence[str]) -> _Listed:
    runs = script_rows.runs
    wanted = select(runs.c.id, runs.c.call_id).where(among_these(runs.c.call_id, call_ids))
    call_of = {row["id"]: row["call_id"] for row in tx.all(wanted)}
    said = sorted(
        (call_of[run_id], field, value)
        for (run_id, field), value in said_in(tx, list(call_of)).items()
    )
    return [{"call_id": one, "field": field, "value": value} for one, field, value in said]


def _abuse(tx: Tx, call_ids: Sequence[str]) -> _Listed:
    cases, events = care_rows.abuse_cases, care_rows.abuse_events
    rows = tx.all(
        select(cases.c.call_id, cases.c.client_id, events)
        .join(cases, cases.c.id == events.c.case_id)
        .where(among_these(cases.c.call_id, call_ids))
        .order_by(events.c.at, events.c.id)
    )
    return [
        {
            "call_id": row["call_id"],
            "at": row["at"],
            "what": row["what"],
            "words": abuse_words(tx, row),
        }
        for row in rows
    ]


def _reports(tx: Tx, report_ids: Sequence[str]) -> _Listed:
    return [_report(one) for one in listed_by_ids(tx, list(report_ids))]


def _promises(tx: Tx, report_ids: Sequence[str]) -> _Listed:
    promises = promise_rows.promises
    rows = tx.all(
        select(*promise_rows.KEPT)
        .where(among_these(promises.c.report_id, report_ids))
        .order_by(promises.c.report_id)
    )
    return [
        {"report_id": one.report_id, "what": one.what, "by": one.by, "kept_at": one.kept_at}
        for one in (promise_rows.read(tx, row) for row in rows)
    ]


def _comments(tx: Tx, report_ids: Sequence[str]) -> _Listed:
    talk = delivery_rows.report_talk
    rows = tx.all(select(talk).where(among_these(talk.c.report_id, report_ids)).order_by(talk.c.id))
    return [
        {"report_id": row["report_id"], "at": row["at"], "text": talk_words(tx, row)}
        for row in rows
    ]


_OF_CALLS: dict[str, _Section] = {"calls": _calls, "answers": _answers, "abuse": _abuse}
_OF_REPORTS: dict[str, _Section] = {
    "reports": _reports,
    "promises": _promises,
    "comments": _comments,
}


def _steps(found: Asked) -> Iterator[tuple[str, _Section, Sequence[str]]]:
    """(name of a list, what makes it, some ids) of all that is told, each list once at least, in order."""
    reports = [one for one, _call in found.reports]
    for sections, ids in ((_OF_CALLS, found.calls), (_OF_REPORTS, reports)):
        for name, section in sections.items():
            for begin in range(0, max(len(ids), 1), AT_ONCE):
                yield name, section, ids[begin : begin + AT_ONCE]


def described(tx: Tx, found: Asked) -> dict[str, Any]:
    """What is kept, as it is written into the export. Times in UTC. `not_opened` are the places of what could not be opened, in
    whose place `vault.UNOPENED` stands."""
    document: dict[str, Any] = {"numbers": found.numbers, "caller": _caller(tx, found)}
    for name, section, ids in _steps(found):
        document.setdefault(name, []).extend(section(tx, ids))
    return {**document, "not_opened": not_opened(tx)}


def _caller(tx: Tx, found: Asked) -> dict[str, Any] | None:
    who = found.caller
    if who is None:
        return None
    return {
        "name": who.shown,
        "kana": who.kana,
        "company": who.company,
        "regular": who.regular,
        "since": who.created_at,
        "ways": [{"kind": one.kind.value, "value": one.value} for one in ways_of(tx, who.id)],
        "older_names": [{"name": one.name, "kana": one.kana} for one in old_names(tx, who.id)],
    }


def _call(call: Call) -> dict[str, Any]:
    return {
        "id": call.id,
        "direction": call.direction.value,
        "caller": call.caller,
        "dialled": call.dialled,
        "arrived_at": call.arrived_at,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "outcome": call.outcome.value if call.outcome is not None else None,
    }


def _report(report: Report) -> dict[str, Any]:
    return {
        "id": report.id,
        "call_id": report.call_id,
        "sent_at": report.sent_at,
        "status": report.status.value,
        "subject": report.subject,
        **msgspec.to_builtins(report.draft),
    }


async def pack(
    store: Store, recordings: Recordings, client_id: str, typed: str, user_id: str | None
) -> AsyncGenerator[bytes, None]:
    """The export in pieces, made as they are sent: nothing of it lies anywhere, however much there is. That it was made is in the
    journal and the audit before the first. What cannot be opened of it stands under `not_opened`, also recordings. Raises
    `BadTerms` before anything is sent."""

    def look(tx: Tx) -> tuple[Asked, datetime]:
        return asked(tx, client_id, typed), tx.now

    found, now = await store.read_long(look)
    fact = Fact("data.exported", client_id, client_id, {"user_id": user_id})
    told: dict[str, audit.Plain] = {"what": "caller", "rows": found.size}
    whom = found.caller.id if found.caller is not None else ""
    trace = audit.Trace("export.taken", user_id, client_id, None, whom, told)

    def note(tx: Tx) -> None:
        append(tx, fact)
        audit.record(tx, trace)

    await store.write(note)
    return _pieces(store, recordings, found, now)


class _Out(io.RawIOBase):
    """What a ZIP is written to whose pieces are taken away as they come."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


async def _pieces(
    store: Store, recordings: Recordings, found: Asked, now: datetime
) -> AsyncGenerator[bytes, None]:
    out = _Out()
    closed: list[str] = []
    with zipfile.ZipFile(out, "w") as archive:
        for begin in range(0, len(found.calls), AT_ONCE):
            some = found.calls[begin : begin + AT_ONCE]
            calls = await store.read_long(partial(calls_by_ids, ids=some))
            for call in (calls[one] for one in some if one in calls and recorded(calls[one])):
                try:
                    async with aclosing(_add(archive, recordings, call)) as adding:
                        async for _written in adding:
                            yield out.take()
                except VaultError as error:
                    log.error("export.not_opened", call=call.id, error=type(error).__name__)
                    closed.append(_entry(call))
        entry = zipfile.ZipInfo("data.json", _zip_time(now))
        entry.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(entry, "w", force_zip64=True) as file:
            async with aclosing(_document(store, found, now, closed)) as document:
                async for text in document:
                    await asyncio.to_thread(file.write, text)
                    yield out.take()
    yield out.take()


def _zip_time(at: datetime) -> tuple[int, int, int, int, int, int]:
    return (at.year, at.month, at.day, at.hour, at.minute, at.second)


def _entry(call: Call) -> str:
    return f"recordings/{call.id}.wav"


async def _add(
    archive: zipfile.ZipFile, recordings: Recordings, call: Call
) -> AsyncGenerator[None, None]:
    """Puts the recording of a call in, a piece at each step."""
    wav = await asyncio.to_thread(recordings.find, call)
    if wav is None:
        return
    with archive.open(_entry(call), "w") as entry:
        async for piece in read(wav, range(wav.size)):
            await asyncio.to_thread(entry.write, piece)
            yield


async def _document(
    store: Store, found: Asked, now: datetime, closed: Sequence[str]
) -> AsyncGenerator[bytes, None]:
    """`described`, as JSON in pieces."""
    lacking: dict[str, None] = {}

    def begun(tx: Tx) -> bytes:
        head = {"made_at": now, "numbers": found.numbers, "caller": _caller(tx, found)}
        lacking.update(dict.fromkeys(not_opened(tx)))
        return _json(head)[:-1]

    def some(tx: Tx, section: _Section, ids: Sequence[str]) -> list[bytes]:
        rows = [_json(one) for one in section(tx, ids)]
        lacking.update(dict.fromkeys(not_opened(tx)))
        return rows

    yield await store.read_long(begun)
    last, between = "", b""
    for name, section, ids in _steps(found):
        rows = await store.read_long(partial(some, section=section, ids=ids))
        if name != last:
            yield b'%s,\n"%s": [\n' % (b"\n]" if last else b"", name.encode())
            last, between = name, b""
        if rows:
            yield between + b",\n".join(rows)
            between = b",\n"
    yield b'\n],\n"not_opened": %s}\n' % _json([*lacking, *closed])


_json = msgspec.json.encode
