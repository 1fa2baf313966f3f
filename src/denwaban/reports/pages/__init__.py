"""A client's report form, its rules, and what they would do with a report."""

from litestar.handlers import HTTPRouteHandler

from denwaban.reports.pages import export, form, rules

routes: list[HTTPRouteHandler] = [*form.routes, *rules.routes, *export.routes]
