"""The page behind an acknowledge link."""

from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from denwaban.clock import Clock
from denwaban.delivery.acknowledgements import acknowledgement
from denwaban.delivery.acts import NotTheirs, acknowledge
from denwaban.delivery.confirming import has_to_confirm
from denwaban.delivery.links import Link, Tries, open_link
from denwaban.delivery.message import subject_for
from denwaban.delivery.model import Kind
from denwaban.lines import parse_number, show_number
from denwaban.people import client as client_of
from denwaban.people import staff_by_ids
from denwaban.reports import HIDDEN, lines_of
from denwaban.reports import report as report_of
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, page, public

MISSES = "acknowledge_link_misses"
WRONG_LINKS = 20
"""Wrong tokens from one address within ten minutes: a token has 256 bits, so nobody guesses one."""

PRIVATE = {"X-Robots-Tag": "noindex, nofollow"}


def _misses(request: Request[Any, Any, Any]) -> Tries:
    """Wrong tokens seen by this app."""
    found: Tries = request.app.state.setdefault(MISSES, Tries(WRONG_LINKS))
    return found


def _checked(request: Request[Any, Any, Any], clock: Clock, link: Link | None) -> Link:
    """The link if it may be used; else a plain page that says what to do instead.

    A good link is never made to wait: colleagues, and scanners, come from the same address.
    """
    now = clock.now()
    if link is None:
        address = request.client.host if request.client is not None else ""
        misses = _misses(request)
        if misses.too_many(address, now):
            raise Problem(
                429,
                _("しばらくお待ちください"),
                _(
                    "使えないリンクが続けて開かれました。10分ほど待ってから、もう一度お試しください。"
                ),
                headers={"Retry-After": "600", **PRIVATE},
            )
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


def _gone() -> Problem:
    """They have left since the link was sent: it opens nothing any more."""
    return Problem(
        410,
        _("このリンクは使えません"),
        _("この報告は、ほかの担当の方に引き継がれました。"),
        headers=PRIVATE,
    )


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
        person = staff_by_ids(tx, [link.staff_id])[link.staff_id]
        if person.left_at is not None:
            raise _gone()
        client = client_of(tx, report.client_id)
        lines = lines_of(report)
        return {
            "report": report,
            "subject": subject_for(report, Kind.FIRST),
            "lines": lines,
            "hidden": any(value == HIDDEN for _label, value in lines),
            # As the operator typed it: most often in the national form.
            "number": ""
            if report.form.is_secret("number")
            else parse_number(report.draft.number).e164 or "",
            "number_shown": show_number(report.draft.number),
            "client_name": client.name if client is not None else "",
            "staff_id": link.staff_id,
            "staff_name": person.name,
            "taken": acknowledgement(tx, link.report_id),
            "confirms": has_to_confirm(tx, link.report_id, link.staff_id),
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
    try:
        await store.write(lambda tx: acknowledge(tx, link.report_id, link.staff_id, "link"))
    except NotTheirs as error:
        raise _gone() from error
    return Redirect(f"/a/{token}", status_code=303)


routes = [show_link, take_by_link]
