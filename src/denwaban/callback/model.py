"""What a call-back is, and how it ends. No I/O."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from denwaban.clock import JST
from denwaban.telephony.port import Unreached


class Stage(StrEnum):
    """Where a call-back is now."""

    OWN = "own"
    """The staff member's own telephone rings."""
    CALLER = "caller"
    """They are there; the caller's telephone rings."""
    TALKING = "talking"
    ENDED = "ended"


class Result(StrEnum):
    """How it ended."""

    TALKED = "talked"
    SHORT = "short"
    """The caller answered, but the talk was too short to be one."""
    OWN_NOT_REACHED = "own_not_reached"
    """The staff member's own telephone was not answered, or the key was not pressed."""
    GIVEN_UP = "given_up"
    """The staff member hung up before the caller answered."""
    BUSY = "busy"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    FULL = "full"
    """As many calls as are allowed were under way."""
    FAILED = "failed"
    """The telephone engine or the program could not go on."""


OF_CALLER = {
    Unreached.BUSY: Result.BUSY,
    Unreached.REFUSED: Result.REFUSED,
    Unreached.NO_ANSWER: Result.NO_ANSWER,
    Unreached.UNREACHABLE: Result.UNREACHABLE,
}


@dataclass(frozen=True, slots=True)
class CallBack:
    """One call-back. Its id is also the id of its call."""

    id: str
    client_id: str
    report_id: str
    user_id: str
    stage: Stage
    result: Result | None
    began_at: datetime
    answered_at: datetime | None
    """When the caller answered."""
    ended_at: datetime | None

    @property
    def seconds(self) -> int:
        """How long both talked; 0 while they do, or when they did not."""
        if self.answered_at is None or self.ended_at is None:
            return 0
        return max(0, round((self.ended_at - self.answered_at).total_seconds()))


def evidence(answered_at: datetime, seconds: int) -> str:
    """What is written down as evidence that a promise was kept (in the client's language)."""
    local = answered_at.astimezone(JST)
    minutes, rest = divmod(seconds, 60)
    long = f"{minutes}分{rest}秒" if minutes else f"{rest}秒"
    return f"{local.month}月{local.day}日 {local:%H:%M} に電話し、{long}お話ししました(電話番からの発信)。"
