"""Every failure as an answer that helps: a plain page, or problem+json (RFC 9457) under /api."""

import re
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Redirect
from sqlalchemy.exc import DataError

from denwaban.store import StoreError
from denwaban.vault import VaultError
from denwaban.web.guards import NotSignedIn
from denwaban.web.here import Here
from denwaban.web.language import _
from denwaban.web.problem import Problem
from denwaban.web.templating import fragment

log = structlog.get_logger(__name__)

PROBLEM_JSON = "application/problem+json"

_TYPED = re.compile(r"""'[^']*'|"[^"]*"|(?<=unknown field )`(?![A-Za-z_]{1,40}`).*`""")


class FieldError(msgspec.Struct):
    """One piece of input that does not fit."""

    field: str
    message: str


class ProblemDetails(msgspec.Struct, omit_defaults=True):
    """RFC 9457 problem details."""

    title: str
    status: int
    type: str = "about:blank"
    detail: str = ""
    errors: list[FieldError] = []


def known(status: int) -> tuple[str, str]:
    """What happened and what to do, for a bare HTTP status."""
    match status:
        case 400 | 422:
            return _("入力を確かめてください"), _("受け取れない内容が含まれています。")
        case 401:
            return _("サインインしてください"), ""
        case 403:
            return _("この画面を使う権限がありません"), ""
        case 404:
            return (
                _("見つかりませんでした"),
                _("移動したか、削除されたか、見る権限がない可能性があります。"),
            )
        case 405:
            return _("この操作はできません"), _("画面を読み込み直してください。")
        case 413:
            return _("送られたものが大きすぎます"), _("小さく分けてお試しください。")
        case 415:
            return _("この形式は受け付けられません"), ""
        case 429:
            return _("少し待ってからお試しください"), ""
        case 503:
            return (
                _("ただいま準備中です"),
                _("数秒待ってから、もう一度お試しください。通話はつながっています。"),
            )
        case status if status < 500:
            return _("この操作は受け付けられませんでした"), ""
        case _other:
            return (
                _("こちらの不具合です"),
                _("記録を残しました。続くときは運用管理の担当者に時刻を伝えてください。"),
            )


def not_here() -> Problem:
    """404: it is not there, or not theirs to see; the two are not told apart."""
    return Problem(404, *known(404))


def _field_errors(error: ValidationException) -> list[tuple[str, str]]:
    found = []
    for item in error.extra if isinstance(error.extra, list) else []:
        if isinstance(item, dict):
            text = str(item.get("message", ""))
            # msgspec quotes an unknown enum value: what was typed in is never sent back, but for a plain name of a field.
            text = re.sub(_TYPED, "…", text)
            found.append((str(item.get("key", ""))[:100], text[:200]))
    return found


def as_problem(error: Exception) -> Problem:
    """What to tell about any exception."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, ValidationException):
        title, hint = known(400)
        return Problem(400, title, hint, errors=_field_errors(error))
    if isinstance(error, HTTPException):
        title, hint = known(error.status_code)
        kept = {k: v for k, v in (error.headers or {}).items() if k.lower() in {"allow"}}
        return Problem(error.status_code, title, hint, headers=kept)
    if isinstance(error, RecursionError) and "deserializing" in str(error):
        # A body of a hundred thousand brackets.
        return Problem(400, *known(400))
    if isinstance(error, ValueError) and str(error).startswith("Exceeds the limit"):
        # Python reads no number of thousands of digits.
        return Problem(400, *known(400))
    if type(error) is DataError:
        # What a writing verb was given; a reading one's comes as `StoreError`.
        return Problem(400, *known(400))
    if isinstance(error, StoreError):
        # A value that the database cannot hold (a number too large, a null character) is the sender's doing.
        status = 400 if str(error) in {"DataError", "StatementError"} else 503
        if error.why:
            title, hint = (
                _("いま保存できません"),
                _(
                    "保存先のディスクに空きがないか、書き込めなくなっています。運用管理の担当者に伝えてください。通話はつながっています。"
                ),
            )
            return Problem(503, title, hint, headers={"Retry-After": "30"})
        return Problem(
            status, *known(status), headers={"Retry-After": "5"} if status == 503 else {}
        )
    if isinstance(error, VaultError):
        # What is there is not lost: with the right key it opens.
        title, hint = (
            _("保存された内容を開けません"),
            _(
                "暗号の鍵が見つからないか、内容が書き換えられています。運用管理の担当者に時刻を伝えてください。"
            ),
        )
        return Problem(500, title, hint)
    return Problem(500, *known(500))


def answer(problem: Problem, api: bool, signed_in: bool) -> tuple[bytes, str]:
    """Body and media type."""
    if api:
        details = ProblemDetails(
            problem.title,
            problem.status,
            detail=problem.hint,
            errors=[FieldError(field, message) for field, message in problem.errors],
        )
        return msgspec.json.encode(details), PROBLEM_JSON
    return (
        fragment("web/problem.html", problem=problem, signed_in=signed_in).encode(),
        "text/html",
    )


def handle(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The exception handler of the whole app."""
    at: Here = request.scope["state"].get("here") or Here(path=request.url.path)
    problem = as_problem(error)
    if problem.status >= 500:
        log.error("web.failed", path=_route(request), status=problem.status, exc_info=error)
    if isinstance(error, NotSignedIn) and not at.api:
        if at.htmx:
            return Response(b"", status_code=401, headers={"HX-Redirect": "/sign-in"})
        if request.method in {"GET", "HEAD"}:
            target = "/sign-in" if at.path == "/" else f"/sign-in?next={at.path}"
            return Redirect(target, status_code=303)
    body, kind = answer(problem, at.api, at.who is not None)
    return Response(
        body,
        status_code=problem.status,
        media_type=kind,
        headers={"Cache-Control": "no-store", **problem.headers},
    )


def _route(request: Request[Any, Any, Any]) -> str:
    template: str = request.scope.get("path_template", "")
    return template
