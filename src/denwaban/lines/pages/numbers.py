"""A client's numbers and line limits: supervisors read, administrators change."""

from datetime import date

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.lines.acts import (
    add_number,
    remove_limit,
    remove_number,
    set_limit,
    set_number,
)
from denwaban.lines.levels import LinesError
from denwaban.lines.pages.common import (
    ADMINISTRATOR,
    AROUND,
    Around,
    LimitForm,
    NumberForm,
    back,
    lines_page,
    told,
)
from denwaban.people import client_here
from denwaban.store import Store, Tx
from denwaban.web import _, not_here


class UseForm(msgspec.Struct):
    matter: str = ""
    urgent: str = ""


@post("/clients/{client_id:str}/lines/numbers", guards=[ADMINISTRATOR], dependencies=AROUND)
async def post_number(
    client_id: FromPath[str], data: URLEncodedBody[NumberForm], it: NamedDependency[Around]
) -> Template | Redirect:
    def add(tx: Tx) -> None:
        client_here(tx, client_id)
        add_number(tx, client_id, data.number, data.label)

    try:
        await it.store.write(add)
    except LinesError as error:
        return await lines_page(
            it, client_id, 422, number_form=data, errors={"number": told(error)}
        )
    return back(client_id, "numbers")


@post("/clients/{client_id:str}/lines/numbers/{number_id:str}/remove", guards=[ADMINISTRATOR])
async def post_remove_number(
    client_id: FromPath[str], number_id: FromPath[str], store: NamedDependency[Store]
) -> Redirect:
    """Already gone is as good as removed."""
    await store.write(lambda tx: remove_number(tx, client_id, number_id))
    return back(client_id, "numbers")


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
        return await lines_page(it, client_id, 422, errors={"matter": told(error)})
    return back(client_id, "numbers")


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
            client_here(tx, client_id)
            set_limit(tx, client_id, int(text), begins)

        try:
            await it.store.write(change)
        except LinesError as error:
            errors["lines"] = told(error)
    if errors:
        return await lines_page(it, client_id, 422, limit_form=data, errors=errors)
    return back(client_id, "limits")


@post("/clients/{client_id:str}/lines/limits/{begins:date}/remove", guards=[ADMINISTRATOR])
async def post_remove_limit(
    client_id: FromPath[str], begins: FromPath[date], store: NamedDependency[Store]
) -> Redirect:
    """Already gone is as good as removed."""
    await store.write(lambda tx: remove_limit(tx, client_id, begins))
    return back(client_id, "limits")


routes = [post_number, post_remove_number, post_use, post_limit, post_remove_limit]
