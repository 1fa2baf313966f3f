"""Targets and results. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta

MOST_HOLDS = 10
"""Holds for each call; nobody aims at more."""

SHOWN = 4
"""Months: the present one and three before it."""


class BadTarget(ValueError):
    """This is no target; the message is a sentence for the reader (Japanese)."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What an operator aims at; None: nothing was settled."""

    holds: float | None = None
    """Holds for each call at most, in tenths from 0 to `MOST_HOLDS`."""
    self_completion: int | None = None
    """Per cent at least, 0 to 100."""
    changed_at: datetime | None = None
    """None: nobody has ever settled anything."""
    changed_by: str = ""
    """The name of the account or key; empty when it is gone."""


NO_TARGETS = Targets()


@dataclass(frozen=True, slots=True)
class Result:
    """How an operator's calls of a month went. Those that no other operator talked on are `alone`: whose hold it was is known
    of them only."""

    contacts: int = 0
    """Calls that came in, on which they talked, and which are over for them."""
    alone: int = 0
    holds: int = 0
    """On the calls that they had alone."""
    reported: int = 0
    """Calls whose report is sent."""
    completed: int = 0
    """Of those: had alone, not passed on to the client's staff, and no call-back left to them."""

    @property
    def holds_each(self) -> float | None:
        """Holds for each call, to a tenth; None without calls."""
        return round(self.holds / self.alone, 1) if self.alone else None

    @property
    def self_completion(self) -> float | None:
        """Per cent, to a tenth; None without reports."""
        return round(100 * self.completed / self.reported, 1) if self.reported else None

    def holds_met(self, targets: Targets) -> bool | None:
        """Whether the figure, as it is shown, is within the target; None without one of them."""
        if targets.holds is None or self.holds_each is None:
            return None
        return self.holds_each <= targets.holds

    def completion_met(self, targets: Targets) -> bool | None:
        """The same of self-completion."""
        if targets.self_completion is None or self.self_completion is None:
            return None
        return self.self_completion >= targets.self_completion


@dataclass(frozen=True, slots=True)
class Month:
    """One month in Tokyo."""

    first: date
    usual: Result = Result()
    relay: Result = Result()
    """Calls of the telephone relay service, which are in nothing else and meet no target."""


def read_holds(text: str) -> float | None:
    """0.5, 1, ０．５回; None for nothing. Raises `BadTarget`."""
    typed = _typed(text, "回")
    if not typed:
        return None
    if not re.fullmatch(r"\d{1,2}(\.\d)?", typed, re.ASCII):
        raise _no_holds()
    return check_holds(float(typed))


def check_holds(holds: float) -> float:
    """The same. Raises `BadTarget` for what is no tenth between 0 and `MOST_HOLDS`."""
    if not 0 <= holds <= MOST_HOLDS or round(holds, 1) != holds:
        raise _no_holds()
    return holds


def _no_holds() -> BadTarget:
    return BadTarget("0から10までで、小数は1桁で書いてください。例: 0.5")


def read_percent(text: str) -> int | None:
    """80, 80%; None for nothing. Raises `BadTarget`."""
    typed = _typed(text, "%")
    if not typed:
        return None
    if not re.fullmatch(r"\d{1,3}", typed, re.ASCII) or int(typed) > 100:
        raise BadTarget("0から100までの整数で書いてください。例: 80")
    return int(typed)


def _typed(text: str, unit: str) -> str:
    # Full-width digits and signs are what a Japanese keyboard gives.
    return unicodedata.normalize("NFKC", text).strip().removesuffix(unit).strip()


def months_to(first: date, number: int) -> list[date]:
    """The first days of so many months, of which `first` is the newest; newest first."""
    found = [first]
    while len(found) < number:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found
