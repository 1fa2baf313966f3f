"""Records of abusive calls, as they stand as evidence, and what a client settles about all this."""

from typing import Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.calls import call
from denwaban.care import (
    DEFAULT,
    CareError,
    Happened,
    Mode,
    Reason,
    Rules,
    case_of,
    cases,
    events_of,
    parse_marks,
    rules_of,
    set_rules,
    watches_of,
)
from denwaban.lines import show_number
from denwaban.people import client_here
from denwaban.store import Store, Tx
from denwaban.web import _, needs, not_here, page

FLOOR = [needs(Role.SUPERVISOR, Role.ADMINISTRATOR)]


@get("/floor/abuse", guards=FLOOR)
async def listed(store: NamedDependency[Store]) -> Template:
    """The newest abusive calls."""
    found = await store.read(cases)
    return page("floor/abuse_list.html", cases=found, reasons=reason_words())


@get("/floor/abuse/{case_id:str}", guards=FLOOR)
async def record(case_id: FromPath[str], store: NamedDependency[Store]) -> Template:
    """One abusive call: what was said when, which warning, who decided. To be printed."""

    def look(tx: Tx) -> dict[str, Any]:
        found = case_of(tx, case_id)
        if found is None:
            raise not_here()
        about = call(tx, found.case.call_id)
        assert about is not None  # a foreign key
        return {
            "found": found,
            "case": found.case,
            "call": about,
            "events": events_of(tx, case_id),
            "watches": watches_of(tx, about.id),
            "now": tx.now,
        }

    return page(
        "floor/abuse_record.html",
        reasons=reason_words(),
        happened=happened_words(),
        modes=stretch_words(),
        show_number=show_number,
        **await store.read(look),
    )


class RulesForm(msgspec.Struct):
    monitored: str = ""
    told: str = ""
    marks: str = ""
    from_start: str = ""
    warning: str = ""
    closing: str = ""


@get("/clients/{client_id:str}/care", guards=FLOOR)
async def rules(
    client_id: FromPath[str], store: NamedDependency[Store], done: FromQuery[str] = ""
) -> Template:
    """Who may listen in, and the abuse clock."""

    def look(tx: Tx) -> dict[str, Any]:
        owner = client_here(tx, client_id)
        return {"client": owner, "rules": rules_of(tx, client_id)}

    found = await store.read(look)
    return page(
        "floor/care.html",
        default=DEFAULT,
        marks=" ".join(str(mark) for mark in found["rules"].marks),
        error="",
        done=_("保存しました。これからの通話に効きます。") if done else "",
        **found,
    )


@post("/clients/{client_id:str}/care", guards=FLOOR)
async def save_rules(
    client_id: FromPath[str],
    data: URLEncodedBody[RulesForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    owner = await store.read(lambda tx: client_here(tx, client_id))
    typed = Rules(
        bool(data.monitored),
        bool(data.told),
        DEFAULT.marks,
        bool(data.from_start),
        data.warning,
        data.closing,
    )
    try:
        wanted = Rules(
            typed.monitored,
            typed.told,
            parse_marks(data.marks),
            typed.from_start,
            typed.warning,
            typed.closing,
        )
        await store.write(lambda tx: set_rules(tx, client_id, wanted, who.user_id))
    except CareError as error:
        return page(
            "floor/care.html",
            status=422,
            client=owner,
            rules=typed,
            default=DEFAULT,
            marks=data.marks,
            error=_(str(error)),
            done="",
        )
    return Redirect(f"/clients/{client_id}/care?done=1", status_code=303)


def reason_words() -> dict[Reason, str]:
    """Why a call was marked."""
    return {
        Reason.ABUSE: _("暴言・脅し"),
        Reason.LONG: _("同じ要求の繰り返し・長い拘束"),
        Reason.UNJUST: _("理不尽な要求"),
        Reason.SEXUAL: _("性的な言葉"),
        Reason.OTHER: _("そのほか"),
    }


def happened_words() -> dict[Happened, str]:
    """The lines of a record."""
    return {
        Happened.MARKED: _("印をつけました"),
        Happened.WARNED: _("警告を伝えました"),
        Happened.NOTED: _("記録"),
        Happened.HANDED_OVER: _("SV に交代を求めました"),
        Happened.TAKEN_OVER: _("SV が代わりました"),
        Happened.HUNG_UP: _("結びの言葉を伝えて切りました"),
        Happened.WITHDRAWN: _("印を外しました"),
    }


def stretch_words() -> dict[Mode, str]:
    """What a supervisor did, afterwards."""
    return {
        Mode.LISTEN: _("聞いた"),
        Mode.WHISPER: _("ささやいた"),
        Mode.BARGE: _("会話に入った"),
        Mode.TAKE_OVER: _("代わった"),
    }


routes = [listed, record, rules, save_rules]
