"""A client's rules of disclosure and the people whom it lets be told something. What was put in is never shown again here.

The same handlers stand under both addresses; a `Desk` says whose rules they are about.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
from litestar import Request, Router, get, post
from litestar.datastructures import FormMultiDict
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, MultipartBody, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban import audit
from denwaban.access import Principal, Role
from denwaban.disclosure.importing import (
    MOST,
    columns_of,
    import_members,
    member_of,
    read_members,
)
from denwaban.disclosure.members import count_members, put_member, remove_member
from denwaban.disclosure.model import (
    LABELS,
    LONGEST_LABEL,
    LONGEST_REFUSAL,
    LONGEST_VALUE,
    MOST_FIELDS,
    REFUSAL,
    GatedField,
    Kind,
    Policy,
)
from denwaban.disclosure.policies import policy_of, set_policy
from denwaban.people import Changed, PeopleError, client_here
from denwaban.people.csvfile import Line
from denwaban.people.importing import Imported, look_at
from denwaban.people.pages.taking_over import NOTHING_YET, FileForm, taken_over
from denwaban.store import Store, Tx
from denwaban.texts import N_
from denwaban.web import MenuEntry, Problem, _, form_lost, needs, page


@dataclass(frozen=True, slots=True)
class Desk:
    """Whose rules, where their pages are, and who is there."""

    client_id: str
    base: str
    own: bool
    """The reader is of that client's staff."""
    who: Principal
    store: Store


