"""The caller's side of practice calls: lines inside the engine that ring at our own door, speak and listen.

They live in an application of their own, so that the switchboard sees only what comes in at the door.
"""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import structlog

from denwaban.store import new_id
from denwaban.telephony.ari import words
from denwaban.telephony.ari.answers import EngineAway, Refused
from denwaban.telephony.ari.connection import AriConnection
from denwaban.telephony.engine import PRACTICE_ENDPOINT

log = structlog.get_logger(__name__)

PRACTICE_APPLICATION = "denwaban-practice"

SILENCE_MS = 900
"""So long must nothing be heard until the other side counts as having finished speaking."""

LOUDNESS = 256
"""Mean level (of 32767) from which sound counts as speech."""


class Heard(StrEnum):
    """What a line tells, in order."""

    ANSWERED = "answered"
    """Somebody or something took the call: an operator, or an announcement."""
    TALKING = "talking"
    QUIET = "quiet"
    """`SILENCE_MS` after the last sound."""
    SAID = "said"
    """What `say` began is over."""
    ENDED = "ended"
    """The line is gone; nothing comes after it."""


class CallerLine:
    """One call that we place ourselves. `heard` is to be read by one reader."""

    def __init__(self, channel: str, lines: CallerLines) -> None:
        self.channel = channel
        self.heard: asyncio.Queue[Heard] = asyncio.Queue()
        self._lines = lines

    async def say(self, wav: Path) -> None:
        """Begins to speak a WAV file (8 kHz, mono). Raises `PhoneError`, also when the line is gone."""
        await self._lines.request(
            "POST",
            f"channels/{self.channel}/play",
            {"media": f"sound:{_stem(wav)}"},
        )

    async def hang_up(self) -> None:
        """Ends the line; one that is gone is no error, nor is an engine that is away (the line ends with it)."""
        await self._lines.end(self)


class CallerLines:
    """Every practice line of this program. Connected to the engine only while there is one."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self._door = (url, user, password)
        self._open: dict[str, CallerLine] = {}
        self._connection: AriConnection | None = None
        self._connecting = asyncio.Lock()

    async def dial(self, *, number: str, caller: str, seconds: int) -> CallerLine:
        """Rings `number` through the door that the phone network uses; the other side sees `caller`. Ends by itself when
        nothing answers within `seconds`. Raises `PhoneError`."""
        line = CallerLine(f"practice-{new_id()}", self)
        self._open[line.channel] = line
        try:
            await self._connect()
            await self.request(
                "POST",
                "channels",
                {
                    "endpoint": f"PJSIP/{number}@{PRACTICE_ENDPOINT}",
                    "app": PRACTICE_APPLICATION,
                    "channelId": line.channel,
                    "callerId": caller,
                    "timeout": seconds,
                    "formats": "ulaw",
                },
            )
        except BaseException:
            self._open.pop(line.channel, None)
            await self._disconnect_when_idle()
            raise
        return line

    async def end(self, line: CallerLine) -> None:
        """See `CallerLine.hang_up`."""
        if self._open.pop(line.channel, None) is not None:
            line.heard.put_nowait(Heard.ENDED)
        try:
            await self.request("DELETE", f"channels/{line.channel}")
        except EngineAway:
            log.info("practice.engine_away")
        except Refused as refused:
            if refused.status != 404:
                raise
        await self._disconnect_when_idle()

    async def close(self) -> None:
        """Ends every line and the connection."""
        for line in list(self._open.values()):
            await self.end(line)
        await self._disconnect_when_idle()

    async def request(self, method: str, room: str, body: dict[str, Any] | None = None) -> bytes:
        """One request to the engine. Raises `EngineAway`, `Refused`."""
        if self._connection is None:
            raise EngineAway("no connection to the engine")
        answer = await self._connection.send(method, room, body)
        if not answer.ok:
            raise Refused(answer.status, method, room)
        return answer.body

    async def _connect(self) -> None:
        async with self._connecting:
            if self._connection is not None and not self._connection.lost:
                return
            self._connection = await AriConnection.open(
                *self._door, PRACTICE_APPLICATION, self._on_event, self._on_lost
            )
            await self._sweep()

    async def _sweep(self) -> None:
        """Callers that an earlier program left behind would sit on the line, silent, until somebody hangs up."""
        channels = msgspec.json.decode(
            await self.request("GET", "channels"), type=list[words.Channel]
        )
        for channel in channels:
            if channel.endpoint == PRACTICE_ENDPOINT and channel.id not in self._open:
                try:
                    await self.request("DELETE", f"channels/{channel.id}")
                except Refused as refused:
                    if refused.status != 404:
                        raise

    async def _disconnect_when_idle(self) -> None:
        async with self._connecting:
            if not self._open and self._connection is not None:
                connection, self._connection = self._connection, None
                await connection.close()

    def _on_event(self, event: words.AnyEvent) -> None:
        if isinstance(event, words.PlaybackFinished):
            self._tell(event.playback.target_uri.removeprefix("channel:"), Heard.SAID)
        elif isinstance(event, words.StasisStart):
            self._listen(event.channel.id)
            self._tell(event.channel.id, Heard.ANSWERED)
        elif isinstance(event, words.ChannelTalkingStarted):
            self._tell(event.channel.id, Heard.TALKING)
        elif isinstance(event, words.ChannelTalkingFinished):
            self._tell(event.channel.id, Heard.QUIET)
        elif isinstance(event, words.ChannelDestroyed):
            self._tell(event.channel.id, Heard.ENDED)
            self._open.pop(event.channel.id, None)

    def _listen(self, channel: str) -> None:
        assert self._connection is not None  # an event came over it
        listening = self._connection.send(
            "POST",
            f"channels/{channel}/variable",
            {"variable": "TALK_DETECT(set)", "value": f"{SILENCE_MS},{LOUDNESS}"},
        )
        listening.add_done_callback(_note_refusal)

    def _tell(self, channel: str, heard: Heard) -> None:
        line = self._open.get(channel)
        if line is not None:
            line.heard.put_nowait(heard)

    def _on_lost(self) -> None:
        for line in self._open.values():
            line.heard.put_nowait(Heard.ENDED)
        self._open.clear()


def _stem(wav: Path) -> str:
    """The engine adds the ending itself, and knows no folder but its own."""
    return str(wav.absolute().with_suffix(""))


def _note_refusal(listening: asyncio.Future[Any]) -> None:
    """Without talk detection a caller still goes on by itself, so this ends no call; but it must be known."""
    if listening.cancelled():
        return
    if listening.exception() is not None or not listening.result().ok:
        log.warning("practice.cannot_listen")
