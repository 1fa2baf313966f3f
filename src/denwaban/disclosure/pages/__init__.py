"""Pages: the audit."""

from litestar.types import ControllerRouterHandler

from denwaban.disclosure.pages import audit

routes: list[ControllerRouterHandler] = [*audit.routes]

menu = [*audit.menu]
