"""What people do about a report on a page: the forms, and the words when somebody is not on the roster."""

from collections.abc import Callable

import msgspec
from litestar.response import Redirect

from denwaban.delivery.acts import NotTheirs
from denwaban.delivery.handing import HandedTooOften
from denwaban.store import Store, Tx
from denwaban.web import Problem, _


class AssignForm(msgspec.Struct):
    """To whom, and why."""

    staff_id: str = ""
    reason: str = ""


class CommentForm(msgspec.Struct):
    text: str = ""


async def act(store: Store, verb: Callable[[Tx], object], page: str, done: str) -> Redirect:
    """Does it, and goes back to the page, which says that it was done."""
    try:
        await store.write(verb)
    except NotTheirs as error:
        raise Problem(
            422, _("名簿から選んでください"), _("前の画面に戻ってお試しください。")
        ) from error
    except HandedTooOften as error:
        raise Problem(
            409,
            _("この報告は、もう何度も担当が変わっています"),
            _("いまの担当の方と電話などで直接お話しください。"),
        ) from error
    return Redirect(f"{page}?done={done}", status_code=303)
