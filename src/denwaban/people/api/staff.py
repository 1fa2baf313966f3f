"""Staff of clients as JSON."""

from datetime import datetime

import msgspec
from litestar import get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from denwaban.access import Principal, Role
from denwaban.people.acts.staff import add_staff, change_staff, set_presence
from denwaban.people.api.common import ADMINISTRATOR, EVERYONE, Kana, Moment, Name, Note, written
from denwaban.people.model import Presence, Staff
from denwaban.people.queries import staff_member, staff_page
from denwaban.store import Store, Tx
from denwaban.web import needs
from denwaban.web.api import (
    Cursor,
    IdText,
    Limit,
    Page,
    decode_cursor,
    make_page,
    missing,
    only_client,
)


class StaffOut(msgspec.Struct):
    """A person of the client who takes over."""

    id: str
    client_id: str
    name: str
    kana: str
    department: str
    presence: Presence
    presence_until: datetime | None
    presence_note: str
    substitute_id: str | None
    in_charge: bool
    created_at: datetime
    updated_at: datetime
    left_at: datetime | None


class StaffIn(msgspec.Struct, forbid_unknown_fields=True):
    """A new member of a client's staff."""

    client_id: IdText
    name: Name
    kana: Kana = ""
    department: Kana = ""
    in_charge: bool = False
    substitute_id: IdText | None = None


class StaffChange(msgspec.Struct, forbid_unknown_fields=True):
    """What is to change; what is left out stays."""

    name: Name | None = None
    kana: Kana | None = None
    department: Kana | None = None
    in_charge: bool | None = None
    substitute_id: IdText | None | msgspec.UnsetType = msgspec.UNSET
    updated_at: Moment | None = None


class PresenceIn(msgspec.Struct, forbid_unknown_fields=True):
    """Whether somebody can take something, until when, and a word about it."""

    presence: Presence
    until: Moment | None = None
    note: Note = ""


def show_staff(found: Staff) -> StaffOut:
    return msgspec.convert(found, StaffOut, from_attributes=True)


@get("/staff", guards=[EVERYONE])
async def list_staff(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    client_id: FromQuery[IdText | None] = None,
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[StaffOut]:
    """Staff, oldest first; of one client when `client_id` is given. A client's key sees its own staff only."""
    place = decode_cursor(cursor)
    after = place[0] if place is not None else None
    only = only_client(who, client_id)
    found = await store.read(lambda tx: staff_page(tx, only, after, limit + 1))
    return make_page(found, limit, show_staff, lambda item: (item.id,))


async def _own(store: Store, who: Principal, staff_id: str) -> Staff:
    found = await store.read(lambda tx: staff_member(tx, staff_id))
    if found is None or not who.may_see(found.client_id):
        raise missing()
    return found


@get("/staff/{staff_id:str}", guards=[EVERYONE])
async def get_staff(
    staff_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> StaffOut:
    return show_staff(await _own(store, who, staff_id))


@post("/staff", guards=[ADMINISTRATOR])
async def post_staff(data: JSONBody[StaffIn], store: NamedDependency[Store]) -> StaffOut:
    def add(tx: Tx) -> Staff | None:
        return staff_member(tx, add_staff(tx, **msgspec.structs.asdict(data)))

    return show_staff(await written(store, add))


@patch("/staff/{staff_id:str}", guards=[ADMINISTRATOR])
async def patch_staff(
    staff_id: FromPath[IdText], data: JSONBody[StaffChange], store: NamedDependency[Store]
) -> StaffOut:
    seen = data.updated_at

    def change(tx: Tx) -> Staff | None:
        known = staff_member(tx, staff_id)
        if known is None:
            return None
        substitute_id = data.substitute_id
        change_staff(
            tx,
            staff_id,
            name=known.name if data.name is None else data.name,
            kana=known.kana if data.kana is None else data.kana,
            department=known.department if data.department is None else data.department,
            in_charge=known.in_charge if data.in_charge is None else data.in_charge,
            substitute_id=known.substitute_id
            if isinstance(substitute_id, msgspec.UnsetType)
            else substitute_id,
            seen=seen,
        )
        return staff_member(tx, staff_id)

    return show_staff(await written(store, change))


@put(
    "/staff/{staff_id:str}/presence",
    guards=[needs(Role.CLIENT, Role.SUPERVISOR, Role.ADMINISTRATOR)],
)
async def put_presence(
    staff_id: FromPath[IdText],
    data: JSONBody[PresenceIn],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> StaffOut:
    """Sets whether a member of staff can take something. Open to the client's own programs."""
    until = data.until
    await _own(store, who, staff_id)

    def change(tx: Tx) -> Staff | None:
        set_presence(tx, staff_id, data.presence, until, data.note)
        return staff_member(tx, staff_id)

    return show_staff(await written(store, change))


routes = [list_staff, get_staff, post_staff, patch_staff, put_presence]
