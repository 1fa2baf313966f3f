"""Contacts, rosters, business hours and calendars as pages."""

from litestar.handlers import HTTPRouteHandler

from denwaban.oncall.pages import calendars, contacts, hours, roster, writing

menu = roster.menu

routes: list[HTTPRouteHandler] = [
    *contacts.routes,
    *roster.routes,
    *writing.routes,
    *hours.routes,
    *calendars.routes,
]
