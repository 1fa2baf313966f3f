"""Targets and results for programs."""

from datetime import date, datetime
from typing import Annotated

import msgspec
from litestar import get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from denwaban.access import Principal, Role
from denwaban.clock import Clock, japan_month
from denwaban.people import operator, operator_of_user
from denwaban.store import Store, Tx
from denwaban.targets.acts import set_targets, targets_of
from denwaban.targets.model import MOST_HOLDS, SHOWN, BadTarget, Month, Result, check_holds
from denwaban.targets.results import months
from denwaban.web import _, needs
from denwaban.web.api import IdText, missing, refused

INSIDE = [needs(Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)]
FLOOR = [needs(Role.SUPERVISOR, Role.ADMINISTRATOR)]


class TargetsIn(msgspec.Struct, forbid_unknown_fields=True):
    """Both targets; null: none. `holds`: for each call at most, in tenths. `self_completion`: per cent at least."""

    holds: Annotated[float, msgspec.Meta(ge=0, le=MOST_HOLDS)] | None
    self_completion: Annotated[int, msgspec.Meta(ge=0, le=100)] | None


class ResultOut(msgspec.Struct):
    """Figures to a tenth; null where their denominator is 0."""

    contacts: int
    """Calls on which the operator talked and that are over for them."""
    alone: int
    """Of those: no other operator talked on them."""
    holds: int
    """On the calls had alone."""
    holds_each: float | None
    """`holds` for each call had alone."""
    reported: int
    """Calls whose report is sent."""
    completed: int
    """Of those: had alone, not passed on, and no call-back left to the client."""
    self_completion: float | None
    """Per cent of `reported`."""


class MonthOut(msgspec.Struct):
    """A month in Tokyo, named by its first day."""

    first: date
    usual: ResultOut
    relay: ResultOut
    """Calls of the telephone relay service, which are in no other figure and meet no target."""


class TargetsOut(msgspec.Struct):
    holds: float | None
    self_completion: int | None
    changed_at: datetime | None
    """Null: nobody has ever set any."""
    changed_by: str
    months: list[MonthOut]
    """The present one and three before it, newest first."""


@get(
    "/operators/{operator_id:str}/targets",
    guards=INSIDE,
    tags=["figures"],
    operation_id="readTargets",
)
async def read_targets(
    operator_id: FromPath[IdText],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> TargetsOut:
    """What an operator aims at (holds for each call, self-completion), and how their months went. Operators: their own alone."""
    first = japan_month(clock.now())

    def read(tx: Tx) -> TargetsOut:
        if who.role is Role.OPERATOR:
            me = operator_of_user(tx, who.user_id)
            if me is None or me.id != operator_id:
                raise missing()
        _known(tx, operator_id)
        return _shown(tx, operator_id, first)

    return await store.read(read)


@put(
    "/operators/{operator_id:str}/targets",
    guards=FLOOR,
    tags=["figures"],
    operation_id="setTargets",
)
async def write_targets(
    operator_id: FromPath[IdText],
    data: JSONBody[TargetsIn],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> TargetsOut:
    """Sets both targets of an operator. 422 when `holds` has more than one decimal."""
    first = japan_month(clock.now())
    try:
        holds = None if data.holds is None else check_holds(data.holds)
    except BadTarget as error:
        raise refused("holds", _(str(error))) from error

    def write(tx: Tx) -> TargetsOut:
        _known(tx, operator_id)
        set_targets(tx, operator_id, holds, data.self_completion, who.user_id)
        return _shown(tx, operator_id, first)

    return await store.write(write)


def _known(tx: Tx, operator_id: str) -> None:
    if operator(tx, operator_id) is None:
        raise missing()


def _shown(tx: Tx, operator_id: str, first: date) -> TargetsOut:
    targets = targets_of(tx, operator_id)
    return TargetsOut(
        targets.holds,
        targets.self_completion,
        targets.changed_at,
        targets.changed_by,
        [_month(one) for one in months(tx, operator_id, first, SHOWN)],
    )


def _month(one: Month) -> MonthOut:
    return MonthOut(one.first, _result(one.usual), _result(one.relay))


def _result(one: Result) -> ResultOut:
    return msgspec.convert(one, ResultOut, from_attributes=True)


routes = [read_targets, write_targets]
