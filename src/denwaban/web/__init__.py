"""The app shell: pages, guards, live streams, errors, languages, the base of the JSON API."""

from denwaban.web.app import Routes, Unguarded, build_app, guard_of, handlers
from denwaban.web.errors import not_here
from denwaban.web.forms import form_lost, seen_at, typed
from denwaban.web.guards import CSRF_FIELD, CSRF_HEADER, Needs, Public, needs, public
from denwaban.web.here import here, visitor
from denwaban.web.language import _, language, speak
from denwaban.web.live import LiveEvent, live
from denwaban.web.logs import configure_logs, mask
from denwaban.web.menu import Entry as MenuEntry
from denwaban.web.menu import home
from denwaban.web.problem import Problem
from denwaban.web.sign_in import session_cookie
from denwaban.web.static import static
from denwaban.web.templating import environment, fragment, page, saved
from denwaban.web.ticked import ticked

__all__ = [
    "CSRF_FIELD",
    "CSRF_HEADER",
    "LiveEvent",
    "MenuEntry",
    "Needs",
    "Problem",
    "Public",
    "Routes",
    "Unguarded",
    "_",
    "build_app",
    "configure_logs",
    "environment",
    "form_lost",
    "fragment",
    "guard_of",
    "handlers",
    "here",
    "home",
    "language",
    "live",
    "mask",
    "needs",
    "not_here",
    "page",
    "public",
    "saved",
    "seen_at",
    "session_cookie",
    "speak",
    "static",
    "ticked",
    "typed",
    "visitor",
]
