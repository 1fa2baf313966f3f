"""A client's service plans: supervisors read, administrators change."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.clock import JST, japan_day
from denwaban.lines import plan_form
from denwaban.lines.levels import LinesError
from denwaban.lines.model import PlanWindow
from denwaban.lines.pages.common import (
    ADMINISTRATOR,
    AROUND,
    READERS,
    Around,
    back,
    lines_page,
    plan_from,
)
from denwaban.lines.plans import plan_of, plans_of, remove_plan, set_plan
from denwaban.people import Changed, client_here
from denwaban.store import Store, Tx
from denwaban.web import _, saved, typed


class BeginsForm(msgspec.Struct):
    begins: str = ""


@get("/clients/{client_id:str}/lines", guards=[READERS], dependencies=AROUND)
async def show_lines(
    client_id: FromPath[str], it: NamedDependency[Around], plan: FromQuery[date | None] = None
) -> Template:
    return await lines_page(it, client_id, begins=plan)


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
        return await lines_page(it, client_id, 422, errors=told, begins_form=data.begins)

    def make(tx: Tx) -> None:
        client_here(tx, client_id)
        plans = plans_of(tx, client_id)
        if all(plan.effective_from != begins for plan in plans):
            before = plan_of(tx, client_id, datetime.combine(begins, time(), JST))
            set_plan(tx, client_id, before, begins)

    try:
        await it.store.write(make)
    except LinesError:
        told = {"begins": _("先に、今の受付時間を決めてください")}
        return await lines_page(it, client_id, 422, errors=told, begins_form=data.begins)
    return saved(f"/clients/{client_id}/lines?plan={begins}#plan")


@post("/clients/{client_id:str}/lines/plans/{begins:date}/remove", guards=[ADMINISTRATOR])
async def post_remove_plan(
    client_id: FromPath[str], begins: FromPath[date], store: NamedDependency[Store]
) -> Redirect:
    """Already gone is as good as removed."""
    await store.write(lambda tx: remove_plan(tx, client_id, begins))
    return back(client_id, "plan")


@post("/clients/{client_id:str}/lines/plan", guards=[ADMINISTRATOR], dependencies=AROUND)
async def post_plan(
    client_id: FromPath[str], request: Request[Any, Any, Any], it: NamedDependency[Around]
) -> Template | Redirect:
    """`do` is `save`, or a button that adds, moves or drops a row of the form and saves nothing yet."""
    fields = await typed(request)
    rows, mark, wish = plan_form.rows_of(fields), fields.get("mark", ""), fields.get("do", "save")
    begins = _day(fields.get("begins", ""))
    if wish != "save":
        moved = plan_form.rearranged(rows, wish)
        return await lines_page(it, client_id, begins=begins, rows=moved, mark=mark, unsaved=True)

    def save(tx: Tx) -> dict[str, str]:
        client_here(tx, client_id)
        stored: Sequence[PlanWindow] = plan_of(tx, client_id)
        if begins is not None:
            stored = plan_from(plans_of(tx, client_id), begins).windows
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
        return await lines_page(
            it, client_id, 409, begins=begins, rows=rows, unsaved=True, errors=told
        )
    if errors:
        return await lines_page(
            it, client_id, 422, begins=begins, rows=rows, mark=mark, unsaved=True, errors=errors
        )
    if begins is not None:
        return saved(f"/clients/{client_id}/lines?plan={begins}#plan")
    return back(client_id, "plan")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


routes = [show_lines, post_plan, post_dated_plan, post_remove_plan]
