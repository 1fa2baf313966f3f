"""Putting routes and services together into one application."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from litestar import Litestar, Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig
from litestar.types import ControllerRouterHandler

import denwaban
from denwaban.access import TOPIC, Lookup
from denwaban.clock import Clock
from denwaban.config import Settings
from denwaban.journal import Journal
from denwaban.store import Store
from denwaban.web import health, sign_in
from denwaban.web.api import PROBLEMS
from denwaban.web.errors import handle
from denwaban.web.guards import Needs, Public, check_who, public
from denwaban.web.health import EngineState, Readiness
from denwaban.web.live import Live
from denwaban.web.menu import Entry, set_menu
from denwaban.web.shell import Shell
from denwaban.web.static import serve
from denwaban.web.strict import StrictRequest
from denwaban.web.templating import environment
from denwaban.work import Duty

MAX_BODY = 5_000_000
"""Bytes of the largest request: a CSV of a few ten thousand lines."""


OURS = ("store", "clock", "journal", "settings", "readiness")
"""Dependencies that every application has."""


class Unguarded(Exception):
    """A handler that does not say who may use it."""


class Routes:
    """What an application answers, without anything that it works on.

    Litestar looks at each handler once, when it is made; what handlers are given is looked up here at each request, so
    that routes once made may be furnished again when nobody serves them any more.
    """

    def __init__(
        self,
        pages: Sequence[ControllerRouterHandler],
        api: Sequence[ControllerRouterHandler],
        names: Iterable[str],
    ) -> None:
        """`pages` are handlers with full paths; `api` handlers have paths relative to `/api/v1`; `names` are those of the
        further services. Raises `Unguarded` when a handler carries neither `needs(…)` nor `public`."""
        self._given: dict[str, object] = {}
        v1 = Router("/api/v1", route_handlers=[*api, _openapi])
        plain = Router(
            "/",
            route_handlers=[*pages, *sign_in.routes, *health.routes, serve],
            include_in_schema=False,
        )
        self._app = Litestar(
            [plain, v1],
            dependencies={
                **{
                    name: Provide(self._giver(name), sync_to_thread=False)
                    for name in (*OURS, *names)
                },
                "who": Provide(check_who, sync_to_thread=False),
            },
            exception_handlers={Exception: handle},
            template_config=TemplateConfig(
                instance=JinjaTemplateEngine.from_environment(environment())
            ),
            openapi_config=_document(),
            request_class=StrictRequest,
            request_max_body_size=MAX_BODY,
            multipart_form_part_limit=200,
            logging_config=None,
            debug=False,
        )
        for path, method, handler in handlers(self._app):
            if guard_of(handler) is None:
                raise Unguarded(f"{method} {path}: needs(…) or public is missing")
            if isinstance(handler, HTTPRouteHandler) and path.startswith("/api/v1/"):
                handler.responses = {**PROBLEMS, **(handler.responses or {})}
        self._inside = self._app.asgi_handler

    def furnish(
        self,
        *,
        store: Store,
        clock: Clock,
        journal: Journal,
        settings: Settings,
        services: Mapping[str, object] | None = None,
        duties: Sequence[Duty] = (),
        engine: EngineState = lambda: None,
        menu: Sequence[Entry] = (),
        connect: Sequence[str] = (),
    ) -> Litestar:
        """The application, working on these from now on, and no longer on what it was furnished with before.

        `services` are further dependencies by name. `connect` are addresses besides our own that pages may connect to.
        `app.state.live.stop()` ends all live streams; `app.state.lookup.run()` follows who may no longer come in.
        """
        set_menu(list(menu))
        lookup = Lookup(store, journal)
        self._given.clear()
        self._given.update(
            store=store,
            clock=clock,
            journal=journal,
            settings=settings,
            readiness=Readiness(store, duties, engine),
        )
        self._given.update(services or {})
        self._app.state = State({"lookup": lookup, "live": Live(lookup, store.signal(TOPIC))})
        self._app.asgi_handler = Shell(
            self._inside, lookup, secure=settings.secure_cookies, connect=connect
        )
        return self._app

    def _giver(self, name: str) -> Callable[[], Any]:
        def give() -> Any:
            return self._given[name]

        return give


def build_app(
    pages: Sequence[ControllerRouterHandler],
    api: Sequence[ControllerRouterHandler],
    *,
    store: Store,
    clock: Clock,
    journal: Journal,
    settings: Settings,
    services: Mapping[str, object] | None = None,
    duties: Sequence[Duty] = (),
    engine: EngineState = lambda: None,
    menu: Sequence[Entry] = (),
    connect: Sequence[str] = (),
) -> Litestar:
    """The application. `pages` are handlers with full paths; `api` handlers have paths relative to `/api/v1`. The rest is
    what `Routes.furnish` takes; raises what `Routes` raises."""
    return Routes(pages, api, services or ()).furnish(
        store=store,
        clock=clock,
        journal=journal,
        settings=settings,
        services=services,
        duties=duties,
        engine=engine,
        menu=menu,
        connect=connect,
    )


def handlers(app: Litestar) -> list[tuple[str, str, BaseRouteHandler]]:
    """(path, method, handler) of everything the app answers."""
    found: list[tuple[str, str, BaseRouteHandler]] = []
    for route in app.routes:
        for handler in getattr(route, "route_handlers", None) or [route.route_handler]:  # type: ignore[union-attr]
            methods = handler.http_methods if isinstance(handler, HTTPRouteHandler) else {"ANY"}
            found += [
                (route.path, str(method), handler)
                for method in sorted(methods)
                if str(method) != "OPTIONS"
            ]
    return found


def guard_of(handler: BaseRouteHandler) -> Needs | Public | None:
    """What a handler declares about who may use it; None when it forgot."""
    declared = [guard for guard in handler.resolve_guards() if isinstance(guard, Needs | Public)]
    # The innermost one is the handler's own.
    return declared[-1] if declared else None


@get("/openapi.json", guards=[public], include_in_schema=False, media_type="application/json")
async def _openapi(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """The API's description."""
    schema = request.app.openapi_schema.to_schema()
    components = schema["components"]["schemas"]
    # Litestar does not say so of structs that refuse unknown fields.
    for _path, _method, handler in handlers(request.app):
        field = handler.parsed_data_field if isinstance(handler, HTTPRouteHandler) else None
        config = getattr(field.annotation, "__struct_config__", None) if field else None
        if config is not None and config.forbid_unknown_fields:
            name = field.annotation.__name__ if field else ""
            if name in components:
                components[name]["additionalProperties"] = False
    return Response(_plain_items(schema))


def _plain_items(part: Any) -> Any:
    """Litestar takes the dots of a bounded `tuple[X, ...]` for a second type, of anything: "X or anything, not both"."""
    if isinstance(part, dict):
        if list(part) == ["oneOf"] and {} in part["oneOf"]:
            return _plain_items(part["oneOf"][0])
        return {name: _plain_items(value) for name, value in part.items()}
    return [_plain_items(one) for one in part] if isinstance(part, list) else part


def _document() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="denwaban",
        version=denwaban.__version__,
        openapi_router=Router(
            "/api/v1/docs", route_handlers=[], guards=[public], include_in_schema=False
        ),
        render_plugins=[],
        components=Components(
            security_schemes={
                "key": SecurityScheme(type="http", scheme="bearer", bearer_format="dwb_…"),
                "session": SecurityScheme(
                    type="apiKey", name="denwaban", security_scheme_in="cookie"
                ),
            }
        ),
        security=[{"key": []}, {"session": []}],
    )
