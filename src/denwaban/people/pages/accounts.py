"""Accounts and API keys."""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import (
    AccessError,
    ApiKey,
    Principal,
    Role,
    User,
    add_user,
    disable_user,
    end_sessions,
    hash_password,
    list_api_keys,
    list_users,
    make_api_key,
    new_password,
    revoke_api_key,
    sessions_of,
    set_password,
    user,
)
from denwaban.people.model import Client, PeopleError
from denwaban.people.pages.common import ADMINISTRATOR, roles
from denwaban.people.queries import client_by_code, clients_by_ids, clients_page
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, not_here, page, saved
from denwaban.web.api import Cursor, decode_cursor, encode_cursor

AT_ONCE = 100
AT_MOST = 3
"""So many clients are named when a name is not clear."""

Sought = Annotated[str, msgspec.Meta(max_length=100)]


class UserForm(msgspec.Struct):
    login: str = ""
    name: str = ""
    role: str = Role.SUPERVISOR
    client: str = ""
    """The client's code, or a part of its name or reading that no other has."""


class KeyForm(msgspec.Struct):
    name: str = ""
    role: str = Role.CLIENT
    client: str = ""


def _scope(tx: Tx, role_text: str, typed: str) -> tuple[Role, str | None]:
    """The role and client of a form. Raises `AccessError`, or `PeopleError` when the client is not to be told from
    others."""
    try:
        role = Role(role_text)
    except ValueError as error:
        raise AccessError("役割を選んでください") from error
    typed = typed.replace("\x00", "").strip()
    return role, _meant(tx, typed).id if typed else None


def _meant(tx: Tx, typed: str) -> Client:
    """The one client that is meant: by its code, by its whole name, or by a part that no other has."""
    by_code = client_by_code(tx, typed)
    if by_code is not None:
        return by_code
    found = clients_page(tx, search=typed, limit=AT_MOST + 1)
    exact = [one for one in found if one.name == typed]
    if len(exact) == 1 or len(found) == 1:
        return (exact or found)[0]
    if not found:
        raise PeopleError("この顧客企業は見つかりません。コードか、名前の一部を入れてください")
    raise PeopleError(
        "%(names)s など、複数あります。コードで入れてください",
        names="、".join(f"{one.name}({one.code})" for one in found[:AT_MOST]),
    )


def _name(text: str) -> str:
    name = text.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise AccessError("名前は1文字以上、100文字以内にしてください")
    return name


def _names(tx: Tx, ids: Iterable[str | None]) -> dict[str, str]:
    """Clients' names by id."""
    wanted = {one for one in ids if one is not None}
    return {one: client.name for one, client in clients_by_ids(tx, wanted).items()}


async def _users_page(
    store: Store,
    form: UserForm,
    error: str = "",
    secrets: list[tuple[str, str]] | None = None,
    q: str = "",
    after: str = "",
) -> Template:
    def look(tx: Tx) -> tuple[list[User], dict[str, str]]:
        users = list_users(tx, search=q.strip(), after_login=after, limit=AT_ONCE + 1)
        return users, _names(tx, (one.client_id for one in users))

    users, names = await store.read(look)
    shown = users[:AT_ONCE]
    return page(
        "people/users.html",
        status=422 if error else 200,
        users=shown,
        names=names,
        q=q,
        later=bool(after),
        more=encode_cursor(shown[-1].login) if len(users) > AT_ONCE else None,
        roles=roles(),
        # Operators are added with their seat, on their own page.
        choices=[(key, text) for key, text in roles().items() if key != Role.OPERATOR],
        form=form,
        error=error,
        secrets=secrets or [],
    )


@get("/users", guards=[ADMINISTRATOR])
async def show_users(
    store: NamedDependency[Store],
    q: FromQuery[Sought] = "",
    cursor: FromQuery[Cursor | None] = None,
) -> Template:
    place = decode_cursor(cursor)
    return await _users_page(
        store, UserForm(), q=q.replace("\x00", ""), after=place[0] if place is not None else ""
    )


@post("/users", guards=[ADMINISTRATOR])
async def post_user(data: URLEncodedBody[UserForm], store: NamedDependency[Store]) -> Template:
    """Makes an account; its password is shown this once."""
    password = new_password()
    hashed = await hash_password(password)

    def make(tx: Tx) -> None:
        role, client_id = _scope(tx, data.role, data.client)
        if role is Role.OPERATOR:
            raise AccessError("オペレーターは、オペレーターの画面から追加してください")
        add_user(tx, data.login.strip(), hashed, role, _name(data.name), client_id)

    try:
        await store.write(make)
    except AccessError as error:
        return await _users_page(store, data, _(str(error)))
    except PeopleError as error:
        return await _users_page(store, data, error.tell(_))
    secrets = [(_("サインイン名"), data.login.strip().lower()), (_("パスワード"), password)]
    return await _users_page(store, UserForm(), secrets=secrets)


