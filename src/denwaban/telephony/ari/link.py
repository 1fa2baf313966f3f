"""The link to one engine: connected, listened to, and brought back whenever it breaks."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import quote

import structlog

from denwaban.clock import Clock
from denwaban.telephony.ari import snapshot, words
from denwaban.telephony.ari.answers import Answer, EngineAway
from denwaban.telephony.ari.connection import AriConnection
from denwaban.telephony.ari.legs import Legs
from denwaban.telephony.port import EngineLost, Event, PhoneError, Resynced, Snapshot

log = structlog.get_logger(__name__)

_LONGEST_PAUSE = 2.0
# The engine needs a moment to end one connection before another of the same application begins.
_TIDYING_SECONDS = 0.5


class EngineTaken(PhoneError):
    """Another program took over this engine: it connected as the same application. `events` ends with this; there is no
    reconnecting, which would only be a quarrel between two programs."""


class AriLink:
    """Events of one engine in one stream, and the legs that are alive. Reconnects for as long as `events` is read."""

    def __init__(self, url: str, user: str, password: str, clock: Clock, app: str) -> None:
        self._address = (url, user, password)
        self._clock = clock
        self._app = app
        self._queue: deque[Event] = deque()
        self._woken = asyncio.Event()
        self._connection: AriConnection | None = None
        self._engine_started = ""
        self._early: list[words.AnyEvent] | None = None
        self._taken = False
        self._legs = Legs(self._tell, self._ask, clock.now)

    async def events(self) -> AsyncIterator[Event]:
        """See `Phone.events`. Raises `EngineTaken` when another program connects. Close the iterator (`aclosing`) to
        disconnect; callers go on talking."""
        try:
            while True:
                resynced = await self._connect()
                yield resynced
                connection = self._connection
                while connection is not None and not connection.lost:
                    while self._queue:
                        yield self._queue.popleft()
                    self._woken.clear()
                    if not self._queue and not connection.lost:
                        await self._woken.wait()
                    if self._taken:
                        await asyncio.sleep(_TIDYING_SECONDS)
                        raise EngineTaken("another program has connected to the engine")
                while self._queue:
                    yield self._queue.popleft()
                self._connection = None
                yield EngineLost(self._clock.now())
                await asyncio.sleep(_TIDYING_SECONDS)
        finally:
            connection, self._connection = self._connection, None
            if connection is not None:
                await connection.close()

    async def _connect(self) -> Resynced:
        pause = 0.05
        while True:
            try:
                return await self._resync()
            except EngineAway as error:
                log.warning("ari.away", reason=str(error), pause_seconds=round(pause, 2))
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _resync(self) -> Resynced:
        self._early = []
        connection = await AriConnection.open(
            *self._address, self._app, self._arrived, self._woken.set
        )
        try:
            asked = [
                connection.send(
                    "PUT",
                    f"applications/{self._app}/eventFilter",
                    {"allowed": [{"type": kind} for kind in words.WANTED]},
                ),
                connection.send("GET", "asterisk/info?only=status"),
            ]
            filtered, info = await asyncio.gather(*asked)
            if not filtered.ok:
                raise EngineAway(f"the engine is not ready: {filtered.status}")
            started = snapshot.read(info, words.Info).status.startup_time
            endpoints = await snapshot.seat_endpoints(connection)
            await self._listen(
                connection, [f"endpoint:PJSIP/{name.resource}" for name in endpoints]
            )
            picture = await snapshot.take(connection, self._app)
        except BaseException:
            await connection.close()
            raise
        early, self._early = self._early, None
        # Who came after we connected is told as CallArrived; the picture must not tell it as well.
        fresh = {event.channel.id for event in early if isinstance(event, words.StasisStart)}
        known = [party for party in picture.parties if party.dialled or party.voice not in fresh]
        picture = replace(picture, parties=known)
        self._queue.clear()
        self._legs.replace(known, set(picture.online))
        self._connection = connection
        for bridge in picture.orphans:
            self._ask("DELETE", f"bridges/{bridge}")
        for spy in picture.spies:
            self._ask("DELETE", f"channels/{spy}")
        # Channels of an earlier connection: a channel that is gone meanwhile is refused, and told by its absence.
        await self._listen(
            connection, [f"channel:{name}" for party in known for name in party.channels]
        )
        for event in early:
            self._legs.take(event)
        restarted = self._engine_started not in ("", started)
        self._engine_started = started
        log.info("ari.connected", legs=len(known), orphans=len(picture.orphans))
        return Resynced(picture.snapshot(), restarted, self._clock.now())

    async def _listen(self, connection: AriConnection, sources: list[str]) -> None:
        """Makes sure that the sources' events come.

        Seats are listened to one by one and not as device states: when a connection ends, the engine (22.10) tears down
        what listens to device states while it holds a lock that the next such event needs, and locks itself up for ever.
        Not all endpoints at once either: that would bring every event of every caller twice.
        """
        room = f"applications/{self._app}/subscription?eventSource="
        asked = [connection.send("POST", room + quote(source, safe="")) for source in sources]
        for answer in await asyncio.gather(*asked):
            if not answer.ok:
                log.info("ari.not_listening", status=answer.status)

    def _arrived(self, event: words.AnyEvent) -> None:
        if isinstance(event, words.ApplicationReplaced):
            self._taken = True
            self._woken.set()
        elif self._early is not None:
            self._early.append(event)
        else:
            self._legs.take(event)

    def _tell(self, event: Event) -> None:
        self._queue.append(event)
        self._woken.set()

    async def snapshot(self) -> Snapshot:
        return (await snapshot.take(self._connected(), self._app)).snapshot()

    def _connected(self) -> AriConnection:
        if self._connection is None or self._connection.lost:
            raise EngineAway("no connection to the engine")
        return self._connection

    def _ask(self, method: str, room: str) -> None:
        """Sends a request whose success shows in the events; a broken connection is healed by the next snapshot."""
        if self._connection is None or self._connection.lost:
            return

        def answered(done: asyncio.Future[Answer]) -> None:
            if done.cancelled() or done.exception() is not None:
                return
            if not done.result().ok and done.result().status != 404:
                log.warning("ari.not_done", method=method, status=done.result().status)

        self._connection.send(method, room).add_done_callback(answered)
