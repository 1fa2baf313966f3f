"""Asterisk as a `Phone`."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import structlog

from denwaban.clock import Clock
from denwaban.config import Trunk
from denwaban.telephony.ari import invitations, recording, snapshot
from denwaban.telephony.ari.answers import Answer, Refused
from denwaban.telephony.ari.connection import AriConnection
from denwaban.telephony.ari.parties import ROOM, TALK, Bridge, phones_of, refused_transfer
from denwaban.telephony.ari.requests import AriRequests
from denwaban.telephony.ari.snoop import Watchers
from denwaban.telephony.engine import NOTES
from denwaban.telephony.port import (
    HangUp,
    Leg,
    PhoneError,
    SeatAccount,
    SeatName,
)

log = structlog.get_logger(__name__)

# ISDN causes (Q.850); the engine turns them into 486, 404 and 503 while the call is not answered.
_CAUSES = {
    HangUp.NORMAL: 16,
    HangUp.BUSY: 17,
    HangUp.UNKNOWN_NUMBER: 1,
    HangUp.CONGESTION: 34,
}


class AriPhone(AriRequests):
    """Asterisk through ARI. Connects, and reconnects for as long as `events` is read.

    `url` such as `http://127.0.0.1:8421/ari`; `recordings` is the engine's folder `spool/recording`, as seen from here;
    `make_seats` makes exactly the given seats known to the engine; `lines` are the
    trunks that calls may leave by. One connection at a time: see `EngineTaken`.
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
        lines: Sequence[Trunk] = (),
        app: str = "denwaban",
    ) -> None:
        super().__init__(url, user, password, clock, app)
        self._lines = {line.name: line for line in lines}
        self._recordings = recordings
        self._make_seats = make_seats
        self._watchers = Watchers(self._legs, self._do, app)

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

    def dial(self, seat: SeatName, *, call: str, caller: str, title: str, seconds: int) -> Leg:
        connection = self._connected()
        party, pairs = self._legs.dialling(seat)
        for channel, endpoint in pairs:
            body = invitations.to_seat(endpoint, call, caller, title, seconds)
            self._invite(connection, channel, body)
        return party.leg

    async def call_out(
        self, number: str, *, call: str, trunk: str, shown: str, seconds: int
    ) -> Leg:
        connection = self._connected()
        line = self._lines.get(trunk)
        if line is None:
            raise PhoneError(f"there is no trunk {trunk}")
        party = self._legs.calling_out({"number": number, "call": call})
        body = invitations.outside(line, number, shown, seconds)
        body["variables"] |= {NOTES: msgspec.json.encode(party.notes).decode()}
        self._invite(connection, party.leg, body)
        return party.leg

    def _invite(self, connection: AriConnection, channel: str, body: dict[str, Any]) -> None:
        whole = {"app": self._app, "channelId": channel, **body}
        self._watch(connection.send("POST", "channels", whole), channel)

    def _watch(self, answer: asyncio.Future[Answer], channel: str) -> None:
        """A phone that could not be rung counts as gone."""

        def answered(done: asyncio.Future[Answer]) -> None:
            # When the connection breaks, the snapshot after it tells.
            if not done.cancelled() and done.exception() is None and not done.result().ok:
                log.warning("ari.not_rung", status=done.result().status)
                self._legs.channel_over(channel, 0, 0)

        answer.add_done_callback(answered)

    async def connect(self, call: str, caller: Leg, operator: Leg, *, record: bool) -> None:
        await self.join(call, (caller, operator), record=record)

    async def join(self, call: str, legs: Sequence[Leg], *, record: bool) -> None:
        parties = [self._party(leg) for leg in legs]
        if not all(party.voice for party in parties):
            raise PhoneError("the leg is not answered")
        connection = self._connected()
        for party in parties:
            self._legs.leave(party)
        bridge = Bridge(f"{TALK}{secrets.token_hex(8)}", set(legs), record)
        here = f"bridges/{bridge.id}"
        name = quote("|".join(legs), safe="")
        # dtmf_events: without it two SIP phones are joined past the engine's ear, and keys go unheard.
        requests = [("POST", f"{here}?type=mixing,dtmf_events&name={name}")]
        for party in parties:
            if not party.up:
                requests.append(("POST", self._channel(party, "answer")))
        for party in parties:
            requests += self._quiet(party)
        voices = ",".join(party.voice for party in parties)
        requests.append(("POST", f"{here}/addChannel?channel={voices}"))
        # All leave at once and are done in this order: one round trip until all hear each other.
        sent = [connection.send(method, room) for method, room in requests]
        recorded = (
            connection.send("POST", f"{here}/record", recording.asked(call)) if record else None
        )
        for party in parties:
            party.bridge = bridge
        for watching, watch in list(self._legs.watches.items()):
            if watch.joined and watch.operator in bridge.legs:
                # Who has joined the operator's talk goes with the operator.
                self._ask("POST", f"{here}/addChannel?channel={watch.watcher}")
                self._legs.watches[watching] = replace(watch, joined=bridge.id)
        try:
            await self._check(parties[0], requests, sent)
        except PhoneError:
            if any(party.bridge is bridge for party in parties):
                self._legs.untie(bridge)
            raise
        for party in parties:
            party.up = True
        if recorded is None:
            return
        try:
            await recording.begun(connection, f"{here}/record", call, await recorded)
        except PhoneError as error:
            # They talk: that is worth more than its recording.
            log.error("recording.not_begun", call=call, error=type(error).__name__)
            bridge.recorded = False

    async def part(self, leg: Leg) -> None:
        party = self._party(leg)
        bridge = party.bridge
        if self._legs.leave(party) and bridge is not None and not party.music:
            remove = f"bridges/{bridge.id}/removeChannel?channel={party.voice}"
            await self._do(party, [("POST", remove)])

    async def pause_recording(self, call: str, leg: Leg, on: bool) -> None:
        party, bridge = self._talking(leg)
        connection = self._connected()
        method, room = "POST" if on else "DELETE", f"recordings/live/{call}/mute"
        if bridge.recorded is not False:
            answer = await connection.send(method, room)
            answer = await recording.settled(connection, answer, method, room)
            if answer.ok:
                return
            if answer.status != 404:
                raise self._error(party, answer, method, room)
        if not on:
            room, bridge.recorded = f"bridges/{bridge.id}/record", True
            answer = await connection.send("POST", room, recording.asked(call))
            await recording.begun(connection, room, call, answer)

    async def press(self, leg: Leg, digits: str) -> None:
        if not digits or set(digits) - set("0123456789*#"):
            raise ValueError("no keys of a telephone")
        party = self._party(leg)
        await self._do(
            party, [("POST", self._channel(party, f"dtmf?dtmf={quote(digits, safe='')}"))]
        )

    async def referred(self, leg: Leg, done: bool) -> None:
        party = self._party(leg)
        progress = self._channel(party, "transfer_progress?states=channel_answered")
        request = progress if done else refused_transfer(party.voice)
        await self._do(party, [("POST", request)])

    async def hold(self, leg: Leg) -> None:
        party, bridge = self._talking(leg)
        if party.music:
            return  # It is on hold already.
        remove = f"bridges/{bridge.id}/removeChannel?channel={party.voice}"
        party.music = True
        await self._do(party, [("POST", remove), ("POST", self._channel(party, "moh"))])

    async def unhold(self, leg: Leg) -> None:
        party, bridge = self._talking(leg)
        if not party.music:
            return
        add = f"bridges/{bridge.id}/addChannel?channel={party.voice}"
        # The music must end first: it would go on in the bridge.
        await self._do(party, [*self._quiet(party), ("POST", add)])

    async def mute(self, leg: Leg, on: bool) -> None:
        party = self._party(leg)
        method = "POST" if on else "DELETE"
        await self._do(party, [(method, self._channel(party, "mute?direction=in"))])

    async def listen(self, watcher: Leg, operator: Leg) -> None:
        await self._watchers.spy(self._party(watcher), self._party(operator), whisper=False)

    async def whisper(self, watcher: Leg, operator: Leg) -> None:
        await self._watchers.spy(self._party(watcher), self._party(operator), whisper=True)

    async def barge(self, watcher: Leg, operator: Leg) -> None:
        await self._watchers.join(self._party(watcher), self._party(operator))

    async def unwatch(self, watcher: Leg) -> None:
        await self._watchers.stop(self._party(watcher))

    async def take_message(self, leg: Leg, *, words: Path) -> None:
        party = self._party(leg)
        # Not as a variable: see `NOTES`.
        room = f"continue?context=message&extension={quote(words.stem)}&priority=1"
        await self._do(party, [*self._quiet(party), ("POST", self._channel(party, room))])

    async def hang_up(self, leg: Leg, why: HangUp = HangUp.NORMAL) -> None:
        party = self._legs.parties.get(leg)
        connection = self._connected()
        if party is None:
            return
        party.given_up = True
        rooms = [f"channels/{name}?reason_code={_CAUSES[why]}" for name in party.channels]
        for answer in await asyncio.gather(*[connection.send("DELETE", room) for room in rooms]):
            if not answer.ok and answer.status != 404:
                raise Refused(answer.status, "DELETE", "channels")

    async def note(self, leg: Leg, **values: str) -> None:
        party = self._party(leg)
        party.notes |= values
        connection = self._connected()
        value = msgspec.json.encode(party.notes).decode()
        rooms = snapshot.notes_room(party)
        sent = [connection.send("POST", room, {"value": value}) for room in rooms]
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

    def in_page(self, leg: Leg) -> bool:
        party = self._legs.parties.get(leg)
        return party is not None and party.in_page

    def recording(self, call: str) -> Path:
        return self._recordings / f"{call}.wav"