def any_clients(
    client_id: FromPath[str], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Desk:
    return Desk(client_id, f"/clients/{client_id}/disclosure", False, who, store)


def their_own(who: NamedDependency[Principal], store: NamedDependency[Store]) -> Desk:
    if who.client_id is None:
        raise Problem(403, _("この画面を使う権限がありません"))
    return Desk(who.client_id, "/portal/disclosure", True, who, store)


def _owner(tx: Tx, desk: Desk) -> str:
    return client_here(tx, desk.client_id).name


class PersonForm(msgspec.Struct):
    """One person, typed."""

    number: str = ""
    name: str = ""
    kana: str = ""
    phone: str = ""
    birth: str = ""
    keyword: str = ""
    told0: str = ""
    told1: str = ""
    told2: str = ""
    told3: str = ""
    told4: str = ""
    told5: str = ""
    told6: str = ""
    told7: str = ""


class NumberForm(msgspec.Struct):
    number: str = ""


def _show(desk: Desk, name: str, status: int = 200, **more: Any) -> Template:
    return page(
        f"disclosure/{name}.html",
        status=status,
        base=desk.base,
        own=desk.own,
        kinds={kind: _(text) for kind, text in LABELS.items()},
        **more,
    )


DONE = {
    "saved": N_("決まりを保存しました。次の照合から効きます。"),
    "added": N_("登録しました。"),
    "changed": N_("登録を変えました。空のままの欄は、前のままです。"),
    "removed": N_("登録を消しました。"),
}


async def _rules(
    desk: Desk, status: int = 200, done: str = "", draft: Policy | None = None, **more: Any
) -> Template:
    def read(tx: Tx) -> dict[str, Any]:
        return {
            "client": _owner(tx, desk),
            "kept": policy_of(tx, desk.client_id),
            "count": count_members(tx, desk.client_id),
        }

    found = await desk.store.read(read)
    kept: Policy | None = found.pop("kept")
    shown = draft or kept or Policy(desk.client_id, ())
    blanks = [None] * max(0, min(3 if shown.fields else 4, MOST_FIELDS - len(shown.fields)))
    return _show(
        desk,
        "rules",
        status,
        policy=shown,
        kept=kept,
        rows=list(enumerate([*shown.fields, *blanks])),
        refusal=_(REFUSAL),
        longest_label=LONGEST_LABEL,
        longest_refusal=LONGEST_REFUSAL,
        longest_value=LONGEST_VALUE,
        done=_(DONE[done]) if done in DONE else "",
        **{"errors": {}, "form": PersonForm(), **found, **more},
    )


@get("/")
async def show(desk: NamedDependency[Desk], done: FromQuery[str] = "") -> Template:
    return await _rules(desk, done=done)


@post("/")
async def save(request: Request[Any, Any, Any], desk: NamedDependency[Desk]) -> Template | Redirect:
    """The whole of the rules; a row without a name is none."""
    form = await request.form()
    try:
        new, seen = _policy(desk.client_id, form), int(str(form.get("seen", "0")))
    except (ValueError, msgspec.ValidationError) as error:
        raise form_lost() from error

    def verb(tx: Tx) -> None:
        _owner(tx, desk)
        set_policy(tx, new, seen, desk.who.user_id)

    try:
        await desk.store.write(verb)
    except PeopleError as error:
        status = 409 if isinstance(error, Changed) else 422
        return await _rules(desk, status, draft=new, errors={error.field: error.tell(_)})
    return Redirect(f"{desk.base}?done=saved", status_code=303)


def _policy(client_id: str, form: FormMultiDict) -> Policy:
    """Raises ValueError or msgspec's for what no page of ours sends."""
    fields = []
    for n in range(MOST_FIELDS):
        label = str(form.get(f"label{n}", "")).strip().replace("\x00", "")
        if not label:
            continue
        row = {
            "label": label,
            "needed": int(str(form.get(f"needed{n}", "2"))),
            "of": [kind.value for kind in Kind if kind.value in form.getall(f"of{n}", [])],
            "approval": f"approval{n}" in form,
            "script": f"script{n}" in form,
        }
        # Nothing ticked asks for everything that finds and proves a person.
        row["of"] = row["of"] or [kind.value for kind in Kind]
        fields.append(msgspec.convert(row, GatedField))
    tries_call, tries_day = (int(str(form.get(name, "3"))) for name in ("tries_call", "tries_day"))
    if not (1 <= tries_call <= 10 and 1 <= tries_day <= 20):
        raise ValueError("tries")
    return Policy(
        client_id,
        tuple(fields),
        tries_call,
        tries_day,
        str(form.get("refusal", "")).replace("\x00", "")[:LONGEST_REFUSAL],
        "demands" in form,
    )


def _known(tx: Tx, desk: Desk) -> Policy:
    _owner(tx, desk)
    found = policy_of(tx, desk.client_id)
    if found is None:
        raise Problem(409, _("先に、お伝えできる項目を決めてください"))
    return found


@post("/people")
async def put(desk: NamedDependency[Desk], data: URLEncodedBody[PersonForm]) -> Template | Redirect:
    """Adds somebody, or changes who has this 会員番号."""

    def verb(tx: Tx) -> bool:
        policy = _known(tx, desk)
        new = put_member(tx, desk.client_id, member_of(msgspec.to_builtins(data), policy))
        told = {"added": int(new), "changed": int(not new)}
        audit.record(
            tx, audit.Trace("members.changed", desk.who.user_id, desk.client_id, data=told)
        )
        return new

    try:
        new = await desk.store.write(verb)
    except PeopleError as error:
        # What was typed goes back into its fields: it came from there.
        return await _rules(desk, 422, form=data, errors={error.field: error.tell(_)})
    return Redirect(f"{desk.base}?done={'added' if new else 'changed'}", status_code=303)


@post("/people/remove")
async def remove(
    desk: NamedDependency[Desk], data: URLEncodedBody[NumberForm]
) -> Template | Redirect:
    """Takes who has this 会員番号 out, with everything about them."""

    def verb(tx: Tx) -> bool:
        _owner(tx, desk)
        gone = remove_member(tx, desk.client_id, data.number)
        if gone:
            audit.record(
                tx,
                audit.Trace(
                    "members.changed", desk.who.user_id, desk.client_id, data={"removed": 1}
                ),
            )
        return gone

    if not await desk.store.write(verb):
        told = {"remove": _("その会員番号の登録はありません")}
        return await _rules(desk, 422, errors=told)
    return Redirect(f"{desk.base}?done=removed", status_code=303)


async def _import_page(desk: Desk, status: int, shown: dict[str, Any]) -> Template:
    def read(tx: Tx) -> tuple[str, Policy]:
        return _owner(tx, desk), _known(tx, desk)

    name, policy = await desk.store.read(read)
    return _show(
        desk, "import", status, client=name, columns=columns_of(policy), most=MOST, **shown
    )


@get("/import")
async def show_import(desk: NamedDependency[Desk]) -> Template:
    return await _import_page(desk, 200, NOTHING_YET)


@post("/import", status_code=200)
async def post_import(desk: NamedDependency[Desk], data: MultipartBody[FileForm]) -> Template:
    """Looks at a file; with `sure` takes it over."""
    store, user_id = desk.store, desk.who.user_id
    policy = await store.read(lambda tx: _known(tx, desk))

    def take(tx: Tx, lines: list[Line]) -> Imported:
        return import_members(tx, policy, lines, user_id)

    status, shown = await taken_over(
        data,
        lambda raw: read_members(raw, policy),
        look=lambda lines: store.write(lambda tx: look_at(tx, partial(take, tx, lines))),
        take=lambda lines: store.write(lambda tx: take(tx, lines)),
    )
    return await _import_page(desk, status, shown)


menu = [MenuEntry("/portal/disclosure", "本人確認", frozenset({Role.CLIENT}))]

HANDLERS = [show, save, put, remove, show_import, post_import]

routes = [
    Router(
        "/clients/{client_id:str}/disclosure",
        route_handlers=HANDLERS,
        guards=[needs(Role.SUPERVISOR, Role.ADMINISTRATOR)],
        dependencies={"desk": Provide(any_clients, sync_to_thread=False)},
    ),
    Router(
        "/portal/disclosure",
        route_handlers=HANDLERS,
        guards=[needs(Role.CLIENT)],
        dependencies={"desk": Provide(their_own, sync_to_thread=False)},
    ),
]
