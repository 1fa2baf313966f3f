"""Signing in and out, one's own sessions, and the language."""

import math
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from litestar import Request, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery
from litestar.response import Redirect, Template

from denwaban.access import (
    LONGEST,
    AccessError,
    Principal,
    SignInRefused,
    TooManyTries,
    end_sessions,
    hash_password,
    sessions_of,
    set_password,
    sign_in,
    sign_out,
    user,
)
from denwaban.config import Settings
from denwaban.store import Store
from denwaban.web.guards import needs, public
from denwaban.web.here import visitor
from denwaban.web.language import COOKIE as LANGUAGE_COOKIE
from denwaban.web.language import LANGUAGES, _, speak
from denwaban.web.menu import home
from denwaban.web.shell import cookie_name
from denwaban.web.templating import page

Form = Annotated[Any, Body(media_type=RequestEncodingType.URL_ENCODED)]


class SignInForm(msgspec.Struct):
    login: str = ""
    password: str = ""
    next: str = ""


class LanguageForm(msgspec.Struct):
    language: str = "ja"
    next: str = "/"


class PasswordForm(msgspec.Struct):
    now: str = ""
    new: str = ""
    csrf_token: str = ""


def inside(target: str) -> str:
    """The path of a page of ours, or nothing: a sign-in never leads to another site."""
    parts = urlsplit(target)
    good = (
        target.startswith("/")
        and not target.startswith(("//", "/\\"))
        and not parts.netloc
        and not parts.scheme
        and target.isprintable()
        and len(target) <= 500
    )
    return target if good else ""


def session_cookie(settings: Settings, token: str) -> Cookie:
    """The session's cookie; an empty token takes it away."""
    return Cookie(
        key=cookie_name(settings.secure_cookies),
        value=token,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
        max_age=int(LONGEST.total_seconds()) if token else 0,
    )


def address_of(request: Request[Any, Any, Any]) -> str:
    """Where the request comes from; behind a proxy, as it says (`DENWABAN_WEB_PROXIES`)."""
    return request.client.host if request.client is not None else ""


@get("/", guards=[needs()])
async def begin(who: NamedDependency[Principal]) -> Redirect:
    """Everybody begins where their work is."""
    return Redirect(home(who.role), status_code=303)


@get("/sign-in", guards=[public])
async def ask(request: Request[Any, Any, Any], next: FromQuery[str] = "") -> Template | Redirect:
    known = visitor(request)
    if known is not None:
        return Redirect(inside(next) or home(known.role), status_code=303)
    return page("web/sign_in.html", next=inside(next), login="", error="")


@post("/sign-in", guards=[public])
async def enter(
    request: Request[Any, Any, Any],
    data: Annotated[SignInForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    store: NamedDependency[Store],
    settings: NamedDependency[Settings],
) -> Template | Redirect:
    status, headers = 422, {}
    try:
        token, who = await sign_in(
            store,
            data.login.replace("\x00", ""),
            data.password,
            address_of(request),
            request.headers.get("user-agent", ""),
        )
    except TooManyTries as error:
        minutes = max(1, math.ceil(error.retry_after.total_seconds() / 60))
        text = _("サインインの失敗が続いたため、約%(minutes)s分お待ちください", minutes=minutes)
        status = 429
        headers = {"Retry-After": str(max(1, math.ceil(error.retry_after.total_seconds())))}
    except SignInRefused:
        text = _("サインイン名かパスワードが違います")
    else:
        target = inside(data.next) or home(who.role)
        return Redirect(target, status_code=303, cookies=[session_cookie(settings, token)])
    return page(
        "web/sign_in.html",
        status=status,
        headers=headers,
        next=inside(data.next),
        login=data.login[:100],
        error=text,
    )


@post("/sign-out", guards=[needs()], status_code=303)
async def leave(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    settings: NamedDependency[Settings],
) -> Redirect:
    session_id = who.session_id
    if session_id is not None:
        await store.write(lambda tx: sign_out(tx, session_id))
    return Redirect("/sign-in", status_code=303, cookies=[session_cookie(settings, "")])


@post("/language", guards=[public], status_code=303)
async def choose(
    data: Annotated[LanguageForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    settings: NamedDependency[Settings],
) -> Redirect:
    chosen = data.language if data.language in LANGUAGES else "ja"
    cookie = Cookie(
        key=LANGUAGE_COOKIE,
        value=chosen,
        path="/",
        max_age=31_536_000,
        samesite="lax",
        secure=settings.secure_cookies,
    )
    speak(chosen)
    return Redirect(inside(data.next) or "/", status_code=303, cookies=[cookie])


@get("/account", guards=[needs()])
async def account(who: NamedDependency[Principal], store: NamedDependency[Store]) -> Template:
    """One's own account: open sessions, password."""
    return await _account(who, store)


async def _account(
    who: Principal, store: Store, status: int = 200, error: str = "", done: str = ""
) -> Template:
    own, open_now = await store.read(
        lambda tx: (user(tx, who.user_id), sessions_of(tx, who.user_id))
    )
    return page(
        "web/account.html",
        status=status,
        who=who,
        own=own,
        sessions=open_now,
        error=error,
        done=done,
    )


@post("/account/sessions/end", guards=[needs()])
async def end_others(who: NamedDependency[Principal], store: NamedDependency[Store]) -> Template:
    """Ends every session but this one."""
    await store.write(lambda tx: end_sessions(tx, who.user_id, but=who.session_id))
    return await _account(who, store, done=_("ほかのサインインをすべて終了しました"))


@post("/account/password", guards=[needs()])
async def change_password(
    request: Request[Any, Any, Any],
    data: Annotated[PasswordForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    settings: NamedDependency[Settings],
) -> Template | Redirect:
    """Changes one's own password; every session ends and this browser gets a new one."""
    own = await store.read(lambda tx: user(tx, who.user_id))
    if own is None:
        return await _account(who, store, 422, _("このアカウントのパスワードは変えられません"))
    address, agent = address_of(request), request.headers.get("user-agent", "")
    try:
        hashed = await hash_password(data.new)
        # Proves the present password with the same counting of wrong tries as a sign-in.
        await sign_in(store, own.login, data.now, address, agent)
        await store.write(lambda tx: set_password(tx, who.user_id, hashed))
        token, _who = await sign_in(store, own.login, data.new, address, agent)
    except SignInRefused:
        return await _account(who, store, 422, _("いまのパスワードが違います"))
    except AccessError as error:
        return await _account(who, store, 422, _(str(error)))
    return Redirect("/account", status_code=303, cookies=[session_cookie(settings, token)])


routes = [begin, ask, enter, leave, choose, account, end_others, change_password]
