"""The portal of a client's staff: what came in, who takes it, what was promised, who is there. Phone first."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect, Stream, Template

from denwaban.access import Principal, Role
from denwaban.callback import CallBacks
from denwaban.callback.pages import Shown, look
from denwaban.calls import missed as missed_calls
from denwaban.calls.words import badge as call_badge
from denwaban.clock import JST, Clock
from denwaban.delivery import (
    NotTheirs,
    acknowledge,
    channel_words,
    moment_words,
)
from denwaban.journal import Entry, Journal, last_seq
from denwaban.people import PeopleError, Presence, Staff, set_presence, staff_of_user
from denwaban.portal import talk, views
from denwaban.promises import NoEvidence, keep, promise_of_report
from denwaban.reports import Report, Status, set_status
from denwaban.reports import report as report_of
from denwaban.store import Store, Tx
from denwaban.web import LiveEvent, MenuEntry, Problem, _, live, needs, page

theirs = needs(Role.CLIENT)

MISSED_FOR = timedelta(days=30)

LIVE_KINDS = ("report.", "promise.", "delivery.", "staff.", "call.ended", "callback.")

LONGEST_NOTE = 2000

Form = RequestEncodingType.URL_ENCODED


class StatusForm(msgspec.Struct):
    status: Status
    note: str = ""


class KeepForm(msgspec.Struct):
    evidence: str = ""


class PresenceForm(msgspec.Struct):
    presence: Presence
    until: str = ""
    note: str = ""


def client_of(who: Principal) -> str:
    """Whose portal this is."""
    if who.client_id is None:
        raise Problem(403, _("この画面を使う権限がありません"))
    return who.client_id


def _own(tx: Tx, who: Principal, report_id: str) -> Report:
    """The report if it is this client's; else it is as if it did not exist."""
    report = report_of(tx, report_id)
    if report is None or report.client_id != client_of(who):
        raise Problem(
            404,
            _("この報告は見つかりません"),
            _("受信箱から選び直してください。"),
        )
    return report


def _me(tx: Tx, who: Principal) -> Staff:
    me = staff_of_user(tx, who.user_id)
    if me is None or me.client_id != client_of(who):
        raise Problem(
            403,
            _("名簿にあなたのお名前がありません"),
            _("電話番の運用管理の担当者に、名簿への登録を頼んでください。"),
        )
    return me


@get("/portal", guards=[theirs])
async def begin() -> Redirect:
    return Redirect("/portal/reports", status_code=303)


@get("/portal/reports", guards=[theirs])
async def inbox(who: NamedDependency[Principal], store: NamedDependency[Store]) -> Template:
    """The inbox; its list is fetched again whenever something happens."""
    after, found = await store.read(
        lambda tx: (last_seq(tx), views.inbox(tx, client_of(who), who.user_id))
    )
    return page("portal/inbox.html", after=after, inbox=found)


@get("/portal/reports/list", guards=[theirs])
async def inbox_list(who: NamedDependency[Principal], store: NamedDependency[Store]) -> Template:
    found = await store.read(lambda tx: views.inbox(tx, client_of(who), who.user_id))
    return page("portal/inbox_list.html", inbox=found)


@get("/portal/reports/older", guards=[theirs])
async def older(
    who: NamedDependency[Principal], store: NamedDependency[Store], before: FromQuery[str] = ""
) -> Template:
    """Reports further back."""
    found = await store.read(lambda tx: views.older(tx, client_of(who), before or None))
    return page("portal/older.html", found=found, next=found[-1].report.id if found else "")


@get("/portal/reports/{report_id:str}", guards=[theirs])
async def detail(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    call_backs: NamedDependency[CallBacks],
    report_id: FromPath[str],
    done: FromQuery[str] = "",
) -> Template:
    """One report: what it says, who was told, who has taken it, what became of it."""
    return await _detail(who, store, call_backs, report_id, done)


async def _detail(
    who: Principal,
    store: Store,
    call_backs: CallBacks,
    report_id: str,
    done: str = "",
    error: str = "",
    status: int = 200,
) -> Template:
    def verb(tx: Tx) -> tuple[int, views.Detail, Shown]:
        report = _own(tx, who, report_id)
        seen = views.detail(tx, report, who.user_id)
        return last_seq(tx), seen, look(tx, report_id, who.user_id, call_backs)

    after, seen, call_back = await store.read(verb)
    said = {
        "taken": _("引き受けました。ほかの方への再通知は止まりました。"),
        "status": _("状態を変えました"),
        "kept": _("折り返しを記録しました。お疲れさまでした。"),
        "back": _("差し戻しました。次の方に知らせています。"),
        "handed": _("担当を変えました。新しい担当の方に知らせています。"),
        "said": _("書き込みました"),
    }
    return page(
        "portal/report.html",
        status=status,
        after=after,
        seen=seen,
        call_back=call_back,
        done=said.get(done, ""),
        error=error,
        told=moment_words,
        call_badge=call_badge,
    )


@post("/portal/reports/{report_id:str}/take", guards=[theirs])
async def take(
    who: NamedDependency[Principal], store: NamedDependency[Store], report_id: FromPath[str]
) -> Redirect:
    """I take it. When somebody else was quicker, the page says who."""

    def verb(tx: Tx) -> bool:
        _own(tx, who, report_id)
        me = _me(tx, who)
        try:
            taken = acknowledge(tx, report_id, me.id, "portal")
        except NotTheirs as error:
            raise Problem(404, _("この報告は見つかりません")) from error
        return taken.staff_id == me.id

    mine = await store.write(verb)
    return Redirect(
        f"/portal/reports/{report_id}" + ("?done=taken" if mine else ""), status_code=303
    )


