"""Putting routes and services together into one application."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
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
from denwaban.web import sign_in
from denwaban.web.api import PROBLEMS
from denwaban.web.errors import handle
from denwaban.web.guards import Needs, Public, check_who, public
from denwaban.web.health import EngineState, health_routes
from denwaban.web.live import Live
from denwaban.web.menu import Entry, set_menu
from denwaban.web.shell import Shell
from denwaban.web.static import serve
from denwaban.web.strict import StrictRequest
from denwaban.web.templating import environment
from denwaban.work import Duty

MAX_BODY = 5_000_000
"""Bytes of the largest request: a CSV of a few ten thousand lines."""


class Unguarded(Exception):
    """A handler that does not say who may use it."""


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
    lifespan: Sequence[Callable[[Litestar], AbstractAsyncContextManager[None]]] = (),
) -> Litestar:
    """The application.

    `pages` are handlers with full paths; `api` handlers have paths relative to `/api/v1`. `services` are further
    dependencies by name. `connect` are addresses besides our own that pages may connect to. Raises `Unguarded` when a
    handler carries neither `needs(…)` nor `public`. `app.state.live.stop()` ends all live streams.
    """
    set_menu(list(menu))
    lookup = Lookup(store)
    given: dict[str, object] = {
        "store": store,
        "clock": clock,
        "journal": journal,
        "settings": settings,
        **(services or {}),
    }
    v1 = Router("/api/v1", route_handlers=[*api, _openapi])
    plain = Router(
        "/",
        route_handlers=[*pages, *sign_in.routes, *health_routes(store, duties, engine), serve],
        include_in_schema=False,
    )
    app = Litestar(
        [plain, v1],
        dependencies={
            **{name: Provide(_giver(value), sync_to_thread=False) for name, value in given.items()},
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
        state=State({"live": Live(lookup, store.signal(TOPIC))}),
        lifespan=list(lifespan),
        debug=False,
    )
    for path, method, handler in handlers(app):
        if guard_of(handler) is None:
            raise Unguarded(f"{method} {path}: needs(…) or public is missing")
        if isinstance(handler, HTTPRouteHandler) and path.startswith("/api/v1/"):
            handler.responses = {**PROBLEMS, **(handler.responses or {})}
    app.asgi_handler = Shell(
        app.asgi_handler, lookup, secure=settings.secure_cookies, connect=connect
    )
    return app


def _giver(value: object) -> Callable[[], Any]:
    def give() -> Any:
        return value

    return give


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
