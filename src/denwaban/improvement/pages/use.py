"""What real calls did at each node."""

from datetime import date, timedelta
from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.response import Template
from markupsafe import Markup

from denwaban.clock import Clock, japan_day
from denwaban.improvement.figures import Use
from denwaban.improvement.pages.common import AUTHORS, the_script
from denwaban.improvement.queries import use
from denwaban.scripts import Script, State, document_of, draw, versions_of
from denwaban.scripts import kind_words as node_words
from denwaban.store import Store, Tx
from denwaban.web import _, page

PERIODS = (7, 28, 91)
"""Days that the figures of use may be asked for."""

MUCH_DROPPED = 0.1
MUCH_OTHERWISE = 0.3
"""Shares from which on a figure stands out."""

Id = Annotated[str, msgspec.Meta(max_length=32)]


@get("/scripts/{script_id:str}/use", guards=[AUTHORS])
async def show_use(
    script_id: FromPath[str],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
    version: FromQuery[Id] = "",
    days: FromQuery[int] = 28,
) -> Template:
    """What real calls did at each node, in a table and on the drawing."""
    today = japan_day(clock.now())
    period = days if days in PERIODS else PERIODS[1]

    def look(tx: Tx) -> dict[str, Any]:
        listed = the_script(tx, script_id)
        versions = [v for v in versions_of(tx, script_id) if v.state is State.PUBLISHED]
        shown = next(
            (v for v in versions if v.id == (version or listed.version_id)),
            versions[0] if versions else None,
        )
        if shown is None:
            return {"script": listed, "versions": [], "shown": None, "document": None, "use": {}}
        return {
            "script": listed,
            "versions": versions,
            "shown": shown,
            "document": document_of(tx, shown.id)[0],
            "use": use(tx, shown.id, *_days(today, period)),
        }

    found = await store.read(look)
    document: Script | None = found.pop("document")
    uses: dict[str, Use] = found.pop("use")
    whole = uses.get("", Use())
    return page(
        "improvement/use.html",
        **found,
        rows=[(node, uses.get(node.id, Use())) for node in document.nodes] if document else [],
        whole=whole,
        drawing=_drawing(document, uses) if document and whole.visits else None,
        kinds=node_words(),
        much_dropped=MUCH_DROPPED,
        much_otherwise=MUCH_OTHERWISE,
        periods=PERIODS,
        period=period,
        first=_days(today, period)[0],
        last=today,
    )


def _days(today: date, period: int) -> tuple[date, date]:
    return today - timedelta(days=period - 1), today


def _drawing(script: Script, uses: dict[str, Use]) -> Markup:
    notes = {}
    for name, one in uses.items():
        if not name:
            continue
        parts = [_("%(n)s回", n=f"{one.visits:,}")]
        if one.median is not None:
            parts.append(_("%(n)s秒", n=f"{one.median:.0f}"))
        if one.share_otherwise:
            parts.append(_("外%(n)s%%", n=f"{one.share_otherwise * 100:.0f}"))
        notes[name] = " ".join(parts)
    return draw(script, title=_("使われ方の図"), kinds=node_words(), notes=notes)


routes: list[HTTPRouteHandler] = [show_use]
