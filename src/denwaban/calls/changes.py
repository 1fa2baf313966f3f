"""What happened to a call: each verb gives the call afterwards and the fact that tells it. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from denwaban.calls.model import Call, CallState, Offer, OfferResult, Outcome
from denwaban.journal import Fact


class Change(Struct, frozen=True):
    """What happened to a call: the call afterwards, the offer it concerned, and the fact to append."""

    call: Call
    fact: Fact
    offer: Offer | None = None
    new_call: bool = False
    new_offer: bool = False


def milliseconds(span: timedelta) -> int:
    """Never negative: clocks of two machines may differ."""
    return max(0, round(span.total_seconds() * 1000))


def arrived(call: Call) -> Change:
    """A call came in."""
    return Change(call, _fact("arrived", call), new_call=True)


def offered(call: Call, offer: Offer) -> Change:
    """An operator is rung."""
    after = replace(call, state=CallState.RINGING)
    return Change(after, _fact("offered", after, offer.operator_id), offer, new_offer=True)


def offer_ended(call: Call, offer: Offer, result: OfferResult, at: datetime) -> Change:
    """The operator did not get the call; it waits on."""
    after = replace(call, state=CallState.WAITING)
    done = replace(offer, ended_at=at, result=result)
    fact = _fact("offer_ended", after, offer.operator_id, result=result.value)
    return Change(after, fact, done)


def answered(call: Call, offer: Offer, at: datetime) -> Change:
    """Operator and caller are joined."""
    after = replace(
        call,
        state=CallState.TALKING,
        operator_id=offer.operator_id,
        answered_at=call.answered_at or at,
        wait_ms=call.wait_ms if call.answered_at else milliseconds(at - call.arrived_at),
    )
    done = replace(offer, answered_at=at, result=OfferResult.ANSWERED)
    return Change(after, _fact("answered", after, offer.operator_id), done)


def held(call: Call, on: bool, at: datetime) -> Change:
    """The caller was put on hold or taken back."""
    state = CallState.HELD if on else CallState.TALKING
    return moved(call, "held" if on else "unheld", at, state=state)


def moved(
    call: Call,
    kind: str,
    at: datetime,
    *,
    state: CallState | None = None,
    offer: Offer | None = None,
    slot: int | None = None,
    took: str | None = None,
    told: Mapping[str, object] | None = None,
) -> Change:
    """An operator did something with the talk: `kind` names the fact, `state` is where the caller is then (None: where they
    were), `offer` is one that ends with it, `took` is who of the client's staff took the caller over, `told` is what the fact
    tells beside the operator."""
    data = {**(told or {}), **({"slot": slot} if slot is not None else {})}
    wanted = state or call.state
    begins = wanted is CallState.HELD and call.state is not CallState.HELD
    after = replace(
        call,
        state=wanted,
        holds=call.holds + begins,
        held_at=at if begins else call.held_at if wanted is CallState.HELD else None,
        slot=slot,
        staff_id=took or call.staff_id,
    )
    done = replace(offer, ended_at=at) if offer is not None else None
    return Change(after, _fact(kind, after, call.operator_id, **data), done)


def taken_over(call: Call, offer: Offer, before: Offer | None, at: datetime) -> list[Change]:
    """Another operator, who was asked in, goes on with the caller: the offer of the first one ends, and `offer` is new."""
    found = []
    if before is not None:
        found.append(
            Change(call, _fact("left", call, before.operator_id), replace(before, ended_at=at))
        )
    after = replace(
        call, state=CallState.TALKING, operator_id=offer.operator_id, held_at=None, slot=None
    )
    done = replace(offer, answered_at=at, result=OfferResult.ANSWERED)
    fact = _fact("taken_over", after, offer.operator_id)
    return [*found, Change(after, fact, done, new_offer=True)]


def silenced(call: Call, on: bool, why: str) -> Change:
    """The recording pauses or goes on; `why`: key, card (a scene of the script) or left (that scene)."""
    after = replace(call, silenced=on)
    kind = "recording_paused" if on else "recording_resumed"
    return Change(after, _fact(kind, after, call.operator_id, why=why))


def muted(call: Call, on: bool) -> Change:
    """The operator's microphone was switched off or on."""
    return Change(call, _fact("muted", call, call.operator_id, on=on))


def returned(call: Call, offer: Offer | None, at: datetime, **data: object) -> Change:
    """The operator's phone went away while talking, or nobody took a caller who was passed on or parked: the caller waits
    again, at the old place."""
    after = replace(call, state=CallState.WAITING, held_at=None, slot=None, silenced=False)
    done = replace(offer, ended_at=at) if offer else None
    return Change(after, _fact("returned", after, call.operator_id, **data), done)


def adopted(call: Call, offer: Offer | None = None, *, new_call: bool = False) -> Change:
    """The program was away or new and goes on with a call that it found in the engine."""
    return Change(
        call,
        _fact("adopted", call, call.operator_id, state=call.state.value),
        offer,
        new_call=new_call,
        new_offer=offer is not None,
    )


def ended(
    call: Call,
    outcome: Outcome,
    at: datetime,
    offer: Offer | None = None,
    recording: str | None = None,
) -> Change:
    """The call is over."""
    talked = call.answered_at is not None
    after = replace(
        call,
        state=CallState.ENDED,
        outcome=outcome,
        ended_at=at,
        wait_ms=call.wait_ms if talked else milliseconds(at - call.arrived_at),
        recording=recording or call.recording,
        held_at=None,
        slot=None,
    )
    done = None
    if offer is not None:
        done = replace(offer, ended_at=at, result=offer.result or OfferResult.WITHDRAWN)
    place = {"slot": call.slot} if call.slot is not None else {}
    fact = _fact("ended", after, call.operator_id, outcome=outcome.value, **place)
    return Change(after, fact, done)


def left_message(call: Call, at: datetime, recording: str) -> Change:
    """The caller, with whom nobody could talk, has left a message; the call, which had ended for us, ends with it."""
    after = replace(call, outcome=Outcome.MESSAGE, ended_at=at, recording=recording)
    return Change(after, _fact("message_left", after))


def _fact(kind: str, call: Call, operator_id: str | None = None, **data: object) -> Fact:
    if operator_id is not None:
        data["operator_id"] = operator_id
    return Fact(f"call.{kind}", call.id, call.client_id, data)
