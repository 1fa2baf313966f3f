"""What would become of the operator's call if its report were sent now: its words, who gets it, by when and why."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from denwaban.calls import Call
from denwaban.console.model import OWN, Words, draft_of, words_of
from denwaban.lines import parse_number
from denwaban.oncall import Deadlines, NobodyOnDuty, OnDuty
from denwaban.people import Staff
from denwaban.people.persons import Person
from denwaban.promises import open_promises
from denwaban.reports import (
    Around,
    Case,
    Decision,
    Draft,
    Form,
    Routing,
    decide,
    due,
    form_of,
    rules_of,
    subject_of,
)
from denwaban.scripts import Decide, Promise, RunView
from denwaban.store import Tx


@dataclass(frozen=True, slots=True)
class Outlook:
    """The report as it stands."""

    words: Words
    draft: Draft
    """With the urgency to which a rule raises it."""
    form: Form
    decision: Decision
    routing: Routing
    recipients: tuple[str, ...]
    due_at: datetime | None
    around: Around
    subject: str
    name: str
    """Of the person in charge; empty when there is nobody."""


def outlook(
    tx: Tx,
    call: Call,
    run: RunView,
    known: Person | None,
    roster: list[Staff],
    duty: OnDuty | NobodyOnDuty,
    deadlines: Deadlines,
) -> Outlook:
    """Reads the client's form and rules. The same call at the same moment always goes the same way: whom the operator chose,
    else whom the caller asked for in the script, else whom the first rule that fits names, else who is on duty."""
    assert call.client_id is not None  # only clients' calls come to a seat
    form = form_of(tx, call.client_id).form
    rules = rules_of(tx, call.client_id).rules
    named = words_of(run, call, known, roster, "", form, deadlines)
    draft = draft_of(run, named, roster, form)
    decision = decide(rules, case_of(call, run, known, draft), [one.id for one in roster])
    rule = decision.rule
    by: Literal["operator", "script", "rule", "default"] = "default"
    in_charge = takes(duty)
    if named.in_charge:
        by = "operator" if run.value(OWN["in_charge"]) else "script"
        in_charge = named.in_charge
    elif rule is not None and rule.staff_id:
        by, in_charge = "rule", rule.staff_id
    everyone = rule is not None and rule.everyone
    draft = replace(draft, urgency=decision.urgency)
    routing = Routing(
        by=by,
        rule=rule.name if rule is not None else "",
        why=decision.why,
        everyone=everyone,
        raised=decision.urgency if decision.urgency != named.urgency else "",
        chances=decision.chances,
    )
    return Outlook(
        words=replace(named, in_charge=in_charge),
        draft=draft,
        form=form,
        decision=decision,
        routing=routing,
        recipients=tuple(one.id for one in roster if one.id != in_charge) if everyone else (),
        due_at=due(decision, call.answered_at or call.arrived_at, run.deadline, deadlines),
        around=_around(tx, call, run, known, draft),
        subject=subject_of(draft, practice=call.practice),
        name=next((one.name for one in roster if one.id == in_charge), ""),
    )


def case_of(call: Call, run: RunView, known: Person | None, draft: Draft) -> Case:
    """What the rules are asked about."""
    picked = tuple(
        run.value(field.id)
        for node in run.walked
        for field in node.ask
        if field.type == "choice" and run.value(field.id)
    )
    forks = tuple(branch.label for node, branch in run.forks if isinstance(node, Decide))
    said = (
        draft.what_for,
        draft.note,
        *(value for label, value in draft.answers if label != "分岐"),
    )
    return Case(
        texts=(*said, *(value for _key, value in draft.extra)),
        topics=(*forks, *picked),
        urgency=draft.urgency,
        at=call.arrived_at,
        known=known is not None,
        regular=known is not None and known.regular,
    )


def takes(duty: OnDuty | NobodyOnDuty) -> str:
    """The id of who gets a report that nothing else decides; empty when the client has named nobody."""
    if isinstance(duty, OnDuty):
        return duty.staff.id
    return duty.default.id if duty.default else ""


def _around(tx: Tx, call: Call, run: RunView, known: Person | None, draft: Draft) -> Around:
    assert call.client_id is not None
    number = parse_number(draft.number).e164
    waiting = open_promises(tx, call.client_id, draft.number) if number else []
    return Around(
        now=tx.now,
        promised=any(isinstance(node, Promise) for node in run.walked),
        other_promise=waiting[0].by if waiting else None,
        name_known=known is not None and (known.name, known.kana) == (draft.who, draft.kana),
        number_known=number is not None and number == parse_number(call.caller).e164,
    )
