"""The life of a version: draft, in review, approved, published; and who wants what. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from denwaban.scripts.lint import Finding
from denwaban.texts import N_

DEFAULT_GRACE = timedelta(hours=24)
"""For operators to read a change: nothing stops at once."""

LONGEST_GRACE = timedelta(days=30)

LONGEST_NOTE = 2000
"""Characters of a reason, a background or an answer."""

LONGEST_TEXT = 400_000
"""Characters of a script's text: some times what 200 full nodes take."""


class State(StrEnum):
    """Where a version is. Its words never change from the first state on; only where it is does."""

    IN_REVIEW = "in_review"
    APPROVED = "approved"
    """The client has said yes."""
    SCHEDULED = "scheduled"
    """Will be published at its date."""
    HELD = "held"
    """Its date came, but lint found errors that had not been there: somebody has to look."""
    PUBLISHED = "published"
    """Calls followed it from `published_at` on; it never changes."""
    RETURNED = "returned"
    """The client has said no."""
    WITHDRAWN = "withdrawn"
    """Taken back by us, or another took its place before it was published."""
    REHEARSAL = "rehearsal"
    """A draft as it was when somebody tried it by telephone: practice calls follow it, nothing else ever does."""


UNDER_WAY = (State.IN_REVIEW, State.APPROVED, State.SCHEDULED, State.HELD)
"""Neither published nor given up."""

NEXT: Mapping[State, frozenset[State]] = {
    State.IN_REVIEW: frozenset(
        {State.APPROVED, State.RETURNED, State.WITHDRAWN, State.SCHEDULED, State.PUBLISHED}
    ),
    State.APPROVED: frozenset({State.RETURNED, State.WITHDRAWN, State.SCHEDULED, State.PUBLISHED}),
    State.SCHEDULED: frozenset(
        {State.PUBLISHED, State.HELD, State.WITHDRAWN, State.RETURNED, State.SCHEDULED}
    ),
    State.HELD: frozenset({State.PUBLISHED, State.SCHEDULED, State.WITHDRAWN, State.RETURNED}),
    State.PUBLISHED: frozenset(),
    State.RETURNED: frozenset(),
    State.WITHDRAWN: frozenset(),
    State.REHEARSAL: frozenset(),
}
"""The only ways."""


class ScriptError(Exception):
    """What was asked for cannot be done; the text is a Japanese sentence and a key of the catalogues."""


class NoSuchScript(LookupError):
    """There is no such script, version or text."""


class NotNow(ScriptError):
    """The version is not in a state that allows it."""


class HasErrors(ScriptError):
    """Lint found errors: they are mended before anything is published."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(N_("直すところが残っているため、公開できません"))
        self.findings = list(findings)


class NeedsReasons(ScriptError):
    """Warnings without a word on why they stay."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(N_("注意のそれぞれに、そのままにする理由を書いてください"))
        self.findings = list(findings)


class Warned(msgspec.Struct, frozen=True):
    """A warning that was let stand, and why. Kept with the version."""

    key: str
    line: int | None
    message: str
    reason: str


@dataclass(frozen=True, slots=True)
class Version:
    """One version, without its document."""

    id: str
    script_id: str
    number: int
    state: State
    reason: str
    background: str
    warnings: tuple[Warned, ...]
    author_id: str | None
    submitted_at: datetime | None
    approval: bool
    """The client approves before it is published."""
    decided_at: datetime | None
    decided_by: str | None
    decision: str
    publish_at: datetime | None
    published_at: datetime | None
    published_by: str | None
    of_version: int | None
    """The earlier version whose text came back."""

    @property
    def may_publish(self) -> bool:
        """Nothing is missing but the word."""
        if self.state is State.IN_REVIEW:
            return not self.approval
        return self.state in (State.APPROVED, State.SCHEDULED, State.HELD)


def accepted(findings: Sequence[Finding], reasons: Mapping[str, str]) -> tuple[Warned, ...]:
    """The warnings with their reasons, by `Finding.key`. Raises `HasErrors`, `NeedsReasons`."""
    if errors := [one for one in findings if one.level == "error"]:
        raise HasErrors(errors)
    given = {key: text.strip()[:LONGEST_NOTE] for key, text in reasons.items()}
    if bare := [one for one in findings if not given.get(one.key)]:
        raise NeedsReasons(bare)
    return tuple(Warned(one.key, one.line, one.message, given[one.key]) for one in findings)
