"""What calls told, for the client's staff to read."""

from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.response import Template

from denwaban.access import Principal
from denwaban.clock import Clock
from denwaban.improvement.model import Decision
from denwaban.improvement.pages.common import AT_ONCE, THEIRS, shown, told
from denwaban.improvement.queries import marks_of, proposals_of, waiting
from denwaban.improvement.words import kind_words, mark_sentence
from denwaban.scripts import (
    published,
)
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, page


@get("/portal/improvement", guards=[THEIRS])
async def show_theirs(
    who: NamedDependency[Principal], store: NamedDependency[Store], clock: NamedDependency[Clock]
) -> Template:
    """What we would like to change in the client's own scripts, and why; deciding is ours, approving theirs."""
    client_id = who.client_id
    if client_id is None:
        raise Problem(403, _("この画面を使う権限がありません"))

    def look(tx: Tx) -> list[dict[str, Any]]:
        found = []
        for one in waiting(tx, client_id=client_id, after=None, limit=AT_ONCE):
            script = published(tx, one.id)
            proposals = proposals_of(tx, one.id, [Decision.OPEN], 20)
            found.append(
                {
                    "script": one,
                    "proposals": [shown(tx, each, script) for each in proposals],
                    "marks": marks_of(tx, one.id),
                }
            )
        return found

    found = await store.read(look)
    return page(
        "improvement/theirs.html",
        scripts=[
            {
                "script": one["script"],
                "proposals": [told(each) for each in one["proposals"]],
                "marks": [mark_sentence(mark) for mark in one["marks"]],
            }
            for one in found
        ],
        kinds=kind_words(),
        now=clock.now(),
    )


routes: list[HTTPRouteHandler] = [show_theirs]
