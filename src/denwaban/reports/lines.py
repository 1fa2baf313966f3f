"""A report as a person reads it. Pure."""

from collections.abc import Callable
from datetime import datetime

from denwaban.clock import JST
from denwaban.lines import show_number
from denwaban.reports.cards import mask_cards
from denwaban.reports.form import BUILT_IN, HIDDEN, Form
from denwaban.reports.model import (
    TONE_WORDS,
    URGENCY_WORDS,
    Draft,
    Report,
    Tone,
    Urgency,
    caller_words,
)
from denwaban.vault import UNOPENED

WEEKDAYS = "月火水木金土日"

_SHOWN = {"who": "どなたから", "done": "対応"}
"""How a reader is told what the operator's panel calls otherwise; a label of the client's own stands in both."""

_WAY = "分岐"
"""Under this label a report has the branches that were chosen."""


def lines_of(report: Report, *, signed_in: bool = False) -> tuple[tuple[str, str], ...]:
    """(label, value) in the order of the form that the report was written on, then what the script asked. Who has not
    signed in (mails, chats, links, programs that are told) reads a hint in place of what is 秘密. Card numbers are masked."""
    found = read_out(report.draft, report.form, signed_in=signed_in)
    if not report.closed:
        return found
    # Whether they gave a number is not known just now.
    number = report.form.field("number")
    named = {number.label, _SHOWN.get("number", "")} if number is not None else set()
    return tuple((label, UNOPENED if label in named else value) for label, value in found)


def read_out(draft: Draft, form: Form, *, signed_in: bool) -> tuple[tuple[str, str], ...]:
    """The same for a draft that is not sent yet."""
    own = dict(draft.extra)
    found: list[tuple[str, str]] = []
    for field in form.fields:
        make = _VALUES.get(field.key)
        value = make(draft, form, signed_in) if make is not None else own.get(field.key, "")
        if not value:
            continue
        if field.secret and not signed_in:
            value = HIDDEN
        usual = field.label == BUILT_IN.get(field.key)
        found.append((_SHOWN.get(field.key, field.label) if usual else field.label, value))
    said = _said(draft, form)
    found += [
        (
            "伺った流れ" if label == _WAY else label,
            HIDDEN if form.hides(label) and not signed_in else value,
        )
        for label, value in draft.answers
        if value and value not in said
    ]
    return tuple((mask_cards(label), mask_cards(value)) for label, value in found)


def _said(draft: Draft, form: Form) -> set[str]:
    """Answers of the script that the form's own lines tell: nobody reads a name, a number or a matter twice."""
    said = {
        "who": {draft.who, f"{draft.who}({draft.kana})"},
        "company": {draft.company},
        "number": {draft.number, show_number(draft.number)},
        "what_for": {draft.what_for},
    }
    shown = {field.key for field in form.fields}
    return {text for key, texts in said.items() if key in shown for text in texts}


def callback_words(draft: Draft) -> str:
    """「必要(11月24日(火) 15:00 まで)」or「不要」."""
    if not draft.callback_needed:
        return "不要"
    return f"必要({when(draft.callback_by)} まで)" if draft.callback_by else "必要"


def when(moment: datetime) -> str:
    """A moment as people in Tokyo say it: 11月24日(火) 15:00."""
    local = moment.astimezone(JST)
    return f"{local.month}月{local.day}日({WEEKDAYS[local.weekday()]}) {local.hour:02}:{local.minute:02}"


def _caller(draft: Draft, form: Form, signed_in: bool) -> str:
    shown = form.field("kana") is not None and (signed_in or not form.is_secret("kana"))
    name = caller_words(draft) + (f"({draft.kana})" if draft.kana and shown else "")
    company = draft.company if form.field("company") is not None else ""
    return " / ".join(part for part in (name, company) if part)


def _number(draft: Draft, form: Form, signed_in: bool) -> str:
    return show_number(draft.number) if draft.number else "非通知"


_VALUES: dict[str, Callable[[Draft, Form, bool], str]] = {
    "who": _caller,
    # Both stand beside the name.
    "kana": lambda _draft, _form, _signed: "",
    "company": lambda _draft, _form, _signed: "",
    "number": _number,
    "what_for": lambda draft, _form, _signed: draft.what_for,
    "done": lambda draft, _form, _signed: draft.done,
    "callback": lambda draft, _form, _signed: callback_words(draft),
    # Stands beside 折り返し.
    "callback_by": lambda _draft, _form, _signed: "",
    "urgency": lambda draft, _form, _signed: URGENCY_WORDS[Urgency(draft.urgency)],
    "tone": lambda draft, _form, _signed: TONE_WORDS[Tone(draft.tone)],
    "note": lambda draft, _form, _signed: draft.note,
}
