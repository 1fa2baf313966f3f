"""What keeps a report from being sent: one polite sentence for each thing to mend [C7, C8]. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from denwaban.clock import JST
from denwaban.reports.finding import Finding, check_text, hold, missing, warn
from denwaban.reports.form import DEFAULT_FORM, Form, FormField
from denwaban.reports.model import NOT_KNOWN, Draft, Tone, Urgency, tidy
from denwaban.reports.saying import declines, finished, is_number, promises
from denwaban.texts import N_, NOT_ASKED

_DIGIT = re.compile(r"\d")

SHORT_MAX = 200
LONG_MAX = 60_000
NUMBER_MAX = 100


@dataclass(frozen=True, slots=True)
class Around:
    """What a draft is checked against, besides itself."""

    now: datetime
    on_roster: bool = True
    promised: bool = False
    """The caller was promised a call back in the script."""
    other_promise: datetime | None = None
    """By when an earlier promise to this caller, still open, is to be kept."""
    name_known: bool = False
    """Name and reading are those of an earlier call."""
    number_known: bool = False
    """It is the number that rang."""


def findings(draft: Draft, around: Around, form: Form = DEFAULT_FORM) -> list[Finding]:
    """Everything to mend, in the order of the form; empty when the report may go out."""
    draft = tidy(draft)
    found: list[Finding] = []
    for field in form.fields:
        check = _CHECKS.get(field.key, _own)
        found += check(field, draft, around, form)
    if not around.on_roster:
        found.append(
            hold(
                "in_charge",
                "roster",
                N_("宛先が名簿にありません。名簿から選び直してください。"),
            )
        )
    return found


def _who(field: FormField, draft: Draft, around: Around, form: Form) -> list[Finding]:
    if not draft.who:
        return [
            hold(
                "who",
                "missing",
                N_("%(label)sが空です。聞けなかったときは「不明」と入れてください。"),
                label=field.label,
            )
        ]
    found = check_text(field, draft.who, form, draft, longest=SHORT_MAX, told=False)
    known = around.name_known or draft.who in NOT_KNOWN or "kana" in draft.confirmed
    if form.readback and not found and not known:
        found.append(
            warn(
                "who",
                "confirm",
                N_(
                    "%(label)sの読みを確かめたしるしがありません。確かめていたら「読み」を押してください。"
                ),
                label=field.label,
            )
        )
    return found


def _line(field: FormField, draft: Draft, around: Around, form: Form) -> list[Finding]:
    """Reading, company."""
    text = draft.kana if field.key == "kana" else draft.company
    if field.required and not text:
        return [missing(field)]
    return check_text(field, text, form, draft, longest=SHORT_MAX, told=False)


def _number(field: FormField, draft: Draft, around: Around, form: Form) -> list[Finding]:
    number = draft.number
    if not number:
        if draft.callback_needed:
            return [
                hold(
                    "number",
                    "missing",
                    N_(
                        "折り返し先の電話番号が空です。番号を伺えなかったときは、折り返し「不要」にしてメモに書いてください。"
                    ),
                )
            ]
        return [missing(field)] if field.required else []
    if len(number) > NUMBER_MAX:
        return [hold("number", "length", N_("電話番号が長すぎます。番号だけを入れてください。"))]
    if found := check_text(field, number, form, draft, longest=SHORT_MAX, told=False):
        return found
    if not is_number(number) and (draft.callback_needed or _DIGIT.search(number)):
        return [
            hold(
                "number",
                "number",
                N_("%(label)sの形が違うようです。例: 03-1234-5678"),
                label=field.label,
            )
        ]
    confirmed = around.number_known or "number" in draft.confirmed
    if form.readback and draft.callback_needed and not confirmed:
        return [
            warn(
                "number",
                "confirm",
                N_(
                    "%(label)sを復唱したしるしがありません。復唱していたら「復唱」を押してください。"
                ),
                label=field.label,
            )
        ]
    return []


def _story(field: FormField, draft: Draft, around: Around, form: Form) -> list[Finding]:
    if not draft.what_for:
        return [
            hold(
                "what_for",
                "missing",
                N_("%(label)sが空です。何についての電話か、一文で書いてください。"),
                label=field.label,
            )
        ]
    return check_text(field, draft.what_for, form, draft, longest=LONG_MAX, told=True)


def _done(field: FormField, draft: Draft, around: Around, form: Form) -> list[Finding]:
    if not draft.done:
        return [
            hold(
                "done",
                "missing",
                N_("%(label)sが空です。例:「折り返しをお約束しました」"),
                label=field.label,
            )
        ]
    found = check_text(field, draft.done, form, draft, longest=LONG_MAX, told=True)
    if draft.callback_needed and finished(draft.done):
        found.append(
            hold(
                "done",
                "contradiction",
                N_(
                    "%(label)sに「完了」とありますが、折り返しが「要る」です。残っていることを書くか、折り返しを「不要」にしてください。"
                ),
                label=field.label,
            )
        )
    return found


def _callback(field: FormField, draft: Draft, around: Around, form: Form) -> list[Finding]:
    if draft.callback_needed:
        return []
    if around.promised and not declines(f"{draft.done}\n{draft.note}"):
        return [
            hold(
                "callback",
                "contradiction",
                N_(
                    "通話で折り返しを約束しています。「要る」にするか、お客様が辞退されたことを「%(done)s」に書いてください。"
                ),
                done=form.label("done"),
            )
        ]
    if promises(draft.done):
        return [
            hold(
                "callback",
                "contradiction",
                N_(
                    "「%(done)s」では折り返すことになっていますが、「%(label)s」が不要です。どちらかを直してください。"
                ),
                done=form.label("done"),
                label=field.label,
            )
        ]
    if around.other_promise is not None and finished(draft.done):
        return [
            warn(
                "callback",
                "contradiction",
                N_(
                    "このお客様への %(time)s の約束がまだ残っています。別の件なら、その理由を書いて送ってください。"
                ),
                time=f"{around.other_promise.astimezone(JST):%m/%d %H:%M}",
            )
        ]
    return []


def _callback_by(field: FormField, draft: Draft, around: Around, form: Form) -> list[Finding]:
    by = draft.callback_by
    if draft.callback_needed and by is None:
        return [
            hold(
                "callback_by",
                "missing",
                N_("折り返しの期限が空です。いつまでに折り返すか入れてください。"),
            )
        ]
    if draft.callback_needed and by is not None and by <= around.now:
        return [
            hold(
                "callback_by",
                "past",
                N_("折り返しの期限が過ぎた時刻になっています。これからの時刻にしてください。"),
            )
        ]
    if not draft.callback_needed and by is not None:
        return [
            hold(
                "callback_by",
                "contradiction",
                N_("折り返し「不要」なのに期限が入っています。どちらかを直してください。"),
            )
        ]
    return []


def _urgency(field: FormField, draft: Draft, around: Around, form: Form) -> list[Finding]:
    if draft.urgency in set(Urgency):
        return []
    return [hold("urgency", "missing", N_("%(label)sを選んでください。"), label=field.label)]


def _tone(field: FormField, draft: Draft, around: Around, form: Form) -> list[Finding]:
    if draft.tone in set(Tone):
        return []
    return [hold("tone", "missing", N_("%(label)sを選んでください。"), label=field.label)]


def _note(field: FormField, draft: Draft, around: Around, form: Form) -> list[Finding]:
    if field.required and not draft.note:
        return [missing(field)]
    return check_text(field, draft.note, form, draft, longest=LONG_MAX, told=False)


def _own(field: FormField, draft: Draft, around: Around, form: Form) -> list[Finding]:
    text = dict(draft.extra).get(field.key, "")
    if field.required and not text:
        return [missing(field)]
    if text and field.choices and text not in (*field.choices, NOT_ASKED):
        return [
            hold(
                field.key,
                "choice",
                N_("%(label)sを選び直してください。"),
                label=field.label,
            )
        ]
    return check_text(field, text, form, draft, longest=LONG_MAX, told=False)


_CHECKS: dict[str, Callable[[FormField, Draft, Around, Form], list[Finding]]] = {
    "who": _who,
    "kana": _line,
    "company": _line,
    "number": _number,
    "what_for": _story,
    "done": _done,
    "callback": _callback,
    "callback_by": _callback_by,
    "urgency": _urgency,
    "tone": _tone,
    "note": _note,
}
