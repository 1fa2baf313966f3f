"""Who is there: one's own presence, and the others'."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import Body, FromQuery
from litestar.response import Redirect, Template

from denwaban.access import Principal
from denwaban.clock import JST
from denwaban.delivery import channel_words
from denwaban.journal import last_seq
from denwaban.people import PeopleError, Presence, set_presence
from denwaban.portal import views
from denwaban.portal.pages.common import Form, client_of, own_staff, theirs
from denwaban.store import Store, Tx
from denwaban.web import _, page


class PresenceForm(msgspec.Struct):
    presence: Presence
    until: str = ""
    note: str = ""


@get("/portal/presence", guards=[theirs])
async def presence(
    who: NamedDependency[Principal], store: NamedDependency[Store], done: FromQuery[str] = ""
) -> Template:
    """Whether I am there, and the others."""
    return await _presence(who, store, done)


async def _presence(
    who: Principal, store: Store, done: str = "", error: str = "", status: int = 200
) -> Template:
    after, seen = await store.read(
        lambda tx: (last_seq(tx), views.roster(tx, client_of(who), who.user_id))
    )
    return page(
        "portal/presence.html",
        status=status,
        after=after,
        seen=seen,
        done=_("在席を変えました") if done else "",
        error=error,
        channels=channel_words(),
    )


@post("/portal/presence", guards=[theirs])
async def set_my_presence(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    data: Annotated[PresenceForm, Body(media_type=Form)],
) -> Redirect | Template:
    """Sets my own presence, until a time if one is given (Tokyo time)."""
    try:
        until = moment(data.until)
    except ValueError:
        why = _("日時の形が違うようです。例: 2026-11-24T15:00")
        return await _presence(who, store, error=why, status=422)

    def verb(tx: Tx) -> None:
        if until is not None and until <= tx.now:
            raise PeopleError(
                _("「いつまで」が過ぎた時刻になっています。これからの時刻にしてください。")
            )
        given = None if data.presence is Presence.PRESENT else until
        set_presence(tx, own_staff(tx, who).id, data.presence, given, data.note.strip()[:200])

    try:
        await store.write(verb)
    except PeopleError as error:
        return await _presence(who, store, error=str(error), status=422)
    return Redirect("/portal/presence?done=1", status_code=303)


def moment(typed: str) -> datetime | None:
    """A moment from `<input type=datetime-local>` (Tokyo time); None for nothing. Raises `ValueError`."""
    typed = typed.strip()
    if not typed:
        return None
    return datetime.strptime(typed[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=JST)


routes = [presence, set_my_presence]
