"""Clients, their staff, our operators and their callers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from denwaban.texts import N_


class PeopleError(Exception):
    """A change that is refused; the message is a sentence for the person who asked (Japanese).

    `tell(_)` gives it in the reader's language. `values` are put in for `%(name)s` and are texts for readers too.
    """

    def __init__(self, message: str, field: str = "", **values: str) -> None:
        super().__init__(message % values if values else message)
        self.message = message
        self.field = field
        self.values = values

    def tell(self, translate: Callable[..., str]) -> str:
        """The sentence in the reader's language."""
        return translate(
            self.message, **{name: translate(value) for name, value in self.values.items()}
        )


class Changed(PeopleError):
    """Somebody else changed it since it was shown."""

    def __init__(self) -> None:
        super().__init__(
            N_("ほかの方が先に変更しました。新しい内容を確かめてから、もう一度お試しください")
        )


class Presence(StrEnum):
    """Whether a member of staff can take something now."""

    PRESENT = "present"
    AWAY = "away"
    BUSY = "busy"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Client:
    """A company whose calls are answered."""

    id: str
    code: str
    name: str
    kana: str
    industry: str
    greeting: str
    """The first words of a call, in the client's name."""
    policy: str
    """How to deal with calls, and what is not said (お断り)."""
    recorded: bool
    """Whether talks are recorded."""
    created_at: datetime
    ended_at: datetime | None
    """When the contract ended."""
    updated_at: datetime
    live_at: datetime | None = None
    """Since when its calls are taken; None while it is being prepared (準備中)."""


@dataclass(frozen=True, slots=True)
class Staff:
    """A person of the client who takes over."""

    id: str
    client_id: str
    name: str
    kana: str
    department: str
    presence: Presence
    """Holds until `presence_until`; ask `presence_at`."""
    presence_until: datetime | None
    presence_note: str
    substitute_id: str | None
    in_charge: bool
    """Takes reports when nothing else decides."""
    user_id: str | None
    created_at: datetime
    left_at: datetime | None
    updated_at: datetime

    def presence_at(self, now: datetime) -> Presence:
        """The presence now: one that has run out means present again."""
        if self.presence_until is not None and now >= self.presence_until:
            return Presence.PRESENT
        return self.presence


@dataclass(frozen=True, slots=True)
class Operator:
    """Who answers. `seat` and `sip_password` are what their telephone registers with."""

    id: str
    user_id: str
    name: str
    kana: str
    seat: str
    sip_password: str
    experienced: bool
    """May leave the order of a script that allows it (自由応対)."""
    created_at: datetime
    left_at: datetime | None
    updated_at: datetime

    def __repr__(self) -> str:
        return f"Operator(id={self.id!r}, seat={self.seat!r})"


@dataclass(frozen=True, slots=True)
class Caller:
    """A customer of the client, as one of their numbers shows them."""

    id: str
    client_id: str
    number: str
    """E.164."""
    person_id: str
    """Whose number it is; one person may have several."""
    name: str
    kana: str
    company: str
    regular: bool
    """One whom the client greets in a way of their own (常連)."""
    put_first: bool
    """One whom the client wants to be put through before its other callers."""
    updated_at: datetime


class SkillKind(StrEnum):
    """What a skill is about."""

    CLIENT = "client"
    TRADE = "trade"
    """A line of business, as clients have it (業種)."""
    MATTER = "matter"
    """What a number is for (用件: 予約, 修理 …)."""


@dataclass(frozen=True, slots=True)
class OperatorSkill:
    """How well an operator can do something: 1 (just learned it) to 5."""

    operator_id: str
    kind: SkillKind
    key: str
    """The client's id, the trade or the matter."""
    level: int


class TrainingStage(StrEnum):
    """How far a new operator is (研修段階)."""

    OBSERVES = "observes"
    """見学: listens to others, and is offered no calls."""
    BESIDE = "beside"
    """同席: is offered calls only while the telephone of the senior is signed in."""
    LOOKED_AFTER = "looked_after"
    """見守り: is offered calls like everybody; screens of supervisors show that somebody should look in."""


@dataclass(frozen=True, slots=True)
class Training:
    """What was set last about an operator's training."""

    operator_id: str
    stage: TrainingStage | None
    """None: works alone (独り立ち)."""
    senior_id: str | None
    """The operator who looks after them; always one at `BESIDE`, none for who works alone."""
    set_by: str
    """The account's id, or that of the key of a program."""
    set_at: datetime


@dataclass(frozen=True, slots=True)
class OperatorGroup:
    """Operators who are named together (班)."""

    id: str
    name: str
    members: frozenset[str] = frozenset()


def without_substitute(staff: list[Staff]) -> list[Staff]:
    """Those whose reports nobody takes while they are away: they have no substitute, or one who has left."""
    here = {person.id for person in staff if person.left_at is None}
    return [
        person
        for person in staff
        if person.left_at is None
        and (person.substitute_id is None or person.substitute_id not in here)
    ]
