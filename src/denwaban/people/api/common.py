"""Who may ask, what fits, and how a refusal is told."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec

from denwaban.access import Role
from denwaban.people.model import Changed, PeopleError
from denwaban.people.persons import BuiltOn, Joined
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, needs
from denwaban.web.api import NO_NULL, ShortText, missing, refused

EVERYONE = needs()
STAFF_ONLY = needs(Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)
SUPERVISORS = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)
ADMINISTRATOR = needs(Role.ADMINISTRATOR)

Code = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")]
Name = ShortText
Kana = Annotated[str, msgspec.Meta(max_length=100, pattern=NO_NULL)]
Industry = Annotated[str, msgspec.Meta(max_length=50, pattern=NO_NULL)]
Greeting = Annotated[str, msgspec.Meta(max_length=1000, pattern=NO_NULL)]
Policy = Annotated[str, msgspec.Meta(max_length=10_000, pattern=NO_NULL)]
Note = Annotated[str, msgspec.Meta(max_length=200, pattern=NO_NULL)]

Moment = Annotated[datetime, msgspec.Meta(tz=True)]

T = TypeVar("T")

_CONFLICTS = frozenset({"code", "client_id", "substitute_id", "until"})


def told(error: PeopleError) -> Problem:
    """As an answer: 409 where the request meets what is there, else 422."""
    if isinstance(error, Changed | Joined | BuiltOn):
        field = "updated_at" if isinstance(error, Changed) else "person_id"
        return refused(field, error.tell(_), 409)
    return refused(error.field, error.tell(_), 409 if error.field in _CONFLICTS else 422)


async def written(store: Store, change: Callable[[Tx], T | None]) -> T:
    """What the change made, once it is written. Raises `Problem`: what is refused is told, and 404 for None."""
    try:
        made = await store.write(change)
    except PeopleError as error:
        raise told(error) from error
    if made is None:
        raise missing()
    return made
