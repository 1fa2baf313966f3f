"""What a client wants of all its scripts."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import msgspec
from litestar import get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from denwaban.access import Principal, Role
from denwaban.people import client_here
from denwaban.scripts.api.shapes import AUTHORS
from denwaban.scripts.life import LONGEST_GRACE, ScriptError
from denwaban.scripts.settings import (
    BOUNDS,
    LONGEST_TOPIC,
    MOST_TOPICS,
    NotOnRoster,
    ScriptSettings,
    Terms,
    set_settings,
    settings_of,
)
from denwaban.store import Store, Tx
from denwaban.web import _, needs
from denwaban.web.api import NOT_BLANK, IdText, needs_client, refused

READERS = needs(Role.SUPERVISOR, Role.ADMINISTRATOR, Role.CLIENT)


def _within(name: str) -> msgspec.Meta:
    least, most = BOUNDS[name]
    return msgspec.Meta(ge=least, le=most)


Topic = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TOPIC, pattern=NOT_BLANK)]


class TermsOut(msgspec.Struct, forbid_unknown_fields=True):
    """What all scripts of the client keep to. `approval`: the client says yes before a version is published. `grace_minutes`:
    for operators to read a change. Promises in minutes from the call; `restricted`: topics that nobody hears of before the
    identity check. The next four are where lint begins to warn. `promisers`: ids of the staff who may be named for a promise;
    empty: everybody."""

    approval: bool
    grace_minutes: Annotated[int, msgspec.Meta(ge=0, le=int(LONGEST_GRACE.total_seconds() // 60))]
    may_promise: bool
    shortest_promise: Annotated[int, _within("shortest_promise")]
    longest_promise: Annotated[int, _within("longest_promise")]
    restricted: Annotated[list[Topic], msgspec.Meta(max_length=MOST_TOPICS)]
    characters_per_minute: Annotated[int, _within("characters_per_minute")]
    seconds_to_question: Annotated[int, _within("seconds_to_question")]
    depth: Annotated[int, _within("depth")]
    branches: Annotated[int, _within("branches")]
    promisers: Annotated[list[IdText], msgspec.Meta(max_length=200)] = []


def _out(kept: ScriptSettings) -> TermsOut:
    terms = {**asdict(kept.terms), "restricted": list(kept.terms.restricted)}
    terms["promisers"] = list(kept.terms.promisers)
    return TermsOut(kept.approval, int(kept.grace.total_seconds() // 60), **terms)


def _wanted(data: TermsOut) -> ScriptSettings:
    terms = Terms(
        data.may_promise,
        data.shortest_promise,
        data.longest_promise,
        tuple(data.restricted),
        data.characters_per_minute,
        data.seconds_to_question,
        data.depth,
        data.branches,
        tuple(data.promisers),
    )
    return ScriptSettings(data.approval, timedelta(minutes=data.grace_minutes), terms)


def _theirs(tx: Tx, who: Principal, client_id: str) -> None:
    client_here(tx, client_id)
    needs_client(who, client_id)


@get(
    "/clients/{client_id:str}/script-settings",
    guards=[READERS],
    operation_id="getScriptSettings",
    tags=["scripts"],
)
async def get_settings(
    client_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> TermsOut:
    def look(tx: Tx) -> ScriptSettings:
        _theirs(tx, who, client_id)
        return settings_of(tx, client_id)

    return _out(await store.read(look))


@put(
    "/clients/{client_id:str}/script-settings",
    guards=[AUTHORS],
    operation_id="putScriptSettings",
    tags=["scripts"],
)
async def put_settings(
    client_id: FromPath[IdText],
    data: JSONBody[TermsOut],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> TermsOut:
    """Takes the place of all that was set. Scripts that are on the phone stay; lint holds them to the new terms from now on,
    and so does the seat."""

    def save(tx: Tx) -> ScriptSettings:
        _theirs(tx, who, client_id)
        set_settings(tx, client_id, _wanted(data), who.user_id)
        return settings_of(tx, client_id)

    try:
        return _out(await store.write(save))
    except NotOnRoster as error:
        raise refused("promisers", _(str(error))) from error
    except ScriptError as error:
        raise refused("shortest_promise", _(str(error))) from error


routes = [get_settings, put_settings]
