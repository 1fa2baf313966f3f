"""Groups of operators and lists of duty: for those who run the floor."""

from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from denwaban.access import Role
from denwaban.lines.levels import (
    LinesError,
    add_duty_list,
    duty_lists_of,
    groups_in_use,
    remove_duty_list,
)
from denwaban.lines.plan_form import day_names, minute_of, shown_minute
from denwaban.people import PeopleError, groups, operators, remove_group, set_group
from denwaban.store import Store, Tx
from denwaban.web import _, needs, page, saved, typed

FLOOR = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)


async def _page(store: Store, status: int = 200, **more: Any) -> Template:
    def read(tx: Tx) -> dict[str, Any]:
        found = groups(tx)
        return {
            "groups": found,
            "options": [("", _("班を選ぶ")), *((group.id, group.name) for group in found)],
            "used": groups_in_use(tx, [group.id for group in found]),
            "lists": duty_lists_of(tx),
            "operators": [one for one in operators(tx) if one.left_at is None],
        }

    context: dict[str, Any] = {
        **await store.read(read),
        "days": day_names(),
        "shown_minute": shown_minute,
        "errors": {},
        "form": {},
        **more,
    }
    return page("lines/groups.html", status=status, **context)


@get("/operators/groups", guards=[FLOOR])
async def show_groups(store: NamedDependency[Store]) -> Template:
    return await _page(store)


@post("/operators/groups", guards=[FLOOR])
async def post_group(
    request: Request[Any, Any, Any], store: NamedDependency[Store]
) -> Template | Redirect:
    """A new group, or (`group`) what a group is from now on."""
    form = await request.form()
    members = [str(text) for text in form.getall("member", [])]
    name, group = str(form.get("name", "")), str(form.get("group", "")) or None

    def save(tx: Tx) -> None:
        known = {one.id for one in groups(tx)}
        set_group(tx, group if group in known else None, name, members)

    try:
        await store.write(save)
    except PeopleError as error:
        return await _page(store, 422, errors={"name": error.tell(_)}, form={"name": name})
    return saved("/operators/groups")


@post("/operators/groups/{group_id:str}/remove", guards=[FLOOR])
async def post_remove_group(
    group_id: FromPath[str], store: NamedDependency[Store]
) -> Template | Redirect:
    """A group that somebody counts on stays."""

    def remove(tx: Tx) -> bool:
        used = bool(groups_in_use(tx, [group_id]))
        if not used:
            remove_group(tx, group_id)
        return used

    if await store.write(remove):
        told = {"name": _("当番か、つなぎ方の段取りで使っている班は消せません")}
        return await _page(store, 409, errors=told)
    return saved("/operators/groups")


@post("/operators/duty", guards=[FLOOR])
async def post_duty(
    request: Request[Any, Any, Any], store: NamedDependency[Store]
) -> Template | Redirect:
    """Another list of duty."""
    form = {name: text.strip() for name, text in (await typed(request)).items()}
    opens, closes = minute_of(form.get("opens", "")), minute_of(form.get("closes", ""))
    alone = form.get("alone", "")
    days = sum(bit for bit, _name in day_names() if f"day-{bit}" in form)

    def add(tx: Tx) -> None:
        add_duty_list(
            tx,
            form.get("title", ""),
            form.get("group", ""),
            days,
            -1 if opens is None else opens,
            -1 if closes is None else closes,
            int(alone) if alone.isascii() and alone.isdecimal() and len(alone) < 5 else -1,
        )

    try:
        await store.write(add)
    except LinesError as error:
        told = {"duty": " ".join(_(sentence) for sentence in error.sentences)}
        return await _page(store, 422, errors=told, form=form)
    return saved("/operators/groups#duty")


@post("/operators/duty/{list_id:str}/remove", guards=[FLOOR])
async def post_remove_duty(list_id: FromPath[str], store: NamedDependency[Store]) -> Redirect:
    """Already gone is as good as removed."""
    await store.write(lambda tx: remove_duty_list(tx, list_id))
    return saved("/operators/groups#duty")


routes = [show_groups, post_group, post_remove_group, post_duty, post_remove_duty]
