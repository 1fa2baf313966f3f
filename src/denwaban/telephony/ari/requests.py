"""What is asked of the engine about a leg, and what its answers mean."""

from __future__ import annotations

import asyncio

from denwaban.telephony.ari.answers import Answer, Refused
from denwaban.telephony.ari.link import AriLink
from denwaban.telephony.ari.parties import Bridge, Party
from denwaban.telephony.port import Leg, LegGone, PhoneError


class AriRequests(AriLink):
    """Requests are pairs of a method and a room of the engine's, such as `channels/1.2/answer`. All that belong together leave
    at once, and the engine does them in this order."""

    def _party(self, leg: Leg) -> Party:
        self._connected()
        party = self._legs.parties.get(leg)
        if party is None:
            raise LegGone(leg)
        return party

    def _talking(self, leg: Leg) -> tuple[Party, Bridge]:
        party = self._party(leg)
        if party.bridge is None:
            raise PhoneError("the leg is not connected to anybody")
        return party, party.bridge

    def _channel(self, party: Party, act: str) -> str:
        if not party.voice:
            raise PhoneError("the leg is not answered")
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
