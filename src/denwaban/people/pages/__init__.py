"""The administrator's pages, and what operators and supervisors may read of them."""

from litestar.handlers import HTTPRouteHandler

from denwaban.people.pages import accounts, clients, imports, operators, staff

routes: list[HTTPRouteHandler] = [
    *clients.routes,
    *staff.routes,
    *operators.routes,
    *accounts.routes,
    *imports.routes,
]
