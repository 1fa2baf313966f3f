"""The operator's seat over HTTP: one page, its pieces, its live stream, and its acts."""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Annotated, Any, Literal, cast

import msgspec
from litestar import Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream, Template

from denwaban.access import Principal, Role
from denwaban.calls import open_calls
from denwaban.config import Settings
from denwaban.console import questions, rows, search
from denwaban.console.acts import (
    Kept,
    NotReady,
    NotYours,
    OutOfWindow,
    StillTalking,
    jump_to,
    keep_answer,
    mark,
    mark_regular,
    run_for,
    send_report,
    subject,
    take_seat,
)
from denwaban.console.here import OpenPages
from denwaban.console.look import Look, current_call, look, ringing_call
from denwaban.console.phone import account
from denwaban.console.regions import regions, seat_now
from denwaban.console.words import instead, sentence, words
from denwaban.journal import Entry, Journal, last_seq
from denwaban.people import Operator, operator_of_user
from denwaban.routing import SeatError, Switchboard
from denwaban.scripts import (
    LONGEST_ANSWER,
    AnswerTooLong,
    Emotion,
    NoSuchField,
    NoSuchScript,
    NoSuchWay,
    RunFinished,
    RunView,
    back,
    confirm,
    go,
)
from denwaban.store import Store, Tx, new_id
from denwaban.web import LiveEvent, Problem, _, live, needs, page

operators = needs(Role.OPERATOR)
open_pages = OpenPages()

MAX_COUNTER = 2**62


class Claim(msgspec.Struct, forbid_unknown_fields=True):
    """A page wants the seat. `force`: take it from another page that is open."""

    page: str
    force: bool = False


class Typed(msgspec.Struct, forbid_unknown_fields=True):
    """What stands in a field. `counter` grows with every change."""

    value: str
    counter: int


class Way(msgspec.Struct, forbid_unknown_fields=True):
    """A step in the script, from the node that the page shows."""

    at: str
    choice: str = "next"


class Leap(msgspec.Struct, forbid_unknown_fields=True):
    """Straight to a node, from the one that the page shows."""

    at: str
    to: str


class Marks(msgspec.Struct, forbid_unknown_fields=True):
    """A phrase that was said in passing, the caller's mood, whether an offer was refused; what is left out stays."""

    said: Annotated[str, msgspec.Meta(max_length=100)] = ""
    mood: Emotion | None = None
    refused: bool | None = None


class Chosen(msgspec.Struct, forbid_unknown_fields=True):
    state: Literal["ready", "break"]


class Switch(msgspec.Struct, forbid_unknown_fields=True):
    on: bool


class HasRead(msgspec.Struct, forbid_unknown_fields=True):
    """The operator has read a version of a script."""

    version: str


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """No more to say than the address does."""


def _told(status: int, **what: Any) -> Response[dict[str, Any]]:
    """A short answer for the page's own program."""
    return Response(what, status_code=status, headers={"Cache-Control": "no-store"})


async def _operator(store: Store, who: Principal) -> Operator:
    found = await store.read(lambda tx: operator_of_user(tx, who.user_id))
    if found is None or found.left_at is not None:
        raise Problem(
            404,
            _("受電席がありません"),
            _("運用管理の担当者に、オペレーターの登録を頼んでください。"),
        )
    return found


async def _look(store: Store, operator: Operator, opened: str) -> Look:
    """The screen; the run of the call on it is begun first, so that there is always something to say."""
    seen = await store.read(lambda tx: look(tx, operator, opened))
    if seen.stage in ("talking", "report") and seen.card and seen.card.run is None:
        call_id = seen.call_id
        await store.write(lambda tx: run_for(tx, operator.id, call_id))
        seen = await store.read(lambda tx: look(tx, operator, opened))
    return seen


