"""How promises were kept and how their time is counted, for programs."""

import msgspec
from litestar import get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from denwaban.access import Principal, Role
from denwaban.oncall import count_in_business_hours, in_business_hours
from denwaban.people import client_here
from denwaban.promises.model import Kept
from denwaban.promises.queries import kept_by_person, kept_share
from denwaban.store import Store, Tx
from denwaban.web import needs
from denwaban.web.api import IdText, Moment, moment, needs_client, refused

FLOOR = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)
READERS = needs(Role.CLIENT, Role.SUPERVISOR, Role.ADMINISTRATOR)


class KeptOut(msgspec.Struct):
    """Promises whose time fell into the span. `due` is the sum of the other three."""

    due: int
    kept_in_time: int
    late: int
    """Kept after their time."""
    broken: int
    """Their time has passed, and nobody has kept them yet."""
    share: float | None
    """kept_in_time / due; null when none was due."""


class PersonKeptOut(msgspec.Struct):
    """The same for the reports of which somebody is in charge now."""

    staff_id: str
    name: str
    kept: KeptOut


class KeptShareOut(msgspec.Struct):
    client: KeptOut
    people: list[PersonKeptOut]


def _show(kept: Kept) -> KeptOut:
    return KeptOut(kept.due, kept.kept_in_time, kept.late, kept.broken, kept.share)


@get(
    "/clients/{client_id:str}/promises/kept",
    guards=[READERS],
    tags=["promises"],
    operation_id="keptPromises",
)
async def read_kept(
    client_id: FromPath[IdText],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    since: FromQuery[Moment],
    until: FromQuery[Moment],
) -> KeptShareOut:
    """How promises went that were due from `since` until before `until`. Practice calls, and promises still open whose time is
    to come, count in none."""
    needs_client(who, client_id)
    first, last = moment("since", since), moment("until", until)
    if last <= first:
        raise refused("until", "later than since")

    def verb(tx: Tx) -> KeptShareOut:
        client_here(tx, client_id)
        return KeptShareOut(
            _show(kept_share(tx, client_id, first, last)),
            [
                PersonKeptOut(one.staff_id, one.name, _show(one.kept))
                for one in kept_by_person(tx, client_id, first, last)
            ],
        )

    return await store.read(verb)


class CountingOut(msgspec.Struct, forbid_unknown_fields=True):
    """How the client counts 「30分以内に」."""

    business: bool
    """Only open minutes count; false: by the clock."""


@get(
    "/clients/{client_id:str}/promises/counting",
    guards=[READERS],
    tags=["promises"],
    operation_id="getPromiseCounting",
)
async def read_counting(
    client_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> CountingOut:
    """How deadlines and the warning half an hour before them are counted."""
    needs_client(who, client_id)

    def verb(tx: Tx) -> CountingOut:
        client_here(tx, client_id)
        return CountingOut(in_business_hours(tx, client_id))

    return await store.read(verb)


@put(
    "/clients/{client_id:str}/promises/counting",
    guards=[FLOOR],
    tags=["promises"],
    operation_id="putPromiseCounting",
)
async def write_counting(
    client_id: FromPath[IdText],
    data: JSONBody[CountingOut],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> CountingOut:
    """Holds for the promises made from now on. Idempotent."""

    def verb(tx: Tx) -> CountingOut:
        client_here(tx, client_id)
        count_in_business_hours(tx, client_id, data.business, who.user_id)
        return CountingOut(in_business_hours(tx, client_id))

    return await store.write(verb)


routes = [read_kept, read_counting, write_counting]
