"""The legs that are alive, and what the engine's events mean for them. No I/O: what must be asked of the engine goes
through `ask`, whose answers nobody waits for."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import structlog

from denwaban.telephony.ari import words
from denwaban.telephony.ari.parties import (
    OUTSIDE_LEG,
    SEAT_LEG,
    Bridge,
    Listening,
    Party,
    caller_of,
    is_seat,
    phones_of,
    refused_transfer,
    seat_of,
)
from denwaban.telephony.port import (
    CallArrived,
    Digit,
    Event,
    Leg,
    LegAnswered,
    LegEnded,
    LegHeld,
    LegRinging,
    Played,
    Referred,
    SeatChanged,
    SeatName,
    Unreached,
)

log = structlog.get_logger(__name__)

_BUSY_HERE, _BUSY_EVERYWHERE, _DECLINED = 486, 600, 603
_CAUSE_BUSY, _CAUSE_REJECTED = 17, 21
# 408, 480 and 487; no user responding, no answer from user, subscriber absent.
_NOBODY_CAME, _CAUSES_NOBODY_CAME = (408, 480, 487), (18, 19, 20)


class Ask(Protocol):
    def __call__(self, method: str, room: str) -> None:
        """Sends a request; that the thing is gone already is no error."""


def unreached_by(cause: int, tech_cause: int, *, rang: bool) -> Unreached:
    """What the end of an unanswered call out means. `tech_cause` is the SIP code where the engine tells it, `cause` is as of
    Q.850."""
    if tech_cause in (_BUSY_HERE, _BUSY_EVERYWHERE) or (not tech_cause and cause == _CAUSE_BUSY):
        return Unreached.BUSY
    if tech_cause == _DECLINED or (not tech_cause and cause == _CAUSE_REJECTED):
        return Unreached.REFUSED
    # Without a code of an answer: the engine gave up after the time it was told to ring.
    if tech_cause in _NOBODY_CAME or cause in _CAUSES_NOBODY_CAME:
        return Unreached.NO_ANSWER
    gave_up = not 400 <= tech_cause < 700
    return Unreached.NO_ANSWER if rang and gave_up else Unreached.UNREACHABLE


class Legs:
    """Every living leg. `tell` gets our events in order; `now` gives their time."""

    def __init__(
        self, tell: Callable[[Event], None], ask: Ask, now: Callable[[], datetime]
    ) -> None:
        self._tell = tell
        self._ask = ask
        self._now = now
        self.parties: dict[Leg, Party] = {}
        self.by_channel: dict[str, Party] = {}
        self.by_prompt: dict[str, Party] = {}
        self.online: set[str] = set()
        """Endpoints that are registered."""
        self.watches: dict[Leg, Listening] = {}
        """By the watcher's leg."""
        self.spies: dict[str, Callable[[], None]] = {}
        """What to do when an ear that was asked for is there."""

    def replace(self, parties: list[Party], online: set[str]) -> None:
        """Forgets everything and takes over what the engine has."""
        self.parties = {party.leg: party for party in parties}
        self.by_channel = {channel: party for party in parties for channel in party.channels}
        self.by_prompt = {party.prompt: party for party in parties if party.prompt}
        self.online = online
        self.watches.clear()
        self.spies.clear()

    def seat_is_online(self, seat: SeatName) -> bool:
        return any(endpoint in self.online for endpoint in phones_of(seat))

    def dialling(self, seat: SeatName) -> tuple[Party, list[tuple[str, str]]]:
        """A new leg for a seat, and the (channel, endpoint) pairs to ring. A seat without a phone gives none, and the leg
        ends at once."""
        leg = Leg(f"{SEAT_LEG}{secrets.token_hex(8)}")
        party = self.parties[leg] = Party(leg, seat)
        pairs = [
            (f"{leg}.{number}", endpoint)
            for number, endpoint in enumerate(phones_of(seat))
            if endpoint in self.online
        ]
        for channel, _ in pairs:
            party.channels.add(channel)
            self.by_channel[channel] = party
        if not pairs:
            self._end(party)
        return party, pairs

    def calling_out(self, notes: dict[str, str]) -> Party:
        """A new leg to be called out to the phone network."""
        leg = Leg(f"{OUTSIDE_LEG}{secrets.token_hex(8)}")
        party = Party(leg, outside=True, channels={leg}, notes=notes)
        self.parties[leg] = self.by_channel[leg] = party
        return party

    # --- events

    def take(self, event: words.AnyEvent) -> None:
        """Understands one event."""
        if isinstance(event, words.StasisStart):
            self._started(event)
        elif isinstance(event, words.ChannelStateChange):
            self._changed(event.channel)
        elif isinstance(event, words.ChannelDestroyed):
            self.channel_over(event.channel.id, event.cause, event.tech_cause)
        elif isinstance(event, words.StasisEnd):
            party = self.by_channel.get(event.channel.id)
            if party is not None and party.voice == event.channel.id:
                self._end(party)
        elif isinstance(event, words.PeerStatusChange):
            self.endpoint_is(event.endpoint)
        elif isinstance(event, words.ChannelHold | words.ChannelUnhold | words.ChannelDtmfReceived):
            self._pressed(event)
        elif isinstance(event, words.ChannelTransfer):
            self._referred(event)
        elif isinstance(event, words.PlaybackFinished):
            self.prompt_over(event.playback.id)
        elif isinstance(event, words.RecordingFailed):
            log.error("recording.failed", name=event.recording.name, reason=event.recording.cause)

    def channel_over(self, channel: str, cause: int, tech_cause: int) -> None:
        """A channel is gone, or could not be made at all."""
        party = self.by_channel.pop(channel, None)
        if party is None:
            return
        party.channels.discard(channel)
        if party.voice:
            if channel == party.voice:
                self._end(party)
            return
        declined = tech_cause in (_BUSY_EVERYWHERE, _DECLINED) or (
            not tech_cause and cause == _CAUSE_REJECTED
        )
        busy = tech_cause == _BUSY_HERE or (not tech_cause and cause == _CAUSE_BUSY)
        party.refused = party.refused or declined or busy
        unreached = unreached_by(cause, tech_cause, rang=party.ringing)
        if declined:
            # 603 and 600 speak for the person, not for one phone: the other phone stops ringing.
            for other in party.channels:
                self._ask("DELETE", f"channels/{other}")
        if not party.channels:
            told = party.outside and not party.given_up
            self._end(party, unreached if told else None)

    def leave(self, party: Party) -> bool:
        """The party is in no talk any more. Whether its old talk goes on, between two others: then the party may still be
        in the bridge."""
        bridge, party.bridge = party.bridge, None
        if bridge is None:
            return False
        bridge.legs.discard(party.leg)
        if len(bridge.legs) > 1:
            return True
        self.untie(bridge)
        return False

    def untie(self, bridge: Bridge) -> None:
        """Takes the legs of a talk apart; all stay up."""
        for leg in bridge.legs:
            party = self.parties.get(leg)
            if party is not None and party.bridge is bridge:
                party.bridge = None
        self._ask("DELETE", f"bridges/{bridge.id}")

    def _started(self, event: words.StasisStart) -> None:
        channel, args = event.channel, event.args
        party = self.by_channel.get(channel.id)
        if party is not None and party.dialled:
            self._answered(party, channel.id)
        elif len(args) >= 3 and args[0] == "inbound":
            if party is not None:
                return
            leg = Leg(channel.id)
            party = Party(leg, voice=channel.id, channels={channel.id}, up=channel.state == "Up")
            self.parties[leg] = self.by_channel[channel.id] = party
            self._tell(CallArrived(leg, args[1], caller_of(channel), args[2], self._now()))
        elif (came := self.spies.pop(channel.id, None)) is not None:
            came()
        elif party is None:
            # A seat that answered in the moment in which it was given up.
            self._ask("DELETE", f"channels/{channel.id}")

    def _answered(self, party: Party, channel: str) -> None:
        if party.voice:
            if party.voice != channel:
                self._ask("DELETE", f"channels/{channel}?reason=answered_elsewhere")
            return
        party.voice = channel
        party.up = True
        for other in party.channels:
            if other != channel:
                self._ask("DELETE", f"channels/{other}?reason=answered_elsewhere")
        self._tell(LegAnswered(party.leg, self._now()))

    def _changed(self, channel: words.Channel) -> None:
        party = self.by_channel.get(channel.id)
        if party is None:
            return
        if channel.state == "Ringing" and not party.ringing and not party.voice:
            party.ringing = True
            self._tell(LegRinging(party.leg, self._now()))
        elif channel.state == "Up" and not party.dialled:
            party.up = True

    def prompt_over(self, prompt: str) -> None:
        """Tells the end of a prompt, once. We tell it ourselves when we stop one: the engine says nothing about a prompt that
        was stopped before its first sound."""
        party = self.by_prompt.pop(prompt, None)
        if party is not None:
            self._tell(Played(party.leg, prompt, self._now()))

    def _pressed(
        self, event: words.ChannelHold | words.ChannelUnhold | words.ChannelDtmfReceived
    ) -> None:
        party = self.by_channel.get(event.channel.id)
        # What happens to a seat's channel comes twice: for the channel, and for the endpoint that we listen to.
        if party is None or party.last_pressed == event:
            return
        party.last_pressed = event
        if isinstance(event, words.ChannelDtmfReceived):
            self._tell(Digit(party.leg, event.digit, self._now()))
        else:
            held = isinstance(event, words.ChannelHold)
            self._tell(LegHeld(party.leg, held, self._now()))

    def _referred(self, event: words.ChannelTransfer) -> None:
        party = self.by_channel.get(event.referred_by.source_channel.id)
        if party is None or party.last_pressed == event:
            return
        party.last_pressed = event
        wanted = event.refer_to.requested_destination.destination
        if wanted:
            self._tell(Referred(party.leg, wanted, self._now()))
        else:
            # Another call of the phone's own: seats make none.
            self._ask("POST", refused_transfer(event.referred_by.source_channel.id))

    def endpoint_is(self, endpoint: words.Endpoint) -> None:
        """A phone is online, or no longer."""
        if not is_seat(endpoint.resource):
            return
        seat = seat_of(endpoint.resource)
        before = self.seat_is_online(seat)
        if endpoint.state == "online":
            self.online.add(endpoint.resource)
        else:
            self.online.discard(endpoint.resource)
        after = self.seat_is_online(seat)
        if before != after:
            self._tell(SeatChanged(seat, after, self._now()))

    def _end(self, party: Party, unreached: Unreached | None = None) -> None:
        self.parties.pop(party.leg, None)
        # A loser of the race between two phones may still be on its way out.
        for channel in party.channels:
            self.by_channel.pop(channel, None)
        self.leave(party)
        if party.room:
            self.by_prompt.pop(party.prompt, None)
            self._ask("DELETE", f"bridges/{party.room}")
        for leg, watch in list(self.watches.items()):
            if party.leg in (leg, watch.operator):
                del self.watches[leg]
                # Whoever joined a talk leaves it with the channel, or with the bridge.
                for method, room in [] if watch.joined else watch.end():
                    self._ask(method, room)
        busy = party.refused and not party.voice
        self._tell(LegEnded(party.leg, self._now(), busy, unreached, party.in_page))
