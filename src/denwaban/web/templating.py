"""Templates of every slice: `console/seat.html` is `console/templates/seat.html`."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from litestar.response import Redirect, Template
from markupsafe import Markup

from denwaban.clock import JST
from denwaban.web.guards import CSRF_FIELD
from denwaban.web.here import here
from denwaban.web.language import LANGUAGES, _, language
from denwaban.web.menu import menu
from denwaban.web.static import static

_SLICES = Path(__file__).parent.parent
_WEEKDAYS = "月火水木金土日"


def jst(moment: datetime | None, form: str = "%m/%d %H:%M") -> str:
    """A moment as it is on the wall in Tokyo; empty for none."""
    return moment.astimezone(JST).strftime(form) if moment is not None else ""


def day(moment: datetime) -> str:
    """11/24(火) in Japanese, Tue 24 Nov in English."""
    local = moment.astimezone(JST)
    if language() == "en":
        return local.strftime("%a %d %b")
    return f"{local.month}/{local.day}({_WEEKDAYS[local.weekday()]})"


def moment(at: datetime | None, now: datetime) -> str:
    """18:30 when it is today in Tokyo, 11/23 18:30 when it is not, with the year when that differs; empty for none."""
    if at is None:
        return ""
    here_at, today = at.astimezone(JST), now.astimezone(JST)
    if here_at.date() == today.date():
        return f"{here_at:%H:%M}"
    return f"{here_at:%m/%d %H:%M}" if here_at.year == today.year else f"{here_at:%Y/%m/%d %H:%M}"


def iso(moment: datetime | None) -> str:
    """For `<time datetime>` and for clocks that run in the browser."""
    return moment.astimezone(JST).isoformat(timespec="seconds") if moment is not None else ""


def csrf_field() -> Markup:
    """The hidden field that every plain form with method post must carry."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, here().csrf)


@cache
def environment() -> Environment:
    """Jinja with the templates of all slices; a name that was not passed is an error, not an empty string."""
    made = Environment(
        loader=PrefixLoader(
            {
                found.parent.name: FileSystemLoader(found)
                for found in sorted(_SLICES.glob("*/templates"))
            }
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
        auto_reload=False,
    )
    made.globals.update(
        _=_,
        here=here,
        language=language,
        languages=LANGUAGES,
        menu=menu,
        static=static,
        csrf_field=csrf_field,
    )
    made.filters.update(jst=jst, day=day, moment=moment, iso=iso)
    return made


def page(
    template: str, *, status: int = 200, headers: dict[str, str] | None = None, **context: Any
) -> Template:
    """An HTML page (or a piece of one for htmx) from `SLICE/NAME.html`.

    Templates know `_`, `here()` (`.who`, `.csrf`, `.path`), `language()`, `static("SLICE/FILE")`, `csrf_field()` and the
    filters `jst`, `day`, `moment`, `iso`. Pages are not kept by caches: they hold personal data.
    """
    return Template(
        template,
        context=context,
        status_code=status,
        media_type="text/html",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def saved(path: str) -> Redirect:
    """Back to a page, after a form was taken: the page says in its corner that it was."""
    place, mark, part = path.partition("#")
    return Redirect(f"{place}{'&' if '?' in place else '?'}saved=1{mark}{part}", status_code=303)


def fragment(template: str, **context: Any) -> str:
    """The same as text, for live events."""
    return environment().get_template(template).render(**context)
