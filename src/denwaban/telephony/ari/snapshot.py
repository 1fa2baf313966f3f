"""What the engine has at this moment, asked for and put into our words."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

import msgspec

from denwaban.telephony.ari import words
from denwaban.telephony.ari.answers import Answer, EngineAway
from denwaban.telephony.ari.connection import AriConnection
from denwaban.telephony.ari.parties import (
    OUTSIDE_LEG,
    ROOM,
    SEAT_LEG,
    SPY,
    TALK,
    WATCH,
    Bridge,
    Party,
    caller_of,
    is_seat,
    leg_of_seat_channel,
    seat_of,
)
from denwaban.telephony.engine import NOTES
from denwaban.telephony.port import Leg, LegState, Snapshot

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Picture:
    """The parties with their channels, and the bridges of ours that nobody is left in."""

    parties: list[Party]
    online: set[str]
    orphans: list[str]
    callers: dict[Leg, dict[str, str]]
    """For each caller's leg `dialled`, `caller` and `trunk`."""
    spies: list[str]
    """Ears of an earlier connection: who watched then has to begin again."""

    def snapshot(self) -> Snapshot:
        legs = {}
        for party in self.parties:
            together = frozenset(
                party.bridge.legs - {party.leg} if party.bridge is not None else ()
            )
            notes = self.callers.get(party.leg, {}) | party.notes
            legs[party.leg] = LegState(
                party.leg,
                party.up,
                notes,
                min(together, default=None),
                party.seat,
                party.outside,
                together,
                party.prompt,
                party.bridge is not None and party.music,
            )
        return Snapshot(legs, frozenset(seat_of(endpoint) for endpoint in self.online))


def read(answer: Answer, shape: type[T]) -> T:
    """The body in its shape. Raises `EngineAway` when the engine answered with an error: it is not ready."""
    if not answer.ok:
        raise EngineAway(f"the engine is not ready: {answer.status}")
    return msgspec.json.decode(answer.body, type=shape)


async def seat_endpoints(connection: AriConnection) -> list[words.Endpoint]:
    """Every phone that the engine knows of a seat. Raises `EngineAway`."""
    answer = await connection.send("GET", "endpoints/PJSIP")
    endpoints = read(answer, list[words.Endpoint])
    return [endpoint for endpoint in endpoints if is_seat(endpoint.resource)]


async def take(connection: AriConnection, app: str) -> Picture:
    """Asks the engine for everything of ours. Raises `EngineAway`.

    Notes are kept in a channel variable. A bridge tells by its name who talks with whom, so that a caller on hold is still
    known to be in a talk, and which prompt it was made for.
    """
    asked = [connection.send("GET", room) for room in ("channels", "bridges", "endpoints/PJSIP")]
    channels, bridges, endpoints = await asyncio.gather(*asked)
    parties: dict[Leg, Party] = {}
    callers: dict[Leg, dict[str, str]] = {}
    found = read(channels, list[words.Channel])
    for channel in found:
        _add(parties, callers, channel, app)
    await _read_notes(connection, list(parties.values()))
    orphans = _tie(parties, read(bridges, list[words.Bridge]))
    await _read_prompts(connection, [party for party in parties.values() if party.prompt])
    online = {
        endpoint.resource
        for endpoint in read(endpoints, list[words.Endpoint])
        if endpoint.state == "online" and is_seat(endpoint.resource)
    }
    spies = [channel.id for channel in found if channel.id.startswith(SPY)]
    return Picture(list(parties.values()), online, orphans, callers, spies)


def _add(
    parties: dict[Leg, Party],
    callers: dict[Leg, dict[str, str]],
    channel: words.Channel,
    app: str,
) -> None:
    in_app = channel.dialplan.app_name == "Stasis"
    up = channel.state == "Up"
    if channel.id.startswith(SEAT_LEG):
        leg = leg_of_seat_channel(channel.id)
        party = parties.setdefault(leg, Party(leg, seat_of(channel.endpoint)))
        party.channels.add(channel.id)
        party.ringing = party.ringing or channel.state == "Ringing"
        if in_app and up:
            party.voice = channel.id
            party.up = True
        return
    if channel.id.startswith(OUTSIDE_LEG):
        leg = Leg(channel.id)
        voice = channel.id if in_app and up else ""
        parties[leg] = Party(
            leg,
            outside=True,
            voice=voice,
            channels={channel.id},
            up=bool(voice),
            ringing=channel.state == "Ringing",
        )
        return
    args = channel.dialplan.app_data.split(",")
    if in_app and len(args) >= 4 and args[:2] == [app, "inbound"]:
        leg = Leg(channel.id)
        parties[leg] = Party(leg, voice=channel.id, channels={channel.id}, up=up, music=up)
        callers[leg] = {"dialled": args[2], "trunk": args[3], "caller": caller_of(channel)}


def notes_room(party: Party) -> list[str]:
    """Where the notes of a party are kept, also before it is answered: one variable for each of its channels."""
    channels = [party.voice] if party.voice else sorted(party.channels)
    if not party.dialled:
        return [f"asterisk/variable?variable={NOTES}_{quote(channel)}" for channel in channels]
    return [f"channels/{channel}/variable?variable={NOTES}" for channel in channels]


async def _read_notes(connection: AriConnection, parties: list[Party]) -> None:
    asked = [connection.send("GET", notes_room(party)[0]) for party in parties]
    for party, answer in zip(parties, await asyncio.gather(*asked), strict=True):
        if not answer.ok:
            continue
        value = msgspec.json.decode(answer.body, type=words.Variable).value
        if value:
            party.notes = msgspec.json.decode(value, type=dict[str, str])


async def _read_prompts(connection: AriConnection, parties: list[Party]) -> None:
    """A prompt's bridge stays when the prompt is over."""
    asked = [connection.send("GET", f"playbacks/{party.prompt}") for party in parties]
    for party, answer in zip(parties, await asyncio.gather(*asked), strict=True):
        if not answer.ok:
            party.prompt = ""


def _tie(parties: dict[Leg, Party], bridges: list[words.Bridge]) -> list[str]:
    orphans = []
    bridged = {channel for bridge in bridges for channel in bridge.channels}
    for bridge in bridges:
        if bridge.id.startswith(WATCH):
            orphans.append(bridge.id)
            continue
        if bridge.id.startswith(ROOM):
            channel, _, prompt = bridge.name.partition("|")
            party = next((party for party in parties.values() if party.voice == channel), None)
            if party is None or party.room:
                orphans.append(bridge.id)
            else:
                party.room, party.prompt = bridge.id, prompt
            continue
        if not bridge.id.startswith(TALK):
            continue
        # Whoever is in another bridge has left this talk; whoever is in none is on hold.
        members = [
            party
            for leg in bridge.name.split("|")
            if (party := parties.get(Leg(leg))) is not None
            and party.bridge is None
            and (party.voice in bridge.channels or party.voice not in bridged)
        ]
        if len(members) < 2:
            orphans.append(bridge.id)
            continue
        tied = Bridge(bridge.id, {party.leg for party in members})
        for party in members:
            party.bridge = tied
            party.music = party.voice not in bridge.channels
    return orphans
