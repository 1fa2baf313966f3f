"""Letting people hear recordings: who listens is on record before the first byte is sent."""

import asyncio
from datetime import timedelta
from typing import Any

import structlog
from litestar import Request, Response
from litestar.response import Stream

from denwaban import audit
from denwaban.access import Principal
from denwaban.calls.model import Call
from denwaban.calls.queries import played_since
from denwaban.calls.recordings import (
    NotSatisfiable,
    Recordings,
    State,
    Wav,
    part,
    read,
    recorded,
)
from denwaban.journal import Fact, append
from denwaban.store import Store, Tx
from denwaban.vault import VaultError
from denwaban.web import Problem, _

log = structlog.get_logger(__name__)

ONE_LISTENING = timedelta(minutes=10)
"""A player asks for many pieces of a recording; within this time they are one listening."""


async def stream(
    request: Request[Any, Any, Any],
    who: Principal,
    store: Store,
    recordings: Recordings,
    call: Call,
    state: State | None,
) -> Stream | Response[bytes]:
    """The recording of a call, whole or the part that is asked for. Whether this reader may hear it was asked before. That
    somebody listens is in the journal and the audit before the first byte is sent."""
    wav, silence = await heard(recordings, call, state, ours=who.client_id is None)
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
    await _note(store, who, call)
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


async def heard(
    recordings: Recordings, call: Call, state: State | None, *, ours: bool = True
) -> tuple[Wav | None, str]:
    """The recording, or why there is nothing to hear. `ours`: said to our own people, else to the client's staff."""
    try:
        wav = await asyncio.to_thread(recordings.find, call)
    except (VaultError, OSError) as error:
        log.error("calls.recording_closed", call=call.id, error=type(error).__name__)
        if ours:
            return None, _(
                "録音をいま開けません。運用管理の担当に、この通話の時刻を伝えてください。"
            )
        return None, _("録音をいま開けません。この通話の時刻を、当社の担当までお知らせください。")
    return wav, "" if wav is not None else _silence(call, state, ours)


def _silence(call: Call, state: State | None, ours: bool) -> str:
    if state in (State.ERASING, State.ERASED):
        return _("録音は、決められた期間を過ぎたか、求めがあったため、消去しました。")
    if recorded(call):
        if ours:
            return _(
                "録音のファイルが見つかりません。運用管理の担当に、この通話の時刻を伝えてください。"
            )
        return _(
            "録音のファイルが見つかりません。この通話の時刻を、当社の担当までお知らせください。"
        )
    if call.outcome is None:
        return _("録音は、オペレーターが応答すると始まります。")
    return _("だれとも話していないため、録音はありません。")


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