async def _user_page(
    who: Principal, store: Store, user_id: str, secrets: list[tuple[str, str]] | None = None
) -> Template:
    found, open_now = await store.read(lambda tx: (user(tx, user_id), sessions_of(tx, user_id)))
    if found is None:
        raise not_here()
    return page(
        "people/user.html",
        account=found,
        sessions=open_now,
        roles=roles(),
        own=found.id == who.user_id,
        secrets=secrets or [],
    )


@get("/users/{user_id:str}", guards=[ADMINISTRATOR])
async def show_user(
    user_id: FromPath[str], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Template:
    return await _user_page(who, store, user_id)


async def _must_exist(store: Store, user_id: str) -> None:
    if await store.read(lambda tx: user(tx, user_id)) is None:
        raise not_here()


@post("/users/{user_id:str}/password", guards=[ADMINISTRATOR])
async def post_password(
    user_id: FromPath[str], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Template:
    """A new password, shown this once; open sessions end."""
    await _must_exist(store, user_id)
    if user_id == who.user_id:
        raise Problem(422, _("自分のパスワードは、アカウントの画面から変えてください"))
    password = new_password()
    hashed = await hash_password(password)
    await store.write(lambda tx: set_password(tx, user_id, hashed))
    return await _user_page(who, store, user_id, [(_("パスワード"), password)])


@post("/users/{user_id:str}/sessions/end", guards=[ADMINISTRATOR])
async def post_end_sessions(
    user_id: FromPath[str], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Redirect:
    """Ends the account's sessions (not the one that asks)."""
    await _must_exist(store, user_id)
    await store.write(lambda tx: end_sessions(tx, user_id, but=who.session_id))
    return saved(f"/users/{user_id}")


class DisableForm(msgspec.Struct):
    disabled: bool = True


@post("/users/{user_id:str}/disable", guards=[ADMINISTRATOR])
async def post_disable(
    user_id: FromPath[str],
    data: URLEncodedBody[DisableForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Redirect:
    """Closes an account or opens it again."""
    await _must_exist(store, user_id)
    if user_id == who.user_id:
        # Nobody locks themselves out: another administrator can do it.
        raise Problem(422, _("自分のアカウントは停止できません"))
    await store.write(lambda tx: disable_user(tx, user_id, data.disabled))
    return saved(f"/users/{user_id}")


async def _keys_page(
    store: Store, form: KeyForm, error: str = "", secret: str = "", q: str = ""
) -> Template:
    def look(tx: Tx) -> tuple[list[ApiKey], dict[str, str]]:
        keys = list_api_keys(tx, search=q.strip(), limit=AT_ONCE + 1)
        return keys, _names(tx, (key.client_id for key in keys))

    keys, names = await store.read(look)
    return page(
        "people/keys.html",
        status=422 if error else 200,
        keys=keys[:AT_ONCE],
        names=names,
        q=q,
        more=len(keys) > AT_ONCE,
        roles=roles(),
        form=form,
        error=error,
        secret=secret,
    )


@get("/keys", guards=[ADMINISTRATOR])
async def show_keys(store: NamedDependency[Store], q: FromQuery[Sought] = "") -> Template:
    return await _keys_page(store, KeyForm(), q=q.replace("\x00", ""))


@post("/keys", guards=[ADMINISTRATOR])
async def post_key(data: URLEncodedBody[KeyForm], store: NamedDependency[Store]) -> Template:
    """Makes a key; it is shown this once."""

    def make(tx: Tx) -> str:
        role, client_id = _scope(tx, data.role, data.client)
        return make_api_key(tx, _name(data.name), role, client_id)

    try:
        secret = await store.write(make)
    except AccessError as error:
        return await _keys_page(store, data, _(str(error)))
    except PeopleError as error:
        return await _keys_page(store, data, error.tell(_))
    return await _keys_page(store, KeyForm(), secret=secret)


@post("/keys/{key_id:str}/revoke", guards=[ADMINISTRATOR])
async def post_revoke(key_id: FromPath[str], store: NamedDependency[Store]) -> Redirect:
    await store.write(lambda tx: revoke_api_key(tx, key_id))
    return saved("/keys")


routes = [
    show_users,
    post_user,
    show_user,
    post_password,
    post_end_sessions,
    post_disable,
    show_keys,
    post_key,
    post_revoke,
]
