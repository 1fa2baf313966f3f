"""ARI's messages, with only the fields that are used. Shapes as of Asterisk 20 to 22."""

from __future__ import annotations

import msgspec


class Dialplan(msgspec.Struct, frozen=True):
    """`app_data` of a channel in our application: `denwaban,inbound,0312345678,trunk-1`."""

    app_name: str = ""
    app_data: str = ""


class CallerId(msgspec.Struct, frozen=True):
    number: str = ""


class Channel(msgspec.Struct, frozen=True):
    """`name` is `PJSIP/<endpoint>-<number>`; `state` is Down, Ring, Ringing, Up …"""

    id: str
    name: str = ""
    state: str = ""
    caller: CallerId = CallerId()
    dialplan: Dialplan = Dialplan()

    @property
    def endpoint(self) -> str:
        return self.name.removeprefix("PJSIP/").rpartition("-")[0]


class Event(msgspec.Struct, frozen=True, tag_field="type"):
    pass


class StasisStart(Event, frozen=True):
    channel: Channel
    args: list[str] = []


class StasisEnd(Event, frozen=True):
    """The channel left the application: it hung up, as we never send a channel elsewhere."""

    channel: Channel


class ChannelStateChange(Event, frozen=True):
    channel: Channel


class ChannelDestroyed(Event, frozen=True):
    """`cause` is as of Q.850; `tech_cause` is the SIP code, in newer engines. Comes only for channels that we made: a caller's
    last event is `StasisEnd`."""

    channel: Channel
    cause: int = 0
    tech_cause: int = 0


class ChannelHold(Event, frozen=True):
    channel: Channel
    timestamp: str = ""


class ChannelUnhold(Event, frozen=True):
    channel: Channel
    timestamp: str = ""


class ChannelDtmfReceived(Event, frozen=True):
    channel: Channel
    digit: str
    timestamp: str = ""


class Destination(msgspec.Struct, frozen=True):
    """Whom a phone asks for: what was dialled, or another of its calls."""

    destination: str = ""
    protocol_id: str = ""


class ReferTo(msgspec.Struct, frozen=True):
    requested_destination: Destination = Destination()


class ReferredBy(msgspec.Struct, frozen=True):
    source_channel: Channel


class ChannelTransfer(Event, frozen=True):
    """A phone sent REFER. Only where `PJSIP_TRANSFER_HANDLING()` is `ari-only`; it waits for `transfer_progress`."""

    refer_to: ReferTo
    referred_by: ReferredBy


class ChannelTalkingStarted(Event, frozen=True):
    channel: Channel


class ChannelTalkingFinished(Event, frozen=True):
    """After the silence that was asked for with TALK_DETECT."""

    channel: Channel


class Playback(msgspec.Struct, frozen=True):
    """`target_uri` is `channel:<id>` or `bridge:<id>`."""

    id: str
    target_uri: str = ""


class PlaybackFinished(Event, frozen=True):
    playback: Playback


class Recording(msgspec.Struct, frozen=True):
    name: str
    cause: str = ""


class RecordingFailed(Event, frozen=True):
    recording: Recording


class Endpoint(msgspec.Struct, frozen=True):
    resource: str
    state: str = ""


class PeerStatusChange(Event, frozen=True):
    """A phone is online or no longer. `EndpointStateChange`, which would tell it too, comes for every call of the phone."""

    endpoint: Endpoint


class ApplicationReplaced(Event, frozen=True):
    pass


class RESTResponse(Event, frozen=True):
    request_id: str
    status_code: int
    message_body: str = ""


class Kind(msgspec.Struct, frozen=True):
    type: str = ""


AnyEvent = (
    StasisStart
    | StasisEnd
    | ChannelStateChange
    | ChannelDestroyed
    | ChannelHold
    | ChannelUnhold
    | ChannelDtmfReceived
    | ChannelTransfer
    | ChannelTalkingStarted
    | ChannelTalkingFinished
    | PlaybackFinished
    | RecordingFailed
    | PeerStatusChange
    | ApplicationReplaced
)
WANTED = [
    "StasisStart",
    "StasisEnd",
    "ChannelStateChange",
    "ChannelDestroyed",
    "ChannelHold",
    "ChannelUnhold",
    "ChannelDtmfReceived",
    "ChannelTransfer",
    "PlaybackFinished",
    "RecordingFailed",
    "PeerStatusChange",
    "ApplicationReplaced",
    # The filter keeps even answers to requests back unless they are named.
    "RESTResponse",
]
"""The messages that are asked for; the engine keeps all others to itself."""


class Bridge(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    channels: list[str] = []


class Status(msgspec.Struct, frozen=True):
    startup_time: str


class Info(msgspec.Struct, frozen=True):
    status: Status


class Variable(msgspec.Struct, frozen=True):
    value: str
