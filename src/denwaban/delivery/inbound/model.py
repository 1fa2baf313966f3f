"""How far a message has come by its service's own word. No I/O.

Services tell results more than once and in any order. So results are folded: each has a rank, only a higher one counts, and
any order with any repetitions ends in the same state. Arrival outranks failure: a carrier that failed and tried again has told
both, and the phone has the message.
"""

from enum import IntEnum


class Arrival(IntEnum):
    """By rank."""

    QUEUED = 1
    SENT = 2
    FAILED = 3
    DELIVERED = 4
    READ = 5

    @property
    def word(self) -> str:
        """As it is kept."""
        return self.name.lower()


def fold(before: Arrival | None, told: Arrival) -> Arrival:
    """The state after one more result."""
    return told if before is None else max(before, told)


def of_word(word: str) -> Arrival:
    """The state that is kept as `word`."""
    return Arrival[word.upper()]


TWILIO = {
    "accepted": Arrival.QUEUED,
    "scheduled": Arrival.QUEUED,
    "queued": Arrival.QUEUED,
    "sending": Arrival.QUEUED,
    "sent": Arrival.SENT,
    "delivered": Arrival.DELIVERED,
    "read": Arrival.READ,
    "undelivered": Arrival.FAILED,
    "failed": Arrival.FAILED,
    "canceled": Arrival.FAILED,
}
"""`MessageStatus` of a status call-back."""

VONAGE = {
    "accepted": Arrival.SENT,
    "buffered": Arrival.SENT,
    "delivered": Arrival.DELIVERED,
    "expired": Arrival.FAILED,
    "failed": Arrival.FAILED,
    "rejected": Arrival.FAILED,
}
"""`status` of a delivery receipt; `unknown` says nothing."""

MEDIA_SMS = {
    "送信済": Arrival.DELIVERED,
    "リダイレクト": Arrival.DELIVERED,
    "delivered": Arrival.DELIVERED,
    "送信失敗": Arrival.FAILED,
    "エラー": Arrival.FAILED,
    "failed": Arrival.FAILED,
}
"""`status` of a result △: words that are not here say nothing."""
