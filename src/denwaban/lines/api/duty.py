"""Groups of operators and lists of duty as JSON, under /api/v1."""

from typing import Annotated

import msgspec
from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from denwaban.access import Role
from denwaban.lines.levels import (
    DutyList,
    LinesError,
    add_duty_list,
    duty_lists_of,
    groups_in_use,
    remove_duty_list,
)
from denwaban.people import OperatorGroup, PeopleError, groups, remove_group, set_group
from denwaban.store import Store, Tx
from denwaban.web import _, needs
from denwaban.web.api import IdText, ShortText, missing, refused

FLOOR = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)


class GroupIn(msgspec.Struct, forbid_unknown_fields=True):
    """A group of operators (班); who is no operator is left out."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=50)]
    operators: Annotated[list[IdText], msgspec.Meta(max_length=5000)] = []


class GroupOut(msgspec.Struct):
    """A group and its operators."""

    id: str
    name: str
    operators: list[str]


class Groups(msgspec.Struct):
    """All groups, by name."""

    items: list[GroupOut]


class DutyIn(msgspec.Struct, forbid_unknown_fields=True):
    """A group that is tried first in a part of the week (JST), while others rest. Days and minutes as in a plan's windows."""

    name: ShortText
    group_id: IdText
    days: Annotated[int, msgspec.Meta(ge=1, le=255)]
    opens: Annotated[int, msgspec.Meta(ge=0, le=1439)]
    closes: Annotated[int, msgspec.Meta(ge=1, le=2879)]
    alone_seconds: Annotated[int, msgspec.Meta(ge=0, le=600)] = 0
    """So long a caller waits for them alone; then everybody who is ready is tried as well."""


class DutyOut(msgspec.Struct):
    """A list of duty."""

    id: str
    name: str
    group_id: str
    days: int
    opens: int
    closes: int
    alone_seconds: int


class DutyLists(msgspec.Struct):
    """All lists, by name."""

    items: list[DutyOut]


def _group(found: OperatorGroup) -> GroupOut:
    return GroupOut(found.id, found.name, sorted(found.members))


def _duty(found: DutyList) -> DutyOut:
    return msgspec.convert(found, DutyOut, from_attributes=True)


def _one_group(tx: Tx, group_id: str) -> GroupOut:
    found = next((one for one in groups(tx) if one.id == group_id), None)
    if found is None:
        raise missing()
    return _group(found)


async def _set(store: Store, group_id: str | None, data: GroupIn) -> GroupOut:
    def change(tx: Tx) -> GroupOut:
        if group_id is not None:
            _one_group(tx, group_id)
        return _one_group(tx, set_group(tx, group_id, data.name, data.operators))

    try:
        return await store.write(change)
    except PeopleError as error:
        raise refused(error.field, error.tell(_)) from error


@get("/operator-groups", guards=[FLOOR])
async def list_groups(store: NamedDependency[Store]) -> Groups:
    """All of them; there are few."""
    return await store.read(lambda tx: Groups([_group(one) for one in groups(tx)]))


@post("/operator-groups", guards=[FLOOR])
async def post_group(data: JSONBody[GroupIn], store: NamedDependency[Store]) -> GroupOut:
    """A new group."""
    return await _set(store, None, data)


@put("/operator-groups/{group_id:str}", guards=[FLOOR])
async def put_group(
    group_id: FromPath[IdText], data: JSONBody[GroupIn], store: NamedDependency[Store]
) -> GroupOut:
    """What the group is from now on."""
    return await _set(store, group_id, data)


@delete("/operator-groups/{group_id:str}", guards=[FLOOR])
async def delete_group(group_id: FromPath[IdText], store: NamedDependency[Store]) -> None:
    """409 while a list of duty or a client's ladder names it."""

    def remove(tx: Tx) -> None:
        _one_group(tx, group_id)
        if groups_in_use(tx, [group_id]):
            told = _("当番か、つなぎ方の段取りで使っている班は消せません")
            raise refused("group_id", told, 409)
        remove_group(tx, group_id)

    await store.write(remove)


@get("/duty-lists", guards=[FLOOR])
async def list_duty(store: NamedDependency[Store]) -> DutyLists:
    """All of them; there are few."""
    return await store.read(lambda tx: DutyLists([_duty(one) for one in duty_lists_of(tx)]))


@post("/duty-lists", guards=[FLOOR])
async def post_duty(data: JSONBody[DutyIn], store: NamedDependency[Store]) -> DutyOut:
    """Another list of duty (lunch)."""

    def add(tx: Tx) -> DutyOut:
        made = add_duty_list(tx, **msgspec.structs.asdict(data))
        return next(_duty(one) for one in duty_lists_of(tx) if one.id == made)

    try:
        return await store.write(add)
    except LinesError as error:
        raise refused("group_id", " ".join(_(each) for each in error.sentences)) from error


@delete("/duty-lists/{list_id:str}", guards=[FLOOR])
async def delete_duty(list_id: FromPath[IdText], store: NamedDependency[Store]) -> None:
    """The group is not on duty then any more."""
    if not await store.write(lambda tx: remove_duty_list(tx, list_id)):
        raise missing()


routes = [
    list_groups,
    post_group,
    put_group,
    delete_group,
    list_duty,
    post_duty,
    delete_duty,
]
