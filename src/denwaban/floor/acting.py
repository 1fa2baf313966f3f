"""What a supervisor does on the floor: answer a call for help, listen, whisper, join in, take over; and the telephone for it."""

from collections.abc import Awaitable
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from denwaban.access import Principal, Role
from denwaban.care import CareError, Mode, answer_help
from denwaban.config import Settings
from denwaban.console import account
from denwaban.people import Operator, add_operator, operator, operator_of_user
from denwaban.routing import NoPhone, SeatError, Switchboard, Where
from denwaban.store import Store, Tx
from denwaban.web import _, needs

SUPERVISOR = [needs(Role.SUPERVISOR)]


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    """To be at the talk of this operator, in this way. `call_id`: the call that the supervisor meant; empty: whichever it is."""

    operator_id: str
    mode: Mode
    call_id: str = ""


@post("/floor/watch", guards=SUPERVISOR, status_code=200)
async def watch(
    data: JSONBody[Wish],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    switchboard: NamedDependency[Switchboard],
) -> Response[dict[str, Any]]:
    """409 with a sentence when it cannot be done."""
    own = await store.read(lambda tx: operator_of_user(tx, who.user_id))
    if own is None or own.left_at is not None:
        return _told(409, problem=_("お手元の電話がまだありません。「電話を使う」を押してください"))
    return await _tried(
        switchboard.supervision.watch(
            who.user_id, own.id, data.operator_id, data.mode, data.call_id
        )
    )


@post("/floor/watch/end", guards=SUPERVISOR, status_code=200)
async def leave(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    switchboard: NamedDependency[Switchboard],
) -> Response[dict[str, Any]]:
    """Leaves the call; one that was taken over ends."""
    if switchboard.supervision.stop(who.user_id):
        return _told(200)
    own = await store.read(lambda tx: operator_of_user(tx, who.user_id))
    if own is None:
        return _told(200)
    return await _tried(switchboard.hang_up(own.id))


class Place(msgspec.Struct, forbid_unknown_fields=True):
    """Where a waiting caller is moved: before others, to a group, or to an operator (`id`)."""

    where: Where
    reason: str
    id: str = ""


class Let(msgspec.Struct, forbid_unknown_fields=True):
    """Lets the caller of this operator be put through to anybody of the client's staff. `call_id`: whom the supervisor meant."""

    operator_id: str
    call_id: str
    reason: str


@post("/floor/calls/{call_id:str}/move", guards=SUPERVISOR, status_code=200)
async def move(
    call_id: FromPath[str],
    data: JSONBody[Place],
    who: NamedDependency[Principal],
    switchboard: NamedDependency[Switchboard],
) -> Response[dict[str, Any]]:
    """Moves a caller who waits. 409 with a sentence when it cannot be done."""
    return await _tried(
        switchboard.deciding.move(who.user_id, call_id, data.where, data.id, data.reason)
    )


@post("/floor/let", guards=SUPERVISOR, status_code=200)
async def let_through(
    data: JSONBody[Let],
    who: NamedDependency[Principal],
    switchboard: NamedDependency[Switchboard],
) -> Response[dict[str, Any]]:
    """In spite of the client's conditions for transfers. 409 with a sentence when it cannot be done."""
    return await _tried(
        switchboard.deciding.let_through(who.user_id, data.operator_id, data.call_id, data.reason)
    )


@post("/floor/help/{help_id:str}/answer", guards=SUPERVISOR, status_code=200)
async def come(
    help_id: FromPath[str], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Response[dict[str, Any]]:
    """Says to the operator that this supervisor comes."""
    try:
        found = await store.write(lambda tx: answer_help(tx, help_id, who.user_id))
    except CareError as error:
        return _told(409, problem=_(str(error)))
    return _told(200, operator=found.operator_id)


@post("/floor/phone", guards=SUPERVISOR, status_code=200)
async def phone(
    request: Request[Any, Any, Any],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """The account of the supervisor's own telephone. Who has no seat yet gets one, which no caller is offered to while its
    holder does not say ready at the seat's page."""

    def own(tx: Tx) -> Operator:
        found = operator_of_user(tx, who.user_id)
        if found is None:
            found = operator(tx, add_operator(tx, who.user_id, who.name))
        assert found is not None  # it was just written
        return found

    host = request.url.hostname or settings.web_host
    seat = await store.write(own)
    return Response(account(settings, seat, host), headers={"Cache-Control": "no-store"})


async def _tried(act: Awaitable[None]) -> Response[dict[str, Any]]:
    try:
        await act
    except NoPhone as error:
        return _told(409, problem=str(error), phone=False)
    except SeatError as error:
        return _told(409, problem=str(error))
    return _told(200)


def _told(status: int, **what: Any) -> Response[dict[str, Any]]:
    return Response(what, status_code=status, headers={"Cache-Control": "no-store"})


def words() -> dict[str, str]:
    """What the page's own program says."""
    return {
        "choose": _("矢印キーで席を選びます"),
        "away": _("サーバーにつながりません。もう一度お試しください。"),
        "help": _("SV 呼出"),
        "phone_off": _("切"),
        "phone_connecting": _("接続中"),
        "phone_ready": _("接続済"),
        "phone_failed": _("つながりません"),
        "no_microphone": _("マイクが使えません。ブラウザーの許可を確かめてください。"),
        "talking": _("通話中ではありません"),
    }


routes = [watch, leave, move, let_through, come, phone]
