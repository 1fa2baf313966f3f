"""Pages: the check at the seat, a client's rules, locks, the audit, suspected leaks."""

from litestar.types import ControllerRouterHandler

from denwaban.disclosure.pages import audit, client, leaks, locks, seat

routes: list[ControllerRouterHandler] = [
    *seat.routes,
    *client.routes,
    *locks.routes,
    *audit.routes,
    *leaks.routes,
]

menu = [*client.menu, *audit.menu]
