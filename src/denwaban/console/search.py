"""The search of the seat over HTTP."""

from typing import Annotated

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Template

from denwaban.access import Principal
from denwaban.console.finding import look_up
from denwaban.console.here import OPERATORS
from denwaban.console.opening import NotYet, open_answer, opens
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
        shut = any(one.faq is not None and one.faq.restricted for one in results.found)
        proved = shut and bool(data.call) and opens(tx, operator, data.call)
        return page("console/found.html", results=results, proved=proved, call_id=data.call)

    return await store.read(verb)


@post(
    "/seat/calls/{call_id:str}/faqs/{faq_id:str}/open",
    guards=[OPERATORS],
    status_code=200,
    opt={"quiet": True},
)
async def open_faq(
    call_id: FromPath[str],
    faq_id: FromPath[str],
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
) -> Response[dict[str, str]]:
    """The words of an answer that waits for the identity check, once it has passed; 409 before."""

    def verb(tx: Tx) -> str:
        operator = operator_of_user(tx, who.user_id)
        if operator is None:
            raise Problem(404, _("受電席がありません"))
        return open_answer(tx, operator, who.user_id, call_id, faq_id)

    try:
        said = await store.write(verb)
    except LookupError as error:
        raise Problem(404, _("この回答は見つかりませんでした")) from error
    except NotYet:
        problem = _("ご本人と確かめるまで、この回答は開けません。")
        return Response({"problem": problem}, status_code=409, headers=_UNKEPT)
    return Response({"said": said}, headers=_UNKEPT)


_UNKEPT = {"Cache-Control": "no-store"}

routes = [search, open_faq]
"""Part of the seat's routes."""
