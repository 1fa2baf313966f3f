"""What forms bring back."""

from datetime import datetime

from denwaban.web.language import _
from denwaban.web.problem import Problem


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
