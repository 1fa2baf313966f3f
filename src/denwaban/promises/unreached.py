"""Callers whom we promised to call back in their turn and did not reach: a report and a promise of the client's, never silence."""

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
from denwaban.routing import Place, place_given_up, place_told
from denwaban.routing.rows import kept_places
from denwaban.store import Store, Tx
from denwaban.work import Duty

WITHIN = timedelta(hours=3)
"""By when the client is to call them."""

UNKNOWN = "不明"

WHAT_FOR = "順番をお待ちいただく間に、折り返しの電話をご希望でした。ご用件はうかがえていません。"

DONE = "順番が来てから{tries}回お電話しましたが、お出になりませんでした。お客様に折り返しをお願いします。"

REASON = "つながらなかった折り返しから、自動で作った報告です。"


def tell(tx: Tx, call_id: str, acknowledge_minutes: int) -> None:
    """Makes the report and the promise of a place that was given up, and sends it on its way. Idempotent. Raises
    `reports.Incomplete` when the client has nobody who could take it: the row stays due, and health turns red."""
    place = place_given_up(tx, call_id)
    if place is None:
        return
    assert place.operator_id is not None  # somebody tried
    duty = person_in_charge(tx, place.client_id, tx.now)
    in_charge = duty.staff if isinstance(duty, OnDuty) else duty.default
    try:
        report = accept(
            tx,
            place.client_id,
            call_id,
            place.operator_id,
            in_charge.id if in_charge is not None else "",
            _draft(tx, place, form_of(tx, place.client_id).form),
            False,
            around=Around(tx.now, name_known=True, number_known=True),
            routing=Routing(by="default"),
            due_at=tx.now + WITHIN,
            reason=REASON,
        )
    except AlreadySent as already:
        # An operator has written one while they were called.
        make(tx, already.report)
    else:
        send(tx, report, acknowledge_minutes)
        make(tx, report)
    place_told(tx, call_id)


def _draft(tx: Tx, place: Place, form: Form) -> Draft:
    """What is known: who called, and that nobody could be reached. What the client asks for besides, nobody could ask."""
    known = caller_of(tx, place.client_id, place.number)
    required = {field.key for field in form.fields if field.required}
    return Draft(
        who=(known.name if known is not None else "") or UNKNOWN,
        what_for=WHAT_FOR,
        done=DONE.format(tries=place.tries),
        callback_needed=True,
        urgency=Urgency.NORMAL,
        tone=Tone.CALM,
        kana=(known.kana if known is not None else "") or (UNKNOWN if "kana" in required else ""),
        company=(known.company if known is not None else "")
        or (UNKNOWN if "company" in required else ""),
        number=place.number,
        callback_by=tx.now + WITHIN,
        note=REASON if "note" in required else "",
        extra=tuple((field.key, "聞けませんでした") for field in form.own if field.required),
        confirmed=("kana", "number"),
    )


def unreached_duty(store: Store, acknowledge_minutes: int) -> Duty:
    """Telling clients of those whom we did not reach."""

    async def do(call_id: str) -> None:
        await store.write(lambda tx: tell(tx, call_id, acknowledge_minutes))

    return Duty("unreached", kept_places, do)
