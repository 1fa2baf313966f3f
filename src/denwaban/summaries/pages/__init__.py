"""Summaries for the client's staff, for our floor, and what a client wants to be sent."""

from litestar.handlers import HTTPRouteHandler

from denwaban.summaries.pages import floor, portal, settings

routes: list[HTTPRouteHandler] = [*portal.routes, *floor.routes, *settings.routes]
