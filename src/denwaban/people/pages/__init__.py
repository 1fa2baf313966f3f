"""The administrator's pages, and what operators and supervisors may read of them."""

from litestar.handlers import HTTPRouteHandler

from denwaban.people.pages import accounts, clients, imports, operators, skills, staff

routes: list[HTTPRouteHandler] = [
    *clients.routes,
    *staff.routes,
    *operators.routes,
    *skills.routes,
    *accounts.routes,
    *imports.routes,
]
