"""Service plans: which window of a client's week decides at a moment. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from denwaban.clock import JST, japan_day
from denwaban.oncall import DAY_MINUTES, EVERY_DAY, day_bits

DEFAULT_CLOSED = (
    "お電話ありがとうございます。申し訳ございませんが、ただいまの時間は受付を終了しております。"
    "恐れ入りますが、時間を改めておかけ直しくださいますようお願いいたします。"
)
"""Spoken when no window fits, or when a closed window has no words of its own."""

PREPARING = (
    "お電話ありがとうございます。申し訳ございませんが、こちらの番号はただいま準備中でございます。"
    "恐れ入りますが、日を改めておかけ直しくださいますようお願いいたします。"
)
"""Spoken while the client is being prepared."""


class Mode(StrEnum):
    """What is done with a call in a window."""

    FULL = "full"
    FIRST_RESPONSE = "first_response"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class PlanWindow:
    """A named part of the week. `days`: bits Mon 1 … Sun 64, public holiday 128. `opens` is the minute of the day (JST)
    from which it holds, `closes` the first minute in which it does not; beyond 1440 it reaches into the next day."""

    name: str
    days: int
    opens: int
    closes: int
    mode: Mode
    script_id: str | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class LineLimit:
    """From this day (JST) on, at most so many calls at the same time."""

    effective_from: date
    lines: int


class Service(Struct, frozen=True):
    """What a number gets at a moment."""

    client_id: str
    client_name: str
    number: str
    """E.164, as in our own list."""
    label: str
    window: str
    """Empty when no window fits."""
    mode: Mode
    script_id: str | None
    limit: int | None
    """Calls at the same time; None: as many as come."""
    message: str
    """What is spoken when closed."""
    recorded: bool = True
    """Whether the client's talks are recorded."""


@dataclass(frozen=True, slots=True)
class UnknownNumber:
    """Nobody's number."""

    dialled: str


@dataclass(frozen=True, slots=True)
class ClientLine:
    """A number with everything that decides about its calls, at any time."""

    client_id: str
    client_name: str
    number: str
    label: str
    windows: tuple[PlanWindow, ...]
    limits: tuple[LineLimit, ...]
    recorded: bool = True
    preparing: bool = False
    """The client is not live yet: its calls are not taken."""

    def service(self, at: datetime) -> Service:
        """What this number gets at that moment."""
        window = None if self.preparing else window_at(self.windows, at)
        return Service(
            client_id=self.client_id,
            client_name=self.client_name,
            number=self.number,
            label=self.label,
            window=window.name if window else "",
            mode=window.mode if window else Mode.CLOSED,
            script_id=window.script_id if window else None,
            limit=limit_at(self.limits, at),
            message=(window.message if window else "")
            or (PREPARING if self.preparing else DEFAULT_CLOSED),
            recorded=self.recorded,
        )


def window_at(windows: Sequence[PlanWindow], at: datetime) -> PlanWindow | None:
    """The first window that fits; None when none does (the client is closed)."""
    local = at.astimezone(JST)
    minute = local.hour * 60 + local.minute
    today = local.date()
    bits = day_bits(today)
    for window in windows:
        if window.days & bits and window.opens <= minute < window.closes:
            return window
        # Opened yesterday and not closed yet: the day on which it opened counts.
        late = window.opens <= minute + DAY_MINUTES < window.closes
        if late and window.days & day_bits(today - timedelta(days=1)):
            return window
    return None


def limit_at(limits: Sequence[LineLimit], at: datetime) -> int | None:
    """The limit that holds on that day in Japan; None when none has begun yet."""
    today = japan_day(at)
    begun = [limit for limit in limits if limit.effective_from <= today]
    return max(begun, key=lambda limit: limit.effective_from).lines if begun else None


def faults(window: PlanWindow) -> list[str]:
    """What is wrong with a window, in words for the person who wrote it; empty when it can be used."""
    found = []
    if not window.name.strip() or len(window.name) > 100:
        found.append("時間帯の名前を入れてください(100文字まで)")
    if not 0 < window.days <= EVERY_DAY:
        found.append("曜日を1つ以上選んでください")
    if not (
        0 <= window.opens < DAY_MINUTES
        and window.opens < window.closes <= window.opens + DAY_MINUTES
    ):
        found.append(
            "時刻は、開始が 0:00〜23:59、終了が開始より後で24時間以内になるようにしてください"
        )
    if len(window.message) > 500:
        found.append("案内の言葉は500文字までにしてください")
    return found
