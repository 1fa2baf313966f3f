"""The table of a client's conditions for transfers: supervisors read, administrators change."""

from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.lines.transfer import form
from denwaban.lines.transfer.acts import set_transfers, transfers_changed_at, transfers_of
from denwaban.lines.transfer.model import MOST_CONDITIONS
from denwaban.lines.transfer.words import say_words
from denwaban.people import Changed, client_here, staff_of
from denwaban.store import Store, Tx
from denwaban.web import _, needs, page, saved, seen_at, typed

READERS = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)
ADMINISTRATOR = needs(Role.ADMINISTRATOR)


async def _page(
    who: Principal, store: Store, client_id: str, status: int = 200, **more: Any
) -> Template:
    def read(tx: Tx) -> dict[str, Any]:
        found = client_here(tx, client_id)
        changed = transfers_changed_at(tx, client_id)
        return {
            "client": found,
            "rows": [form.row_of(one) for one in transfers_of(tx, client_id)],
            "seen": changed.isoformat() if changed is not None else "",
            "staff": [(one.id, one.name) for one in staff_of(tx, client_id)],
        }

    context: dict[str, Any] = {
        **await store.read(read),
        "errors": {},
        "unsaved": False,
        "says": say_words(),
        "urgencies": form.urgency_names(),
        "most": MOST_CONDITIONS,
        "may_edit": who.role is Role.ADMINISTRATOR,
        **more,
    }
    return page(
        "lines/transfers.html", status=status, days=form.day_choices(context["rows"]), **context
    )


@get("/clients/{client_id:str}/transfers", guards=[READERS])
async def show_transfers(
    client_id: FromPath[str], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Template:
    return await _page(who, store, client_id)


@post("/clients/{client_id:str}/transfers", guards=[ADMINISTRATOR])
async def post_transfers(
    client_id: FromPath[str],
    request: Request[Any, Any, Any],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """`do` is `save`, or a button that adds, moves or drops a row and saves nothing yet."""
    fields = await typed(request)
    rows, seen, wish = form.rows_of(fields), fields.get("seen", ""), fields.get("do", "save")
    if wish != "save":
        moved = form.rearranged(rows, wish)
        return await _page(who, store, client_id, rows=moved, seen=seen, unsaved=True)
    moment = seen_at(seen) if seen else None

    def save(tx: Tx) -> dict[str, str]:
        client_here(tx, client_id)
        roster = [one.id for one in staff_of(tx, client_id)]
        conditions, errors = form.checked(rows, roster)
        if not errors:
            set_transfers(tx, client_id, conditions, moment)
        return errors

    try:
        errors = await store.write(save)
    except Changed as error:
        told = {"seen": error.tell(_)}
        return await _page(who, store, client_id, 409, rows=rows, unsaved=True, errors=told)
    if errors:
        return await _page(
            who, store, client_id, 422, rows=rows, seen=seen, unsaved=True, errors=errors
        )
    return saved(f"/clients/{client_id}/transfers")


routes = [show_transfers, post_transfers]
