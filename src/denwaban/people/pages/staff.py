"""A client's staff: adding, changing, presence, sign-in."""

from datetime import datetime
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
    hash_password,
    new_password,
    user,
)
from denwaban.clock import JST, Clock
from denwaban.people.acts.staff import (
    add_staff,
    change_staff,
    give_account,
    leave_staff,
    set_presence,
)
from denwaban.people.here import client_here, staff_here
from denwaban.people.model import Changed, PeopleError
from denwaban.people.pages.common import ADMINISTRATOR, READERS, SUPERVISORS, presences, told
from denwaban.people.queries import client, staff_of
from denwaban.store import Store, Tx
from denwaban.web import _, not_here, page, saved, seen_at


class StaffForm(msgspec.Struct):
    name: str = ""
    kana: str = ""
    department: str = ""
    in_charge: bool = False
    substitute_id: str = ""
    seen: str = ""


class PresenceForm(msgspec.Struct):
    presence: str = ""
    until: str = ""
    note: str = ""


class AccountForm(msgspec.Struct):
    login: str = ""


@get("/clients/{client_id:str}/staff/new", guards=[ADMINISTRATOR])
async def new_staff(client_id: FromPath[str], store: NamedDependency[Store]) -> Template:
    return await _new_page(store, client_id, StaffForm(), {})


async def _new_page(
    store: Store, client_id: str, form: StaffForm, errors: dict[str, str]
) -> Template:
    found, people = await store.read(
        lambda tx: (client_here(tx, client_id), staff_of(tx, client_id))
    )
    return page(
        "people/staff_new.html",
        status=422 if errors else 200,
        client=found,
        form=form,
        errors=errors,
        others=[("", _("なし")), *((person.id, person.name) for person in people)],
    )


@post("/clients/{client_id:str}/staff", guards=[ADMINISTRATOR])
async def post_staff(
    client_id: FromPath[str], data: URLEncodedBody[StaffForm], store: NamedDependency[Store]
) -> Template | Redirect:
    try:
        await store.write(
            lambda tx: add_staff(
                tx,
                client_id,
                data.name,
                data.kana,
                data.department,
                in_charge=data.in_charge,
                substitute_id=data.substitute_id or None,
            )
        )
    except PeopleError as error:
        return await _new_page(store, client_id, data, told(error))
    return saved(f"/clients/{client_id}")


async def _staff_page(
    who: Principal, store: Store, clock: Clock, staff_id: str, status: int = 200, **more: Any
) -> Template:
    def look(tx: Tx) -> dict[str, Any]:
        person = staff_here(tx, staff_id)
        others = [other for other in staff_of(tx, person.client_id) if other.id != staff_id]
        return {
            "person": person,
            "client": client(tx, person.client_id),
            "others": [("", _("なし")), *((other.id, other.name) for other in others)],
            "account": user(tx, person.user_id) if person.user_id else None,
        }

    found = await store.read(look)
    person = found["person"]
    context: dict[str, Any] = {
        **found,
        "presences": presences(),
        "presence_now": person.presence_at(clock.now()),
        "may_edit": who.role is Role.ADMINISTRATOR,
        "may_set_presence": who.role in {Role.ADMINISTRATOR, Role.SUPERVISOR},
        "form": person,
        "errors": {},
        "error": "",
        "secret": None,
        **more,
    }
    return page("people/staff.html", status=status, **context)


@get("/staff/{staff_id:str}", guards=[READERS])
async def show_staff(
    staff_id: FromPath[str],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template:
    return await _staff_page(who, store, clock, staff_id)


@post("/staff/{staff_id:str}", guards=[ADMINISTRATOR])
async def save_staff(
    staff_id: FromPath[str],
    data: URLEncodedBody[StaffForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template | Redirect:
    seen = seen_at(data.seen)
    try:
        await store.write(
            lambda tx: change_staff(
                tx,
                staff_id,
                name=data.name,
                kana=data.kana,
                department=data.department,
                in_charge=data.in_charge,
                substitute_id=data.substitute_id or None,
                seen=seen,
            )
        )
    except PeopleError as error:
        status = 409 if isinstance(error, Changed) else 422
        return await _staff_page(who, store, clock, staff_id, status, form=data, errors=told(error))
    return saved(f"/staff/{staff_id}")


def parse_until(text: str) -> datetime | None:
    """What `<input type="datetime-local">` sends, as Tokyo time; None for nothing. Raises `PeopleError`."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise PeopleError("日時の形が違うようです。例: 2026-11-24T15:00", "until") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=JST)


@post("/staff/{staff_id:str}/presence", guards=[SUPERVISORS])
async def post_presence(
    staff_id: FromPath[str],
    data: URLEncodedBody[PresenceForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template | Redirect:
    try:
        until = parse_until(data.until)
        await store.write(lambda tx: set_presence(tx, staff_id, data.presence, until, data.note))
    except PeopleError as error:
        return await _staff_page(who, store, clock, staff_id, 422, errors=told(error))
    return saved(f"/staff/{staff_id}")


@post("/staff/{staff_id:str}/leave", guards=[ADMINISTRATOR])
async def post_leave(staff_id: FromPath[str], store: NamedDependency[Store]) -> Redirect:
    """Somebody no longer works for the client: their account is closed too."""

    def leave(tx: Tx) -> str:
        person = staff_here(tx, staff_id)
        leave_staff(tx, staff_id)
        if person.user_id is not None:
            disable_user(tx, person.user_id)
        return person.client_id

    client_id = await store.write(leave)
    return saved(f"/clients/{client_id}")


@post("/staff/{staff_id:str}/account", guards=[ADMINISTRATOR])
async def post_account(
    staff_id: FromPath[str],
    data: URLEncodedBody[AccountForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template:
    """Makes the sign-in to the portal; its password is shown this once."""
    password = new_password()
    hashed = await hash_password(password)

    def make(tx: Tx) -> str:
        person = staff_here(tx, staff_id)
        if person.left_at is not None:
            raise not_here()
        if person.user_id is not None:
            raise AccessError("この担当者はすでにサインインできます")
        user_id = add_user(
            tx, data.login.strip(), hashed, Role.CLIENT, person.name, person.client_id
        )
        give_account(tx, staff_id, user_id)
        return data.login.strip().lower()

    try:
        login = await store.write(make)
    except AccessError as error:
        return await _staff_page(who, store, clock, staff_id, 422, errors={"login": _(str(error))})
    return await _staff_page(who, store, clock, staff_id, secret=(login, password))


routes = [new_staff, post_staff, show_staff, save_staff, post_presence, post_leave, post_account]
