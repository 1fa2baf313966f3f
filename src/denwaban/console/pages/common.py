"""What every request of the seat's page needs: whose seat it is, and what has changed on its screen."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.di import NamedDependency, Provide
from litestar.response import Template
from markupsafe import Markup

from denwaban.access import Principal, Role
from denwaban.console.acts import NotYours, run_for
from denwaban.console.look import EVERYTHING, SCRIPT, Look, NotBegun, look
from denwaban.console.regions import regions, seat_now
from denwaban.people import Operator, operator_of_user
from denwaban.routing import SeatError, Switchboard
from denwaban.scripts import NoSuchWay, NotVerified, RunFinished
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, needs, page

OPERATORS = needs(Role.OPERATOR)


class Switch(msgspec.Struct, forbid_unknown_fields=True):
    on: bool


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """No more to say than the address does."""


@dataclass(frozen=True)
class Seat:
    """A request of an operator's page."""

    operator: Operator
    store: Store
    board: Switchboard
    opened: str
    """The call whose report the page has opened again, if any."""
    have: dict[str, str]
    """The pieces that the page has."""

    async def look(self, wanted: frozenset[str] = EVERYTHING) -> Look:
        """The screen; the run of the call on it is begun first, so that there is always something to say."""
        while True:
            try:
                return await self.store.read(
                    partial(look, operator=self.operator, opened=self.opened, wanted=wanted)
                )
            except NotBegun as found:
                begin = partial(run_for, operator_id=self.operator.id, call_id=found.call_id)
                await self.store.write(begin)
                # Everything, also when another call has begun meanwhile.
                wanted = EVERYTHING

    async def pieces(self, wanted: frozenset[str] = EVERYTHING) -> dict[str, Markup]:
        """Whatever has changed on the screen."""
        seen = await self.look(wanted)
        return regions(seen, seat_now(self.board.view(), self.operator.id), self.have)

    async def screen(self, wanted: frozenset[str] = EVERYTHING) -> Template:
        """`pieces` as the answer."""
        return page("console/regions.html", regions=await self.pieces(wanted))

    async def act(self, act: Coroutine[Any, Any, object]) -> Template | Response[Any]:
        """Asks the switchboard, then answers with the screen; 409 with its sentence when it cannot be done."""
        try:
            await act
        except SeatError as error:
            return told(409, problem=str(error))
        return await self.screen()

    async def change(
        self, verb: Callable[[Tx], object], wanted: frozenset[str] = SCRIPT
    ) -> Template | Response[Any]:
        """Writes, then answers with the screen; 404 and 409 for calls and runs that are not there to be changed."""
        try:
            await self.store.write(verb)
        except NotYours as error:
            raise no_call() from error
        except RunFinished:
            return told(409, problem=_("この電話の報告は送信済みです。"))
        except NotVerified:
            return told(409, problem=_("ご本人と確かめるまで、この場面へは移れません。"))
        except NoSuchWay:
            return told(409, problem=_("その番号の分岐はありません。"))
        return await self.screen(wanted)


async def _seat(
    request: Request[Any, Any, Any],
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
    switchboard: NamedDependency[Switchboard],
) -> Seat:
    operator = await store.read(lambda tx: operator_of_user(tx, who.user_id))
    if operator is None or operator.left_at is not None:
        raise Problem(
            404,
            _("受電席がありません"),
            _("運用管理の担当者に、オペレーターの登録を頼んでください。"),
        )
    pairs = (part.partition(":") for part in request.headers.get("x-seat-have", "").split(","))
    have = {name.strip(): key.strip() for name, _colon, key in pairs if name}
    return Seat(operator, store, switchboard, request.headers.get("x-seat-open", ""), have)


SEAT = {"seat": Provide(_seat)}


def told(status: int, **what: Any) -> Response[dict[str, Any]]:
    """A short answer for the page's own program."""
    return Response(what, status_code=status, headers={"Cache-Control": "no-store"})


def no_call() -> Problem:
    """There is no such call at this seat."""
    return Problem(404, _("この電話は見つかりませんでした"))
