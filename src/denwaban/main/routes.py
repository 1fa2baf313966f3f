"""Every page, every route of the API, and the menu."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

import denwaban.callback.pages
import denwaban.calls.api
import denwaban.calls.pages
import denwaban.console.pages
import denwaban.delivery.api
import denwaban.delivery.inbound.doors
import denwaban.delivery.pages
import denwaban.delivery.trial
import denwaban.disclosure.pages
import denwaban.feedback.api
import denwaban.feedback.pages
import denwaban.floor.api
import denwaban.floor.pages
import denwaban.improvement.api
import denwaban.improvement.pages
import denwaban.knowledge.api
import denwaban.knowledge.pages
import denwaban.lines.api
import denwaban.lines.pages
import denwaban.lines.transfer.api
import denwaban.lines.transfer.pages
import denwaban.memory.pages
import denwaban.oncall.api
import denwaban.oncall.pages
import denwaban.people.api
import denwaban.people.pages
import denwaban.portal.pages
import denwaban.practice.api
import denwaban.practice.pages
import denwaban.promises.api
import denwaban.promises.pages
import denwaban.reports.api
import denwaban.reports.pages
import denwaban.reports.settings_api
import denwaban.retention.api
import denwaban.retention.pages
import denwaban.schema
import denwaban.scripts.api
import denwaban.scripts.pages
import denwaban.summaries.api
import denwaban.summaries.pages
import denwaban.targets.api
import denwaban.targets.pages
from denwaban.access import Role
from denwaban.web import MenuEntry

PAGES: Sequence[ControllerRouterHandler] = (
    *denwaban.console.pages.routes,
    *denwaban.floor.pages.routes,
    *denwaban.targets.pages.routes,
    *denwaban.portal.pages.routes,
    *denwaban.callback.pages.routes,
    *denwaban.retention.pages.routes,
    *denwaban.memory.pages.routes,
    *denwaban.summaries.pages.routes,
    *denwaban.practice.pages.routes,
    *denwaban.promises.pages.routes,
    *denwaban.delivery.pages.routes,
    *denwaban.delivery.trial.routes,
    *denwaban.delivery.inbound.doors.routes,
    *denwaban.improvement.pages.routes,
    *denwaban.feedback.pages.routes,
    *denwaban.scripts.pages.routes,
    *denwaban.reports.pages.routes,
    *denwaban.calls.pages.routes,
    *denwaban.knowledge.pages.routes,
    *denwaban.disclosure.pages.routes,
    *denwaban.lines.pages.routes,
    *denwaban.lines.transfer.pages.routes,
    *denwaban.oncall.pages.routes,
    *denwaban.people.pages.routes,
)

API: Sequence[ControllerRouterHandler] = (
    *denwaban.people.api.routes,
    *denwaban.oncall.api.routes,
    *denwaban.knowledge.api.routes,
    *denwaban.lines.api.routes,
    *denwaban.lines.transfer.api.routes,
    *denwaban.calls.api.routes,
    *denwaban.floor.api.routes,
    *denwaban.targets.api.routes,
    *denwaban.reports.api.routes,
    *denwaban.reports.settings_api.routes,
    *denwaban.scripts.api.routes,
    *denwaban.improvement.api.routes,
    *denwaban.delivery.api.routes,
    *denwaban.summaries.api.routes,
    *denwaban.promises.api.routes,
    *denwaban.feedback.api.routes,
    *denwaban.practice.api.routes,
    *denwaban.retention.api.routes,
)

_FLOOR = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
_INSIDE = _FLOOR | {Role.OPERATOR}

MENU: Sequence[MenuEntry] = (
    MenuEntry("/seat", "受電席", frozenset({Role.OPERATOR})),
    MenuEntry("/floor", "フロア", _FLOOR),
    *denwaban.portal.pages.menu,
    *denwaban.oncall.pages.menu,
    *denwaban.lines.pages.menu,
    *denwaban.summaries.pages.portal.menu,
    *denwaban.scripts.pages.approval.menu,
    *denwaban.knowledge.pages.menu,
    *denwaban.delivery.pages.dispatch.menu,
    MenuEntry("/reports", "報告", _INSIDE),
    *denwaban.feedback.pages.menu,
    MenuEntry("/calls", "通話", _FLOOR),
    *denwaban.memory.pages.menu,
    *denwaban.summaries.pages.floor.menu,
    MenuEntry("/clients", "顧客", _INSIDE),
    MenuEntry("/scripts", "台本", _FLOOR),
    MenuEntry("/improvement", "改善", _FLOOR, mark="/improvement/waiting"),
    MenuEntry("/operators", "オペレーター", _FLOOR),
    MenuEntry("/users", "アカウント", frozenset({Role.ADMINISTRATOR})),
    MenuEntry("/keys", "API キー", frozenset({Role.ADMINISTRATOR}), aside=True),
    *denwaban.disclosure.pages.menu,
    MenuEntry("/practice", "練習", _INSIDE),
    MenuEntry("/targets", "わたしの目標", frozenset({Role.OPERATOR})),
)
