"""What a report is, and how its subject is made. No I/O."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from denwaban.reports.cards import mask_cards
from denwaban.reports.form import DEFAULT_FORM, Form
from denwaban.texts import NOT_ASKED
from denwaban.vault import UNOPENED


class Urgency(StrEnum):
    NORMAL = "normal"
    SOON = "soon"
    EMERGENCY = "emergency"


class Tone(StrEnum):
    CALM = "calm"
    WORRIED = "worried"
    HURRIED = "hurried"
    ANGRY = "angry"


class Status(StrEnum):
    DONE = "done"
    CALLBACK = "callback"
    CHECKING = "checking"


URGENCY_WORDS = {Urgency.NORMAL: "通常", Urgency.SOON: "お急ぎ", Urgency.EMERGENCY: "緊急"}
TONE_WORDS = {
    Tone.CALM: "落ち着いたご様子",
    Tone.WORRIED: "お困りのご様子",
    Tone.HURRIED: "お急ぎのご様子",
    Tone.ANGRY: "ご立腹のご様子",
}

NOT_KNOWN = frozenset({"", "不明", "お名前不明", "名乗らず", "匿名", NOT_ASKED})
"""What stands for the name of a caller who gave none."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an operator knows at the end of a call. There is no subject: it is made from this."""

    who: str
    what_for: str
    done: str
    callback_needed: bool
    urgency: str
    tone: str
    kana: str = ""
    company: str = ""
    number: str = ""
    """E.164 or as the caller said it; empty when withheld."""
    callback_by: datetime | None = None
    note: str = ""
    answers: tuple[tuple[str, str], ...] = ()
    """(label, value) in the order of the script."""
    extra: tuple[tuple[str, str], ...] = ()
    """(key, value) of the client's own fields, in the order of its form."""
    confirmed: tuple[str, ...] = ()
    """What was read back to the caller: `kana`, `number`."""


@dataclass(frozen=True, slots=True)
class StatusChange:
    """One line of a report's history."""

    status: Status
    at: datetime
    by_user_id: str | None
    note: str


class Routing(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a report found its way, kept with it for good. Sentences are Japanese."""

    by: Literal["rule", "operator", "script", "default"]
    """Who or what named the person in charge."""
    rule: str = ""
    """The name of the rule that fitted, whoever named the person."""
    why: tuple[str, ...] = ()
    """What of the rule was true."""
    everyone: bool = False
    raised: str = ""
    """The urgency to which the rule raised the report."""
    chances: tuple[str, ...] = ()
    """Words of opportunity that the caller said."""


class Override(msgspec.Struct, frozen=True):
    """Warnings that did not keep a report back, and why."""

    reason: str
    told: tuple[str, ...]
    """What was warned of, in Japanese."""


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it was sent. Only `status` and `in_charge_id` ever change."""

    id: str
    client_id: str
    call_id: str | None
    operator_id: str
    in_charge_id: str
    """The one person whom it belongs to now."""
    draft: Draft
    subject: str
    status: Status
    call_ended_at: datetime | None
    sent_at: datetime
    practice: bool
    form: Form = DEFAULT_FORM
    """The client's form when it was sent: its order, words and secrets."""
    routing: Routing | None = None
    """How the person in charge was found; None when nobody asked the rules."""
    recipients: tuple[str, ...] = ()
    """Ids of staff who are told at once beside the person in charge (「急ぎは全員確認」): `delivery.send` is given them. One of
    them may take it, and each confirms it; until then it belongs to the person in charge."""
    due_at: datetime | None = None
    """By when somebody of the client should have dealt with it."""
    override: Override | None = None
    closed: bool = False
    """Its words cannot be opened just now: what stands for them says so, and is nobody's words."""

    @property
    def chances(self) -> tuple[str, ...]:
        """Words of opportunity (商機) that the caller said."""
        return self.routing.chances if self.routing is not None else ()

    @property
    def at_once(self) -> bool:
        """It is never kept for a digest or until the end of quiet hours."""
        return self.draft.urgency == Urgency.EMERGENCY or bool(self.chances)

    @property
    def promise_by(self) -> datetime | None:
        """By when the caller hears of somebody: what they were told, else the three hours of an opportunity."""
        if self.draft.callback_needed:
            return self.draft.callback_by
        return self.due_at if self.chances else None


def tidy(draft: Draft) -> Draft:
    """The draft without what no database, mail or screen can hold (control characters, halves of surrogate pairs);
    one-line fields on one line; surrounding blanks gone. Card numbers in answers of the script, which nobody mends after the
    call, keep their last four digits. Idempotent."""
    return Draft(
        who=_one_line(draft.who),
        what_for=_clean(draft.what_for),
        done=_clean(draft.done),
        callback_needed=draft.callback_needed,
        urgency=draft.urgency,
        tone=draft.tone,
        kana=_one_line(draft.kana),
        company=_one_line(draft.company),
        number=_one_line(draft.number),
        callback_by=draft.callback_by,
        note=_clean(draft.note),
        answers=tuple(
            (mask_cards(_one_line(label)), mask_cards(_clean(value)))
            for label, value in draft.answers
        ),
        extra=tuple((key, _clean(value)) for key, value in draft.extra),
        confirmed=tuple(sorted(set(draft.confirmed))),
    )


def _one_line(text: str) -> str:
    return " ".join(_clean(text).split())


def _clean(text: str) -> str:
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    kept = (c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs", "Cf"))
    return "".join(kept).strip()


def caller_words(draft: Draft) -> str:
    """The caller as a colleague would write: `佐藤 花子様`, `お名前不明の方`."""
    return name_words(draft.who)


def name_words(name: str) -> str:
    """The same of a name as it was written."""
    name = name.strip()
    if name == UNOPENED:
        return name
    for ending in ("さま", "さん", "様"):
        name = name.removesuffix(ending).rstrip()
    if name in NOT_KNOWN:
        return "お名前不明の方"
    return f"{name}様"


def subject_of(draft: Draft, *, practice: bool) -> str:
    """The subject [C3]: 【要折り返し】○○様より, 【通常報告】○○社, 【緊急】…; one line, never taken from outside."""
    draft = tidy(draft)
    caller = caller_words(draft)
    if draft.urgency == Urgency.EMERGENCY:
        mark = "【緊急】【要折り返し】" if draft.callback_needed else "【緊急】"
        tail = f"{caller}より"
    elif draft.callback_needed:
        mark, tail = "【要折り返し】", f"{caller}より"
    else:
        mark, tail = "【通常報告】", draft.company or f"{caller}より"
    return f"{mark}{tail}{'(練習)' if practice else ''}"


def first_status(draft: Draft) -> Status:
    """The status a report is born with [C4]."""
    if draft.callback_needed:
        return Status.CALLBACK
    return Status.CHECKING if draft.urgency == Urgency.EMERGENCY else Status.DONE