def _have(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The pieces that the page has, from the header it sends with every request."""
    pairs = (part.partition(":") for part in request.headers.get("x-seat-have", "").split(","))
    return {name.strip(): key.strip() for name, _colon, key in pairs if name}


async def _answer(
    request: Request[Any, Any, Any], store: Store, board: Switchboard, operator: Operator
) -> Template:
    """Whatever has changed on the screen."""
    seen = await _look(store, operator, request.headers.get("x-seat-open", ""))
    pieces = regions(seen, seat_now(board.view(), operator.id), _have(request))
    return page("console/regions.html", regions=pieces)


@get("/seat", guards=[operators])
async def seat(
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
    switchboard: NamedDependency[Switchboard],
) -> Template:
    """The page. It is loaded once; everything later comes in pieces."""
    operator = await _operator(store, who)
    after = await store.read(last_seq)
    seen = await _look(store, operator, "")
    return page(
        "console/seat.html",
        operator=operator,
        page=new_id(),
        after=after,
        regions=regions(seen, seat_now(switchboard.view(), operator.id), {}),
        words=words(),
    )


@get("/seat/parts", guards=[operators], opt={"quiet": True})
async def parts(
    request: Request[Any, Any, Any],
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
    switchboard: NamedDependency[Switchboard],
) -> Template:
    return await _answer(request, store, switchboard, await _operator(store, who))


@get("/seat/live", guards=[operators], opt={"quiet": True})
async def stream(
    request: Request[Any, Any, Any],
    store: NamedDependency[Store],
    journal: NamedDependency[Journal],
    who: NamedDependency[Principal],
    after: FromQuery[int | None] = None,
    page: FromQuery[str] = "",
) -> Stream:
    """Events: `seat` (something of this seat changed), `queue` (something else that it shows), `taken` (data: the page
    that holds the seat now)."""
    operator = await _operator(store, who)

    def interests(tx: Tx) -> set[str]:
        found = (current_call(open_calls(tx), operator.id), ringing_call(tx, operator.id))
        return {call.id for call in found if call is not None}

    mine = await store.read(interests)
    events = live(request, journal, after, lambda entry: _event(entry, operator.id, mine))
    held = open_pages.hold(page, cast(AsyncIterator[bytes], events.iterator))
    return Stream(held, media_type="text/event-stream", headers=dict(events.headers))


def _event(entry: Entry, operator_id: str, mine: set[str]) -> LiveEvent | None:
    """What a fact means for this seat. `mine` remembers the calls that it has to do with."""
    fact = entry.fact
    concerns = operator_id in (fact.subject, fact.data.get("operator_id"))
    if fact.kind == "seat.taken":
        return LiveEvent("taken", str(fact.data["page"])) if concerns else None
    if fact.kind.startswith("call."):
        if concerns:
            mine.add(fact.subject)
        told = LiveEvent("seat", "") if concerns or fact.subject in mine else LiveEvent("queue", "")
        if fact.kind == "call.ended":
            mine.discard(fact.subject)
        return told
    if fact.kind == "script.published":
        return LiveEvent("queue", "")
    if fact.kind.startswith(("operator.", "report.sent", "script.")):
        return LiveEvent("seat", "") if concerns else None
    if fact.kind.startswith(("staff.", "client.", "promise.")):
        return LiveEvent("queue", "")
    return None


@post("/seat/claim", guards=[operators], status_code=200)
async def claim(
    request: Request[Any, Any, Any],
    data: JSONBody[Claim],
    store: NamedDependency[Store],
    settings: NamedDependency[Settings],
    who: NamedDependency[Principal],
) -> Response[Any]:
    """Gives the seat and its telephone account to this page; 409 when another page is open and `force` is not said."""
    operator = await _operator(store, who)
    if not (len(data.page) == 32 and data.page.isalnum() and data.page.isascii()):
        raise Problem(400, _("画面を読み込み直してください"))
    holder = await store.read(lambda tx: rows.page_of(tx, operator.id))
    if holder not in (None, data.page) and holder in open_pages and not data.force:
        return _told(409, elsewhere=True)
    await store.write(lambda tx: take_seat(tx, operator.id, data.page))
    host = request.url.hostname or settings.web_host
    return Response(account(settings, operator, host), headers={"Cache-Control": "no-store"})


@post("/seat/state", guards=[operators], status_code=200)
async def state(
    request: Request[Any, Any, Any],
    data: JSONBody[Chosen],
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
    switchboard: NamedDependency[Switchboard],
) -> Template | Response[Any]:
    operator = await _operator(store, who)
    return await _act(
        request, store, switchboard, operator, switchboard.set_state(operator.id, data.state)
    )


@post("/seat/hold", guards=[operators], status_code=200)
async def hold(
    request: Request[Any, Any, Any],
    data: JSONBody[Switch],
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
    switchboard: NamedDependency[Switchboard],
) -> Template | Response[Any]:
    operator = await _operator(store, who)
    act = switchboard.hold if data.on else switchboard.unhold
    return await _act(request, store, switchboard, operator, act(operator.id))


@post("/seat/mute", guards=[operators], status_code=200)
async def mute(
    request: Request[Any, Any, Any],
    data: JSONBody[Switch],
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
    switchboard: NamedDependency[Switchboard],
) -> Template | Response[Any]:
    operator = await _operator(store, who)
    return await _act(request, store, switchboard, operator, switchboard.mute(operator.id, data.on))


@post("/seat/hang-up", guards=[operators], status_code=200)
async def hang_up(
    request: Request[Any, Any, Any],
    data: JSONBody[Nothing],
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
    switchboard: NamedDependency[Switchboard],
) -> Template | Response[Any]:
    operator = await _operator(store, who)
    return await _act(request, store, switchboard, operator, switchboard.hang_up(operator.id))


async def _act(
    request: Request[Any, Any, Any],
    store: Store,
    board: Switchboard,
    operator: Operator,
    act: Coroutine[Any, Any, object],
) -> Template | Response[Any]:
    try:
        await act
    except SeatError as error:
        return _told(409, problem=str(error))
    return await _answer(request, store, board, operator)


@post("/seat/read", guards=[operators], status_code=200)
async def read(
    request: Request[Any, Any, Any],
    data: JSONBody[HasRead],
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
    switchboard: NamedDependency[Switchboard],
) -> Template | Response[Any]:
    """What changed in a script is read; the next change is shown, if there is one."""
    operator = await _operator(store, who)
    try:
        await store.write(lambda tx: confirm(tx, data.version, operator.id))
    except NoSuchScript:
        return _told(409, problem=_("この台本は、もう確認の必要がありません。"))
    return await _answer(request, store, switchboard, operator)


@post("/seat/calls/{call_id:str}/go", guards=[operators], status_code=200)
async def forward(
    request: Request[Any, Any, Any],
    call_id: FromPath[str],
    data: JSONBody[Way],
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
    switchboard: NamedDependency[Switchboard],
) -> Template | Response[Any]:
    """Goes on from the node that the page shows; when the run has left it already, shows where it is."""
    operator = await _operator(store, who)
    step = lambda tx, run: go(tx, run.id, data.choice, data.at)  # noqa: E731
    return await _step(request, store, switchboard, operator, call_id, step)


@post("/seat/calls/{call_id:str}/back", guards=[operators], status_code=200)
async def backward(
    request: Request[Any, Any, Any],
    call_id: FromPath[str],
    data: JSONBody[Way],
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
    switchboard: NamedDependency[Switchboard],
) -> Template | Response[Any]:
    operator = await _operator(store, who)
    step = lambda tx, run: back(tx, run.id, data.at)  # noqa: E731
    return await _step(request, store, switchboard, operator, call_id, step)


async def _step(
    request: Request[Any, Any, Any],
    store: Store,
    board: Switchboard,
    operator: Operator,
    call_id: str,
    step: Callable[[Tx, RunView], RunView],
) -> Template | Response[Any]:
    verb = lambda tx: step(tx, run_for(tx, operator.id, call_id)[1])  # noqa: E731
    return await _change(request, store, board, operator, verb)


async def _change(
    request: Request[Any, Any, Any],
    store: Store,
    board: Switchboard,
    operator: Operator,
    verb: Callable[[Tx], object],
) -> Template | Response[Any]:
    try:
        await store.write(verb)
    except NotYours as error:
        raise _no_call() from error
    except RunFinished:
        return _told(409, problem=_("この電話の報告は送信済みです。"))
    except NoSuchWay:
        return _told(409, problem=_("その番号の分岐はありません。"))
    return await _answer(request, store, board, operator)


def _no_call() -> Problem:
    return Problem(404, _("この電話は見つかりませんでした"))


@post("/seat/calls/{call_id:str}/jump", guards=[operators], status_code=200)
async def leap(
    request: Request[Any, Any, Any],
    call_id: FromPath[str],
    data: JSONBody[Leap],
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
    switchboard: NamedDependency[Switchboard],
) -> Template | Response[Any]:
    """Free mode: straight to a node."""
    operator = await _operator(store, who)
    verb = lambda tx: jump_to(tx, operator, call_id, data.to, data.at)  # noqa: E731
    return await _change(request, store, switchboard, operator, verb)


@post("/seat/calls/{call_id:str}/mark", guards=[operators], status_code=200)
async def tell(
    request: Request[Any, Any, Any],
    call_id: FromPath[str],
    data: JSONBody[Marks],
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
    switchboard: NamedDependency[Switchboard],
) -> Template | Response[Any]:
    """What the operator tells of the call beside its script."""
    operator = await _operator(store, who)
    verb = lambda tx: mark(  # noqa: E731
        tx, operator.id, call_id, said=data.said, mood=data.mood, refused=data.refused
    )
    return await _change(request, store, switchboard, operator, verb)


@post("/seat/calls/{call_id:str}/regular", guards=[operators], status_code=200)
async def regular(
    request: Request[Any, Any, Any],
    call_id: FromPath[str],
    data: JSONBody[Switch],
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
    switchboard: NamedDependency[Switchboard],
) -> Template | Response[Any]:
    """Marks the caller as a regular one of the client, or takes the mark away."""
    operator = await _operator(store, who)
    verb = lambda tx: mark_regular(tx, operator.id, call_id, data.on)  # noqa: E731
    return await _change(request, store, switchboard, operator, verb)


@put("/seat/calls/{call_id:str}/answers/{field:str}", guards=[operators], opt={"quiet": True})
async def answer(
    call_id: FromPath[str],
    field: FromPath[str],
    data: JSONBody[Typed],
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
) -> Response[Any]:
    """Keeps what was typed. Answers {counter, kept} and, once the call is over, the subject that follows from it."""
    operator = await _operator(store, who)
    if not 0 <= data.counter < MAX_COUNTER:
        raise Problem(400, _("画面を読み込み直してください"))

    def keep(tx: Tx) -> tuple[Kept, str]:
        kept = keep_answer(tx, operator.id, call_id, field, data.value, data.counter)
        return kept, subject(tx, operator.id, call_id) if kept.over else ""

    try:
        kept, title = await store.write(keep)
    except (NotYours, NoSuchField) as error:
        raise _no_call() from error
    except RunFinished:
        return _told(409, problem=_("この電話の報告は送信済みです。"))
    except OutOfWindow as error:
        return _told(
            422,
            problem=_(
                "この約束は、%(span)s の時刻でお願いします(顧客企業との決まり)。", span=str(error)
            ),
        )
    except AnswerTooLong as error:
        return _told(
            422,
            problem=_(
                "%(most)s文字までです(いま%(length)s文字)。短くするまで、この欄は前に保存した内容のままです。",
                most=f"{LONGEST_ANSWER:,}",
                length=f"{error.length:,}",
            ),
        )
    told: dict[str, Any] = {"counter": kept.saved.counter, "kept": kept.saved.kept}
    if kept.over:
        told["subject"] = title
    if kept.forbidden:
        told["warning"] = " ".join(instead(one) for one in kept.forbidden)
    if not kept.saved.kept:
        told["problem"] = _("この欄は、別の画面で新しく書かれています。")
    return _told(200, **told)


@post("/seat/calls/{call_id:str}/report", guards=[operators], status_code=200)
async def report(
    request: Request[Any, Any, Any],
    call_id: FromPath[str],
    data: JSONBody[Nothing],
    store: NamedDependency[Store],
    settings: NamedDependency[Settings],
    who: NamedDependency[Principal],
    switchboard: NamedDependency[Switchboard],
) -> Template | Response[Any]:
    """Sends the report as it is saved; 422 with [answer, sentence] pairs when something is missing."""
    operator = await _operator(store, who)
    minutes = settings.acknowledge_minutes
    try:
        sent = await store.write(lambda tx: send_report(tx, operator, call_id, minutes))
    except NotYours as error:
        raise _no_call() from error
    except StillTalking:
        return _told(409, problem=_("通話が終わってから送れます。"))
    except NotReady as missing:
        return _told(422, problems=[(lack.answer, sentence(lack)) for lack in missing.lacks])
    done = await _answer(request, store, switchboard, operator)
    done.headers["X-Seat-Sent"] = sent.id
    return done


routes = [
    seat,
    parts,
    stream,
    claim,
    state,
    hold,
    mute,
    hang_up,
    read,
    forward,
    backward,
    leap,
    tell,
    regular,
    answer,
    report,
    *search.routes,
    *questions.routes,
]
