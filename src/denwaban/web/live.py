"""Live screens: a page shows a state and its cursor, and then hears every fact after it."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, aclosing, nullcontext, suppress
from dataclasses import dataclass
from typing import Any, Protocol

from litestar import Request
from litestar.response import Stream

from denwaban.access import Lookup
from denwaban.journal import Entry, Following, Journal
from denwaban.store import Signal, StoreError
from denwaban.web.here import Here

HEARTBEAT = 15.0
"""Seconds without news after which a beat tells both sides that the line is up."""

CHECK_SESSION = 30.0
"""Seconds, about, after which a session that another process ended, or that ran out, stops hearing. Hundreds of pages that were
opened together must not all look at the same moment."""

MOST = 50
"""Streams of one person at a time; a further one ends the oldest, which may be that of a browser that is gone. Each costs something
at every fact, in the loop that answers calls."""

MAX_SEQ = 2**62


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """One event for the page. htmx 4 swaps unnamed events in and dispatches named ones as DOM events."""

    name: str
    data: str


class Live:
    """What all live streams of one app share."""

    def __init__(self, lookup: Lookup, ended: Signal) -> None:
        self.lookup = lookup
        self.ended = ended
        self.stopping = asyncio.Event()
        self._open: dict[str, list[Following[LiveEvent]]] = {}

    def begun(self, user_id: str, stream: Following[LiveEvent]) -> None:
        """One more of this person's."""
        theirs = self._open.setdefault(user_id, [])
        theirs.append(stream)
        if len(theirs) > MOST:
            theirs.pop(0).stop()

    def over(self, user_id: str, stream: Following[LiveEvent]) -> None:
        """It has ended, by whatever cause."""
        theirs = self._open.get(user_id, [])
        if stream in theirs:
            theirs.remove(stream)
        if not theirs:
            self._open.pop(user_id, None)

    def stop(self) -> None:
        """Ends every stream, so that a server that is asked to stop need not wait for them."""
        self.stopping.set()


def cursor(request: Request[Any, Any, Any], after: int | None) -> int | None:
    """The seq to go on from: what the browser saw last, else `after`."""
    seen = request.headers.get("last-event-id", "")
    if seen.isascii() and seen.isdigit() and len(seen) < 20 and int(seen) < MAX_SEQ:
        return int(seen)
    return after


class Beside(Protocol):
    """Something that a stream tells beside the journal: a picture shared by many screens."""

    def join(self, wake: Callable[[], None]) -> AbstractContextManager[None]:
        """Calls `wake` whenever there may be something new, and once at the beginning."""

    def news(self) -> LiveEvent | None:
        """What the page has not been told yet; only the newest."""


def encode(event: LiveEvent | None, seq: int) -> bytes:
    """An event in the wire form of server-sent events; None moves the cursor only."""
    lines = [f"id: {seq}"]
    if event is not None:
        if event.name:
            lines.append(f"event: {event.name}")
        lines += [f"data: {line}" for line in event.data.splitlines() or [""]]
    return ("\n".join(lines) + "\n\n").encode()


def live(
    request: Request[Any, Any, Any],
    journal: Journal,
    after: int | None,
    choose: Callable[[Entry], LiveEvent | None],
    beside: Beside | None = None,
) -> Stream:
    """Server-sent events for every entry after `after` that `choose` makes an event of, in order, each once.

    `choose` must look at `entry.fact.client_id` where the reader may not see every client. A browser that reconnects goes
    on where it was (`Last-Event-ID`). The stream ends when the session does, when the page goes, or on shutdown.
    """
    shared: Live = request.app.state.live
    at: Here = request.scope["state"]["here"]
    return Stream(
        _events(shared, at, journal, cursor(request, after), choose, beside),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(
    shared: Live,
    at: Here,
    journal: Journal,
    after: int | None,
    choose: Callable[[Entry], LiveEvent | None],
    beside: Beside | None = None,
) -> AsyncIterator[bytes]:
    following = journal.following(after, choose)
    user_id = at.who.user_id if at.who is not None else ""
    shared.begun(user_id, following)
    over = asyncio.create_task(_until_over(shared, at))
    over.add_done_callback(lambda _over: following.stop())
    told = after
    try:
        yield b"retry: 1000\n\n"
        async with aclosing(following.items(HEARTBEAT)) as items:  # type: ignore[type-var]
            with beside.join(following.wake) if beside else nullcontext():
                async for seq, chosen in items:
                    event = chosen or (beside.news() if beside else None)
                    if event is not None or seq != told:
                        # Without an event: facts for others went by, and a later reconnection need not go through them.
                        told = seq
                        yield encode(event, seq)
                    else:
                        yield b": beat\n\n"
        if over.done():
            over.result()
    finally:
        # The browser went away or we are stopping: nothing of this stream stays behind.
        shared.over(user_id, following)
        over.cancel()


async def _until_over(shared: Live, at: Here) -> None:
    """Returns when the session or key has ended or the program stops."""
    stopping = asyncio.ensure_future(shared.stopping.wait())
    try:
        while True:
            seen = shared.ended.count
            waiting = asyncio.ensure_future(
                shared.ended.wait(seen, CHECK_SESSION * random.uniform(0.5, 1.5))
            )
            try:
                done, _pending = await asyncio.wait(
                    {waiting, stopping}, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                waiting.cancel()
            if stopping in done:
                return
            # A database that is away ends no session: the next look decides.
            with suppress(StoreError):
                if at.who is None or not await _still(shared.lookup, at):
                    return
    finally:
        stopping.cancel()


async def _still(lookup: Lookup, at: Here) -> bool:
    if at.who is not None and at.who.is_key:
        return await lookup.key(at.secret) is not None
    return await lookup.session(at.secret) is not None
