"""Clients, staff and operators as JSON, under /api/v1."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from denwaban.access import Principal, Role
from denwaban.people.acts import (
    add_client,
    add_staff,
    change_client,
    change_staff,
    set_presence,
    set_recorded,
    set_regular,
)
from denwaban.people.model import Caller, Changed, Client, Operator, PeopleError, Presence, Staff
from denwaban.people.queries import (
    caller_by_id,
    callers_page,
    client,
    clients_page,
    list_operators,
    operator,
    staff_member,
    staff_page,
)
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, needs
from denwaban.web.api import (
    NO_NULL,
    NOT_BLANK,
    Cursor,
    IdText,
    Limit,
    Page,
    ShortText,
    decode_cursor,
    make_page,
    missing,
    needs_client,
    refused,
)

EVERYONE = needs()
STAFF_ONLY = needs(Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)
ADMINISTRATOR = needs(Role.ADMINISTRATOR)

Code = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")]
Name = ShortText
Kana = Annotated[str, msgspec.Meta(max_length=100, pattern=NO_NULL)]
Industry = Annotated[str, msgspec.Meta(max_length=50, pattern=NO_NULL)]
Greeting = Annotated[str, msgspec.Meta(max_length=1000, pattern=NO_NULL)]
Policy = Annotated[str, msgspec.Meta(max_length=10_000, pattern=NO_NULL)]
Note = Annotated[str, msgspec.Meta(max_length=200, pattern=NO_NULL)]


class ClientOut(msgspec.Struct):
    """A company whose calls are answered."""

    id: str
    code: str
    name: str
    kana: str
    industry: str
    greeting: str
    policy: str
    recorded: bool
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None


class ClientIn(msgspec.Struct, forbid_unknown_fields=True):
    """A new client. An empty greeting becomes a usual one with the client's name."""

    code: Code
    name: Name
    kana: Kana = ""
    industry: Industry = ""
    greeting: Greeting = ""
    policy: Policy = ""


