"""Scripts on the screen: for those who write them, and for the client who approves them."""

from litestar.handlers import HTTPRouteHandler

from denwaban.scripts.pages import (
    approval,
    editor,
    lists,
    presence,
    publishing,
    settings,
    versions,
    walked,
)

routes: list[HTTPRouteHandler] = [
    *lists.routes,
    *settings.routes,
    *editor.routes,
    *presence.routes,
    *publishing.routes,
    *versions.routes,
    *approval.routes,
    *walked.routes,
]
