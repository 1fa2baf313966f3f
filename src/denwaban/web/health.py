"""Whether all is well, for people and for watching programs."""

from collections.abc import Awaitable, Callable, Sequence
from inspect import isawaitable
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from denwaban.access import Role
from denwaban.store import Store, StoreError
from denwaban.web.guards import public
from denwaban.web.here import visitor
from denwaban.web.language import _
from denwaban.web.problem import Problem
from denwaban.work import Duty, Overdue, overdue

OVERDUE = Gauge("denwaban_work_overdue", "Rows that should have been done already", ["duty"])
OLDEST = Gauge("denwaban_work_overdue_seconds", "Seconds the oldest of them is late", ["duty"])
READY = Gauge("denwaban_ready", "1 when calls can be taken and nothing is overdue")

EngineState = Callable[[], str | None | Awaitable[str | None]]
"""Why the telephone engine cannot take calls, in one English word or two; None when it can."""

LOOPBACK = frozenset({"127.0.0.1", "::1", "testclient"})


async def _late(store: Store, duties: Sequence[Duty]) -> list[Overdue]:
    return await store.read(lambda tx: [overdue(tx, duty) for duty in duties])


async def check(store: Store, duties: Sequence[Duty], engine: EngineState) -> list[str]:
    """Reasons for not being ready (no personal data); also brings the gauges up to date."""
    reasons = []
    try:
        for late in await _late(store, duties):
            OVERDUE.labels(late.duty).set(late.rows)
            OLDEST.labels(late.duty).set(late.seconds)
            if late.rows:
                reasons.append(f"overdue: {late.duty} ({late.rows} rows, {late.seconds:.0f} s)")
    except StoreError as error:
        reasons.append(f"database: {error}")
    state = engine()
    trouble = await state if isawaitable(state) else state
    if trouble:
        reasons.append(f"engine: {trouble}")
    READY.set(0 if reasons else 1)
    return reasons


def _local(request: Request[Any, Any, Any]) -> bool:
    who = visitor(request)
    if who is not None and who.role is Role.ADMINISTRATOR:
        return True
    # Behind a proxy every request comes from loopback: then only the forwarded ones are strangers.
    forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    return request.client is not None and request.client.host in LOOPBACK and not forwarded


def health_routes(
    store: Store, duties: Sequence[Duty], engine: EngineState
) -> list[HTTPRouteHandler]:
    """`/health`, `/health/live`, `/health/ready` and `/metrics`."""

    @get(
        ["/health", "/health/ready"], guards=[public], include_in_schema=False, opt={"quiet": True}
    )
    async def ready(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
        """503 with reasons when something is overdue or the engine is away."""
        reasons = await check(store, duties, engine)
        body: dict[str, Any] = {"live": True, "ready": not reasons}
        if _local(request):
            body["reasons"] = reasons
        return Response(
            body,
            status_code=503 if reasons else 200,
            media_type="application/json",
            headers={"Cache-Control": "no-store"},
        )

    @get("/health/live", guards=[public], include_in_schema=False, opt={"quiet": True})
    async def alive() -> dict[str, bool]:
        """The program answers."""
        return {"live": True}

    @get("/metrics", guards=[public], include_in_schema=False, opt={"quiet": True})
    async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Prometheus text, for this machine and administrators."""
        if not _local(request):
            raise Problem(404, _("見つかりませんでした"))
        await check(store, duties, engine)
        return Response(
            generate_latest(), media_type=CONTENT_TYPE_LATEST.replace("; charset=utf-8", "")
        )

    return [ready, alive, metrics]
