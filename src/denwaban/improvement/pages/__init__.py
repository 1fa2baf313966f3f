"""The week's proposals, marks, and figures of use: for those who write scripts; for the client's staff to read."""

from litestar.handlers import HTTPRouteHandler

from denwaban.improvement.pages import proposals, theirs, use

routes: list[HTTPRouteHandler] = [*proposals.routes, *use.routes, *theirs.routes]
