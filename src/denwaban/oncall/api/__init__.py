"""Contacts, rosters, business hours and calendars as JSON, under /api/v1."""

from litestar.handlers import HTTPRouteHandler

from denwaban.oncall.api import calendars, contacts, hours, reach, roster

routes: list[HTTPRouteHandler] = [
    *contacts.routes,
    *reach.routes,
    *hours.routes,
    *roster.routes,
    *calendars.routes,
]
