"""What both pages share."""

from collections.abc import Mapping
from typing import Any

from litestar import Request

from denwaban.access import Role
from denwaban.people import Client, client
from denwaban.reports.settings import NotUsable
from denwaban.store import Tx
from denwaban.web import Problem, _, needs

FLOOR = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)


def known(tx: Tx, client_id: str) -> Client:
    """The client; a 404 when there is none."""
    found = client(tx, client_id)
    if found is None:
        raise Problem(
            404,
            _("見つかりませんでした"),
            _("移動したか、削除されたか、見る権限がない可能性があります。"),
        )
    return found


async def typed(request: Request[Any, Any, Any]) -> Mapping[str, str]:
    """The fields of a web form."""
    form = await request.form()
    return {name: text.replace("\x00", "") for name, text in form.items() if isinstance(text, str)}


def seen_version(fields: Mapping[str, str]) -> int | None:
    """The version that the page was made from."""
    text = fields.get("seen", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def told(error: NotUsable) -> dict[str, str]:
    """What is wrong, in the reader's language."""
    return {name: sentence.tell(_) for name, sentence in error.faults.items()}
