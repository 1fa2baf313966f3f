"""Who may do what. Every handler carries `needs(…)` or `public`; the wired app refuses to start otherwise."""

import hmac
from typing import Any

from litestar.connection import ASGIConnection, Request
from litestar.enums import RequestEncodingType
from litestar.handlers import BaseRouteHandler

from denwaban.access import Principal, Role
from denwaban.web.here import Here
from denwaban.web.language import _
from denwaban.web.problem import Problem

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf_token"


class NotSignedIn(Problem):
    """Nobody is signed in where somebody must be: pages go to /sign-in, the API answers 401."""

    def __init__(self) -> None:
        super().__init__(401, _("サインインしてください"), headers={"WWW-Authenticate": "Bearer"})


class Needs:
    """Lets only these roles in. Checks the form token of every unsafe request that comes with a session cookie."""

    def __init__(self, roles: frozenset[Role]) -> None:
        self.roles = roles

    async def __call__(
        self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
    ) -> None:
        at: Here = connection.scope["state"]["here"]
        if at.who is None:
            raise NotSignedIn
        if at.who.role not in self.roles:
            raise Problem(
                403,
                _("この画面を使う権限がありません"),
                _("必要なときは運用管理の担当者に頼んでください。"),
            )
        if isinstance(connection, Request) and connection.method not in SAFE:
            if at.api:
                _check_json(connection)
            if not at.who.is_key:
                await _check_csrf(connection, at)

    def __repr__(self) -> str:
        return f"needs({', '.join(sorted(self.roles))})"


class Public:
    """Lets everybody in: sign-in, error pages, links that carry their own proof."""

    async def __call__(
        self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
    ) -> None:
        return None

    def __repr__(self) -> str:
        return "public"


public = Public()


def needs(*roles: Role) -> Needs:
    """A guard: signed in with one of these roles (any role when none is named)."""
    return Needs(frozenset(roles or Role))


def _check_json(request: Request[Any, Any, Any]) -> None:
    body = (
        request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    )
    if body and request.content_type[0] != RequestEncodingType.JSON:
        raise Problem(415, _("この形式は受け付けられません"), "application/json")


async def _check_csrf(request: Request[Any, Any, Any], at: Here) -> None:
    given = request.headers.get(CSRF_HEADER, "")
    if not given and request.content_type[0] in {
        RequestEncodingType.URL_ENCODED,
        RequestEncodingType.MULTI_PART,
    }:
        field = (await request.form()).get(CSRF_FIELD, "")
        given = field if isinstance(field, str) else ""
    if not hmac.compare_digest(given.encode(), at.csrf.encode()):
        raise Problem(
            403,
            _("この操作は受け付けられませんでした"),
            _("画面を読み込み直してから、もう一度お試しください。"),
        )


def check_who(request: Request[Any, Any, Any]) -> Principal:
    """The dependency `who`."""
    at: Here = request.scope["state"]["here"]
    if at.who is None:
        raise NotSignedIn
    return at.who
