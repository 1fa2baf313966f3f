"""How a client's calls are put through: supervisors read, administrators change."""

from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.lines import level_form
from denwaban.lines.ladder import MOST_STEPS, SORRY
from denwaban.lines.levels import level_changed_at, level_of, set_level
from denwaban.lines.pages.common import ADMINISTRATOR, READERS
from denwaban.people import Changed, client_here, groups
from denwaban.store import Store, Tx
from denwaban.web import _, page, saved, seen_at, typed


async def _page(
    who: Principal, store: Store, client_id: str, status: int = 200, **more: Any
) -> Template:
    def read(tx: Tx) -> dict[str, Any]:
        found = client_here(tx, client_id)
        changed = level_changed_at(tx, client_id)
        return {
            "client": found,
            "form": level_form.form_of(level_of(tx, client_id)),
            "seen": changed.isoformat() if changed is not None else "",
            "groups": groups(tx),
        }

    context: dict[str, Any] = {
        **await store.read(read),
        "errors": {},
        "unsaved": False,
        "saved": False,
        "kinds": level_form.kind_names(),
        "levels": level_form.level_names(),
        "most": MOST_STEPS,
        "sorry": SORRY,
        "may_edit": who.role is Role.ADMINISTRATOR,
        **more,
    }
    return page("lines/level.html", status=status, **context)


@get("/clients/{client_id:str}/lines/level", guards=[READERS])
async def show_level(
    client_id: FromPath[str], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Template:
    return await _page(who, store, client_id)


@post("/clients/{client_id:str}/lines/level", guards=[ADMINISTRATOR])
async def post_level(
    client_id: FromPath[str],
    request: Request[Any, Any, Any],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """`do` is `save`, or a button that adds or drops a step and saves nothing yet."""
    fields = await typed(request)
    form, seen = level_form.read_form(fields), fields.get("seen", "")
    wish = fields.get("do", "save")
    if wish != "save":
        level_form.rearranged(form, wish)
        return await _page(who, store, client_id, form=form, seen=seen, unsaved=True)
    moment = seen_at(seen) if seen else None

    def save(tx: Tx) -> dict[str, str]:
        client_here(tx, client_id)
        level, errors = level_form.checked(form, [group.id for group in groups(tx)])
        if not errors:
            set_level(tx, client_id, level, moment)
        return errors

    try:
        errors = await store.write(save)
    except Changed as error:
        told = {"seen": error.tell(_)}
        return await _page(who, store, client_id, 409, form=form, unsaved=True, errors=told)
    if errors:
        return await _page(
            who, store, client_id, 422, form=form, seen=seen, unsaved=True, errors=errors
        )
    return saved(f"/clients/{client_id}/lines/level")


routes = [show_level, post_level]
