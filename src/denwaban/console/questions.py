"""One key during a call: a question that nobody expected, in the caller's words."""

from typing import Annotated, Any

import msgspec
from litestar import Response, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from denwaban.access import Principal
from denwaban.console.acts import NotYours, run_for
from denwaban.console.here import OPERATORS
from denwaban.improvement import LONGEST_WORDS, NotThisCall, note_question
from denwaban.people import operator_of_user
from denwaban.store import Store, Tx
from denwaban.web import Problem, _

ID = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}$")]


class Noted(msgspec.Struct, forbid_unknown_fields=True):
    """What the caller asked, so far; `counter` grows with every change."""

    id: ID
    words: Annotated[str, msgspec.Meta(max_length=LONGEST_WORDS)]
    counter: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    withdrawn: bool = False


@put("/seat/calls/{call_id:str}/question", guards=[OPERATORS], opt={"quiet": True})
async def question(
    call_id: FromPath[str],
    data: JSONBody[Noted],
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
) -> Response[dict[str, Any]]:
    """Keeps it at once; sending it again keeps it once. Answers {kept}: false in a practice call, or when a newer text is
    there already."""

    def keep(tx: Tx) -> bool:
        operator = operator_of_user(tx, who.user_id)
        if operator is None:
            raise NotYours(call_id)
        call, run = run_for(tx, operator.id, call_id)
        return note_question(
            tx,
            run,
            data.id,
            data.words,
            data.counter,
            operator_id=operator.id,
            practice=call.practice,
            withdrawn=data.withdrawn,
        )

    try:
        kept = await store.write(keep)
    except (NotYours, NotThisCall) as error:
        raise Problem(404, _("この電話は見つかりませんでした")) from error
    return Response({"kept": kept}, headers={"Cache-Control": "no-store"})


routes = [question]
"""Part of the seat's routes."""
