"""What protects the operator in a call: a supervisor by one key, the abuse clock, callers of the telephone relay service."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.response import Template

from denwaban.calls import Call, talking_with
from denwaban.care import (
    By,
    CareError,
    Reason,
    ask_help,
    end_help,
    hand_over,
    hang_up,
    mark_abusive,
    mark_relay,
    note,
    say_warning,
    withdraw,
)
from denwaban.console.acts import NotYours
from denwaban.console.here import OPERATORS
from denwaban.console.pages.common import SEAT, Nothing, Seat, Switch, no_call, told
from denwaban.people import Operator
from denwaban.store import Tx
from denwaban.web import _

Answer = Template | Response[Any]
Words = Annotated[str, msgspec.Meta(max_length=1000)]


class Mark(msgspec.Struct, forbid_unknown_fields=True):
    """Why the call is abusive, and what happened."""

    reason: Reason
    words: Words = ""


class Note(msgspec.Struct, forbid_unknown_fields=True):
    words: Words


async def _change(seat: Seat, verb: Callable[[Tx, Call, str], object]) -> Answer:
    """Does it to the call that this operator (an id) talks on now."""

    def write(tx: Tx, operator: Operator) -> None:
        call = talking_with(tx, operator.id)
        if call is None or call.client_id is None:
            raise NotYours(operator.id)
        verb(tx, call, operator.id)

    try:
        await seat.write(write)
    except NotYours as error:
        raise no_call() from error
    except CareError as error:
        return told(409, problem=_(str(error)))
    return await seat.screen()


@post("/seat/help", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def call_for_help(data: JSONBody[Switch], seat: NamedDependency[Seat]) -> Answer:
    """Calls for a supervisor, or no longer."""
    if data.on:
        return await _change(seat, lambda tx, call, me: ask_help(tx, call, me))
    return await _change(seat, lambda tx, call, _me: end_help(tx, call.id))


@post("/seat/relay", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def relay(data: JSONBody[Switch], seat: NamedDependency[Seat]) -> Answer:
    """The caller says that they call by the relay service; remembered for the number."""
    return await _change(seat, lambda tx, call, me: mark_relay(tx, call, me, data.on))


@post("/seat/abuse", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def abusive(data: JSONBody[Mark], seat: NamedDependency[Seat]) -> Answer:
    """Starts the clock."""
    return await _change(
        seat,
        lambda tx, call, me: mark_abusive(tx, call, me, data.reason, data.words),
    )


@post("/seat/abuse/warned", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def warned(data: JSONBody[Nothing], seat: NamedDependency[Seat]) -> Answer:
    """The warning words were said."""
    return await _change(seat, lambda tx, call, me: say_warning(tx, call.id, me))


@post("/seat/abuse/note", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def noted(data: JSONBody[Note], seat: NamedDependency[Seat]) -> Answer:
    """What was said, for the record."""
    return await _change(
        seat, lambda tx, call, me: note(tx, call.id, data.words, By(operator_id=me))
    )


@post("/seat/abuse/hand-over", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def handed_over(data: JSONBody[Nothing], seat: NamedDependency[Seat]) -> Answer:
    """A supervisor is to take the call."""

    def write(tx: Tx, call: Call, me: str) -> None:
        hand_over(tx, call.id, me)
        ask_help(tx, call, me, abuse=True)

    return await _change(seat, write)


@post("/seat/abuse/hang-up", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def ended(data: JSONBody[Nothing], seat: NamedDependency[Seat]) -> Answer:
    """The closing words were said: into the record first, then the call ends."""
    answer = await _change(seat, lambda tx, call, me: hang_up(tx, call.id, me))
    if not isinstance(answer, Template):
        return answer
    return await seat.act(seat.board.hang_up)


@post("/seat/abuse/withdraw", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def withdrawn(data: JSONBody[Nothing], seat: NamedDependency[Seat]) -> Answer:
    """The mark was a mistake, or the caller has calmed down."""
    return await _change(seat, lambda tx, call, me: withdraw(tx, call.id, By(operator_id=me)))


routes = [
    call_for_help,
    relay,
    abusive,
    warned,
    noted,
    handed_over,
    ended,
    withdrawn,
]
