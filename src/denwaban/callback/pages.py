"""The call-back on a report's page of the portal: the button, and how far it has come."""

from dataclasses import dataclass

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.callback.acts import CannotCallBack, last_of_report, ready
from denwaban.callback.caller import CallBacks
from denwaban.callback.model import CallBack, Result, Stage
from denwaban.callback.words import result_words, stage_words
from denwaban.delivery import for_clients
from denwaban.lines import show_number
from denwaban.reports import report as report_of
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, needs, page

THEIRS = [needs(Role.CLIENT)]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows of call-backs for one report."""

    report_id: str
    words: str
    """How far the last one has come, or what came of it; empty when there was none."""
    under_way: bool
    kept: bool
    """The last one was a talk."""
    why_not: str
    """Why none can be begun now; empty when one can."""
    caller: str
    """Whom the button calls, as people write numbers."""


def _own(tx: Tx, who: Principal, report_id: str) -> None:
    report = report_of(tx, report_id)
    if report is None or who.client_id is None or report.client_id != who.client_id:
        raise Problem(404, _("この報告は見つかりません"), _("受信箱から選び直してください。"))


def look(tx: Tx, report_id: str, user_id: str, call_backs: CallBacks) -> Shown:
    """Reads it. The report must be one that this person may see."""
    last = last_of_report(tx, report_id)
    why_not, caller = call_backs.can(), ""
    if not why_not:
        try:
            plan = ready(tx, report_id, user_id, abroad=call_backs.abroad)
            caller = show_number(plan.caller)
        except CannotCallBack as error:
            why_not = str(error)
    kept = last is not None and last.result is Result.TALKED
    return Shown(report_id, _words(last), _goes_on(last), kept, for_clients(why_not), caller)


def _goes_on(last: CallBack | None) -> bool:
    return last is not None and last.stage is not Stage.ENDED


def _words(last: CallBack | None) -> str:
    if last is None:
        return ""
    return stage_words(last.stage) if _goes_on(last) else result_words(last)


@get("/portal/reports/{report_id:str}/call-back", guards=THEIRS)
async def show(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    call_backs: NamedDependency[CallBacks],
    report_id: FromPath[str],
) -> Template:
    """The part of the page alone: it is fetched again whenever something happens."""

    def verb(tx: Tx) -> Shown:
        _own(tx, who, report_id)
        return look(tx, report_id, who.user_id, call_backs)

    return page("callback/part.html", call_back=await store.read(verb))


@post("/portal/reports/{report_id:str}/call-back", guards=THEIRS)
async def start(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    call_backs: NamedDependency[CallBacks],
    report_id: FromPath[str],
) -> Redirect:
    """Begins one; while one is under way, nothing more happens."""
    await store.read(lambda tx: _own(tx, who, report_id))
    try:
        await call_backs.start(report_id, who.user_id)
    except CannotCallBack as error:
        raise Problem(409, _("折り返しの電話をかけられません"), for_clients(str(error))) from error
    return Redirect(f"/portal/reports/{report_id}", status_code=303)


routes = [show, start]
