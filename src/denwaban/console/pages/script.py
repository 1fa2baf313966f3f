"""The script of a call at the seat."""

from typing import Annotated, Any

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Template

from denwaban.console.acts import jump_to, mark, mark_regular, say_who
from denwaban.console.here import OPERATORS
from denwaban.console.look import EVERYTHING, SCRIPT
from denwaban.console.pages.common import SEAT, Seat, Switch, told
from denwaban.people.persons import Joined
from denwaban.scripts import Emotion, NoSuchScript, back, confirm, go
from denwaban.web import _


class Way(msgspec.Struct, forbid_unknown_fields=True):
    """A step in the script, from the node that the page shows."""

    at: str
    choice: str = "next"


class Leap(msgspec.Struct, forbid_unknown_fields=True):
    """Straight to a node, from the one that the page shows."""

    at: str
    to: str


class Marks(msgspec.Struct, forbid_unknown_fields=True):
    """A phrase that was said in passing, the caller's mood, whether an offer was refused, whether the client's staff are
    wanted at once; what is left out stays."""

    said: Annotated[str, msgspec.Meta(max_length=100)] = ""
    mood: Emotion | None = None
    refused: bool | None = None
    now: bool | None = None


class Who(msgspec.Struct, forbid_unknown_fields=True):
    """Who calls, as the operator has found out; empty: it was a mistake."""

    person: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{32})?$")]


class HasRead(msgspec.Struct, forbid_unknown_fields=True):
    """The operator has read a version of a script."""

    version: str


@post("/seat/read", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def read(
    data: JSONBody[HasRead],
    seat: NamedDependency[Seat],
) -> Template | Response[Any]:
    """What changed in a script is read; the next change is shown, if there is one."""
    try:
        await seat.write(lambda tx, operator: confirm(tx, data.version, operator.id))
    except NoSuchScript:
        return told(409, problem=_("この台本は、もう確認の必要がありません。"))
    return await seat.screen()


@post("/seat/calls/{call_id:str}/go", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def forward(
    call_id: FromPath[str],
    data: JSONBody[Way],
    seat: NamedDependency[Seat],
) -> Template | Response[Any]:
    """Goes on from the node that the page shows; when the run has left it already, shows where it is."""
    return await seat.change(
        call_id, lambda tx, _operator, _call, run: go(tx, run, data.choice, data.at), steps=True
    )


@post("/seat/calls/{call_id:str}/back", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def backward(
    call_id: FromPath[str],
    data: JSONBody[Way],
    seat: NamedDependency[Seat],
) -> Template | Response[Any]:
    return await seat.change(
        call_id, lambda tx, _operator, _call, run: back(tx, run, data.at), steps=True
    )


@post("/seat/calls/{call_id:str}/jump", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def leap(
    call_id: FromPath[str],
    data: JSONBody[Leap],
    seat: NamedDependency[Seat],
) -> Template | Response[Any]:
    """Free mode: straight to a node."""
    return await seat.change(
        call_id,
        lambda tx, operator, _call, run: jump_to(tx, operator, run, data.to, data.at),
        steps=True,
    )


@post("/seat/calls/{call_id:str}/mark", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def tell(
    call_id: FromPath[str],
    data: JSONBody[Marks],
    seat: NamedDependency[Seat],
) -> Template | Response[Any]:
    """What the operator tells of the call beside its script."""
    return await seat.change(
        call_id,
        lambda tx, operator, _call, run: mark(
            tx,
            run,
            operator.id,
            said=data.said,
            mood=data.mood,
            refused=data.refused,
            now=data.now,
        ),
        SCRIPT if data.now is None else EVERYTHING,
    )


@post("/seat/calls/{call_id:str}/regular", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def regular(
    call_id: FromPath[str],
    data: JSONBody[Switch],
    seat: NamedDependency[Seat],
) -> Template | Response[Any]:
    """Marks the caller as a regular one of the client, or takes the mark away."""
    return await seat.change(
        call_id,
        lambda tx, _operator, call, _run: mark_regular(tx, call, data.on),
        EVERYTHING,
    )


@post("/seat/calls/{call_id:str}/person", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def tell_who(
    call_id: FromPath[str],
    data: JSONBody[Who],
    seat: NamedDependency[Seat],
) -> Template | Response[Any]:
    """The call is this person's."""
    try:
        return await seat.change(
            call_id,
            lambda tx, _operator, call, run: say_who(tx, call, run, data.person),
            EVERYTHING,
        )
    except Joined as error:
        return told(409, problem=error.tell(_))


routes = [read, forward, backward, leap, tell, regular, tell_who]
