"""Everything that is kept of one caller, as a ZIP of JSON and WAV."""

import asyncio
import tempfile
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime
from typing import IO, Any

import msgspec
import structlog
from sqlalchemy import select

from denwaban import audit
from denwaban.calls import Call, Recordings
from denwaban.calls.recordings import read
from denwaban.care import abuse_words
from denwaban.care import rows as care_rows
from denwaban.delivery import rows as delivery_rows
from denwaban.delivery import talk_words
from denwaban.journal import Fact, append
from denwaban.people.persons import old_names, ways_of
from denwaban.promises import rows as promise_rows
from denwaban.reports import Report
from denwaban.retention.requests import Asked, asked
from denwaban.scripts import rows as script_rows
from denwaban.scripts import said_in
from denwaban.store import Store, Tx
from denwaban.vault import VaultError, not_opened

log = structlog.get_logger(__name__)

IN_MEMORY = 8 * 1024 * 1024
"""Bytes of an export that are kept in memory; a larger one lies in a file without a name until it is sent."""

_PIECE = 256 * 1024


def described(tx: Tx, found: Asked) -> dict[str, Any]:
    """What is kept, as it is written into the export. Times in UTC. `not_opened` are the places of what could not be opened, in
    whose place `vault.UNOPENED` stands."""
    calls = [one.id for one in found.calls]
    reports = [one.id for one in found.reports]
    runs = script_rows.runs
    call_of = {
        row["id"]: row["call_id"]
        for row in tx.all(select(runs.c.id, runs.c.call_id).where(runs.c.call_id.in_(calls)))
    }
    said = sorted(
        (call_of[run_id], field, value)
        for (run_id, field), value in said_in(tx, list(call_of)).items()
    )
    promises, talk = promise_rows.promises, delivery_rows.report_talk
    promised = tx.all(
        select(*promise_rows.KEPT)
        .where(promises.c.report_id.in_(reports))
        .order_by(promises.c.report_id)
    )
    talked = tx.all(select(talk).where(talk.c.report_id.in_(reports)).order_by(talk.c.id))
    cases, events = care_rows.abuse_cases, care_rows.abuse_events
    abuse = tx.all(
        select(cases.c.call_id, cases.c.client_id, events)
        .join(cases, cases.c.id == events.c.case_id)
        .where(cases.c.call_id.in_(calls))
        .order_by(events.c.at, events.c.id)
    )
    document = {
        "numbers": found.numbers,
        "caller": _caller(tx, found),
        "calls": [_call(one) for one in found.calls],
        "answers": [{"call_id": one, "field": field, "value": value} for one, field, value in said],
        "reports": [_report(one) for one in found.reports],
        "promises": [
            {"report_id": one.report_id, "what": one.what, "by": one.by, "kept_at": one.kept_at}
            for one in (promise_rows.read(tx, row) for row in promised)
        ],
        "abuse": [
            {
                "call_id": row["call_id"],
                "at": row["at"],
                "what": row["what"],
                "words": abuse_words(tx, row),
            }
            for row in abuse
        ],
        "comments": [
            {"report_id": row["report_id"], "at": row["at"], "text": talk_words(tx, row)}
            for row in talked
        ],
    }
    closed = [f"reports/{one.id}" for one in found.reports if one.closed]
    return {**document, "not_opened": list(dict.fromkeys([*closed, *not_opened(tx)]))}


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
) -> IO[bytes]:
    """The export, from its beginning; that it was made is in the journal and the audit before it is given out. What cannot be
    opened of it stands under `not_opened`, also recordings. Raises `BadTerms`."""

    def look(tx: Tx) -> tuple[Asked, dict[str, Any], datetime]:
        found = asked(tx, client_id, typed)
        return found, described(tx, found), tx.now

    found, document, now = await store.read_long(look)
    fact = Fact("data.exported", client_id, client_id, {"user_id": user_id})
    told: dict[str, audit.Plain] = {"what": "caller", "rows": len(found.calls) + len(found.reports)}
    whom = found.caller.id if found.caller is not None else ""
    trace = audit.Trace("export.taken", user_id, client_id, None, whom, told)

    def note(tx: Tx) -> None:
        append(tx, fact)
        audit.record(tx, trace)

    await store.write(note)
    target = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - whoever sends it closes it
    try:
        with zipfile.ZipFile(target, "w") as archive:
            for call in found.calls:
                try:
                    await _add(archive, recordings, call)
                except VaultError as error:
                    log.error("export.not_opened", call=call.id, error=type(error).__name__)
                    document["not_opened"].append(_entry(call))
            body = msgspec.json.format(msgspec.json.encode({"made_at": now, **document}))
            archive.writestr("data.json", body, zipfile.ZIP_DEFLATED)
        target.seek(0)
    except BaseException:
        target.close()
        raise
    return target


def _entry(call: Call) -> str:
    return f"recordings/{call.id}.wav"


async def _add(archive: zipfile.ZipFile, recordings: Recordings, call: Call) -> None:
    wav = await asyncio.to_thread(recordings.find, call)
    if wav is None:
        return
    with archive.open(_entry(call), "w") as entry:
        async for piece in read(wav, range(wav.size)):
            await asyncio.to_thread(entry.write, piece)


async def sent(file: IO[bytes]) -> AsyncIterator[bytes]:
    """The file in pieces; closed at the end."""
    try:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece
    finally:
        file.close()
