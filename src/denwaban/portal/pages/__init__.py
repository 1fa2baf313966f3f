"""The portal of a client's staff: what came in, who takes it, what was promised, who is there. Phone first."""

from denwaban.access import Role
from denwaban.portal.pages import app, inbox, presence, promised, report, talk
from denwaban.web import MenuEntry

menu = [
    MenuEntry("/portal/reports", "受信箱", frozenset({Role.CLIENT})),
    MenuEntry("/portal/missed", "不在着信", frozenset({Role.CLIENT})),
    MenuEntry("/portal/promises", "約束", frozenset({Role.CLIENT})),
    MenuEntry("/portal/presence", "在席", frozenset({Role.CLIENT})),
]

routes = [
    *app.routes,
    *inbox.routes,
    *report.routes,
    *talk.routes,
    *promised.routes,
    *presence.routes,
]
