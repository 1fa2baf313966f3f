"""The page behind an acknowledge link, and where supervisors see what is under way."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.clock import Clock
from denwaban.delivery import words
from denwaban.delivery.acts import NotTheirs, acknowledge
from denwaban.delivery.links import Link, Tries, open_link
from denwaban.delivery.message import lines_of, subject_for
from denwaban.delivery.model import Kind, State
from denwaban.delivery.queries import (
    Trouble,
    acknowledgement,
    attempts_of,
    deliveries_of,
    standings,
    taken,
    troubles,
)
from denwaban.lines import parse_number, show_number
from denwaban.oncall import unattended
from denwaban.people import client as client_of
from denwaban.people import clients_by_ids, operator_of_user, staff_by_ids, staff_of
from denwaban.reports import Report, history
from denwaban.reports import report as report_of
from denwaban.reports import reports as reports_of
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, needs, page, public

MISSES = "acknowledge_link_misses"
WRONG_LINKS = 20
"""Wrong tokens from one address within ten minutes: a token has 256 bits, so nobody guesses one."""

PRIVATE = {"X-Robots-Tag": "noindex, nofollow"}

ours = needs(Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)
floor = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)


class TakenForm(msgspec.Struct):
    staff_id: str = ""


def _misses(request: Request[Any, Any, Any]) -> Tries:
    """Wrong tokens seen by this app."""
    found: Tries = request.app.state.setdefault(MISSES, Tries(WRONG_LINKS))
    return found


def _checked(request: Request[Any, Any, Any], clock: Clock, link: Link | None) -> Link:
    """The link if it may be used; else a plain page that says what to do instead."""
    address = request.client.host if request.client is not None else ""
    misses, now = _misses(request), clock.now()
    if misses.too_many(address, now):
        raise Problem(
            429,
            _("しばらくお待ちください"),
            _("使えないリンクが続けて開かれました。10分ほど待ってから、もう一度お試しください。"),
            headers={"Retry-After": "600", **PRIVATE},
        )
    if link is None:
        misses.add(address, now)
        raise Problem(
            404,
            _("このリンクは使えません"),
            _(
                "リンクが途中で切れていないか確かめてください。ポータルにサインインしても、報告を確認できます。"
            ),
            headers=PRIVATE,
        )
    if link.expires_at <= now:
        raise Problem(
            410,
            _("リンクの期限が切れています"),
            _("リンクは7日間使えます。ポータルにサインインすると、報告を確認できます。"),
            headers=PRIVATE,
        )
    return link


@get("/a/{token:str}", guards=[public])
async def show_link(
    request: Request[Any, Any, Any],
    token: FromPath[str],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template:
    """Shows the report and one button. It changes nothing: mail scanners open links too."""
    link = _checked(request, clock, await store.read(lambda tx: open_link(tx, token)))

    def verb(tx: Tx) -> dict[str, Any]:
        report = report_of(tx, link.report_id)
        assert report is not None  # a foreign key
        client = client_of(tx, report.client_id)
        return {
            "report": report,
            "subject": subject_for(report, Kind.FIRST),
            "lines": lines_of(report),
            # As the operator typed it: most often in the national form.
            "number": parse_number(report.draft.number).e164 or "",
            "number_shown": show_number(report.draft.number),
            "client_name": client.name if client is not None else "",
            "staff_id": link.staff_id,
            "staff_name": staff_by_ids(tx, [link.staff_id])[link.staff_id].name,
            "taken": acknowledgement(tx, link.report_id),
        }

    return page("delivery/link.html", headers=PRIVATE, **await store.read(verb))


@post("/a/{token:str}", guards=[public])
async def take_by_link(
    request: Request[Any, Any, Any],
    token: FromPath[str],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Redirect:
    """The press of the button: the person whom the link was sent to has taken the report."""
    link = _checked(request, clock, await store.read(lambda tx: open_link(tx, token)))
    await store.write(lambda tx: acknowledge(tx, link.report_id, link.staff_id, "link"))
    return Redirect(f"/a/{token}", status_code=303)


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
    """One report with everybody who was told, every attempt, and every status."""

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
            "lines": lines_of(report),
            "taken": acknowledgement(tx, report_id),
            "standing": standings(tx, [report_id]).get(report_id),
            "deliveries": [(it, attempts_of(tx, it.id)) for it in told],
            "history": history(tx, report_id),
            "names": {person.id: person.name for person in people},
            "choices": [(person.id, person.name) for person in people if person.left_at is None],
            "seconds": round((min(sent) - ended).total_seconds()) if sent and ended else None,
        }

    return page(
        "delivery/report.html",
        may_take=who.role is not Role.OPERATOR,
        done=_("引き受けを記録しました") if done == "taken" else "",
        channel_words=words.channel_words(),
        state_words=words.state_words(),
        kind_words=words.kind_words(),
        via_words=words.via_words(),
        **await store.read(verb),
    )


@post("/reports/{report_id:str}/taken", guards=[floor])
async def record_taken(
    store: NamedDependency[Store],
    report_id: FromPath[str],
    data: Annotated[TakenForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    """A supervisor has told somebody by telephone, who has taken it."""

    def verb(tx: Tx) -> None:
        _report(tx, report_id)
        acknowledge(tx, report_id, data.staff_id, "phone")

    try:
        await store.write(verb)
    except NotTheirs as error:
        raise Problem(
            422, _("引き受けた方を名簿から選んでください"), _("前の画面に戻ってお試しください。")
        ) from error
    return Redirect(f"/reports/{report_id}?done=taken", status_code=303)


def _report(tx: Tx, report_id: str) -> Report:
    report = report_of(tx, report_id)
    if report is None:
        raise Problem(404, _("この報告は見つかりません"), _("一覧から選び直してください。"))
    return report


routes = [show_link, take_by_link, list_reports, show_report, record_taken]
