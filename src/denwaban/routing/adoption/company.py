"""Who is with a caller, as the engine has it: whose call it is, whom they asked in, who is joined, who waits. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from denwaban.calls import Call, CallState
from denwaban.routing.adoption.remembered import Remembered
from denwaban.routing.talk import Side, Talk, Third
from denwaban.telephony.port import Leg, LegState

Legs = Mapping[Leg, LegState]

OperatorOf = Callable[[LegState], str | None]
"""The operator at whose seat this leg is, if they are free to be found in a talk."""

WITH_OPERATOR = (CallState.TALKING, CallState.HELD)


@dataclass(frozen=True, slots=True)
class Company:
    """Who is with a caller."""

    operator: LegState | None = None
    third: LegState | None = None
    """Whom the operator asked in, or who took the caller over: outside, or at another seat."""
    room: frozenset[Side] = frozenset()
    """Whom the engine has joined; the caller also while on hold."""
    music: Side | None = None
    """Who waits for the others."""
    rung: bool = False
    """Somebody outside is being rung for this call."""

    def talk(self, state: CallState, remembered: Remembered) -> Talk:
        """What is to become of it. Who waited for somebody who is not there, or not yet, talks with the operator again; who was
        put on hold stays there, as the seat shows."""
        if self.third is not None:
            return Talk(self.operator is not None, Third.UP, self.music)
        asked = bool(remembered.asked) or self.rung
        # The last fraction of a second before the end is in no row: then the engine knows better.
        held = state is CallState.HELD or (state is CallState.TALKING and Side.CALLER in self.room)
        waits = self.music is Side.CALLER and held and not asked
        return Talk(waits=Side.CALLER if waits else None)


NOBODY = Company()


def is_caller(state: LegState) -> bool:
    """Whether this is somebody who called us: neither a seat nor a number that we called."""
    return state.seat is None and not state.outgoing


def called_back(legs: Legs, call: Call, *, place: bool) -> LegState | None:
    """The caller of this call whom we called back, if they are in the engine. While their `place` is still kept they may only be
    on their way: then they must be with somebody."""
    for state in legs.values():
        theirs = state.outgoing and not _staff(state) and state.notes.get("call") == call.id
        joined = call.answered_at is not None and not place
        if theirs and state.answered and (state.together or joined):
            return state
    return None


def company_of(
    legs: Legs, caller: LegState, call: Call, remembered: Remembered, operator_of: OperatorOf
) -> Company:
    """Who is with this caller. Of two operators the one who has the call is the first; whom they asked in is known by being with
    them, or, alone with music, by what is remembered."""
    beside = [legs[leg] for leg in sorted(caller.together) if leg in legs]
    seats = [one for one in beside if operator_of(one) is not None]
    outside = next((one for one in beside if _staff(one)), None)
    rung = any(_of(call, one) and not one.answered for one in legs.values())
    if seats:
        seats.sort(key=lambda one: operator_of(one) != call.operator_id)
        operator, third = seats[0], next(iter(seats[1:]), outside)
        room = frozenset(Side)
        if third is None:
            third = _waiting(legs.values(), call, remembered, operator_of)
            room -= {Side.THIRD}
        silent = operator.on_hold or (third is not None and third.on_hold)
        music = Side.CALLER if caller.on_hold else None
        if third is not None and Side.THIRD not in room and music is None:
            music = Side.THIRD
        return Company(operator, third, frozenset() if silent else room, music, rung)
    if outside is not None:
        return Company(None, outside, frozenset({Side.CALLER, Side.THIRD}))
    return _apart(legs, call, remembered, operator_of, rung)


def _apart(
    legs: Legs, call: Call, remembered: Remembered, operator_of: OperatorOf, rung: bool
) -> Company:
    """The caller is alone. Their operator may be so, too, or talk with whom they asked in."""
    operator = next(
        (
            one
            for one in legs.values()
            if one.answered
            and call.operator_id is not None
            and operator_of(one) == call.operator_id
            and not any(_from_outside(legs[leg]) for leg in one.together if leg in legs)
        ),
        None,
    )
    if operator is None:
        return NOBODY
    beside = [legs[leg] for leg in sorted(operator.together) if leg in legs]
    outside = next((one for one in beside if _of(call, one)), None)
    if call.state not in WITH_OPERATOR and outside is None:
        return NOBODY  # has left the caller: a seat's leg may be there for the next one
    third = outside or next((one for one in beside if operator_of(one) is not None), None)
    silent = third is None or operator.on_hold or third.on_hold
    third = third or _waiting(legs.values(), call, remembered, operator_of)
    room = frozenset() if silent else frozenset({Side.OPERATOR, Side.THIRD})
    return Company(operator, third, room, Side.CALLER, rung)


def _waiting(
    legs: Iterable[LegState], call: Call, remembered: Remembered, operator_of: OperatorOf
) -> LegState | None:
    """Whom the operator asked in, who is there and with nobody."""
    return next(
        (
            one
            for one in legs
            if one.answered
            and not one.together
            and (_of(call, one) if _staff(one) else _helper(one, remembered, operator_of))
        ),
        None,
    )


def _helper(one: LegState, remembered: Remembered, operator_of: OperatorOf) -> bool:
    return bool(remembered.asked) and operator_of(one) == remembered.asked


def _staff(state: LegState) -> bool:
    return "staff" in state.notes


def _of(call: Call, state: LegState) -> bool:
    """Somebody outside whom the operator asked in for this call."""
    return state.outgoing and state.notes.get("call") == call.id


def _from_outside(state: LegState) -> bool:
    return state.seat is None and not _staff(state)
