"""A client's report form: put in order, reworded, and seen as a reader will see it."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from denwaban.access import Principal
from denwaban.clock import Clock
from denwaban.people import client_here
from denwaban.reports.form import (
    BUILT_IN,
    DEFAULT_FORM,
    MANDATORY,
    MAY_BE_SECRET,
    MOST_OWN,
    Form,
    FormField,
    tidy_form,
)
from denwaban.reports.lines import read_out
from denwaban.reports.model import Draft, Tone, Urgency, subject_of
from denwaban.reports.pages.common import FLOOR, kept_or_told, seen_version
from denwaban.reports.settings import form_of, set_form
from denwaban.reports.typed import form_from, may_drop, own_key, rearranged
from denwaban.store import Store, Tx
from denwaban.web import page, typed


def example(form: Form, now: datetime) -> Draft:
    """A made-up report that fills every field."""
    return Draft(
        who="佐藤 花子",
        kana="さとう はなこ",
        company="佐藤商店",
        number="090-1234-5678",
        what_for="給湯器から大きな音がするので、見に来てほしいとのことです。",
        done="ご様子を伺い、担当から折り返すとお伝えしました。",
        callback_needed=True,
        callback_by=now + timedelta(hours=3),
        urgency=Urgency.SOON,
        tone=Tone.WORRIED,
        note="お電話は夕方がつながりやすいそうです。",
        extra=tuple((one.key, one.choices[0] if one.choices else "○○○") for one in form.own),
    )


async def _page(
    store: Store, clock: Clock, client_id: str, status: int = 200, **more: Any
) -> Template:
    def look(tx: Tx) -> dict[str, Any]:
        return {"client": client_here(tx, client_id), "kept": form_of(tx, client_id)}

    found = await store.read(look)
    kept = found["kept"]
    form = more.pop("form", kept.form)
    draft = example(form, clock.now())
    context = {
        **found,
        "form": form,
        "seen": kept.version,
        "unsaved": False,
        "errors": {},
        "done": "",
        "mandatory": MANDATORY,
        "may_be_secret": MAY_BE_SECRET,
        "may_drop": may_drop,
        "built_in": BUILT_IN,
        "left_out": [one for one in DEFAULT_FORM.fields if form.field(one.key) is None],
        "room": len(form.own) < MOST_OWN,
        "subject": subject_of(draft, practice=False),
        "lines": read_out(draft, tidy_form(form), signed_in=False),
        **more,
    }
    return page("reports/form.html", status=status, **context)


@get("/clients/{client_id:str}/report-form", guards=[FLOOR])
async def show_form(
    client_id: FromPath[str], store: NamedDependency[Store], clock: NamedDependency[Clock]
) -> Template:
    return await _page(store, clock, client_id)


@post("/clients/{client_id:str}/report-form", guards=[FLOOR])
async def post_form(
    client_id: FromPath[str],
    request: Request[Any, Any, Any],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
    who: NamedDependency[Principal],
) -> Template | Redirect:
    """`do` is `save`, or a button that adds, moves or drops a field and saves nothing yet."""
    fields = await typed(request)
    form, wish, seen = form_from(fields), fields.get("do", "save"), seen_version(fields)
    if wish != "save":
        return await _page(
            store, clock, client_id, form=_moved(form, wish), seen=seen, unsaved=True
        )

    def save(tx: Tx) -> None:
        client_here(tx, client_id)
        set_form(tx, client_id, form, who.user_id, seen)

    again = partial(_page, store, clock, client_id, form=form, unsaved=True)
    refused = await kept_or_told(store, save, again, "fields", seen)
    return refused or Redirect(f"/clients/{client_id}/report-form?done=1", status_code=303)


def _moved(form: Form, wish: str) -> Form:
    """The form after one of its buttons."""
    if wish.startswith("put-"):
        usual = DEFAULT_FORM.field(wish.removeprefix("put-"))
        if usual is None or form.field(usual.key) is not None:
            return form
        return msgspec.structs.replace(form, fields=(*form.fields, usual))
    place = wish.removeprefix("drop-")
    if wish.startswith("drop-") and place.isascii() and place.isdecimal():
        n = int(place)
        if n >= len(form.fields) or not may_drop(form.fields[n]):
            return form
    new = FormField(own_key(), "") if len(form.own) < MOST_OWN else None
    most = len(BUILT_IN) + MOST_OWN
    return msgspec.structs.replace(form, fields=rearranged(form.fields, wish, new, most))


routes = [show_form, post_form]
