"""The telephone's keys at the seat."""

from typing import Any, Literal

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.response import Template

from denwaban.console.pages.common import OPERATORS, SEAT, Nothing, Seat, Switch


class Chosen(msgspec.Struct, forbid_unknown_fields=True):
    state: Literal["ready", "break"]


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


@post("/seat/hang-up", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def hang_up(
    data: JSONBody[Nothing],
    seat: NamedDependency[Seat],
) -> Template | Response[Any]:
    return await seat.act(seat.board.hang_up)


routes = [state, hold, mute, hang_up]
