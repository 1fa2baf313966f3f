"""What protects an operator in a call: help, rules of listening in, and the abuse clock. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from denwaban.texts import clean_text


class CareError(ValueError):
    """Cannot be done or kept as it was given; the message is a sentence for the person concerned (Japanese)."""


class Mode(StrEnum):
    """What a supervisor does at a call."""

    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"
    TAKE_OVER = "take_over"


class Reason(StrEnum):
    """Why an operator marks a call as abusive. A complaint, however hard, is none of these."""

    ABUSE = "abuse"
    """暴言・脅し"""
    LONG = "long"
    """同じ要求の繰り返し・長い拘束"""
    UNJUST = "unjust"
    """理不尽な要求 (土下座、金品、私的な連絡先)"""
    SEXUAL = "sexual"
    """性的な言葉"""
    OTHER = "other"


class Happened(StrEnum):
    """What stands in the record of an abusive call."""

    MARKED = "marked"
    WARNED = "warned"
    """The operator has said the warning words."""
    NOTED = "noted"
    HANDED_OVER = "handed_over"
    """A supervisor was called to take the call."""
    TAKEN_OVER = "taken_over"
    HUNG_UP = "hung_up"
    """We ended the call, with the closing words."""
    WITHDRAWN = "withdrawn"
    """The mark was a mistake, or the caller has calmed down."""


WARNING = "恐れ入りますが、そのようなお言葉が続きますと、ご用件を伺うことができません。続くようでしたら、お電話を終わらせていただきます。"
CLOSING = "これ以上のお話は、こちらでは承りかねます。申し訳ございませんが、お電話を終わらせていただきます。"
MARKS = (15, 30, 60)
LONGEST_MARK = 480
MOST_MARKS = 6
LONGEST_WORDS = 400


@dataclass(frozen=True, slots=True)
class Rules:
    """What a client has settled about supervisors and abusive callers."""

    monitored: bool = True
    """Supervisors may listen in."""
    told: bool = True
    """The operator sees that somebody does."""
    marks: tuple[int, ...] = MARKS
    """Minutes after which the abuse clock warns."""
    from_start: bool = False
    """The clock counts from the answer, not from the operator's mark."""
    warning: str = WARNING
    closing: str = CLOSING


DEFAULT = Rules()


@dataclass(frozen=True, slots=True)
class Help:
    """An operator calls for a supervisor."""

    id: str
    call_id: str
    client_id: str
    operator_id: str
    abuse: bool
    """The call is abusive and is to be taken over."""
    asked_at: datetime
    answered_at: datetime | None
    answered_by: str
    """The supervisor's name; empty while nobody has said that they come."""
    lost: bool = False
    """Their telephone went away in the talk: nobody pressed a key, and the caller waits."""


@dataclass(frozen=True, slots=True)
class Case:
    """A call that its operator has marked as abusive. The client's words and marks are those of that moment."""

    id: str
    call_id: str
    client_id: str
    operator_id: str
    reason: Reason
    marked_at: datetime
    counts_from: datetime
    marks: tuple[int, ...]
    warning: str
    closing: str
    ended_at: datetime | None

    def passed(self, now: datetime) -> int:
        """The last mark (minutes) that the clock has reached; 0 before the first."""
        return max((m for m in self.marks if self.at(m) <= now), default=0)

    def next(self, now: datetime) -> datetime | None:
        """When it reaches the next mark; None after the last."""
        return min((self.at(m) for m in self.marks if self.at(m) > now), default=None)

    def at(self, mark: int) -> datetime:
        """When the clock reaches this mark."""
        return self.counts_from + timedelta(minutes=mark)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the record."""

    at: datetime
    what: Happened
    minute: int
    """The mark that had been reached; 0 before the first."""
    words: str
    """What was said or noted, as it stood on the screen."""
    who: str
    """Operator or supervisor, by name."""


def due(case: Case, events: Iterable[Event], now: datetime) -> bool:
    """Whether the clock has reached a mark for which no warning was said yet."""
    said = max((one.minute for one in events if one.what is Happened.WARNED), default=-1)
    return case.passed(now) > max(said, 0)


def may_hang_up(events: Iterable[Event]) -> bool:
    """Nobody is cut off who was not warned."""
    return any(one.what is Happened.WARNED for one in events)


def parse_marks(text: str) -> tuple[int, ...]:
    """「15 30 60」 as minutes, ascending. Raises `CareError`."""
    parts = text.replace("、", " ").replace(",", " ").replace("/", " ").replace("分", " ").split()
    if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
        raise CareError("分の数を空白で区切って書いてください。例: 15 30 60")
    return check_marks([int(part) for part in parts])


def check_marks(marks: Sequence[int]) -> tuple[int, ...]:
    """The same minutes, each once, ascending. Raises `CareError`."""
    found = tuple(sorted(set(marks)))
    if not found or len(found) > MOST_MARKS or found[0] < 1 or found[-1] > LONGEST_MARK:
        raise CareError("印は1分から480分までで、6つまでにしてください。例: 15 30 60")
    return found


def check_words(words: str) -> str:
    """Words to be said, without what stands around them. Raises `CareError`."""
    kept = clean_text(words, lines=True)
    if not kept or len(kept) > LONGEST_WORDS:
        raise CareError("お伝えする言葉は、1文字から400文字までで書いてください。")
    return kept
