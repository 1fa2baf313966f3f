"""The way that one call went, by the version of the script that it followed: the same for ever, whatever was published since."""

from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from sqlalchemy import select

from denwaban.calls import call
from denwaban.people import staff_of
from denwaban.scripts.pages.common import AUTHORS
from denwaban.scripts.rows import runs
from denwaban.scripts.run_queries import run_of_call
from denwaban.scripts.versions import version
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, page


@get("/calls/{call_id:str}/script", guards=[AUTHORS])
async def show_walked(call_id: FromPath[str], store: NamedDependency[Store]) -> Template:
    """The scenes walked through in order, what was chosen and what was answered."""

    def look(tx: Tx) -> dict[str, Any]:
        found = call(tx, call_id)
        run = run_of_call(tx, call_id)
        if found is None or run is None:
            raise Problem(
                404,
                _("この通話には、台本の記録がありません"),
                _("オペレーターが応答すると、台本の記録が始まります。"),
            )
        version_id = tx.scalar(select(runs.c.script_version_id).where(runs.c.call_id == call_id))
        return {
            "call": found,
            "run": run,
            "version": version(tx, version_id),
            "taken": {node.id: branch.label for node, branch in run.forks},
            "staff": {person.id: person.name for person in staff_of(tx, run.client_id, left=True)},
        }

    return page("scripts/walked.html", **await store.read(look))


routes = [show_walked]
