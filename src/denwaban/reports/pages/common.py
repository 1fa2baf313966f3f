"""What both pages share."""

from collections.abc import Awaitable, Callable, Mapping

from litestar.response import Template

from denwaban.access import Role
from denwaban.people import Changed
from denwaban.reports.settings import NotUsable
from denwaban.store import Store, Tx
from denwaban.web import _, needs

FLOOR = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)


def seen_version(fields: Mapping[str, str]) -> int | None:
    """The version that the page was made from."""
    text = fields.get("seen", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


async def kept_or_told(
    store: Store,
    save: Callable[[Tx], None],
    again: Callable[..., Awaitable[Template]],
    field: str,
    seen: int | None,
) -> Template | None:
    """Saves what was typed; when that is refused, the page `again` with what was typed and why. `field`: where it is told
    that somebody else was first; saved again, what was typed then replaces what is stored now."""
    try:
        await store.write(save)
    except Changed as error:
        return await again(status=409, errors={field: error.tell(_)})
    except NotUsable as error:
        faults = {name: sentence.tell(_) for name, sentence in error.faults.items()}
        return await again(status=422, seen=seen, errors=faults)
    return None
