"""The page of practice calls."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery
from litestar.response import Redirect, Stream, Template

from denwaban.access import Role
from denwaban.journal import Entry, Journal, last_seq
from denwaban.practice.acts import Practice
from denwaban.practice.model import Ending, Mood, PracticeCall, PracticeError
from denwaban.store import Store
from denwaban.web import LiveEvent, Problem, _, fragment, live, needs, page

GUARDS = [needs(Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)]


class RingForm(msgspec.Struct):
    story: str = ""
    csrf_token: str = ""


@get("/practice", guards=GUARDS)
async def show(practice: NamedDependency[Practice], store: NamedDependency[Store]) -> Template:
    """The stories, and how the last practice calls went."""
    seq = await store.read(last_seq)
    return page(
        "practice/practice.html",
        offers=await practice.offers(),
        moods=moods(),
        calls=practice.calls,
        states=_states(practice.calls),
        seq=seq,
    )


@post("/practice", guards=GUARDS)
async def ring(
    request: Request[Any, Any, Any],
    practice: NamedDependency[Practice],
    data: Annotated[RingForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Template | Redirect:
    """Places a practice call; htmx gets the progress, a plain form comes back to the page."""
    try:
        await practice.ring(data.story or None)
    except PracticeError as error:
        raise Problem(409, _("練習コールをかけられませんでした"), str(error)) from error
    if request.headers.get("hx-request") == "true":
        return page("practice/progress.html", calls=practice.calls, states=_states(practice.calls))
    return Redirect("/practice", status_code=303)


@get("/practice/live", guards=GUARDS)
async def follow(
    request: Request[Any, Any, Any],
    journal: NamedDependency[Journal],
    practice: NamedDependency[Practice],
    after: FromQuery[int | None] = None,
) -> Stream:
    """The progress, again at every step of a practice call."""

    def choose(entry: Entry) -> LiveEvent | None:
        if not entry.fact.kind.startswith("practice."):
            return None
        calls = practice.calls
        return LiveEvent("", fragment("practice/progress.html", calls=calls, states=_states(calls)))

    return live(request, journal, after, choose)


@get("/practice/seats", guards=[needs(Role.SUPERVISOR, Role.ADMINISTRATOR)], opt={"quiet": True})
async def seats(practice: NamedDependency[Practice]) -> Response[Any]:
    """{seats: [{id, name}]}: who would be rung by a practice call now."""
    found = [{"id": one.id, "name": one.name} for one in practice.seats]
    return Response({"seats": found}, headers={"Cache-Control": "no-store"})


def moods() -> dict[Mood, str]:
    """How a caller's mood is written."""
    return {
        Mood.CALM: _("落ち着いている"),
        Mood.WORRIED: _("困っている"),
        Mood.HURRIED: _("慌てている"),
    }


def _states(calls: list[PracticeCall]) -> dict[str, str]:
    return {one.id: state_words(one) for one in calls}


def state_words(one: PracticeCall) -> str:
    """Where a practice call stands, in words."""
    endings = {
        Ending.TALKED: _("お話しできました。受電席で報告を送れば、練習は終わりです。"),
        Ending.NOBODY: _("どなたも出なかったので、切りました。お客様の不在着信に残っています。"),
        Ending.BLOCKED: _("回線がいっぱいで、つながりませんでした。"),
        Ending.CLOSED: _("時間外の案内が流れました。"),
        Ending.FAILED: _("途中で切れました。エンジンの状態を確かめてください。"),
    }
    if one.ending is not None:
        return endings[one.ending]
    if one.connected_at is not None:
        return _("お話ししています。")
    return _("呼び出しています。受電席で「受付中」の方の画面が鳴ります。")


routes = [show, ring, follow, seats]
