"""What a client's staff do with a report beside taking it: hand it back, give it to a colleague, say something."""

from collections.abc import Callable
from typing import Annotated

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import Body, FromPath
from litestar.response import Redirect

from denwaban.access import Principal
from denwaban.delivery import NoReason, NotTaken, comment, hand_back, reassign
from denwaban.delivery.pages.acting import AssignForm, CommentForm, act
from denwaban.feedback import BadFeedback, Kind, give
from denwaban.portal.pages.common import Form, own, own_staff, theirs
from denwaban.store import Store, Tx
from denwaban.web import Problem, _


class BackForm(msgspec.Struct):
    reason: str = ""


class WordForm(msgspec.Struct):
    kind: Kind
    words: str = ""


@post("/portal/reports/{report_id:str}/back", guards=[theirs])
async def back(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    report_id: FromPath[str],
    data: Annotated[BackForm, Body(media_type=Form)],
) -> Redirect:
    """I cannot do it after all: the next person is told at once."""

    def verb(tx: Tx, me: str) -> None:
        try:
            hand_back(tx, report_id, me, data.reason, "portal")
        except NoReason as error:
            raise Problem(422, str(error), _("前の画面に戻って、わけを書いてください。")) from error
        except NotTaken as error:
            name = error.by.staff_name if error.by is not None else ""
            said = (
                _("%(name)sさんが引き受けています", name=name)
                if name
                else _("まだだれも引き受けていません")
            )
            raise Problem(409, said, _("報告を開き直してください。")) from error

    return await _act(who, store, report_id, verb, "back")


@post("/portal/reports/{report_id:str}/hand", guards=[theirs])
async def hand(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    report_id: FromPath[str],
    data: Annotated[AssignForm, Body(media_type=Form)],
) -> Redirect:
    """Gives it to a colleague, who is told at once."""
    return await _act(
        who,
        store,
        report_id,
        lambda tx, me: reassign(tx, report_id, data.staff_id, me, data.reason, "portal"),
        "handed",
    )


@post("/portal/reports/{report_id:str}/comment", guards=[theirs])
async def say(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    report_id: FromPath[str],
    data: Annotated[CommentForm, Body(media_type=Form)],
) -> Redirect:
    """A word for the colleagues and for the people who answer the phone."""
    return await _act(
        who,
        store,
        report_id,
        lambda tx, me: comment(tx, report_id, me, data.text, "portal"),
        "said",
    )


async def _act(
    who: Principal,
    store: Store,
    report_id: str,
    verb: Callable[[Tx, str], None],
    done: str,
) -> Redirect:
    def checked(tx: Tx) -> None:
        own(tx, who, report_id)
        verb(tx, own_staff(tx, who).id)

    return await act(store, checked, f"/portal/reports/{report_id}", done)


@post("/portal/reports/{report_id:str}/feedback", guards=[theirs])
async def word(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    report_id: FromPath[str],
    data: Annotated[WordForm, Body(media_type=Form)],
) -> Redirect:
    """Thanks, or a wish, for the operator of the call and the supervisors."""

    def verb(tx: Tx) -> None:
        give(tx, own(tx, who, report_id), data.kind, data.words, who.user_id, who.name)

    try:
        return await act(store, verb, f"/portal/reports/{report_id}", data.kind.value)
    except BadFeedback as error:
        raise Problem(422, _(str(error)), _("前の画面に戻ってお試しください。")) from error


routes = [back, hand, say, word]
