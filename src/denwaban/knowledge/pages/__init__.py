"""The FAQ on the page.

The same handlers stand under both addresses; a `Desk` says whose entries they are about.
"""

from litestar import Router
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler

from denwaban.access import Role
from denwaban.knowledge.pages.desk import any_clients, their_own
from denwaban.knowledge.pages.entries import (
    new_faq,
    post_faq,
    post_remove,
    post_restore,
    save_faq,
    show_faq,
    show_faqs,
)
from denwaban.knowledge.pages.files import export, post_import, show_import
from denwaban.web import MenuEntry, needs

HANDLERS: list[HTTPRouteHandler] = [
    show_faqs,
    new_faq,
    post_faq,
    export,
    show_import,
    post_import,
    show_faq,
    save_faq,
    post_remove,
    post_restore,
]

routes = [
    Router(
        "/clients/{client_id:str}/faqs",
        route_handlers=HANDLERS,
        guards=[needs(Role.SUPERVISOR, Role.ADMINISTRATOR)],
        dependencies={"desk": Provide(any_clients, sync_to_thread=False)},
    ),
    Router(
        "/portal/faqs",
        route_handlers=HANDLERS,
        guards=[needs(Role.CLIENT)],
        dependencies={"desk": Provide(their_own, sync_to_thread=False)},
    ),
]

menu = [MenuEntry("/portal/faqs", "よくある質問", frozenset({Role.CLIENT}))]
