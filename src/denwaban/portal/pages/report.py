"""One report: what it says, who was told, who has taken it, what became of its promise."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect, Stream, Template

from denwaban.access import Principal
from denwaban.callback import CallBacks
from denwaban.callback.pages import Shown, look
from denwaban.calls import Call, Outcome, Recordings, RecordingState, state_of, stream
from denwaban.calls import call as call_of
from denwaban.calls.words import badge as call_badge
from denwaban.delivery import NotTheirs, acknowledge, moment_words
from denwaban.feedback import mark_seen
from denwaban.journal import last_seq
from denwaban.portal import views
from denwaban.portal.pages.common import LONGEST_NOTE, Form, own, own_staff, theirs
from denwaban.promises import NoEvidence, keep, promise_of_report
from denwaban.reports import Status, set_status
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, page


class StatusForm(msgspec.Struct):
    status: Status
    note: str = ""


class KeepForm(msgspec.Struct):
    evidence: str = ""


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
        report = own(tx, who, report_id)
        seen = views.detail(tx, report, who.user_id)
        return last_seq(tx), seen, look(tx, report_id, who.user_id, call_backs)

    after, seen, call_back = await store.read(verb)
    answered = [it.id for it in seen.words if it.dealt_at and it.user_id == who.user_id]
    if answered:
        await store.write(lambda tx: mark_seen(tx, answered, who.user_id))
    said = {
        "taken": _("引き受けました。ほかの方への再通知は止まりました。"),
        "status": _("状態を変えました"),
        "kept": _("折り返しを記録しました。お疲れさまでした。"),
        "back": _("差し戻しました。次の方に知らせています。"),
        "handed": _("担当を変えました。新しい担当の方に知らせています。"),
        "said": _("書き込みました"),
        "thanks": _("お礼をお届けしました。ありがとうございます。"),
        "wish": _("改善のお願いをお届けしました。対応したら、この画面でお知らせします。"),
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


@get("/portal/reports/{report_id:str}/message", guards=[theirs])
async def message(
    request: Request[Any, Any, Any],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    recordings: NamedDependency[Recordings],
    report_id: FromPath[str],
) -> Stream | Response[bytes]:
    """What the caller of this report said to the engine; recordings of talks with operators are not for the portal."""

    def verb(tx: Tx) -> tuple[Call | None, RecordingState | None]:
        call_id = own(tx, who, report_id).call_id
        found = call_of(tx, call_id) if call_id is not None else None
        return found, state_of(tx, found.id) if found is not None else None

    call, state = await store.read(verb)
    if call is None or call.outcome is not Outcome.MESSAGE:
        raise Problem(404, _("この報告に、伝言はありません"))
    return await stream(request, who, store, recordings, call, state)


@post("/portal/reports/{report_id:str}/take", guards=[theirs])
async def take(
    who: NamedDependency[Principal], store: NamedDependency[Store], report_id: FromPath[str]
) -> Redirect:
    """I take it. When somebody else was quicker, the page says who."""

    def verb(tx: Tx) -> bool:
        own(tx, who, report_id)
        me = own_staff(tx, who)
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
    call_backs: NamedDependency[CallBacks],
    data: Annotated[StatusForm, Body(media_type=Form)],
) -> Redirect | Template:
    """完了 / 要折り返し / 確認中, with a note. Whoever ends a report with an open promise says what was done."""
    note = data.note[:LONGEST_NOTE]

    def verb(tx: Tx) -> None:
        own(tx, who, report_id)
        promise = promise_of_report(tx, report_id)
        if data.status is Status.DONE and promise is not None:
            keep(tx, promise.id, who.user_id, note)
        set_status(tx, report_id, data.status, who.user_id, note)

    try:
        await store.write(verb)
    except NoEvidence:
        return await _unproven(who, store, call_backs, report_id)
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
        own(tx, who, report_id)
        promise = promise_of_report(tx, report_id)
        if promise is None:
            raise Problem(404, _("この報告に、折り返しの約束はありません"))
        evidence = data.evidence[:LONGEST_NOTE]
        keep(tx, promise.id, who.user_id, evidence)
        set_status(tx, report_id, Status.DONE, who.user_id, evidence)

    try:
        await store.write(verb)
    except NoEvidence:
        return await _unproven(who, store, call_backs, report_id)
    return Redirect(f"/portal/reports/{report_id}?done=kept", status_code=303)


async def _unproven(
    who: Principal, store: Store, call_backs: CallBacks, report_id: str
) -> Template:
    why = _("何をしたかを一言入れてください。例:「15時に電話し、修理日をお伝えしました」")
    return await _detail(who, store, call_backs, report_id, error=why, status=422)


routes = [detail, message, take, change_status, kept]
