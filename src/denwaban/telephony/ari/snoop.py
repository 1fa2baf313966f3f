"""Supervisors at a talk: an ear on the operator's channel, a word in the operator's ear, a third voice.

The ear is a snoop channel, which the engine takes away with the channel that it is on. It hears both voices there, and
what is said into it reaches the operator alone. Recordings are made of the bridge, so that a word in the ear is in none.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.parse import quote

from denwaban.telephony.ari.legs import Legs
from denwaban.telephony.ari.parties import SPY, WATCH, Listening, Party
from denwaban.telephony.port import LegGone, PhoneError

_PATIENCE = 5.0
"""Seconds until an ear that was asked for must be there."""

Do = Callable[[Party, list[tuple[str, str]]], Awaitable[None]]


class Watchers:
    """Who watches whom. `do` sends requests about a party in order and raises the first error."""

    def __init__(self, legs: Legs, do: Do, app: str) -> None:
        self._legs = legs
        self._do = do
        self._app = app

    async def spy(self, watcher: Party, operator: Party, *, whisper: bool) -> None:
        """The watcher hears the operator's talk; with `whisper` the operator hears the watcher."""
        _both_answered(watcher, operator)
        await self.stop(watcher)
        ear, room = f"{SPY}{secrets.token_hex(8)}", f"{WATCH}{secrets.token_hex(8)}"
        came: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def is_there() -> None:
            if not came.done():
                came.set_result(None)

        self._legs.spies[ear] = is_there
        self._legs.watches[watcher.leg] = watch = Listening(watcher.voice, operator.leg, room, ear)
        ways = f"spy=both&whisper={'out' if whisper else 'none'}"
        asked = f"app={quote(self._app, safe='')}&appArgs=watch"
        try:
            await self._do(
                operator, [("POST", f"channels/{operator.voice}/snoop/{ear}?{ways}&{asked}")]
            )
            # Before that it cannot be put anywhere.
            async with asyncio.timeout(_PATIENCE):
                await came
            await self._do(
                watcher,
                [
                    ("POST", f"bridges/{room}?type=mixing&name={quote(watcher.leg, safe='')}"),
                    ("POST", f"bridges/{room}/addChannel?channel={watcher.voice},{ear}"),
                ],
            )
        except TimeoutError as error:
            await self.stop(watcher)
            raise PhoneError("the engine did not let us listen") from error
        except PhoneError:
            await self.stop(watcher)
            raise
        finally:
            self._legs.spies.pop(ear, None)
        if self._legs.watches.get(watcher.leg) is not watch:
            raise LegGone(operator.leg)  # one of the two hung up meanwhile, which ended it

    async def join(self, watcher: Party, operator: Party) -> None:
        """The watcher becomes a third in the operator's talk."""
        _both_answered(watcher, operator)
        bridge = operator.bridge
        if bridge is None:
            raise PhoneError("the leg is not connected to anybody")
        await self.stop(watcher)
        self._legs.watches[watcher.leg] = Listening(watcher.voice, operator.leg, joined=bridge.id)
        try:
            await self._do(
                watcher, [("POST", f"bridges/{bridge.id}/addChannel?channel={watcher.voice}")]
            )
        except PhoneError:
            self._legs.watches.pop(watcher.leg, None)
            raise

    async def stop(self, watcher: Party) -> None:
        """The watcher is alone again."""
        watch = self._legs.watches.pop(watcher.leg, None)
        if watch is not None:
            with suppress(LegGone):  # what was watched may have ended in this moment
                await self._do(watcher, watch.end())


def _both_answered(watcher: Party, operator: Party) -> None:
    if not watcher.voice or not operator.voice:
        raise PhoneError("the leg is not answered")
