"""Two authors at one draft: each sees that the other is there, and what the other saved."""

from typing import Annotated, Any

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from denwaban.access import Principal
from denwaban.scripts.life import NoSuchScript
from denwaban.scripts.pages.common import AUTHORS, told_as
from denwaban.scripts.presence import company, gone, here
from denwaban.store import Store
from denwaban.web import not_here

PageId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}$")]


class Present(msgspec.Struct, forbid_unknown_fields=True):
    """Which page asks, and the draft that it knows (empty: none)."""

    page: PageId
    draft: Annotated[str, msgspec.Meta(max_length=32)] = ""


class Leaving(msgspec.Struct, forbid_unknown_fields=True):
    page: PageId


@post("/scripts/{script_id:str}/present", guards=[AUTHORS], status_code=200, opt={"quiet": True})
async def post_present(
    script_id: FromPath[str],
    data: JSONBody[Present],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Response[Any]:
    """{others, elsewhere, draft, by}, and the text when the draft is another than the page knows."""
    user_id = who.user_id
    try:
        found = await store.read(lambda tx: company(tx, script_id, data.page, user_id))
        if found.due and user_id is not None:
            await store.write(lambda tx: here(tx, script_id, data.page, user_id))
    except NoSuchScript as error:
        raise not_here() from error
    draft = found.draft
    news = {"text": draft.text} if draft is not None and draft.id != data.draft else {}
    return told_as(
        200,
        others=found.names,
        elsewhere=found.elsewhere,
        draft=draft.id if draft is not None else "",
        by=found.by if draft is not None and draft.user_id != user_id else "",
        **news,
    )


@post("/scripts/{script_id:str}/leave", guards=[AUTHORS], status_code=204, opt={"quiet": True})
async def post_leave(
    script_id: FromPath[str],
    data: JSONBody[Leaving],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> None:
    """The page is closed. What it had typed is saved by other ways."""
    if who.user_id is not None:
        user_id = who.user_id
        await store.write(lambda tx: gone(tx, data.page, user_id))


routes = [post_present, post_leave]
