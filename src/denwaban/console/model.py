"""From a call and its run to the draft of the report. Pure: no I/O, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from denwaban.calls import Call, CallState
from denwaban.clock import JST
from denwaban.console.guide import EXCEPTION, MEMO, MOOD, NOW, Window, quarter, unsaid
from denwaban.lines import show_number
from denwaban.oncall import BY_CLOCK, Deadlines
from denwaban.people import Client, Staff
from denwaban.people.persons import Person
from denwaban.reports import DEFAULT_FORM, Draft, Finding, Form, Sentence, Tone
from denwaban.scripts import End, Field, Promise, RunView
from denwaban.texts import clean_text

_TONES = {
    "angry": Tone.ANGRY,
    "worried": Tone.WORRIED,
    "troubled": Tone.WORRIED,
    "sad": Tone.WORRIED,
    "hurried": Tone.HURRIED,
}
"""What the report says of the mood that was chosen during the call."""

OWN = {
    "who": "report.who",
    "kana": "report.kana",
    "company": "report.company",
    "number": "report.number",
    "what_for": "report.what_for",
    "done": "report.done",
    "callback": "report.callback",
    "callback_by": "report.callback_by",
    "urgency": "report.urgency",
    "tone": "report.tone",
    "note": "report.note",
    "in_charge": "report.in_charge",
}
"""What the operator writes over the draft, by the answer's name in the run."""

CONFIRMED = {"kana": "report.kana_ok", "number": "report.number_ok"}
"""`yes` once the operator has read it back to the caller."""

_CONFIRMS = {"who": CONFIRMED["kana"], "number": CONFIRMED["number"]}
"""What is ticked when it is missing, by the field of the report."""

REASON = "report.reason"
"""Why a report goes out in spite of a warning."""


@dataclass(frozen=True, slots=True)
class Words:
    """The draft as it stands on the screen: texts, exactly as typed."""

    who: str
    kana: str
    company: str
    number: str
    what_for: str
    done: str
    callback: str
    """`yes`, `no`, or empty while nobody has said."""
    callback_by: str
    """`2026-11-24T15:00` in Tokyo, or what was typed instead."""
    urgency: str
    tone: str
    note: str
    in_charge: str
    """A staff id."""
    extra: tuple[tuple[str, str], ...] = ()
    """(key, value) of the client's own fields."""


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that keeps a report from being sent. In words: `words.sentence`."""

    answer: str
    """The answer's name; empty when it is about no single field."""
    what: str
    """asked (a mandatory field), unsaid (a phrase), now (the client's staff were wanted at once), callback, moment, window
    (`label` is when it may be), or said (`label` is the sentence)"""
    label: str = ""
    told: Sentence | None = None
    """What the gate of reports says of it (`said`)."""
    warning: bool = False
    """A reason is enough to send it all the same."""


