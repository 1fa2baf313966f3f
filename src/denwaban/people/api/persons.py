"""Persons who call clients, joined and parted, as JSON."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from denwaban.access import Principal
from denwaban.people.api.common import STAFF_ONLY, Kana, written
from denwaban.people.persons import (
    By,
    WayKind,
    acts_of,
    merge,
    person,
    split,
    undo,
    ways_of,
)
from denwaban.store import Store, Tx
from denwaban.web.api import IdText, missing

T = TypeVar("T")

Ids = Annotated[list[IdText], msgspec.Meta(max_length=1000)]


class WayOut(msgspec.Struct):
    """A number (E.164) or a mail address of theirs."""

    id: str
    kind: WayKind
    value: str


class ActOut(msgspec.Struct):
    """Two who were joined, or one who was parted."""

    id: str
    kind: str
    """merge or split."""
    person_id: str
    other_id: str
    at: datetime
    by: str
    undone_at: datetime | None
    undoable: bool
    """Nothing was joined or parted since that builds on it."""


class PersonOut(msgspec.Struct):
    """A customer of one client: one, however many numbers they call from."""

    id: str
    client_id: str
    name: str
    kana: str
    company: str
    regular: bool
    put_first: bool
    version: int
    """Grows with every change."""
    into_id: str | None
    """Was joined into that person."""
    ways: list[WayOut]
    acts: list[ActOut]
    """Newest first."""


class MergeIn(msgspec.Struct, forbid_unknown_fields=True):
    """The other is the same person. With the versions that were seen, a change meanwhile is told with 409."""

    other_id: IdText
    version: int | None = None
    other_version: int | None = None


class SplitIn(msgspec.Struct, forbid_unknown_fields=True):
    """These numbers and addresses (ids of `ways`), and these calls, are somebody else's."""

    ways: Ids = []
    calls: Ids = []
    name: Kana = ""
    kana: Kana = ""
    version: int | None = None


class SplitOut(msgspec.Struct):
    """Both, after they were parted."""

    person: PersonOut
    other: PersonOut


def _show(tx: Tx, person_id: str) -> PersonOut:
    found = person(tx, person_id)
    if found is None:
        raise missing()
    return PersonOut(
        found.id,
        found.client_id,
        found.shown,
        found.kana,
        found.company,
        found.regular,
        found.put_first,
        found.version,
        found.into_id,
        [WayOut(way.id, way.kind, way.value) for way in ways_of(tx, found.id)],
        [
            ActOut(
                act.id,
                act.kind,
                act.person_id,
                act.other_id,
                act.at,
                act.by,
                act.undone_at,
                act.undoable,
            )
            for act in acts_of(tx, found.id)
        ],
    )


async def _changed(store: Store, change: Callable[[Tx], T]) -> T:
    """404 for who is not there, 409 when somebody was faster, 422 for what cannot be."""
    try:
        return await written(store, change)
    except LookupError as error:
        raise missing() from error


def _by(who: Principal) -> By:
    return By(who.user_id, who.name)


@get("/persons/{person_id:str}", guards=[STAFF_ONLY])
async def get_person(person_id: FromPath[IdText], store: NamedDependency[Store]) -> PersonOut:
    """What they are called, reached by, and who they were joined with. Their ids stand with the callers of a client."""
    return await store.read(lambda tx: _show(tx, person_id))


@post("/persons/{person_id:str}/merge", guards=[STAFF_ONLY], status_code=200)
async def merge_persons(
    person_id: FromPath[IdText],
    data: JSONBody[MergeIn],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> PersonOut:
    """The other's numbers, names and calls are this person's from now on."""

    def change(tx: Tx) -> PersonOut:
        merge(tx, person_id, data.other_id, _by(who), data.version, data.other_version)
        return _show(tx, person_id)

    return await _changed(store, change)


@post("/persons/{person_id:str}/split", guards=[STAFF_ONLY], status_code=200)
async def split_person(
    person_id: FromPath[IdText],
    data: JSONBody[SplitIn],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> SplitOut:
    """Parts a person in two; calls go with their numbers."""

    def change(tx: Tx) -> SplitOut:
        _act, made = split(
            tx,
            person_id,
            _by(who),
            ways=data.ways,
            calls=data.calls,
            name=data.name,
            kana=data.kana,
            seen=data.version,
        )
        return SplitOut(_show(tx, person_id), _show(tx, made))

    return await _changed(store, change)


@post("/persons/{person_id:str}/acts/{act_id:str}/undo", guards=[STAFF_ONLY], status_code=200)
async def undo_act(
    person_id: FromPath[IdText],
    act_id: FromPath[IdText],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> PersonOut:
    """As it was before; done again, it changes nothing."""

    def change(tx: Tx) -> PersonOut:
        return _show(tx, undo(tx, act_id, _by(who), person_id))

    return await _changed(store, change)


routes = [get_person, merge_persons, split_person, undo_act]
