"""Practice on the screen: calls, scripts walked without a telephone, operators' sheets."""

from litestar.handlers import HTTPRouteHandler

from denwaban.practice.pages import calls, rehearsals, training, walks

routes: list[HTTPRouteHandler] = [
    *calls.routes,
    *rehearsals.routes,
    *walks.routes,
    *training.routes,
]
