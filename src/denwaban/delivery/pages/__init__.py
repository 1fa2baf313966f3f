"""The pages of this slice."""

from denwaban.delivery.pages import dispatch, ladder, link, reports

routes = [*link.routes, *reports.routes, *dispatch.routes, *ladder.routes]

__all__ = ["routes"]
