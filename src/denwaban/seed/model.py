"""What an example company is, and what planting hands back."""

from dataclasses import dataclass, field
from datetime import timedelta

import msgspec

from denwaban.lines import Mode
from denwaban.oncall import BusinessHours, ShiftKind
from denwaban.reports import DEFAULT_FORM, Form, Rule


@dataclass(frozen=True, slots=True)
class Person:
    """A member of an example company's staff. `key` names the person within the company."""

    key: str
    name: str
    kana: str
    department: str
    mail: str
    in_charge: bool = False
    substitute: str = ""
    presence: str = "present"
    away_for: timedelta | None = None
    note: str = ""
    login: str = ""
    """Signs in to the portal; empty: no account."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the week; `script` is a file in `scripts/` and the name under which it is published."""

    name: str
    days: int
    opens: int
    closes: int
    mode: Mode
    script: tuple[str, str] | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    """A weekly shift of the person of this key; minutes and days as in `oncall.NewShift`."""

    key: str
    kind: ShiftKind
    days: int
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier call with its report, `days` before planting at `hour` (JST)."""

    days: int
    hour: int
    caller_name: str
    caller_kana: str
    caller_number: str
    what_for: str
    done: str
    taken_by: str
    caller_company: str = ""
    promised: timedelta | None = None
    """A call back was promised within so long of planting; it is still open."""
    kept: str = ""
    """The promise was kept in this way (a day after the call)."""
    answers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Company:
    """An example company, whole."""

    code: str
    name: str
    kana: str
    industry: str
    greeting: str
    policy: str
    numbers: tuple[tuple[str, str], ...]
    lines: int
    windows: tuple[Window, ...]
    people: tuple[Person, ...]
    faqs: str
    """A file in `faqs/`."""
    hours: BusinessHours
    shifts: tuple[Shift, ...] = ()
    form: Form = DEFAULT_FORM
    rules: tuple[Rule, ...] = ()
    """`staff_id` is the key of a person; empty: whoever is in charge."""
    chances: tuple[str, ...] | None = None
    """Words of opportunity; None: the usual ones."""
    earlier: tuple[Earlier, ...] = field(default=())


class SignIn(msgspec.Struct, frozen=True):
    """An account with its generated password."""

    login: str
    password: str
    name: str
    role: str
    client: str | None


class Seat(msgspec.Struct, frozen=True):
    """What an operator's SIP phone signs in with; the browser phone is `seat`, a SIP phone `phone`."""

    operator: str
    seat: str
    phone: str
    password: str


class Credentials(msgspec.Struct, frozen=True):
    """Everything that was generated. It is nowhere else: passwords and keys are stored as hashes."""

    sign_ins: list[SignIn]
    api_keys: dict[str, str]
    """By role; `client` is the first example company's."""
    seats: list[Seat]
