"""The only wiring place: settings in, a running program out."""

from denwaban.main.program import Program, build
from denwaban.main.routes import API, MENU, PAGES
from denwaban.main.serving import engine_settings, serve

__all__ = ["API", "MENU", "PAGES", "Program", "build", "engine_settings", "serve"]
