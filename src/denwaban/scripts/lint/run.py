"""The lint of one script."""

from denwaban.scripts.check import problems
from denwaban.scripts.lint.finding import Around, Finding
from denwaban.scripts.model import Script
from denwaban.scripts.text import Source

KNOWING_NOTHING = Around()


def lint(
    script: Script, around: Around = KNOWING_NOTHING, source: Source | None = None
) -> list[Finding]:
    """Everything to mend: errors first, then by line. `source` gives the lines; it comes from `parse`."""
    return [
        Finding("structure", "error", None, None, told, told, told, told)
        for told in problems(script)
    ]
