"""A client's rules for who gets a report, and a place to try them."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from denwaban.access import Principal
from denwaban.clock import JST, Clock
from denwaban.lines import day_names, shown_minute
from denwaban.oncall import OnDuty, deadlines_of, person_in_charge
from denwaban.people import client_here, staff_of
from denwaban.reports import queries
from denwaban.reports.asked import case_of_report
from denwaban.reports.chances import WORDS
from denwaban.reports.pages.common import FLOOR, kept_or_told, seen_version
from denwaban.reports.rules import MOST_RULES, Case, Decision, Rule, Rules, decide, due
from denwaban.reports.settings import rules_of, set_rules
from denwaban.reports.typed import rearranged, rules_from
from denwaban.store import Store, Tx
from denwaban.web import _, page, typed

PAST = 20
"""Reports that may be tried again."""

_CALLERS = {"unknown": (False, False), "known": (True, False), "regular": (True, True)}


def jst(moment: datetime) -> str:
    return f"{moment.astimezone(JST):%m/%d %H:%M}"


def _names() -> dict[str, dict[str, str]]:
    """The words of what a rule may ask for."""
    return {
        "urgencies": {"normal": _("通常"), "soon": _("お急ぎ"), "emergency": _("緊急")},
        "callers": {
            "any": _("どなたでも"),
            "known": _("前にもお電話をいただいた方"),
            "regular": _("ご契約のお客様(常連)"),
            "unknown": _("初めての方"),
        },
    }


async def _page(
    store: Store, clock: Clock, client_id: str, status: int = 200, **more: Any
) -> Template:
    def look(tx: Tx) -> dict[str, Any]:
        return {
            "client": client_here(tx, client_id),
            "kept": rules_of(tx, client_id),
            "staff": staff_of(tx, client_id),
            "duty": person_in_charge(tx, client_id, tx.now),
            "past": queries.some(tx, client_id, limit=PAST),
        }

    found = await store.read(look)
    duty = found.pop("duty")
    default = duty.staff if isinstance(duty, OnDuty) else duty.default
    now = clock.now().astimezone(JST)
    context = {
        **found,
        "rules": found["kept"].rules,
        "seen": found["kept"].version,
        "default": default.name if default is not None else "",
        "names": {one.id: one.name for one in found["staff"]},
        "days": day_names(),
        "shown_minute": shown_minute,
        "usual": WORDS,
        "most": MOST_RULES,
        "unsaved": False,
        "errors": {},
        "decision": None,
        "past_choices": [
            ("", _("選ばない")),
            *((one.id, f"{jst(one.sent_at)} {one.subject}") for one in found["past"]),
        ],
        "due_at": None,
        "tried": {"urgency": "normal", "caller": "unknown", "at": f"{now:%Y-%m-%dT%H:%M}"},
        "tell": lambda sentence: sentence.tell(_),
        **_names(),
        **more,
    }
    return page("reports/rules.html", status=status, **context)


@get("/clients/{client_id:str}/report-rules", guards=[FLOOR])
async def show_rules(
    client_id: FromPath[str], store: NamedDependency[Store], clock: NamedDependency[Clock]
) -> Template:
    return await _page(store, clock, client_id)


@post("/clients/{client_id:str}/report-rules", guards=[FLOOR])
async def post_rules(
    client_id: FromPath[str],
    request: Request[Any, Any, Any],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
    who: NamedDependency[Principal],
) -> Template | Redirect:
    """`do` is `save`, or a button that adds, moves or drops a rule and saves nothing yet."""
    fields = await typed(request)
    rules, wish, seen = rules_from(fields), fields.get("do", "save"), seen_version(fields)
    if wish != "save":
        moved = Rules(rearranged(rules.rules, wish, Rule(""), MOST_RULES), rules.chances)
        return await _page(store, clock, client_id, rules=moved, seen=seen, unsaved=True)

    def save(tx: Tx) -> None:
        client_here(tx, client_id)
        set_rules(tx, client_id, rules, who.user_id, seen)

    again = partial(_page, store, clock, client_id, rules=rules, unsaved=True)
    refused = await kept_or_told(store, save, again, "rules", seen)
    return refused or Redirect(f"/clients/{client_id}/report-rules", status_code=303)


@post("/clients/{client_id:str}/report-rules/try", guards=[FLOOR], status_code=200)
async def try_rules(
    client_id: FromPath[str],
    request: Request[Any, Any, Any],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template:
    """Which of the stored rules would decide, and why the ones before it do not. Sends nothing."""
    fields = await typed(request)

    def ask(tx: Tx) -> tuple[Decision, datetime | None]:
        client_here(tx, client_id)
        case = _past_case(tx, client_id, fields.get("report", "")) or _typed_case(fields, tx.now)
        roster = [one.id for one in staff_of(tx, client_id)]
        decision = decide(rules_of(tx, client_id).rules, case, roster)
        return decision, due(decision, case.at, deadlines=deadlines_of(tx, client_id))

    decision, due_at = await store.read(ask)
    return await _page(store, clock, client_id, decision=decision, due_at=due_at, tried=fields)


def _past_case(tx: Tx, client_id: str, report_id: str) -> Case | None:
    report = queries.one(tx, report_id) if report_id else None
    if report is None or report.client_id != client_id:
        return None
    return case_of_report(tx, report)


def _typed_case(fields: Mapping[str, str], now: datetime) -> Case:
    topics = fields.get("topic", "").replace("、", ",").split(",")
    try:
        at = datetime.fromisoformat(fields.get("at", ""))
    except ValueError:
        at = now
    if at.tzinfo is None:
        at = at.replace(tzinfo=JST)
    is_known, regular = _CALLERS.get(fields.get("caller", ""), (False, False))
    return Case(
        texts=(fields.get("text", ""),),
        topics=tuple(one.strip() for one in topics if one.strip()),
        urgency=fields.get("urgency", "normal"),
        at=at if 1970 <= at.year <= 9000 else now,
        known=is_known,
        regular=regular,
    )


routes = [show_rules, post_rules, try_rules]
