"""Message, attempt, acknowledgement, escalation: a report on its way until a named person has taken it."""

from denwaban.delivery.acknowledgements import Acknowledged, acknowledgement, taken
from denwaban.delivery.acts import NotTheirs, acknowledge, follow, hand_on, send
from denwaban.delivery.channels import Channel, Channels
from denwaban.delivery.confirming import has_to_confirm
from denwaban.delivery.duties import duties
from denwaban.delivery.erasing import erase_talk, still_open, still_open_of
from denwaban.delivery.handing import (
    AlreadyTaken,
    NoReason,
    NotTaken,
    Said,
    comment,
    hand_back,
    reassign,
    resend,
    said,
)
from denwaban.delivery.letter import Attachment, Letter
from denwaban.delivery.model import Kind, State
from denwaban.delivery.outcome import Failed, NotSetUp, Outcome, Retry, Sent, wait_after
from denwaban.delivery.pressing import press
from denwaban.delivery.queries import (
    Attempt,
    Delivery,
    Trouble,
    attempts_of,
    deliveries_of,
    troubles,
    untaken,
)
from denwaban.delivery.sealing import talk_words, turnings
from denwaban.delivery.services import Services, load_services
from denwaban.delivery.standing import Standing, standings
from denwaban.delivery.story import Caller, Moment, caller_of, for_clients, story_of
from denwaban.delivery.watch import Watch
from denwaban.delivery.words import channel_words, moment_words

__all__ = [
    "Acknowledged",
    "AlreadyTaken",
    "Attachment",
    "Attempt",
    "Caller",
    "Channel",
    "Channels",
    "Delivery",
    "Failed",
    "Kind",
    "Letter",
    "Moment",
    "NoReason",
    "NotSetUp",
    "NotTaken",
    "NotTheirs",
    "Outcome",
    "Retry",
    "Said",
    "Sent",
    "Services",
    "Standing",
    "State",
    "Trouble",
    "Watch",
    "acknowledge",
    "acknowledgement",
    "attempts_of",
    "caller_of",
    "channel_words",
    "comment",
    "deliveries_of",
    "duties",
    "erase_talk",
    "follow",
    "for_clients",
    "hand_back",
    "hand_on",
    "has_to_confirm",
    "load_services",
    "moment_words",
    "press",
    "reassign",
    "resend",
    "said",
    "send",
    "standings",
    "still_open",
    "still_open_of",
    "story_of",
    "taken",
    "troubles",
    "talk_words",
    "turnings",
    "untaken",
    "wait_after",
]
