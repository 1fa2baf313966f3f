"""Operators as JSON."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from denwaban.access import Principal
from denwaban.people.acts.skills import replace_skills, skills_of
from denwaban.people.acts.training import set_training, training_of
from denwaban.people.api.common import STAFF_ONLY, SUPERVISORS, written
from denwaban.people.model import Operator, OperatorSkill, SkillKind, Training, TrainingStage
from denwaban.people.queries import list_operators, operator
from denwaban.store import Store, Tx
from denwaban.web.api import (
    NO_NULL,
    Cursor,
    IdText,
    Limit,
    Page,
    decode_cursor,
    make_page,
    missing,
)


class OperatorOut(msgspec.Struct):
    """Who answers calls."""

    id: str
    name: str
    kana: str
    seat: str
    created_at: datetime
    left_at: datetime | None


def show_operator(found: Operator) -> OperatorOut:
    return msgspec.convert(found, OperatorOut, from_attributes=True)


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


class SkillLine(msgspec.Struct, forbid_unknown_fields=True):
    """How well an operator can do something: `key` is the id of a client, the name of a trade or of a matter."""

    kind: SkillKind
    key: Annotated[str, msgspec.Meta(min_length=1, max_length=50, pattern=NO_NULL)]
    level: Annotated[int, msgspec.Meta(ge=1, le=5)]


class Skills(msgspec.Struct, forbid_unknown_fields=True):
    """All of an operator's skills."""

    items: Annotated[list[SkillLine], msgspec.Meta(max_length=1000)]


def show_skills(found: list[OperatorSkill]) -> Skills:
    return Skills([SkillLine(one.kind, one.key, one.level) for one in found])


@get("/operators/{operator_id:str}/skills", guards=[STAFF_ONLY])
async def get_skills(operator_id: FromPath[IdText], store: NamedDependency[Store]) -> Skills:
    """What an operator can do."""

    def read(tx: Tx) -> list[OperatorSkill] | None:
        return skills_of(tx, operator_id) if operator(tx, operator_id) is not None else None

    found = await store.read(read)
    if found is None:
        raise missing()
    return show_skills(found)


@put("/operators/{operator_id:str}/skills", guards=[SUPERVISORS])
async def put_skills(
    operator_id: FromPath[IdText], data: JSONBody[Skills], store: NamedDependency[Store]
) -> Skills:
    """Replaces all of an operator's skills. Calls that wait are looked at again at once."""
    wanted = {(one.kind, one.key.strip()): one.level for one in data.items}

    def change(tx: Tx) -> list[OperatorSkill] | None:
        known = operator(tx, operator_id) is not None
        return replace_skills(tx, operator_id, wanted) if known else None

    return show_skills(await written(store, change))


class TrainingIn(msgspec.Struct, forbid_unknown_fields=True):
    """`stage` null: works alone. `senior_id`: the operator who looks after them; needed for `beside`."""

    stage: TrainingStage | None
    senior_id: IdText | None = None


class TrainingOut(msgspec.Struct):
    """How far an operator is in training. Null for what was never set."""

    operator_id: str
    stage: TrainingStage | None = None
    senior_id: str | None = None
    set_by: str | None = None
    """The id of the account or of the key."""
    set_at: datetime | None = None


def show_training(found: Training) -> TrainingOut:
    return msgspec.convert(found, TrainingOut, from_attributes=True)


@get("/operators/{operator_id:str}/training", guards=[STAFF_ONLY])
async def get_training(operator_id: FromPath[IdText], store: NamedDependency[Store]) -> TrainingOut:
    """How far an operator is in training."""

    def read(tx: Tx) -> TrainingOut | None:
        if operator(tx, operator_id) is None:
            return None
        found = training_of(tx, operator_id)
        return show_training(found) if found is not None else TrainingOut(operator_id)

    found = await store.read(read)
    if found is None:
        raise missing()
    return found


@put("/operators/{operator_id:str}/training", guards=[SUPERVISORS])
async def put_training(
    operator_id: FromPath[IdText],
    data: JSONBody[TrainingIn],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> TrainingOut:
    """Holds at once: who may be offered no calls any more is rung no longer; a talk goes on to its end."""

    def change(tx: Tx) -> Training | None:
        if operator(tx, operator_id) is None:
            return None
        return set_training(tx, operator_id, data.stage, data.senior_id, who.user_id)

    return show_training(await written(store, change))


routes = [get_operators, get_operator, get_skills, put_skills, get_training, put_training]