def parse_moment(text: str) -> datetime | None:
    """A moment in Tokyo as a date-and-time field gives it; None for anything else."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment.replace(tzinfo=JST) if moment.tzinfo is None else moment


def field_moment(moment: datetime) -> str:
    """The reverse of `parse_moment`, to the minute."""
    return moment.astimezone(JST).strftime("%Y-%m-%dT%H:%M")


def words_of(
    run: RunView,
    call: Call,
    known: Person | None,
    staff: list[Staff],
    in_charge_id: str,
    form: Form = DEFAULT_FORM,
    deadlines: Deadlines = BY_CLOCK,
) -> Words:
    """What the report says before anybody has touched it, with what the operator has written over it since.

    What the walk has not come to is filled in from the caller as `known`, and from the number that rang; an answer that
    was emptied on the way stays empty.
    """
    given = {**_unasked(run, call, known), **_by_purpose(run)}
    promised = [node for node in run.walked if isinstance(node, Promise)]
    over = call.ended_at or call.answered_at or call.arrived_at
    by = given["callback_by"]
    if promised and not by:
        by = field_moment(quarter(deadlines.after(over, promised[-1].minutes)))
    chosen_staff = given["in_charge"]
    made = Words(
        who=given["caller_name"],
        kana=given["caller_kana"],
        company=given["caller_company"],
        number=given["caller_number"],
        what_for=_what_for(run, given["what_for"]),
        done="".join(node.done for node in run.walked if isinstance(node, End)),
        callback="yes" if promised or given["callback_by"] else ("no" if _at_end(run) else ""),
        callback_by=by if promised or given["callback_by"] else "",
        urgency=run.urgency,
        tone=_TONES.get(run.value(MOOD), Tone.CALM).value,
        note="\n".join(filter(None, (given["note"], run.value(MEMO).strip()))),
        in_charge=chosen_staff if any(s.id == chosen_staff for s in staff) else in_charge_id,
        extra=_extra(run, staff, form),
    )
    own: dict[str, Any] = {
        name: run.answers[key].value for name, key in OWN.items() if key in run.answers
    }
    return replace(made, **own)


def _extra(run: RunView, staff: list[Staff], form: Form) -> tuple[tuple[str, str], ...]:
    """The client's own fields: as the operator wrote them, else what the script asked under the same label."""
    asked = dict(answers_of(run, staff))
    found = []
    for field in form.own:
        key = f"report.{field.key}"
        typed = run.answers[key].value if key in run.answers else asked.get(field.label, "")
        found.append((field.key, typed))
    return tuple(found)


def draft_of(run: RunView, words: Words, staff: list[Staff], form: Form = DEFAULT_FORM) -> Draft:
    """The draft that `reports.accept` is asked to take. What the script asked under the label of one of the client's own
    fields stands there only, so that its secrets are kept in one place."""
    own = {field.label for field in form.own}
    callback = words.callback == "yes"
    return Draft(
        who=words.who,
        kana=words.kana,
        company=words.company,
        number=words.number,
        what_for=words.what_for,
        done=words.done,
        callback_needed=callback,
        callback_by=parse_moment(words.callback_by) if callback else None,
        urgency=words.urgency,
        tone=words.tone,
        note=words.note,
        answers=tuple(pair for pair in answers_of(run, staff) if pair[0] not in own),
        extra=words.extra,
        confirmed=tuple(name for name, key in CONFIRMED.items() if run.value(key) == "yes"),
    )


def answers_of(run: RunView, staff: list[Staff]) -> tuple[tuple[str, str], ...]:
    """(label, value) of everything answered on the way, in the order of the script; forks with what was chosen."""
    names = {person.id: person.name for person in staff}
    found: list[tuple[str, str]] = []
    fields = [field for node in run.walked for field in node.ask] + run.extra
    for field in fields:
        value = run.value(field.id)
        if not value.strip():
            continue
        if field.type == "staff":
            value = names.get(value, value)
        if field.type == "datetime" and (moment := parse_moment(value)):
            value = moment.astimezone(JST).strftime("%Y/%m/%d %H:%M")
        kana = run.value(f"{field.id}.kana")
        found.append((field.label, f"{value}({kana})" if kana else value))
    if run.chosen:
        found.append(("分岐", " → ".join(branch.label for branch in run.chosen)))
    return tuple(found)


def in_vain(run: RunView, call: Call) -> bool:
    """Whether the caller asked for the client's staff at once, and was neither put through nor promised a call back."""
    if run.value(NOW) != "yes" or call.staff_id is not None or call.state is CallState.PASSING:
        return False
    if run.value(OWN["callback"]):
        return run.value(OWN["callback"]) != "yes"
    promised = any(isinstance(node, Promise) for node in run.walked)
    return not (promised or _by_purpose(run)["callback_by"])


def lacking(run: RunView, call: Call) -> list[Lack]:
    """What is mandatory and was neither asked, said nor done."""
    asked = [Lack(field.id, "asked", field.label) for field in run.missing]
    unheard = [Lack(EXCEPTION, "unsaid", phrase) for phrase in unsaid(run)]
    vain = [Lack(EXCEPTION, "now", "担当に代わるご希望")] if in_vain(run, call) else []
    return asked + unheard + vain


