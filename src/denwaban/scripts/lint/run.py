"""The lint of one script."""

from denwaban.scripts.lint import disclosure, items, order, shape, wording
from denwaban.scripts.lint.case import Case
from denwaban.scripts.lint.finding import Around, Finding
from denwaban.scripts.lint.graph import whole
from denwaban.scripts.model import Script
from denwaban.scripts.text import Source

KNOWING_NOTHING = Around()


def lint(
    script: Script, around: Around = KNOWING_NOTHING, source: Source | None = None
) -> list[Finding]:
    """Everything to mend: errors first, then by line. `source` gives the lines; it comes from `parse`.

    Where names are doubled or lead nowhere, only that and what each node shows by itself is told: a walk over such a
    script means nothing yet."""
    case = Case(script, around, source)
    found = [*shape.alone(case), *wording.alone(case), *disclosure.alone(case)]
    if whole(script):
        found += [
            *shape.together(case),
            *wording.together(case),
            *items.together(case),
            *disclosure.together(case),
            *order.together(case),
        ]
    return sorted(found, key=case.order)


def problems(script: Script) -> list[str]:
    """What keeps the script from being published, whatever it stands among, as Japanese sentences."""
    return [finding.message for finding in lint(script) if finding.level == "error"]
