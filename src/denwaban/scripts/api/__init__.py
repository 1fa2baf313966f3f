"""Scripts as JSON, under /api/v1: read by everybody who may see the client, written by supervisors and administrators."""

from litestar.handlers import HTTPRouteHandler

from denwaban.scripts.api import drafts, listing, settings, versions

routes: list[HTTPRouteHandler] = [
    *listing.routes,
    *drafts.routes,
    *versions.routes,
    *settings.routes,
]