def exception_of(run: RunView, call: Call) -> str:
    """What the history of the report says of what is lacking and why; empty when nothing lacks or no reason was given."""
    reason = clean_text(run.value(EXCEPTION))
    lacks = "、".join(f"「{lack.label}」" for lack in lacking(run, call))
    return f"必須がそろわない理由: {reason}(足りないもの: {lacks})" if reason and lacks else ""


def lacks_of(found: list[Finding]) -> list[Lack]:
    """What the gate of reports found, by the answers of the seat."""
    return [
        Lack(
            _CONFIRMS[one.field]
            if one.rule == "confirm"
            else OWN.get(one.field, f"report.{one.field}"),
            "said",
            str(one.told),
            one.told,
            one.warning,
        )
        for one in found
    ]


def problems(run: RunView, call: Call, words: Words, window: Window | None = None) -> list[Lack]:
    """What the script wants and the operator has neither asked nor said, or nobody has decided, in the order of the screen.
    A reason given for an exception stands for what is mandatory."""
    found = [] if run.value(EXCEPTION).strip() else lacking(run, call)
    if words.callback not in ("yes", "no"):
        found.append(Lack(OWN["callback"], "callback"))
    if words.callback == "yes" and words.callback_by and parse_moment(words.callback_by) is None:
        found.append(Lack(OWN["callback_by"], "moment"))
    elif words.callback == "yes" and not in_window(words.callback_by, window):
        found.append(Lack(OWN["callback_by"], "window", span(window) if window else ""))
    return found


def in_window(text: str, window: Window | None) -> bool:
    """Whether a promise may fall due then. What is no moment is not judged here."""
    moment = parse_moment(text)
    return window is None or moment is None or moment in window


def span(window: Window) -> str:
    """`11/24 14:35〜11/24 17:15`, in Tokyo."""
    first, last = window.earliest.astimezone(JST), window.latest.astimezone(JST)
    return f"{first:%m/%d %H:%M}〜{last:%m/%d %H:%M}"


def _by_purpose(run: RunView) -> Mapping[str, str]:
    """The last answer on the way for each purpose that was asked for; empty where it was left empty."""
    found = dict.fromkeys(("what_for", "callback_by", "in_charge", "note"), "")
    for field in _asked(run):
        found.setdefault(field.purpose, "")
        if field.purpose == "caller_name":
            found.setdefault("caller_kana", "")
        value = run.value(field.id).strip()
        if value:
            found[field.purpose] = value
            if field.purpose == "caller_name":
                found["caller_kana"] = run.value(f"{field.id}.kana")
    return found


def _unasked(run: RunView, call: Call, known: Person | None) -> dict[str, str]:
    """What is known of the caller without asking."""
    asked = {field.purpose for field in _asked(run)}
    found = dict.fromkeys(("caller_name", "caller_kana", "caller_company"), "")
    if known is not None and "caller_name" not in asked:
        # A company belongs to the name: asked who they are, the caller may be somebody else.
        found |= {
            "caller_name": known.name,
            "caller_kana": known.kana,
            "caller_company": known.company,
        }
    return {**found, "caller_number": show_number(call.caller) if call.caller else ""}


def _asked(run: RunView) -> list[Field]:
    """The fields on the way that say something of the report."""
    fields = [field for node in run.walked for field in node.ask] + run.extra
    return [field for field in fields if field.purpose]


def _what_for(run: RunView, said: str) -> str:
    """Where a fork asks for the matter, the branch chosen is half of it: 「水漏れ: 台所の蛇口から」."""
    taken = [
        branch.label
        for node, branch in run.forks
        if node.purpose == "what_for" and branch is not node.otherwise
    ]
    branches = "・".join(dict.fromkeys(taken))
    return f"{branches}: {said}" if branches and said else said or branches


def _at_end(run: RunView) -> bool:
    return isinstance(run.node, End)


def greeting_of(client: Client) -> str:
    """The first words of a call, in the client's name."""
    return client.greeting.strip() or f"お電話ありがとうございます。{client.name}でございます。"
