"""Whether all is well, for people and for watching programs."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from inspect import isawaitable
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from denwaban.access import Role
from denwaban.store import Store, StoreError, Tx
from denwaban.vault import Keyring
from denwaban.web.guards import public
from denwaban.web.here import visitor
from denwaban.web.language import _
from denwaban.web.problem import Problem
from denwaban.work import Duty, Overdue, overdue

OVERDUE = Gauge("denwaban_work_overdue", "Rows that should have been done already", ["duty"])
OLDEST = Gauge("denwaban_work_overdue_seconds", "Seconds the oldest of them is late", ["duty"])
UNOPENED = Gauge(
    "denwaban_vault_unopened", "Rows whose contents could not be opened lately", ["kind"]
)
READY = Gauge("denwaban_ready", "1 when calls can be taken, nothing is overdue and all opens")

EngineState = Callable[[], str | None | Awaitable[str | None]]
"""Why the telephone engine cannot take calls, in one English word or two; None when it can."""

LOOPBACK = frozenset({"127.0.0.1", "::1", "testclient"})


class Readiness:
    """Whether calls can be taken, nothing is overdue or has failed, and what is sealed could be opened."""

    def __init__(self, store: Store, duties: Sequence[Duty], engine: EngineState) -> None:
        self._store = store
        self._duties = duties
        self._engine = engine

    async def check(self) -> list[str]:
        """Reasons for not being ready (no personal data); also brings the gauges up to date."""
        reasons = []
        try:
            for late in await self._late():
                OVERDUE.labels(late.duty).set(late.rows)
                OLDEST.labels(late.duty).set(late.seconds)
                if late.rows:
                    reasons.append(f"overdue: {late.duty} ({late.rows} rows, {late.seconds:.0f} s)")
            UNOPENED.clear()
            for kind, rows in sorted((await self._store.read(_unopened)).items()):
                UNOPENED.labels(kind).set(rows)
                reasons.append(f"not opened: {kind} ({rows} rows)")
            for name in self._store.lent(Keyring).unopened.failing:
                reasons.append(f"old rows: {name} failed; the log says where")
            if self._store.trouble:
                reasons.append(f"database: nothing can be written: {self._store.trouble}")
        except StoreError as error:
            reasons.append(f"database: {error}")
        state = self._engine()
        trouble = await state if isawaitable(state) else state
        if trouble:
            reasons.append(f"engine: {trouble}")
        READY.set(0 if reasons else 1)
        return reasons

    async def _late(self) -> list[Overdue]:
        return await self._store.read(lambda tx: [overdue(tx, duty) for duty in self._duties])


def _unopened(tx: Tx) -> Mapping[str, int]:
    return tx.lent(Keyring).unopened.kinds(tx.now)


def _local(request: Request[Any, Any, Any]) -> bool:
    who = visitor(request)
    if who is not None and who.role is Role.ADMINISTRATOR:
        return True
    # Behind a proxy every request comes from loopback: then only the forwarded ones are strangers.
    forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    return request.client is not None and request.client.host in LOOPBACK and not forwarded


@get(["/health", "/health/ready"], guards=[public], include_in_schema=False, opt={"quiet": True})
async def _ready(
    request: Request[Any, Any, Any], readiness: NamedDependency[Readiness]
) -> Response[dict[str, Any]]:
    """503 with reasons when something is overdue, cannot be opened, or the engine is away."""
    reasons = await readiness.check()
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
async def _alive() -> dict[str, bool]:
    """The program answers."""
    return {"live": True}


@get("/metrics", guards=[public], include_in_schema=False, opt={"quiet": True})
async def _metrics(
    request: Request[Any, Any, Any], readiness: NamedDependency[Readiness]
) -> Response[bytes]:
    """Prometheus text, for this machine and administrators."""
    if not _local(request):
        raise Problem(404, _("見つかりませんでした"))
    await readiness.check()
    return Response(
        generate_latest(), media_type=CONTENT_TYPE_LATEST.replace("; charset=utf-8", "")
    )


routes: list[HTTPRouteHandler] = [_ready, _alive, _metrics]
"""`/health`, `/health/live`, `/health/ready` and `/metrics`."""
