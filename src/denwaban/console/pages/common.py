"""What every request of the seat's page needs: whose seat it is, and what has changed on its screen."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response
from litestar.di import NamedDependency, Provide
from litestar.response import Template
from markupsafe import Markup

from denwaban.access import Principal
from denwaban.calls import Call
from denwaban.console.acts import NotYours, change_run, look_begun
from denwaban.console.look import EVERYTHING, SCRIPT, Look, NotBegun, look
from denwaban.console.regions import FREE, regions, seat_now
from denwaban.people import Operator, operator_of_user
from denwaban.routing import SeatError, Switchboard
from denwaban.scripts import NoSuchWay, NotVerified, RunFinished, RunView
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, page

T = TypeVar("T")

KNOWS = "X-Seat-Knows"
"""Header of an answer: its screen knows of every fact up to this one. The page asks no more for what it hears of them."""


class Switch(msgspec.Struct, forbid_unknown_fields=True):
    on: bool


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """No more to say than the address does."""


class NoSeat(LookupError):
    """This account is no operator's, or that of one who has left."""


@dataclass(frozen=True)
class Seat:
    """A request of an operator's page. Whose seat it is is read in the same transaction as everything else."""

    user_id: str
    store: Store
    board: Switchboard
    opened: str
    """The call whose report the page has opened again, if any."""
    have: dict[str, str]
    """The pieces that the page has."""

    async def read(self, verb: Callable[[Tx, Operator], T]) -> T:
        """Raises `Problem` when there is no such seat; so do all that follow."""
        try:
            return await self.store.read(lambda tx: verb(tx, self._sitting(tx)))
        except NoSeat as error:
            raise no_seat() from error

    async def write(self, verb: Callable[[Tx, Operator], T]) -> T:
        try:
            return await self.store.write(lambda tx: verb(tx, self._sitting(tx)))
        except NoSeat as error:
            raise no_seat() from error

    async def look(self, wanted: frozenset[str] = EVERYTHING) -> Look:
        """The screen. The run of the call on it is begun first, so that there is always something to say."""
        helping = self.board.helping()
        try:
            seen = await self.read(
                lambda tx, operator: look(tx, operator, self.opened, wanted, helping)
            )
        except NotBegun as found:
            call_id = found.call_id
            seen = await self.write(
                lambda tx, operator: look_begun(tx, operator, call_id, self.opened, helping)
            )
        mine = seen.operator.id
        if self.board.helping().get(mine) != helping.get(mine):
            # Asked in or let go while we read: the journal may have it, and this screen has not.
            return replace(seen, seen=0)
        return seen

    def pieces(self, seen: Look) -> dict[str, Markup]:
        """Whatever has changed on the screen."""
        return regions(seen, seat_now(self.board.near(seen.operator.id, FREE)), self.have)

    async def screen(self, wanted: frozenset[str] = EVERYTHING) -> Template:
        """What has changed on it as the answer."""
        return self._page(await self.look(wanted))

    async def act(
        self, act: Callable[[str], Coroutine[Any, Any, object]]
    ) -> Template | Response[Any]:
        """Asks the switchboard about this operator, then answers with the screen; 409 with its sentence when it cannot be
        done."""
        try:
            await act(await self.read(lambda _tx, operator: operator.id))
        except SeatError as error:
            return told(409, problem=str(error))
        return await self.screen()

    async def change(
        self,
        call_id: str,
        change: Callable[[Tx, Operator, Call, RunView], RunView | None],
        wanted: frozenset[str] = SCRIPT,
        *,
        steps: bool = False,
    ) -> Template | Response[Any]:
        """Changes the run of a call and answers with the screen, in one transaction; see `change_run`. 404 and 409 for calls
        and runs that are not there to be changed. `steps`: to another scene; one that is not recorded pauses the recording
        before it is on the screen."""

        def verb(tx: Tx, operator: Operator) -> Look:
            return change_run(
                tx,
                operator,
                call_id,
                lambda call, run: change(tx, operator, call, run),
                self.opened,
                wanted,
            )

        try:
            seen = await self.write(verb)
        except NotYours as error:
            raise no_call() from error
        except RunFinished:
            return told(409, problem=_("この電話の報告は送信済みです。"))
        except NotVerified:
            return told(409, problem=_("ご本人と確かめるまで、この場面へは移れません。"))
        except NoSuchWay:
            return told(409, problem=_("その番号の分岐はありません。"))
        if steps and self._records_otherwise(seen, call_id):
            return await self._pause(seen)
        return self._page(seen)

    def _records_otherwise(self, seen: Look, call_id: str) -> bool:
        mine = self.board.seat(seen.operator.id)
        return (
            seen.stage == "talking"
            and seen.card is not None
            and mine is not None
            and mine.recorded
            and mine.call_id == seen.call_id == call_id
            and mine.silenced != seen.card.node.unrecorded
        )

    async def _pause(self, seen: Look) -> Template | Response[Any]:
        """The recording pauses or goes on, as the scene wants it."""
        assert seen.card is not None  # `_records_otherwise`
        on = seen.card.node.unrecorded
        try:
            await self.board.pause_recording(seen.operator.id, on, "card" if on else "left")
        except SeatError as error:
            return told(409, problem=str(error))
        return await self.screen(SCRIPT | {"now"})

    def _page(self, seen: Look) -> Template:
        known = {KNOWS: str(seen.seen)} if seen.seen else {}
        return page("console/regions.html", headers=known, regions=self.pieces(seen))

    def _sitting(self, tx: Tx) -> Operator:
        operator = operator_of_user(tx, self.user_id)
        if operator is None:
            raise NoSeat(self.user_id)
        return operator


async def _seat(
    request: Request[Any, Any, Any],
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
    switchboard: NamedDependency[Switchboard],
) -> Seat:
    pairs = (part.partition(":") for part in request.headers.get("x-seat-have", "").split(","))
    have = {name.strip(): key.strip() for name, _colon, key in pairs if name}
    return Seat(who.user_id, store, switchboard, request.headers.get("x-seat-open", ""), have)


SEAT = {"seat": Provide(_seat)}


def told(status: int, **what: Any) -> Response[dict[str, Any]]:
    """A short answer for the page's own program."""
    return Response(what, status_code=status, headers={"Cache-Control": "no-store"})


def no_seat() -> Problem:
    """Nobody sits there."""
    return Problem(
        404,
        _("受電席がありません"),
        _("運用管理の担当者に、オペレーターの登録を頼んでください。"),
    )


def no_call() -> Problem:
    """There is no such call at this seat."""
    return Problem(404, _("この電話は見つかりませんでした"))
