"""The telephone's keys at the seat."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from litestar.response import Template

from denwaban.console.acts import OutOfWindow, promise_call_back, wants_staff
from denwaban.console.here import OPERATORS
from denwaban.console.look import EVERYTHING
from denwaban.console.pages.common import SEAT, Nothing, Seat, Switch, told
from denwaban.routing import Switchboard
from denwaban.web import _

Wish = Callable[[str], Coroutine[Any, Any, object]]


class Chosen(msgspec.Struct, forbid_unknown_fields=True):
    state: Literal["ready", "break"]


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """Who is asked into the talk. `stay`: the operator talks with them first."""

    kind: Literal["staff", "operator"]
    id: Annotated[str, msgspec.Meta(max_length=32)]
    stay: bool = True


class Keys(msgspec.Struct, forbid_unknown_fields=True):
    digits: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]


class Slot(msgspec.Struct, forbid_unknown_fields=True):
    slot: Annotated[int, msgspec.Meta(ge=1, le=9)]


class When(msgspec.Struct, forbid_unknown_fields=True):
    when: Literal["30", "60", "180", "tomorrow"]


@post("/seat/state", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def state(
    data: JSONBody[Chosen],
    seat: NamedDependency[Seat],
) -> Template | Response[Any]:
    return await seat.act(lambda mine: seat.board.set_state(mine, data.state))


@post("/seat/hold", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def hold(
    data: JSONBody[Switch],
    seat: NamedDependency[Seat],
) -> Template | Response[Any]:
    return await seat.act(seat.board.hold if data.on else seat.board.unhold)


@post("/seat/mute", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def mute(
    data: JSONBody[Switch],
    seat: NamedDependency[Seat],
) -> Template | Response[Any]:
    return await seat.act(lambda mine: seat.board.mute(mine, data.on))


@post("/seat/recording", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def recording(
    data: JSONBody[Switch],
    seat: NamedDependency[Seat],
) -> Template | Response[Any]:
    """`on`: what is said is recorded."""
    return await seat.act(lambda mine: seat.board.pause_recording(mine, not data.on))


@post("/seat/keys", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def keys(
    data: JSONBody[Keys],
    seat: NamedDependency[Seat],
) -> Template | Response[Any]:
    """Presses keys of a telephone for the operator."""
    return await seat.act(lambda mine: seat.board.press(mine, data.digits))


@post("/seat/ask", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def ask(
    data: JSONBody[Wanted],
    seat: NamedDependency[Seat],
) -> Template | Response[Any]:
    """Asks somebody into the talk, or (`stay` false) sends the caller to them."""
    return await seat.act(lambda mine: seat.board.consult(mine, data.kind, data.id, stay=data.stay))


def _press(path: str, wish: Callable[[Switchboard], Wish]) -> HTTPRouteHandler:
    """A key that says no more than its name: the operator's wish to the switchboard."""

    @post(f"/seat/{path}", guards=[OPERATORS], dependencies=SEAT, status_code=200)
    async def key(
        data: JSONBody[Nothing],
        seat: NamedDependency[Seat],
    ) -> Template | Response[Any]:
        return await seat.act(wish(seat.board))

    return key


back = _press("back", lambda board: board.back)  # whoever was asked in goes
three = _press("three", lambda board: board.all_three)
give = _press("give", lambda board: board.give)  # leaves the caller to whoever was asked in
park = _press("park", lambda board: board.park)


@post("/seat/take", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def take(
    data: JSONBody[Slot],
    seat: NamedDependency[Seat],
) -> Template | Response[Any]:
    """Takes a parked caller."""
    return await seat.act(lambda mine: seat.board.take_parked(mine, data.slot))


@post("/seat/calls/{call_id:str}/promise", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def promise(
    call_id: FromPath[str],
    data: JSONBody[When],
    seat: NamedDependency[Seat],
) -> Template | Response[Any]:
    """The caller is promised that the client's staff will call back."""
    try:
        return await seat.change(
            call_id,
            lambda tx, _operator, call, run: promise_call_back(tx, call, run, data.when),
            EVERYTHING,
        )
    except OutOfWindow as error:
        return told(
            409,
            problem=_(
                "折り返しのお約束は、%(span)s の時刻でお願いします(顧客企業との決まり)。",
                span=str(error),
            ),
        )


@post("/seat/hang-up", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def hang_up(
    data: JSONBody[Nothing],
    seat: NamedDependency[Seat],
) -> Template | Response[Any]:
    """409 with `wanted` while the caller's wish to talk with the client's staff is neither fulfilled nor answered by a promise."""
    mine, wanted = await seat.read(lambda tx, one: (one.id, wants_staff(tx, one.id)))
    view = seat.board.seat(mine)
    if wanted and (view is None or view.asked is None):
        problem = _("おつなぎするか、折り返しのお約束をしてから、終話してください。")
        return told(409, problem=problem, wanted=True)
    return await seat.act(seat.board.hang_up)


routes = [
    state,
    hold,
    mute,
    recording,
    keys,
    ask,
    back,
    three,
    give,
    park,
    take,
    promise,
    hang_up,
]
