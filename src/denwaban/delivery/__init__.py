"""Message, attempt, acknowledgement, escalation: a report on its way until a named person has taken it."""

from denwaban.delivery.acts import NotTheirs, acknowledge, send
from denwaban.delivery.channels import Channel, Channels
from denwaban.delivery.duties import duties
from denwaban.delivery.message import lines_of
from denwaban.delivery.model import Failed, Kind, NotSetUp, Retry, Sent, State
from denwaban.delivery.queries import (
    Acknowledged,
    Attempt,
    Delivery,
    Standing,
    Trouble,
    acknowledgement,
    attempts_of,
    deliveries_of,
    standings,
    taken,
    troubles,
    untaken,
)
from denwaban.delivery.words import channel_words, kind_words, state_words, via_words

__all__ = [
    "Acknowledged",
    "Attempt",
    "Channel",
    "Channels",
    "Delivery",
    "Failed",
    "Kind",
    "NotSetUp",
    "NotTheirs",
    "Retry",
    "Sent",
    "Standing",
    "State",
    "Trouble",
    "acknowledge",
    "acknowledgement",
    "attempts_of",
    "channel_words",
    "deliveries_of",
    "duties",
    "kind_words",
    "lines_of",
    "send",
    "standings",
    "state_words",
    "taken",
    "troubles",
    "untaken",
    "via_words",
]
