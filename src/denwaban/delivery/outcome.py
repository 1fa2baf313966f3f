"""What may come of one attempt, and when the next one is made. Pure."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Sent:
    """The other side has accepted it."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now; `why` is a Japanese sentence. Tried again later, not before `after`."""

    why: str
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """Never by this address; `why` is a Japanese sentence that says what to mend."""

    why: str


@dataclass(frozen=True, slots=True)
class NotSetUp:
    """This installation has no such channel. It says nothing about the person, so it does not escalate."""

    why: str


Outcome = Sent | Retry | Failed | NotSetUp

WAITS = (5, 15, 45, 120, 300, 600, 1200, 1800)
"""Seconds before the second, third … try; an hour after that."""

MAX_TRIES = 14
"""About seven hours of trying; the ladder has told a supervisor long before."""

OBEYED = timedelta(hours=6)
"""A longer Retry-After than this is cut to it."""


def wait_after(tries: int, after: timedelta | None, chance: float) -> timedelta | None:
    """How long to wait after the `tries`-th try, None when that was the last. `chance` in [0, 1) spreads the waits by
    ±20 %, so that a server that comes back is not met by everybody at once; never shorter than what it asked for."""
    if tries >= MAX_TRIES:
        return None
    base = WAITS[tries - 1] if tries <= len(WAITS) else 3600
    wait = timedelta(seconds=base * (0.8 + 0.4 * chance))
    return max(wait, min(after, OBEYED)) if after is not None else wait


def outcome_words(outcome: Outcome) -> tuple[str, str]:
    """(sent | retry | failed | not_set_up, a sentence without the address)."""
    if isinstance(outcome, Sent):
        return "sent", outcome.detail
    if isinstance(outcome, Retry):
        return "retry", outcome.why
    return "failed" if isinstance(outcome, Failed) else "not_set_up", outcome.why