@post("/portal/reports/{report_id:str}/status", guards=[theirs])
async def change_status(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    report_id: FromPath[str],
    data: Annotated[StatusForm, Body(media_type=Form)],
) -> Redirect:
    """完了 / 要折り返し / 確認中, with a note."""

    def verb(tx: Tx) -> None:
        _own(tx, who, report_id)
        set_status(tx, report_id, data.status, who.user_id, data.note[:LONGEST_NOTE])

    await store.write(verb)
    return Redirect(f"/portal/reports/{report_id}?done=status", status_code=303)


@post("/portal/reports/{report_id:str}/kept", guards=[theirs])
async def kept(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    call_backs: NamedDependency[CallBacks],
    report_id: FromPath[str],
    data: Annotated[KeepForm, Body(media_type=Form)],
) -> Redirect | Template:
    """The caller was called back: the promise is kept, the report is done, both in one step."""

    def verb(tx: Tx) -> None:
        _own(tx, who, report_id)
        promise = promise_of_report(tx, report_id)
        if promise is None:
            raise Problem(404, _("この報告に、折り返しの約束はありません"))
        evidence = data.evidence[:LONGEST_NOTE]
        keep(tx, promise.id, who.user_id, evidence)
        set_status(tx, report_id, Status.DONE, who.user_id, evidence)

    try:
        await store.write(verb)
    except NoEvidence:
        why = _("何をしたかを一言入れてください。例:「15時に電話し、修理日をお伝えしました」")
        return await _detail(who, store, call_backs, report_id, error=why, status=422)
    return Redirect(f"/portal/reports/{report_id}?done=kept", status_code=303)


@get("/portal/missed", guards=[theirs])
async def missed(
    who: NamedDependency[Principal], store: NamedDependency[Store], clock: NamedDependency[Clock]
) -> Template:
    """Callers whom nobody talked with: number, time, how long they waited [C9]."""
    since = clock.now() - MISSED_FOR

    def verb(tx: Tx) -> tuple[int, list[views.MissedDay]]:
        found = missed_calls(tx, client_of(who), since, limit=500)
        return last_seq(tx), views.by_day(found)

    after, days = await store.read(verb)
    return page("portal/missed.html", after=after, days=days)


@get("/portal/promises", guards=[theirs])
async def promises(
    who: NamedDependency[Principal], store: NamedDependency[Store], clock: NamedDependency[Clock]
) -> Template:
    """What callers still wait for, nearest time first."""
    after, found = await store.read(lambda tx: (last_seq(tx), views.promises(tx, client_of(who))))
    return page("portal/promises.html", after=after, promises=found, now=clock.now())


@get("/portal/presence", guards=[theirs])
async def presence(
    who: NamedDependency[Principal], store: NamedDependency[Store], done: FromQuery[str] = ""
) -> Template:
    """Whether I am there, and the others."""
    return await _presence(who, store, done)


async def _presence(
    who: Principal, store: Store, done: str = "", error: str = "", status: int = 200
) -> Template:
    after, seen = await store.read(
        lambda tx: (last_seq(tx), views.roster(tx, client_of(who), who.user_id))
    )
    return page(
        "portal/presence.html",
        status=status,
        after=after,
        seen=seen,
        done=_("在席を変えました") if done else "",
        error=error,
        channels=channel_words(),
    )


@post("/portal/presence", guards=[theirs])
async def set_my_presence(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    data: Annotated[PresenceForm, Body(media_type=Form)],
) -> Redirect | Template:
    """Sets my own presence, until a time if one is given (Tokyo time)."""
    try:
        until = moment(data.until)
    except ValueError:
        why = _("日時の形が違うようです。例: 2026-11-24T15:00")
        return await _presence(who, store, error=why, status=422)

    def verb(tx: Tx) -> None:
        if until is not None and until <= tx.now:
            raise PeopleError(
                _("「いつまで」が過ぎた時刻になっています。これからの時刻にしてください。")
            )
        given = None if data.presence is Presence.PRESENT else until
        set_presence(tx, _me(tx, who).id, data.presence, given, data.note.strip()[:200])

    try:
        await store.write(verb)
    except PeopleError as error:
        return await _presence(who, store, error=str(error), status=422)
    return Redirect("/portal/presence?done=1", status_code=303)


def moment(typed: str) -> datetime | None:
    """A moment from `<input type=datetime-local>` (Tokyo time); None for nothing. Raises `ValueError`."""
    typed = typed.strip()
    if not typed:
        return None
    return datetime.strptime(typed[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=JST)


@get("/portal/live", guards=[theirs])
async def hear(
    request: Request[Any, Any, Any],
    who: NamedDependency[Principal],
    journal: NamedDependency[Journal],
    after: FromQuery[int | None] = None,
) -> Stream:
    """Tells the open page that something of this client has changed; the page then fetches what it shows."""
    client_id = client_of(who)

    def choose(entry: Entry) -> LiveEvent | None:
        fact = entry.fact
        if fact.client_id != client_id or not fact.kind.startswith(LIVE_KINDS):
            return None
        return LiveEvent("changed", fact.kind)

    return live(request, journal, after, choose)


menu = [
    MenuEntry("/portal/reports", "受信箱", frozenset({Role.CLIENT})),
    MenuEntry("/portal/missed", "不在着信", frozenset({Role.CLIENT})),
    MenuEntry("/portal/promises", "約束", frozenset({Role.CLIENT})),
    MenuEntry("/portal/presence", "在席", frozenset({Role.CLIENT})),
]

routes = [
    begin,
    inbox,
    inbox_list,
    older,
    detail,
    take,
    change_status,
    kept,
    missed,
    promises,
    presence,
    set_my_presence,
    hear,
    *talk.routes,
]
