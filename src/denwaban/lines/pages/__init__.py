"""A client's numbers, times of service, and how its calls are put through."""

from litestar.handlers import HTTPRouteHandler

from denwaban.lines.pages import duty, first, importing, level, numbers, plan
from denwaban.lines.pages.common import ScriptNames
from denwaban.lines.pages.first import menu

__all__ = ["ScriptNames", "menu", "routes"]

routes: list[HTTPRouteHandler] = [
    *plan.routes,
    *numbers.routes,
    *importing.routes,
    *level.routes,
    *duty.routes,
    *first.routes,
]
