"""Operators: the list, one operator, adding with sign-in and telephone."""

from typing import Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import (
    AccessError,
    Principal,
    Role,
    add_user,
    disable_user,
    end_sessions,
    hash_password,
    new_password,
    sessions_of,
    set_password,
    user,
)
from denwaban.config import Settings
from denwaban.people.acts.operators import (
    add_operator,
    change_operator,
    leave_operator,
    new_sip_password,
    set_experienced,
)
from denwaban.people.acts.training import set_training, trainees
from denwaban.people.here import operator_here
from denwaban.people.model import Changed, Operator, PeopleError
from denwaban.people.pages.common import ADMINISTRATOR, SUPERVISORS, told
from denwaban.people.pages.skills import shown_skills
from denwaban.people.pages.training import TrainingForm, chosen, short_names, shown_training
from denwaban.people.queries import list_operators
from denwaban.store import Store, Tx
from denwaban.web import _, page, saved, seen_at


class OperatorForm(msgspec.Struct):
    name: str = ""
    kana: str = ""
    login: str = ""
    seen: str = ""


class ExperiencedForm(msgspec.Struct):
    experienced: str = ""


@get("/operators", guards=[SUPERVISORS])
async def show_operators(
    who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Template:
    return await _list_page(who, store, OperatorForm(), {})


async def _list_page(
    who: Principal, store: Store, form: OperatorForm, errors: dict[str, str]
) -> Template:
    found, learning = await store.read(lambda tx: (list_operators(tx, left=True), trainees(tx)))
    return page(
        "people/operators.html",
        status=422 if errors else 200,
        operators=found,
        training={one.operator_id: one for one in learning},
        stages=short_names(),
        names={one.id: one.name for one in found},
        form=form,
        errors=errors,
        may_edit=who.role is Role.ADMINISTRATOR,
    )


@post("/operators", guards=[ADMINISTRATOR])
async def post_operator(
    data: URLEncodedBody[OperatorForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    settings: NamedDependency[Settings],
) -> Template:
    """Makes the account and the seat; passwords are shown this once."""
    password = new_password()
    hashed = await hash_password(password)

    def make(tx: Tx) -> Operator:
        user_id = add_user(tx, data.login.strip(), hashed, Role.OPERATOR, data.name.strip())
        return operator_here(tx, add_operator(tx, user_id, data.name, data.kana))

    try:
        made = await store.write(make)
    except AccessError as error:
        return await _list_page(who, store, data, {"login": _(str(error))})
    except PeopleError as error:
        return await _list_page(who, store, data, told(error))
    secrets = [
        (_("サインイン名"), data.login.strip().lower()),
        (_("パスワード"), password),
        *_phone(made, made.sip_password, settings),
    ]
    return await _operator_page(who, store, made.id, secrets=secrets)


def _phone(found: Operator, password: str, settings: Settings) -> list[tuple[str, str]]:
    return [
        (_("SIP 電話機の登録先"), f"{settings.sip_host}:{settings.sip_port}"),
        (_("SIP ユーザー"), found.seat),
        (_("SIP パスワード"), password),
    ]


async def _operator_page(
    who: Principal, store: Store, operator_id: str, status: int = 200, **more: Any
) -> Template:
    def look(tx: Tx) -> dict[str, Any]:
        found = operator_here(tx, operator_id)
        return {
            "operator": found,
            "account": user(tx, found.user_id),
            "sessions": sessions_of(tx, found.user_id),
            "skills": shown_skills(tx, operator_id),
            **shown_training(tx, operator_id),
        }

    found = await store.read(look)
    context: dict[str, Any] = {
        **found,
        "may_edit": who.role is Role.ADMINISTRATOR,
        "form": found["operator"],
        "errors": {},
        "secrets": [],
        **more,
    }
    return page("people/operator.html", status=status, **context)


@get("/operators/{operator_id:str}", guards=[SUPERVISORS])
async def show_operator(
    operator_id: FromPath[str], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Template:
    return await _operator_page(who, store, operator_id)


@post("/operators/{operator_id:str}", guards=[ADMINISTRATOR])
async def save_operator(
    operator_id: FromPath[str],
    data: URLEncodedBody[OperatorForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    seen = seen_at(data.seen)
    try:
        await store.write(
            lambda tx: change_operator(tx, operator_id, name=data.name, kana=data.kana, seen=seen)
        )
    except PeopleError as error:
        status = 409 if isinstance(error, Changed) else 422
        return await _operator_page(who, store, operator_id, status, form=data, errors=told(error))
    return saved(f"/operators/{operator_id}")


@post("/operators/{operator_id:str}/experienced", guards=[SUPERVISORS])
async def post_experienced(
    operator_id: FromPath[str],
    data: URLEncodedBody[ExperiencedForm],
    store: NamedDependency[Store],
) -> Redirect:
    """Whether they may leave the order of scripts that allow it."""
    await store.read(lambda tx: operator_here(tx, operator_id))
    await store.write(lambda tx: set_experienced(tx, operator_id, data.experienced == "true"))
    return saved(f"/operators/{operator_id}")


@post("/operators/{operator_id:str}/training", guards=[SUPERVISORS])
async def post_training(
    operator_id: FromPath[str],
    data: URLEncodedBody[TrainingForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """How far they are in training from now on."""

    def change(tx: Tx) -> None:
        operator_here(tx, operator_id)
        set_training(tx, operator_id, chosen(data), data.senior_id or None, who.user_id)

    try:
        await store.write(change)
    except PeopleError as error:
        more = {"training_form": data, "errors": told(error)}
        return await _operator_page(who, store, operator_id, 422, **more)
    return saved(f"/operators/{operator_id}")


@post("/operators/{operator_id:str}/phone", guards=[ADMINISTRATOR])
async def post_phone(
    operator_id: FromPath[str],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    settings: NamedDependency[Settings],
) -> Template:
    """A new password for the telephone, shown this once."""
    found = await store.read(lambda tx: operator_here(tx, operator_id))
    made = await store.write(lambda tx: new_sip_password(tx, operator_id))
    return await _operator_page(who, store, operator_id, secrets=_phone(found, made, settings))


@post("/operators/{operator_id:str}/password", guards=[ADMINISTRATOR])
async def post_password(
    operator_id: FromPath[str], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Template:
    """A new password for signing in, shown this once; open sessions end."""
    found = await store.read(lambda tx: operator_here(tx, operator_id))
    password = new_password()
    hashed = await hash_password(password)
    await store.write(lambda tx: set_password(tx, found.user_id, hashed))
    return await _operator_page(who, store, operator_id, secrets=[(_("パスワード"), password)])


@post("/operators/{operator_id:str}/sessions/end", guards=[SUPERVISORS])
async def post_end_sessions(operator_id: FromPath[str], store: NamedDependency[Store]) -> Redirect:
    found = await store.read(lambda tx: operator_here(tx, operator_id))
    await store.write(lambda tx: end_sessions(tx, found.user_id))
    return saved(f"/operators/{operator_id}")


class LeaveForm(msgspec.Struct):
    left: bool = True


@post("/operators/{operator_id:str}/leave", guards=[ADMINISTRATOR])
async def post_leave(
    operator_id: FromPath[str], data: URLEncodedBody[LeaveForm], store: NamedDependency[Store]
) -> Redirect:
    """Somebody no longer answers calls, or does again."""

    def leave(tx: Tx) -> None:
        found = operator_here(tx, operator_id)
        leave_operator(tx, operator_id, data.left)
        disable_user(tx, found.user_id, data.left)

    await store.write(leave)
    return saved(f"/operators/{operator_id}")


routes = [
    show_operators,
    post_operator,
    show_operator,
    save_operator,
    post_experienced,
    post_training,
    post_phone,
    post_password,
    post_end_sessions,
    post_leave,
]
