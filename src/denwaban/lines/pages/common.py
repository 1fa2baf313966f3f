"""The page of a client's numbers, service plan and line limits, and what its forms share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
from litestar.di import NamedDependency, Provide
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.clock import Clock, japan_day
from denwaban.lines import level_form, plan_form
from denwaban.lines.acts import limits_of, numbers_of
from denwaban.lines.levels import LinesError
from denwaban.lines.model import DEFAULT_CLOSED, DatedPlan, limit_at, plan_at, window_at
from denwaban.lines.number import show_number
from denwaban.lines.plans import plans_of
from denwaban.people import client_here
from denwaban.store import Store, Tx
from denwaban.web import _, needs, not_here, page, saved

READERS = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)
ADMINISTRATOR = needs(Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class ScriptNames:
    """The names of a client's scripts by id. Scripts lie above lines, so they are handed in."""

    of: Callable[[Tx, str], dict[str, str]]


class NumberForm(msgspec.Struct):
    number: str = ""
    label: str = ""


class LimitForm(msgspec.Struct):
    lines: str = ""
    effective_from: str = ""


@dataclass(frozen=True, slots=True)
class Around:
    """What every page here is made with."""

    who: Principal
    store: Store
    clock: Clock
    script_names: ScriptNames


def around(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
    script_names: NamedDependency[ScriptNames],
) -> Around:
    return Around(who, store, clock, script_names)


AROUND = {"it": Provide(around, sync_to_thread=False)}


async def lines_page(
    it: Around, client_id: str, status: int = 200, *, begins: date | None = None, **more: Any
) -> Template:
    """`begins`: the form shows the plan of that day, else the one that holds now."""

    def read(tx: Tx) -> dict[str, Any]:
        found = client_here(tx, client_id)
        return {
            "client": found,
            "numbers": numbers_of(tx, client_id),
            "plans": plans_of(tx, client_id),
            "limits": limits_of(tx, client_id),
            "scripts": it.script_names.of(tx, client_id),
        }

    found = await it.store.read(read)
    now = it.clock.now()
    plans: list[DatedPlan] = found["plans"]
    holds = plan_at(plans, now)
    shown = holds if begins is None else plan_from(plans, begins)
    windows = shown.windows
    context: dict[str, Any] = {
        **found,
        "windows": windows,
        "holds": holds,
        "shown": shown,
        "later": [
            plan.effective_from
            for plan in plans
            if plan.effective_from is not None and plan.effective_from > japan_day(now)
        ],
        "levels": level_form.level_names(),
        "begins_form": "",
        "now_window": window_at(holds.windows, now),
        "next_change": plan_form.next_change(holds.windows, now),
        "now_limit": limit_at(found["limits"], now),
        "today": japan_day(now),
        "rows": [plan_form.row_of(window) for window in windows],
        "mark": plan_form.mark_of(windows),
        "unsaved": False,
        "days": plan_form.day_names(),
        "modes": plan_form.mode_names(),
        "most": plan_form.MOST_WINDOWS,
        "default_closed": DEFAULT_CLOSED,
        "show_number": show_number,
        "shown_minute": plan_form.shown_minute,
        "number_form": NumberForm(),
        "limit_form": LimitForm(),
        "errors": {},
        "may_edit": it.who.role is Role.ADMINISTRATOR,
        **more,
    }
    return page("lines/lines.html", status=status, **context)


def plan_from(plans: list[DatedPlan], begins: date) -> DatedPlan:
    """The plan that begins on that day; a page that is not there when there is none."""
    for plan in plans:
        if plan.effective_from == begins:
            return plan
    raise not_here()


def back(client_id: str, part: str) -> Redirect:
    return saved(f"/clients/{client_id}/lines#{part}")


def told(error: LinesError) -> str:
    return " ".join(_(sentence) for sentence in error.sentences)
