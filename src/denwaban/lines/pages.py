"""A client's numbers, service plan and line limits: supervisors read, administrators change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.clock import JST, Clock, japan_day
from denwaban.lines import level_form, plan_form
from denwaban.lines.acts import (
    add_number,
    limits_of,
    numbers_of,
    remove_limit,
    remove_number,
    set_limit,
    set_number,
)
from denwaban.lines.levels import LinesError
from denwaban.lines.model import (
    DEFAULT_CLOSED,
    DatedPlan,
    PlanWindow,
    limit_at,
    plan_at,
    window_at,
)
from denwaban.lines.number import show_number
from denwaban.lines.plans import plan_of, plans_of, remove_plan, set_plan
from denwaban.people import Changed, client, client_here
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


class UseForm(msgspec.Struct):
    matter: str = ""
    urgent: str = ""


class BeginsForm(msgspec.Struct):
    begins: str = ""


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


async def _page(
    it: Around, client_id: str, status: int = 200, *, begins: date | None = None, **more: Any
) -> Template:
    """`begins`: the form shows the plan of that day, else the one that holds now."""

    def read(tx: Tx) -> dict[str, Any]:
        found = client(tx, client_id)
        if found is None:
            raise not_here()
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
    shown = holds if begins is None else _begins(plans, begins)
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


def _back(client_id: str, part: str) -> Redirect:
    return saved(f"/clients/{client_id}/lines#{part}")


def _begins(plans: list[DatedPlan], begins: date) -> DatedPlan:
    """The plan that begins on that day; a page that is not there when there is none."""
    for plan in plans:
        if plan.effective_from == begins:
            return plan
    raise not_here()


@get("/clients/{client_id:str}/lines", guards=[READERS], dependencies=AROUND)
async def show_lines(
    client_id: FromPath[str], it: NamedDependency[Around], plan: FromQuery[date | None] = None
) -> Template:
    return await _page(it, client_id, begins=plan)


@post("/clients/{client_id:str}/lines/numbers", guards=[ADMINISTRATOR], dependencies=AROUND)
async def post_number(
    client_id: FromPath[str], data: URLEncodedBody[NumberForm], it: NamedDependency[Around]
) -> Template | Redirect:
    def add(tx: Tx) -> None:
        _known(tx, client_id)
        add_number(tx, client_id, data.number, data.label)

    try:
        await it.store.write(add)
    except LinesError as error:
        return await _page(it, client_id, 422, number_form=data, errors={"number": _told(error)})
    return _back(client_id, "numbers")


@post("/clients/{client_id:str}/lines/numbers/{number_id:str}/remove", guards=[ADMINISTRATOR])
async def post_remove_number(
    client_id: FromPath[str], number_id: FromPath[str], store: NamedDependency[Store]
) -> Redirect:
    """Already gone is as good as removed."""
    await store.write(lambda tx: remove_number(tx, client_id, number_id))
    return _back(client_id, "numbers")


@post(
    "/clients/{client_id:str}/lines/numbers/{number_id:str}",
    guards=[ADMINISTRATOR],
    dependencies=AROUND,
)
async def post_use(
    client_id: FromPath[str],
    number_id: FromPath[str],
    data: URLEncodedBody[UseForm],
    it: NamedDependency[Around],
) -> Template | Redirect:
    """What a number is for."""

    def change(tx: Tx) -> bool:
        return set_number(
            tx, client_id, number_id, matter=data.matter, urgent=data.urgent == "true"
        )

    try:
        if not await it.store.write(change):
            raise not_here()
    except LinesError as error:
        return await _page(it, client_id, 422, errors={"matter": _told(error)})
    return _back(client_id, "numbers")


@post("/clients/{client_id:str}/lines/plans", guards=[ADMINISTRATOR], dependencies=AROUND)
async def post_dated_plan(
    client_id: FromPath[str], data: URLEncodedBody[BeginsForm], it: NamedDependency[Around]
) -> Template | Redirect:
    """A plan that is to hold from a day on, for a beginning the same as the one that holds before."""
    today = japan_day(it.clock.now())
    try:
        begins = date.fromisoformat(data.begins)
    except ValueError:
        begins = today
    if begins <= today:
        told = {"begins": _("明日より後の日を選んでください")}
        return await _page(it, client_id, 422, errors=told, begins_form=data.begins)

    def make(tx: Tx) -> None:
        _known(tx, client_id)
        plans = plans_of(tx, client_id)
        if all(plan.effective_from != begins for plan in plans):
            before = plan_of(tx, client_id, datetime.combine(begins, time(), JST))
            set_plan(tx, client_id, before, begins)

    try:
        await it.store.write(make)
    except LinesError:
        told = {"begins": _("先に、今の受付時間を決めてください")}
        return await _page(it, client_id, 422, errors=told, begins_form=data.begins)
    return saved(f"/clients/{client_id}/lines?plan={begins}#plan")


@post("/clients/{client_id:str}/lines/plans/{begins:date}/remove", guards=[ADMINISTRATOR])
async def post_remove_plan(
    client_id: FromPath[str], begins: FromPath[date], store: NamedDependency[Store]
) -> Redirect:
    """Already gone is as good as removed."""
    await store.write(lambda tx: remove_plan(tx, client_id, begins))
    return _back(client_id, "plan")


@post("/clients/{client_id:str}/lines/plan", guards=[ADMINISTRATOR], dependencies=AROUND)
async def post_plan(
    client_id: FromPath[str], request: Request[Any, Any, Any], it: NamedDependency[Around]
) -> Template | Redirect:
    """`do` is `save`, or a button that adds, moves or drops a row of the form and saves nothing yet."""
    form = await request.form()
    fields = {name: text for name, text in form.items() if isinstance(text, str)}
    rows, mark, wish = plan_form.rows_of(fields), fields.get("mark", ""), fields.get("do", "save")
    begins = _day(fields.get("begins", ""))
    if wish != "save":
        moved = plan_form.rearranged(rows, wish)
        return await _page(it, client_id, begins=begins, rows=moved, mark=mark, unsaved=True)

    def save(tx: Tx) -> dict[str, str]:
        _known(tx, client_id)
        stored: Sequence[PlanWindow] = plan_of(tx, client_id)
        if begins is not None:
            stored = _begins(plans_of(tx, client_id), begins).windows
        if plan_form.mark_of(stored) != mark:
            raise Changed
        # A script that a window already has may stay, whatever became of it.
        kept = {window.script_id: "" for window in stored if window.script_id}
        windows, errors = plan_form.checked(rows, {**kept, **it.script_names.of(tx, client_id)})
        if not errors and begins is not None and not windows:
            errors["rows"] = _("時間帯を1つ以上入れてください")
        if not errors:
            set_plan(tx, client_id, windows, begins)
        return errors

    try:
        errors = await it.store.write(save)
    except Changed as error:
        # What was typed stays; saved again it replaces what the page shows as stored now.
        told = {"plan": error.tell(_)}
        return await _page(it, client_id, 409, begins=begins, rows=rows, unsaved=True, errors=told)
    if errors:
        return await _page(
            it, client_id, 422, begins=begins, rows=rows, mark=mark, unsaved=True, errors=errors
        )
    if begins is not None:
        return saved(f"/clients/{client_id}/lines?plan={begins}#plan")
    return _back(client_id, "plan")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@post("/clients/{client_id:str}/lines/limits", guards=[ADMINISTRATOR], dependencies=AROUND)
async def post_limit(
    client_id: FromPath[str], data: URLEncodedBody[LimitForm], it: NamedDependency[Around]
) -> Template | Redirect:
    errors: dict[str, str] = {}
    begins = date.min
    try:
        begins = date.fromisoformat(data.effective_from)
    except ValueError:
        errors["effective_from"] = _("適用日を選んでください")
    text = data.lines.strip()
    if not (text.isdecimal() and len(text) < 6):
        errors["lines"] = _("回線数を数字で入れてください")
    if not errors:

        def change(tx: Tx) -> None:
            _known(tx, client_id)
            set_limit(tx, client_id, int(text), begins)

        try:
            await it.store.write(change)
        except LinesError as error:
            errors["lines"] = _told(error)
    if errors:
        return await _page(it, client_id, 422, limit_form=data, errors=errors)
    return _back(client_id, "limits")


@post("/clients/{client_id:str}/lines/limits/{begins:date}/remove", guards=[ADMINISTRATOR])
async def post_remove_limit(
    client_id: FromPath[str], begins: FromPath[date], store: NamedDependency[Store]
) -> Redirect:
    """Already gone is as good as removed."""
    await store.write(lambda tx: remove_limit(tx, client_id, begins))
    return _back(client_id, "limits")


def _known(tx: Tx, client_id: str) -> None:
    client_here(tx, client_id)


def _told(error: LinesError) -> str:
    return " ".join(_(sentence) for sentence in error.sentences)


routes = [
    show_lines,
    post_number,
    post_remove_number,
    post_use,
    post_plan,
    post_dated_plan,
    post_remove_plan,
    post_limit,
    post_remove_limit,
]
