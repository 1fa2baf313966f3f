"""Asterisk as a `Phone`."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import structlog

from denwaban.clock import Clock
from denwaban.telephony.ari import snapshot, words
from denwaban.telephony.ari.answers import Answer, EngineAway, Refused
from denwaban.telephony.ari.connection import AriConnection
from denwaban.telephony.ari.legs import ROOM, TALK, Legs, Party, Talk, phones_of
from denwaban.telephony.port import (
    EngineLost,
    Event,
    HangUp,
    Leg,
    LegGone,
    PhoneError,
    Resynced,
    SeatAccount,
    SeatName,
    Snapshot,
)

log = structlog.get_logger(__name__)

# ISDN causes (Q.850); the engine turns them into 486, 404 and 503 while the call is not answered.
_CAUSES = {
    HangUp.NORMAL: 16,
    HangUp.BUSY: 17,
    HangUp.UNKNOWN_NUMBER: 1,
    HangUp.CONGESTION: 34,
}
_LONGEST_PAUSE = 2.0
# The engine needs a moment to end one connection before another of the same application begins.
_TIDYING_SECONDS = 0.5
# The recording of an earlier talk of the same call needs a moment to close.
_RECORD_TRIES = 25
_RECORD_PAUSE = 0.02


class EngineTaken(PhoneError):
    """Another program took over this engine: it connected as the same application. `events` ends with this; there is no
    reconnecting, which would only be a quarrel between two programs."""


class AriPhone:
    """Asterisk through ARI. Connects, and reconnects for as long as `events` is read.

    `url` such as `http://127.0.0.1:8421/ari`; `recordings` is the engine's folder `spool/recording`, as seen from here;
    `make_seats` makes exactly the given seats known to the engine. One connection at a time: see `EngineTaken`.
    """

    def __init__(
        self,
        *,
        url: str,
        user: str,
        password: str,
        clock: Clock,
        recordings: Path,
        make_seats: Callable[[list[SeatAccount]], Awaitable[object]],
        app: str = "denwaban",
    ) -> None:
        self._address = (url, user, password)
        self._clock = clock
        self._recordings = recordings
        self._make_seats = make_seats
        self._app = app
        self._queue: deque[Event] = deque()
        self._woken = asyncio.Event()
        self._connection: AriConnection | None = None
        self._engine_started = ""
        self._early: list[words.AnyEvent] | None = None
        self._taken = False
        self._legs = Legs(self._tell, self._ask, clock.now)

    # --- events

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
        known = [
            party for party in picture.parties if party.seat is not None or party.voice not in fresh
        ]
        picture = snapshot.Picture(known, picture.online, picture.orphans, picture.callers)
        self._queue.clear()
        self._legs.replace(known, set(picture.online))
        self._connection = connection
        for bridge in picture.orphans:
            self._ask("DELETE", f"bridges/{bridge}")
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

    # --- acts

    async def ring(self, leg: Leg) -> None:
        party = self._party(leg)
        if party.up:  # else the dialplan has told the caller that it rings
            party.tone = True
            await self._do(party, [("POST", self._channel(party, "ring"))])

    async def answer(self, leg: Leg) -> None:
        party = self._party(leg)
        await self._do(party, [("POST", self._channel(party, "answer"))])
        party.up = True

    async def play(self, leg: Leg, wav: Path) -> str:
        if not wav.is_absolute():
            raise ValueError("the engine needs an absolute path")
        party = self._party(leg)
        requests = self._quiet(party)
        if not party.up:
            raise PhoneError("the leg is not answered")
        play, room = f"dwb-play-{secrets.token_hex(6)}", f"{ROOM}{secrets.token_hex(8)}"
        media = quote(f"sound:{wav.with_suffix('')}", safe="")
        name = quote(f"{party.voice}|{play}", safe="")
        requests += [
            ("POST", f"bridges/{room}?type=mixing&name={name}"),
            ("POST", f"bridges/{room}/addChannel?channel={party.voice}"),
            ("POST", f"bridges/{room}/play/{play}?media={media}"),
        ]
        party.prompt, party.room = play, room
        self._legs.by_prompt[play] = party
        await self._do(party, requests)
        return play

    async def music(self, leg: Leg) -> None:
        party = self._party(leg)
        requests = self._quiet(party)
        party.music = True
        await self._do(party, [*requests, ("POST", self._channel(party, "moh"))])

    async def quiet(self, leg: Leg) -> None:
        party = self._party(leg)
        await self._do(party, self._quiet(party))

    async def dial(
        self, seat: SeatName, *, call: str, caller: str, title: str, seconds: int
    ) -> Leg:
        # Nothing is awaited before the return: no event about the leg can be read before its name is known.
        connection = self._connected()
        party, pairs = self._legs.dialling(seat)
        shown = _plain(title)
        number = _national("".join(mark for mark in caller if mark in "+0123456789"))
        for channel, endpoint in pairs:
            body: dict[str, Any] = {
                "endpoint": f"PJSIP/{endpoint}",
                "app": self._app,
                "appArgs": "seat",
                "channelId": channel,
                "callerId": f'"{shown}" <{number}>',
                "timeout": seconds,
                "variables": {"PJSIP_HEADER(add,X-Call)": _plain(call)},
            }
            self._watch(connection.send("POST", "channels", body), channel)
        return party.leg

    def _watch(self, answer: asyncio.Future[Answer], channel: str) -> None:
        """A phone that could not be rung counts as gone."""

        def answered(done: asyncio.Future[Answer]) -> None:
            # When the connection breaks, the snapshot after it tells.
            if not done.cancelled() and done.exception() is None and not done.result().ok:
                log.warning("ari.not_rung", status=done.result().status)
                self._legs.channel_over(channel, 0, 0)

        answer.add_done_callback(answered)

    async def connect(self, call: str, caller: Leg, operator: Leg, *, record: bool) -> None:
        calling, answering = self._party(caller), self._party(operator)
        if not answering.voice:
            raise PhoneError("the seat has not answered")
        connection = self._connected()
        for party in (calling, answering):
            if party.talk is not None:
                self._legs.untie(party.talk)
        talk = Talk(f"{TALK}{secrets.token_hex(8)}", caller, operator)
        bridge = f"bridges/{talk.bridge}"
        name = quote(f"{caller}|{operator}", safe="")
        # dtmf_events: without it two SIP phones are joined past the engine's ear, and keys go unheard.
        requests = [("POST", f"{bridge}?type=mixing,dtmf_events&name={name}")]
        if not calling.up:
            requests.append(("POST", self._channel(calling, "answer")))
        requests += self._quiet(calling)
        both = f"{calling.voice},{answering.voice}"
        requests.append(("POST", f"{bridge}/addChannel?channel={both}"))
        # All leave at once and are done in this order: one round trip until both hear each other.
        sent = [connection.send(method, room) for method, room in requests]
        recorded = connection.send("POST", f"{bridge}/record", _recording(call)) if record else None
        calling.talk = answering.talk = talk
        try:
            await self._check(calling, requests, sent)
            calling.up = True
            if recorded is not None:
                await self._recorded(connection, f"{bridge}/record", call, await recorded)
        except PhoneError:
            if calling.talk is talk or answering.talk is talk:
                self._legs.untie(talk)
            raise

    async def _recorded(
        self, connection: AriConnection, room: str, call: str, answer: Answer
    ) -> None:
        for _ in range(_RECORD_TRIES):
            if answer.status != 409:
                break
            await asyncio.sleep(_RECORD_PAUSE)
            answer = await connection.send("POST", room, _recording(call))
        if answer.status == 404:
            return  # One side has hung up already, which ended the talk: told by LegEnded.
        if not answer.ok:
            raise Refused(answer.status, "POST", room)

    async def hold(self, leg: Leg) -> None:
        party, talk = self._talking(leg)
        if party.music:
            return  # It is on hold already.
        remove = f"bridges/{talk.bridge}/removeChannel?channel={party.voice}"
        party.music = True
        await self._do(party, [("POST", remove), ("POST", self._channel(party, "moh"))])

    async def unhold(self, leg: Leg) -> None:
        party, talk = self._talking(leg)
        if not party.music:
            return
        add = f"bridges/{talk.bridge}/addChannel?channel={party.voice}"
        # The music must end first: it would go on in the bridge.
        await self._do(party, [*self._quiet(party), ("POST", add)])

    async def mute(self, leg: Leg, on: bool) -> None:
        party = self._party(leg)
        method = "POST" if on else "DELETE"
        await self._do(party, [(method, self._channel(party, "mute?direction=in"))])

    async def hang_up(self, leg: Leg, why: HangUp = HangUp.NORMAL) -> None:
        party = self._legs.parties.get(leg)
        connection = self._connected()
        if party is None:
            return
        rooms = [f"channels/{name}?reason_code={_CAUSES[why]}" for name in party.channels]
        for answer in await asyncio.gather(*[connection.send("DELETE", room) for room in rooms]):
            if not answer.ok and answer.status != 404:
                raise Refused(answer.status, "DELETE", "channels")

    async def note(self, leg: Leg, **values: str) -> None:
        party = self._party(leg)
        party.notes |= values
        connection = self._connected()
        value = msgspec.json.encode(party.notes).decode()
        body = {"variable": snapshot.NOTES, "value": value}
        channels = [party.voice] if party.voice else sorted(party.channels)
        sent = [connection.send("POST", f"channels/{name}/variable", body) for name in channels]
        await self._check(party, [("POST", "variable")] * len(sent), sent)

    async def seats(self, accounts: list[SeatAccount]) -> None:
        await self._make_seats(accounts)
        connection = self._connection
        if connection is None or connection.lost:
            return  # `_resync` will listen to them.
        phones = [name for account in accounts for name in phones_of(account.seat)]
        await self._listen(connection, [f"endpoint:PJSIP/{name}" for name in phones])
        # A phone may have signed in between.
        for endpoint in await snapshot.seat_endpoints(connection):
            self._legs.endpoint_is(endpoint)

    def recording(self, call: str) -> Path:
        return self._recordings / f"{call}.wav"

    # --- how

    def _connected(self) -> AriConnection:
        if self._connection is None or self._connection.lost:
            raise EngineAway("no connection to the engine")
        return self._connection

    def _party(self, leg: Leg) -> Party:
        self._connected()
        party = self._legs.parties.get(leg)
        if party is None:
            raise LegGone(leg)
        return party

    def _talking(self, leg: Leg) -> tuple[Party, Talk]:
        party = self._party(leg)
        if party.talk is None:
            raise PhoneError("the leg is not connected to anybody")
        return party, party.talk

    def _channel(self, party: Party, act: str) -> str:
        if not party.voice:
            raise PhoneError("the seat has not answered")
        return f"channels/{party.voice}/{act}"

    def _quiet(self, party: Party) -> list[tuple[str, str]]:
        """The requests that end whatever is played to a leg."""
        requests = []
        if party.music:
            requests.append(("DELETE", self._channel(party, "moh")))
        if party.tone:
            requests.append(("DELETE", self._channel(party, "ring")))
        if party.prompt in self._legs.by_prompt:
            requests.append(("DELETE", f"playbacks/{party.prompt}"))
            self._legs.prompt_over(party.prompt)
        if party.room:
            leave = f"bridges/{party.room}/removeChannel?channel={party.voice}"
            requests += [("POST", leave), ("DELETE", f"bridges/{party.room}")]
        party.music = party.tone = False
        party.prompt = party.room = ""
        return requests

    async def _do(self, party: Party, requests: list[tuple[str, str]]) -> None:
        connection = self._connected()
        sent = [connection.send(method, room) for method, room in requests]
        await self._check(party, requests, sent)

    async def _check(
        self,
        party: Party,
        requests: list[tuple[str, str]],
        sent: list[asyncio.Future[Answer]],
    ) -> None:
        """Raises the first error, after all answers are in. What was to end and had ended is none."""
        answers = await asyncio.gather(*sent)
        for (method, room), answer in zip(requests, answers, strict=True):
            if not answer.ok and not (method == "DELETE" and answer.status in (404, 409)):
                raise self._error(party, answer, method, room)

    def _error(self, party: Party, answer: Answer, method: str, room: str) -> PhoneError:
        # 404: the channel is no more. 409: it has left our application and is on its way out. Bridges say 400 and 422,
        # a variable of such a channel 400.
        gone = (404, 409, 412) if room.startswith("channels/") else (400, 404, 409, 422)
        if answer.status in gone:
            return LegGone(party.leg)
        return Refused(answer.status, method, room.partition("?")[0])

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


def _recording(call: str) -> dict[str, str]:
    return {"name": call, "format": "wav", "ifExists": "append"}


def _national(number: str) -> str:
    """As phones here show it: 090… for +8190…; `anonymous` for none."""
    if not number:
        return "anonymous"
    return f"0{number[3:]}" if number.startswith("+81") else number


def _plain(text: str) -> str:
    """Fit for a SIP header: no quotes, no line ends."""
    return "".join(mark for mark in text if mark.isprintable() and mark not in '"\\<>')
