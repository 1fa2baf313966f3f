"""Numbers, plans, levels, line limits, groups and lists of duty as JSON, under /api/v1."""

from litestar.handlers import HTTPRouteHandler

from denwaban.lines.api import duty, numbers, plans, terms

routes: list[HTTPRouteHandler] = [
    *numbers.routes,
    *plans.routes,
    *terms.routes,
    *duty.routes,
]
