"""Where a report is: what is under way, everything that happened to one, and what our people do about it."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.calls.words import badge as call_badge
from denwaban.clock import Clock
from denwaban.delivery import words
from denwaban.delivery.acknowledgements import acknowledgement, taken
from denwaban.delivery.acts import acknowledge
from denwaban.delivery.handing import AlreadyTaken, comment, reassign, resend
from denwaban.delivery.model import State
from denwaban.delivery.pages.acting import AssignForm, CommentForm, act
from denwaban.delivery.queries import Trouble, deliveries_of, troubles
from denwaban.delivery.standing import standings
from denwaban.delivery.story import caller_of, story_of
from denwaban.oncall import unattended
from denwaban.people import client as client_of
from denwaban.people import clients_by_ids, operator_of_user, staff_of
from denwaban.reports import Report, lines_of
from denwaban.reports import report as report_of
from denwaban.reports import reports as reports_of
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, needs, page

ours = needs(Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)
floor = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)

Form = RequestEncodingType.URL_ENCODED


class TakenForm(msgspec.Struct):
    staff_id: str = ""


def _groups(found: list[Trouble]) -> list[tuple[str, str, list[Trouble]]]:
    exhausted = [it for it in found if it.state is State.EXHAUSTED]
    failed = [it for it in found if it.state is State.WAITING and it.reasons]
    waiting = [it for it in found if it.state is State.WAITING and not it.reasons]
    return [
        (_("だれも引き受けていません"), _("全員に知らせましたが、返事がありません。"), exhausted),
        (_("届かない通知があります"), "", failed),
        (_("確認を待っています"), _("通知は届いています。"), waiting),
    ]


@get("/reports", guards=[ours])
async def list_reports(
    who: NamedDependency[Principal], store: NamedDependency[Store], clock: NamedDependency[Clock]
) -> Template:
    """Supervisors see what is untaken, and below it the newest; operators what they sent."""
    now = clock.now()

    def age(since: Any) -> str:
        return words.age_words(now - since)

    if who.role is Role.OPERATOR:

        def own(tx: Tx) -> dict[str, Any]:
            operator = operator_of_user(tx, who.user_id)
            found = reports_of(tx, None, operator_id=operator.id) if operator is not None else []
            return {"own": found, "taken": taken(tx, [report.id for report in found])}

        return page("delivery/list.html", everything=False, age=age, **await store.read(own))

    def everything(tx: Tx) -> dict[str, Any]:
        found = troubles(tx)
        alone = unattended(tx, tx.now)
        recent = reports_of(tx, None)
        ids = {it.client_id for it in alone} | {report.client_id for report in recent}
        names = {one: client.name for one, client in clients_by_ids(tx, ids).items()}
        nobody = [
            (names[it.client_id], it.default.name if it.default is not None else "") for it in alone
        ]
        return {
            "groups": _groups(found),
            "any": bool(found),
            "nobody": nobody,
            "recent": recent,
            "names": names,
            "taken": taken(tx, [report.id for report in recent]),
        }

    return page("delivery/list.html", everything=True, age=age, **await store.read(everything))


@get("/reports/{report_id:str}", guards=[ours])
async def show_report(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    report_id: FromPath[str],
    done: FromQuery[str] = "",
) -> Template:
    """One report with everything that happened to it, its ladder, and what else its caller had to do with the client."""

    def verb(tx: Tx) -> dict[str, Any]:
        report = _report(tx, report_id)
        client = client_of(tx, report.client_id)
        told = deliveries_of(tx, report_id)
        sent = [it.sent_at for it in told if it.sent_at is not None]
        ended = report.call_ended_at
        people = staff_of(tx, report.client_id, left=True)
        return {
            "report": report,
            "client_name": client.name if client is not None else "",
            "lines": lines_of(report, signed_in=True),
            "taken": acknowledgement(tx, report_id),
            "standing": standings(tx, [report_id]).get(report_id),
            "story": story_of(tx, report),
            "caller": caller_of(tx, report),
            "names": {person.id: person.name for person in people},
            "choices": [(person.id, person.name) for person in people if person.left_at is None],
            "seconds": round((min(sent) - ended).total_seconds()) if sent and ended else None,
        }

    said = {
        "taken": _("引き受けを記録しました"),
        "resent": _("送り直しています"),
        "assigned": _("担当を変えました。新しい担当の方に知らせています。"),
        "said": _("書き込みました"),
    }
    return page(
        "delivery/report.html",
        may_act=who.role is not Role.OPERATOR,
        done=said.get(done, ""),
        told=words.moment_words,
        call_badge=call_badge,
        via_words=words.via_words(),
        kind_words=words.kind_words(),
        **await store.read(verb),
    )


@post("/reports/{report_id:str}/taken", guards=[floor])
async def record_taken(
    store: NamedDependency[Store],
    report_id: FromPath[str],
    data: Annotated[TakenForm, Body(media_type=Form)],
) -> Redirect:
    """A supervisor has told somebody by telephone, who has taken it."""
    return await _act(
        store,
        report_id,
        lambda tx: acknowledge(tx, report_id, data.staff_id, "phone"),
        "taken",
    )


@post("/reports/{report_id:str}/resend", guards=[floor])
async def send_again(
    who: NamedDependency[Principal], store: NamedDependency[Store], report_id: FromPath[str]
) -> Redirect:
    """Tells whoever has it once more, now."""
    return await _act(
        store, report_id, lambda tx: resend(tx, report_id, who.user_id, "board"), "resent"
    )


@post("/reports/{report_id:str}/assign", guards=[floor])
async def assign(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    report_id: FromPath[str],
    data: Annotated[AssignForm, Body(media_type=Form)],
) -> Redirect:
    """Gives it to somebody on the client's roster; the ladder begins again for them."""
    return await _act(
        store,
        report_id,
        lambda tx: reassign(tx, report_id, data.staff_id, who.user_id, data.reason, "board"),
        "assigned",
    )


@post("/reports/{report_id:str}/comment", guards=[floor])
async def add_comment(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    report_id: FromPath[str],
    data: Annotated[CommentForm, Body(media_type=Form)],
) -> Redirect:
    """A word about it that the client's staff read too."""
    return await _act(
        store,
        report_id,
        lambda tx: comment(tx, report_id, who.user_id, data.text, "board"),
        "said",
    )


async def _act(store: Store, report_id: str, verb: Callable[[Tx], object], done: str) -> Redirect:
    def checked(tx: Tx) -> None:
        _report(tx, report_id)
        verb(tx)

    try:
        return await act(store, checked, f"/reports/{report_id}", done)
    except AlreadyTaken as error:
        raise Problem(
            409,
            _("すでに%(name)sさんが引き受けています", name=error.by.staff_name),
            _("送り直しはいりません。"),
        ) from error


def _report(tx: Tx, report_id: str) -> Report:
    report = report_of(tx, report_id)
    if report is None:
        raise Problem(404, _("この報告は見つかりません"), _("一覧から選び直してください。"))
    return report


routes = [list_reports, show_report, record_taken, send_again, assign, add_comment]
