"""What forms bring back."""

from datetime import datetime
from typing import Any

from litestar import Request

from denwaban.web.language import _
from denwaban.web.problem import Problem


async def typed(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The texts of a form by field; of a field that came several times the last, and no files. Databases refuse NUL: it is not
    among them."""
    form = await request.form()
    return {name: text.replace("\x00", "") for name, text in form.items() if isinstance(text, str)}


def seen_at(text: str) -> datetime:
    """When what a form was made from was changed last. Raises `Problem` 400 for a form that has lost it."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise form_lost() from error
    if moment.tzinfo is None:
        raise form_lost()
    return moment


def form_lost() -> Problem:
    """400: the form does not say what it was made from."""
    return Problem(400, _("画面を読み込み直してから、もう一度お試しください"))
