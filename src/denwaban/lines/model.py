"""Service plans: which window of a client's week decides at a moment. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from denwaban.clock import JST, japan_day
from denwaban.lines.ladder import HIGHEST_LEVEL, USUAL_LEVEL, ServiceLevel
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
    urgent: bool = False
    """Calls to the client's numbers for emergencies go before all others."""
    least_level: int | None = None
    """What operators must be able to do in this window, when it is not what the client asks for otherwise."""


@dataclass(frozen=True, slots=True)
class DatedPlan:
    """The windows that hold from a day (JST) on; None: from the very beginning."""

    effective_from: date | None
    windows: tuple[PlanWindow, ...]


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
    industry: str = ""
    """The client's trade."""
    matter: str = ""
    """What the number is for (予約, 修理 …); empty: for everything."""
    urgent: bool = False
    """A number for emergencies, at a time in which they go before all others."""
    least_level: int = 0
    """What an operator must be able to do."""
    level: ServiceLevel = USUAL_LEVEL


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
    industry: str = ""
    matter: str = ""
    urgent: bool = False
    """A number for emergencies."""
    level: ServiceLevel = USUAL_LEVEL
    later: tuple[DatedPlan, ...] = ()
    """Plans that replace `windows` from their day on, earliest first."""

    def service(self, at: datetime) -> Service:
        """What this number gets at that moment."""
        window = None if self.preparing else window_at(self._windows(at), at)
        least = window.least_level if window is not None else None
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
            industry=self.industry,
            matter=self.matter,
            urgent=self.urgent and window is not None and window.urgent,
            least_level=self.level.least_level if least is None else least,
            level=self.level,
        )

    def _windows(self, at: datetime) -> Sequence[PlanWindow]:
        return plan_at(self.later, at).windows if self.later else self.windows


def plan_at(plans: Sequence[DatedPlan], at: datetime) -> DatedPlan:
    """The plan that holds on that day in Japan: of those that have begun the last. Without any, a plan without windows."""
    today = japan_day(at)
    holds = DatedPlan(None, ())
    for plan in sorted(plans, key=lambda plan: plan.effective_from or date.min):
        if plan.effective_from is None or plan.effective_from <= today:
            holds = plan
    return holds


def window_at(windows: Sequence[PlanWindow], at: datetime) -> PlanWindow | None:
    """The first window that fits; None when none does (the client is closed)."""
    for window in windows:
        if holds_at(window.days, window.opens, window.closes, at):
            return window
    return None


def holds_at(days: int, opens: int, closes: int, at: datetime) -> bool:
    """Whether a part of the week holds at that moment."""
    local = at.astimezone(JST)
    minute = local.hour * 60 + local.minute
    today = local.date()
    if opens <= minute < closes and days & day_bits(today):
        return True
    # Opened yesterday and not closed yet: the day on which it opened counts.
    late = opens <= minute + DAY_MINUTES < closes
    return late and bool(days & day_bits(today - timedelta(days=1)))


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
    if window.least_level is not None and not 0 <= window.least_level <= HIGHEST_LEVEL:
        found.append("段階は0から5までで選んでください")
    return found
