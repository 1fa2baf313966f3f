"""An operator's own targets and results; and for supervisors, of one operator after the other."""

from datetime import date
from typing import Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.clock import Clock, japan_month
from denwaban.people import operator_here, operator_of_user
from denwaban.routing import SeatState, Switchboard
from denwaban.store import Store, Tx
from denwaban.targets.acts import listed, set_targets, targets_of
from denwaban.targets.model import SHOWN, BadTarget, read_holds, read_percent
from denwaban.targets.results import months
from denwaban.web import Problem, _, needs, page, saved

OPERATORS = [needs(Role.OPERATOR)]
FLOOR = [needs(Role.SUPERVISOR, Role.ADMINISTRATOR)]

BUSY = (SeatState.OFFERED, SeatState.TALKING)


class TargetForm(msgspec.Struct):
    holds: str = ""
    self_completion: str = ""


@get("/targets", guards=OPERATORS)
async def mine(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
    switchboard: NamedDependency[Switchboard],
) -> Template:
    """The reader's own, and nobody else's. While they have a caller there are no figures."""
    first = japan_month(clock.now())

    def look(tx: Tx) -> tuple[str, dict[str, Any]]:
        me = operator_of_user(tx, who.user_id)
        if me is None:
            raise Problem(
                404,
                _("受電席がありません"),
                _("運用管理の担当者に、オペレーターの登録を頼んでください。"),
            )
        return me.id, _look(tx, me.id, first)

    operator_id, found = await store.read(look)
    seat = switchboard.view().seat(operator_id)
    if seat is not None and seat.state in BUSY:
        return page("targets/busy.html")
    return page("targets/mine.html", now=clock.now(), **found)


@get("/floor/targets", guards=FLOOR)
async def everybody(store: NamedDependency[Store], clock: NamedDependency[Clock]) -> Template:
    """What each operator aims at. No results: people are not put in a row by them."""
    return page("targets/list.html", operators=await store.read(listed), now=clock.now())


@get("/floor/targets/{operator_id:str}", guards=FLOOR)
async def one(
    operator_id: FromPath[str], store: NamedDependency[Store], clock: NamedDependency[Clock]
) -> Template:
    """One operator: the same as they see, and where the targets are set."""
    return await _one(operator_id, store, clock)


@post("/floor/targets/{operator_id:str}", guards=FLOOR)
async def save(
    operator_id: FromPath[str],
    data: URLEncodedBody[TargetForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template | Redirect:
    """An empty field takes the target away."""
    errors: dict[str, str] = {}
    holds = percent = None
    try:
        holds = read_holds(data.holds)
    except BadTarget as error:
        errors["holds"] = _(str(error))
    try:
        percent = read_percent(data.self_completion)
    except BadTarget as error:
        errors["self_completion"] = _(str(error))
    if errors:
        return await _one(operator_id, store, clock, 422, form=data, errors=errors)

    def write(tx: Tx) -> None:
        operator_here(tx, operator_id)
        set_targets(tx, operator_id, holds, percent, who.user_id)

    await store.write(write)
    return saved(f"/floor/targets/{operator_id}")


async def _one(
    operator_id: str, store: Store, clock: Clock, status: int = 200, **more: Any
) -> Template:
    first = japan_month(clock.now())

    def look(tx: Tx) -> dict[str, Any]:
        return {"operator": operator_here(tx, operator_id), **_look(tx, operator_id, first)}

    found = await store.read(look)
    targets = found["targets"]
    form = TargetForm(
        "" if targets.holds is None else f"{targets.holds:g}",
        "" if targets.self_completion is None else str(targets.self_completion),
    )
    context: dict[str, Any] = {"form": form, "errors": {}, **found, **more}
    return page("targets/one.html", status=status, now=clock.now(), **context)


def _look(tx: Tx, operator_id: str, first: date) -> dict[str, Any]:
    this, *before = months(tx, operator_id, first, SHOWN)
    return {"targets": targets_of(tx, operator_id), "this": this, "before": before}


routes = [mine, everybody, one, save]
