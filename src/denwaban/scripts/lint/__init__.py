"""Lint: what is wrong with a script, why it matters and how to mend it."""

from denwaban.scripts.lint.finding import Around, Finding, Level
from denwaban.scripts.lint.run import lint

__all__ = ["Around", "Finding", "Level", "lint"]
