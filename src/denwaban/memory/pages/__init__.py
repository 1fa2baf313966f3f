"""Callers as our own people see them: the list, one person, who is who."""

from litestar.handlers import HTTPRouteHandler

from denwaban.access import Role
from denwaban.memory.pages import card, joining, lists
from denwaban.web import MenuEntry

routes: list[HTTPRouteHandler] = [*lists.routes, *card.routes, *joining.routes]

menu = [
    MenuEntry("/persons", "お客様", frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR}))
]