Given = Annotated[str, msgspec.Meta(min_length=1, max_length=1000, pattern=NOT_BLANK)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class ClientChange(msgspec.Struct, forbid_unknown_fields=True):
    """What is to change; what is left out stays. With `updated_at` a change made meanwhile is answered with 409."""

    name: Name | None = None
    kana: Kana | None = None
    industry: Industry | None = None
    greeting: Given | None = None
    policy: Policy | None = None
    recorded: bool | None = None
    """Whether talks are recorded, from the next one on."""
    updated_at: Moment | None = None


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


class OperatorOut(msgspec.Struct):
    """Who answers calls."""

    id: str
    name: str
    kana: str
    seat: str
    created_at: datetime
    left_at: datetime | None


def show_client(found: Client) -> ClientOut:
    return msgspec.convert(found, ClientOut, from_attributes=True)


def show_staff(found: Staff) -> StaffOut:
    return msgspec.convert(found, StaffOut, from_attributes=True)


def show_operator(found: Operator) -> OperatorOut:
    return msgspec.convert(found, OperatorOut, from_attributes=True)


_CONFLICTS = frozenset({"code", "client_id", "substitute_id", "until"})


def _told(error: PeopleError) -> Problem:
    if isinstance(error, Changed):
        return refused("updated_at", error.tell(_), 409)
    return refused(error.field, error.tell(_), 409 if error.field in _CONFLICTS else 422)


@get("/clients", guards=[EVERYONE])
async def list_clients(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[ClientOut]:
    """Clients by reading. A client's key sees its own client only."""
    place = decode_cursor(cursor, 2)
    after = (place[0], place[1]) if place is not None else None
    only = who.client_id if who.role is Role.CLIENT else None
    found = await store.read(lambda tx: clients_page(tx, only=only, after=after, limit=limit + 1))
    return make_page(found, limit, show_client, lambda item: (item.kana, item.id))


@get("/clients/{client_id:str}", guards=[EVERYONE])
async def get_client(
    client_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> ClientOut:
    needs_client(who, client_id)
    found = await store.read(lambda tx: client(tx, client_id))
    if found is None:
        raise missing()
    return show_client(found)


@post("/clients", guards=[ADMINISTRATOR])
async def post_client(data: JSONBody[ClientIn], store: NamedDependency[Store]) -> ClientOut:
    def add(tx: Tx) -> Client | None:
        return client(tx, add_client(tx, **msgspec.structs.asdict(data), preparing=True))

    try:
        made = await store.write(add)
    except PeopleError as error:
        raise _told(error) from error
    if made is None:
        raise missing()
    return show_client(made)


@patch("/clients/{client_id:str}", guards=[ADMINISTRATOR])
async def patch_client(
    client_id: FromPath[IdText], data: JSONBody[ClientChange], store: NamedDependency[Store]
) -> ClientOut:
    seen = data.updated_at

    def change(tx: Tx) -> Client | None:
        known = client(tx, client_id)
        if known is None:
            return None
        values = {
            field: given if (given := getattr(data, field)) is not None else getattr(known, field)
            for field in ("name", "kana", "industry", "greeting", "policy")
        }
        change_client(tx, client_id, **values, seen=seen)
        if data.recorded is not None:
            set_recorded(tx, client_id, data.recorded)
        return client(tx, client_id)

    try:
        changed = await store.write(change)
    except PeopleError as error:
        raise _told(error) from error
    if changed is None:
        raise missing()
    return show_client(changed)


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
    only = client_id
    if who.role is Role.CLIENT:
        only = client_id or who.client_id
    if only is not None:
        needs_client(who, only)
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

    try:
        made = await store.write(add)
    except PeopleError as error:
        raise _told(error) from error
    if made is None:
        raise missing()
    return show_staff(made)


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

    try:
        changed = await store.write(change)
    except PeopleError as error:
        raise _told(error) from error
    if changed is None:
        raise missing()
    return show_staff(changed)


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

    try:
        changed = await store.write(change)
    except PeopleError as error:
        raise _told(error) from error
    if changed is None:
        raise missing()
    return show_staff(changed)


@get("/operators", guards=[STAFF_ONLY])
async def get_operators(
    store: NamedDependency[Store],
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[OperatorOut]:
    """Operators, oldest first, also those who have left."""
    place = decode_cursor(cursor)
    after = place[0] if place is not None else None
    found = await store.read(lambda tx: list_operators(tx, left=True, after=after, limit=limit + 1))
    return make_page(found, limit, show_operator, lambda item: (item.id,))


@get("/operators/{operator_id:str}", guards=[STAFF_ONLY])
async def get_operator(operator_id: FromPath[IdText], store: NamedDependency[Store]) -> OperatorOut:
    found = await store.read(lambda tx: operator(tx, operator_id))
    if found is None:
        raise missing()
    return show_operator(found)


class CallerOut(msgspec.Struct):
    """A customer of a client, as known from earlier calls."""

    id: str
    client_id: str
    number: str
    name: str
    kana: str
    company: str
    regular: bool
    updated_at: datetime


class RegularIn(msgspec.Struct, forbid_unknown_fields=True):
    """Whether the client greets a caller in a way of their own (常連)."""

    regular: bool


def show_caller(found: Caller) -> CallerOut:
    return CallerOut(
        found.id,
        found.client_id,
        found.number,
        found.name,
        found.kana,
        found.company,
        found.regular,
        found.updated_at,
    )


@get("/clients/{client_id:str}/callers", guards=[STAFF_ONLY])
async def list_callers(
    client_id: FromPath[IdText],
    store: NamedDependency[Store],
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[CallerOut]:
    """Who is known to call a client, in the order in which they were first known."""
    place = decode_cursor(cursor)
    after = place[0] if place is not None else None
    found = await store.read(lambda tx: callers_page(tx, client_id, after, limit + 1))
    return make_page(found, limit, show_caller, lambda item: (item.id,))


@patch("/callers/{caller_id:str}", guards=[STAFF_ONLY])
async def patch_caller(
    caller_id: FromPath[IdText], data: JSONBody[RegularIn], store: NamedDependency[Store]
) -> CallerOut:
    """Marks a caller as a regular one, or takes the mark away."""

    def change(tx: Tx) -> Caller | None:
        found = caller_by_id(tx, caller_id)
        return set_regular(tx, found.client_id, found.number, data.regular) if found else None

    changed = await store.write(change)
    if changed is None:
        raise missing()
    return show_caller(changed)


routes = [
    list_clients,
    get_client,
    post_client,
    patch_client,
    list_staff,
    get_staff,
    post_staff,
    patch_staff,
    put_presence,
    get_operators,
    get_operator,
    list_callers,
    patch_caller,
]
