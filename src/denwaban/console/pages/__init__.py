"""The operator's seat over HTTP: one page, its pieces, its live stream, and its acts."""

from litestar.handlers import HTTPRouteHandler

from denwaban.console import questions, search
from denwaban.console.pages import care, report, screen, script, telephone

routes: list[HTTPRouteHandler] = [
    *screen.routes,
    *telephone.routes,
    *care.routes,
    *script.routes,
    *report.routes,
    *search.routes,
    *questions.routes,
]
