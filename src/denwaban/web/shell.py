"""Around every request: who asks, in which language, safe headers, one line in the log."""

import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import structlog
from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from prometheus_client import Counter, Histogram

from denwaban.access import Lookup, Principal
from denwaban.store import StoreError, new_id
from denwaban.web.errors import answer, known
from denwaban.web.guards import SAFE
from denwaban.web.here import Here, stand
from denwaban.web.language import COOKIE as LANGUAGE_COOKIE
from denwaban.web.language import _, choose_language, speak
from denwaban.web.problem import Problem

log = structlog.get_logger("denwaban.web.requests")

REQUESTS = Counter("denwaban_http_requests_total", "HTTP requests", ["method", "status"])
SECONDS = Histogram("denwaban_http_seconds", "Seconds until an answer began", ["method"])

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def cookie_name(secure: bool) -> str:
    """The session cookie. Under HTTPS its name makes browsers refuse it from anywhere else."""
    return "__Host-denwaban" if secure else "denwaban"


def security_headers(secure: bool, connect: Sequence[str]) -> dict[str, str]:
    """The headers of every answer. `connect` are further addresses that pages may connect to (the SIP WebSocket)."""
    policy = {
        "default-src": "'self'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "media-src": "'self' blob:",
        "connect-src": " ".join(["'self'", *connect]),
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    headers = {
        "Content-Security-Policy": "; ".join(f"{key} {value}" for key, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), payment=(), usb=(), microphone=(self)",
    }
    if secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


_REQUEST = b"x-request-id"


class Shell:
    """The outermost ASGI layer, also around answers to paths that do not exist."""

    def __init__(
        self, app: ASGIApp, lookup: Lookup, *, secure: bool, connect: Sequence[str]
    ) -> None:
        self._app = app
        self._lookup = lookup
        self._cookie = cookie_name(secure)
        headers = security_headers(secure, connect)
        self._headers = [
            (name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()
        ]
        self._ours = frozenset({_REQUEST, *(name for name, _value in self._headers)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = new_id()
        headers = Headers.from_scope(scope)
        cookies = _cookies(headers.get("cookie", ""))
        speak(choose_language(cookies.get(LANGUAGE_COOKIE), headers.get("accept-language", "")))
        at = Here(path=scope["path"], htmx=headers.get("hx-request") == "true")
        stand(at)
        scope["state"]["here"] = at

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [one for one in message["headers"] if one[0].lower() not in self._ours]
                message["headers"] = [*own, *self._headers, (_REQUEST, request_id.encode())]
                if scope["method"] == "OPTIONS":
                    out = MutableScopeHeaders(message)
                    if "allow" in out:
                        out["Allow"] = ", ".join(_methods(scope))
                self._note(scope, message["status"], time.perf_counter() - began, request_id)
            await send(message)

        with structlog.contextvars.bound_contextvars(request=request_id):
            try:
                problem = _refused(scope, headers)
                if problem is None:
                    who, secret = await self._who(headers, cookies)
                    at = Here(who, secret, at.path, at.htmx)
                    stand(at)
                    scope["state"]["here"] = at
            except StoreError:
                problem = Problem(503, *known(503), headers={"Retry-After": "5"})
            if problem is None:
                await self._app(scope, receive, dressed)
            else:
                await _refuse(dressed, problem, at)

    async def _who(self, headers: Headers, cookies: dict[str, str]) -> tuple[Principal | None, str]:
        # A key that is given counts, good or bad: it never falls back on a cookie.
        given = headers.get("authorization")
        if given is not None:
            scheme, _space, secret = given.partition(" ")
            secret = secret.strip()
            good = scheme.lower() == "bearer" and secret.isascii()
            return (await self._lookup.key(secret) if good else None), secret
        token = cookies.get(self._cookie, "")
        return (await self._lookup.session(token) if token else None), token

    def _note(self, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        method = str(scope.get("method", ""))
        method = method if method in METHODS else "other"
        REQUESTS.labels(method, str(status)).inc()
        SECONDS.labels(method).observe(seconds)
        handler: Any = scope.get("route_handler")
        if handler is not None and handler.opt.get("quiet") and status < 400:
            return
        # The template of the path, not the path: ids are fine, but paths of unknown pages may hold anything.
        log.info(
            "request",
            method=method,
            path=scope.get("path_template", "(unknown)"),
            status=status,
            ms=round(seconds * 1000, 1),
            request=request_id,
        )


def _methods(scope: HTTPScope) -> list[str]:
    """The methods that this path answers (Litestar names only those of one of its handlers)."""
    template = scope.get("path_template", "")
    found: set[str] = set()
    for route in scope["litestar_app"].routes:
        if route.path == template:
            found |= {str(method) for method in getattr(route, "methods", ())}
    return sorted(found)


def _refused(scope: HTTPScope, headers: Headers) -> Problem | None:
    """What is refused before anybody looks at it."""
    raw = scope["path"].encode("utf-8", "replace") + scope["query_string"]
    if b"\x00" in raw or b"%00" in raw:
        return Problem(400, *known(400))
    if scope["method"] not in SAFE and "cookie" in headers and not _same_origin(scope, headers):
        return Problem(
            403,
            _("この操作は受け付けられませんでした"),
            _("ほかのサイトからの操作は受け付けません。画面を開き直してください。"),
        )
    return None


def _same_origin(scope: HTTPScope, headers: Headers) -> bool:
    """Whether a browser sent this from one of our own pages (or it is no browser)."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host", "")


def _cookies(header: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return {name: value for name, _equals, value in pairs if name}


async def _refuse(send: Send, problem: Problem, at: Here) -> None:
    body, kind = answer(problem, at.api, signed_in=False)
    headers = {
        "content-type": f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
        "content-length": str(len(body)),
        "cache-control": "no-store",
        **problem.headers,
    }
    await send(
        {
            "type": "http.response.start",
            "status": problem.status,
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": body, "more_body": False})
