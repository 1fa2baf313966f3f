"""Clients, staff, operators and callers as JSON, under /api/v1."""

from litestar.handlers import HTTPRouteHandler

from denwaban.people.api import callers, clients, operators, persons, staff

routes: list[HTTPRouteHandler] = [
    *clients.routes,
    *staff.routes,
    *operators.routes,
    *callers.routes,
    *persons.routes,
]
