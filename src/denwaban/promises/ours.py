"""Reports that no operator wrote: of callers with whom nobody could talk, so that they do not fall silent."""

from dataclasses import dataclass, field
from datetime import timedelta

from denwaban.delivery import send
from denwaban.oncall import OnDuty, person_in_charge
from denwaban.people import caller_of
from denwaban.promises.acts import make
from denwaban.reports import (
    AlreadySent,
    Around,
    Draft,
    Form,
    Routing,
    Tone,
    Urgency,
    accept,
    form_of,
)
from denwaban.store import Tx
from denwaban.texts import NOT_ASKED

WITHIN = timedelta(hours=3)
"""By when the client is to call them."""

UNKNOWN = "不明"


@dataclass(frozen=True, slots=True)
class Ours:
    """What is to be told of a call."""

    call_id: str
    client_id: str
    operator_id: str
    number: str = field(repr=False)
    """E.164; empty: they cannot be called back."""
    what_for: str
    done: str
    reason: str
    """Why it says no more; stays with the report."""


def report(tx: Tx, it: Ours, acknowledge_minutes: int) -> None:
    """Makes the report and the promise of a call-back, and sends it on its way. Of a call that has a report already the promise
    alone. Raises `reports.Incomplete` when the client has nobody who could take it."""
    duty = person_in_charge(tx, it.client_id, tx.now)
    in_charge = duty.staff if isinstance(duty, OnDuty) else duty.default
    try:
        made = accept(
            tx,
            it.client_id,
            it.call_id,
            it.operator_id,
            in_charge.id if in_charge is not None else "",
            _draft(tx, it, form_of(tx, it.client_id).form),
            False,
            around=Around(tx.now, name_known=True, number_known=True),
            routing=Routing(by="default"),
            due_at=tx.now + WITHIN,
            reason=it.reason,
        )
    except AlreadySent as already:
        # An operator has written one meanwhile.
        make(tx, already.report)
    else:
        send(tx, made, acknowledge_minutes)
        make(tx, made)


def _draft(tx: Tx, it: Ours, form: Form) -> Draft:
    """What is known of the caller. What the client asks for besides, nobody could ask."""
    known = caller_of(tx, it.client_id, it.number)
    required = {field.key for field in form.fields if field.required}
    return Draft(
        who=(known.name if known is not None else "") or UNKNOWN,
        what_for=it.what_for,
        done=it.done,
        callback_needed=bool(it.number),
        urgency=Urgency.NORMAL,
        tone=Tone.CALM,
        kana=(known.kana if known is not None else "") or (UNKNOWN if "kana" in required else ""),
        company=(known.company if known is not None else "")
        or (UNKNOWN if "company" in required else ""),
        number=it.number or (UNKNOWN if "number" in required else ""),
        callback_by=tx.now + WITHIN if it.number else None,
        note=it.reason if "note" in required else "",
        extra=tuple((field.key, NOT_ASKED) for field in form.own if field.required),
        confirmed=("kana", "number"),
    )
