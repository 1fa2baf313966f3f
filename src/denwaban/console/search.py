"""The search of the seat over HTTP."""

from typing import Annotated

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.response import Template

from denwaban.access import Principal
from denwaban.console.finding import look_up
from denwaban.console.here import OPERATORS
from denwaban.people import operator_of_user
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, page


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """What is looked for, and on which call. Not in the address: callers' words stay out of logs."""

    text: Annotated[str, msgspec.Meta(max_length=100)]
    call: Annotated[str, msgspec.Meta(max_length=32)] = ""
    persons: bool = False
    """Only who it may be that calls."""


@post("/seat/search", guards=[OPERATORS], status_code=200, opt={"quiet": True})
async def search(
    data: JSONBody[Wanted], store: NamedDependency[Store], who: NamedDependency[Principal]
) -> Template:
    """The results as a piece of HTML."""

    def verb(tx: Tx) -> Template:
        operator = operator_of_user(tx, who.user_id)
        if operator is None:
            raise Problem(404, _("受電席がありません"))
        results = look_up(tx, operator, data.text, data.call, persons_only=data.persons)
        return page("console/found.html", results=results)

    return await store.read(verb)


routes = [search]
"""Part of the seat's routes."""
