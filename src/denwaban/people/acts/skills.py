"""What operators can do, and the groups they are in."""

from collections.abc import Iterable, Mapping

from sqlalchemy import delete, insert, select

from denwaban.journal import Fact, append
from denwaban.people.model import OperatorGroup, OperatorSkill, PeopleError, SkillKind
from denwaban.people.queries import client, operator
from denwaban.people.rows import (
    clients,
    operator_group_members,
    operator_groups,
    operator_skills,
    operators,
)
from denwaban.store import Tx, new_id

HIGHEST = 5


def skills_of(tx: Tx, operator_id: str | None = None) -> list[OperatorSkill]:
    """The skills of an operator, or of all who have not left; clients first, then trades, then matters."""
    wanted = (
        select(operator_skills)
        .join(operators, operators.c.id == operator_skills.c.operator_id)
        .order_by(operator_skills.c.operator_id, operator_skills.c.kind, operator_skills.c.key)
    )
    if operator_id is not None:
        wanted = wanted.where(operator_skills.c.operator_id == operator_id)
    else:
        wanted = wanted.where(operators.c.left_at.is_(None))
    return [
        OperatorSkill(row["operator_id"], SkillKind(row["kind"]), row["key"], row["level"])
        for row in tx.all(wanted)
    ]


def set_skill(tx: Tx, operator_id: str, kind: SkillKind, key: str, level: int) -> None:
    """How well an operator can do something from now on; level 0: not at all. Raises `PeopleError`."""
    key = key.strip()
    if operator(tx, operator_id) is None:
        raise PeopleError("このオペレーターは見つかりません")
    if kind is SkillKind.CLIENT and client(tx, key) is None:
        raise PeopleError("この顧客企業は見つかりません", "key")
    if not key or len(key) > 50:
        raise PeopleError("対象を50文字までで入れてください", "key")
    if not 0 <= level <= HIGHEST:
        raise PeopleError("段階は0から5までにしてください", "level")
    tx.execute(
        delete(operator_skills).where(
            operator_skills.c.operator_id == operator_id,
            operator_skills.c.kind == kind.value,
            operator_skills.c.key == key,
        )
    )
    if level:
        tx.execute(
            insert(operator_skills).values(
                operator_id=operator_id, kind=kind.value, key=key, level=level
            )
        )
    append(tx, Fact("operator.skills_changed", operator_id))


def replace_skills(
    tx: Tx, operator_id: str, wanted: Mapping[tuple[SkillKind, str], int]
) -> list[OperatorSkill]:
    """These are all of an operator's skills from now on. Raises `PeopleError`."""
    for one in skills_of(tx, operator_id):
        if (one.kind, one.key) not in wanted:
            set_skill(tx, operator_id, one.kind, one.key, 0)
    for (kind, key), level in wanted.items():
        set_skill(tx, operator_id, kind, key, level)
    return skills_of(tx, operator_id)


def groups(tx: Tx) -> list[OperatorGroup]:
    """All groups by name."""
    members = members_of_groups(tx)
    rows = tx.all(select(operator_groups).order_by(operator_groups.c.name))
    return [
        OperatorGroup(row["id"], row["name"], members.get(row["id"], frozenset())) for row in rows
    ]


def members_of_groups(tx: Tx) -> dict[str, frozenset[str]]:
    """Operators by group."""
    found: dict[str, set[str]] = {}
    for row in tx.all(select(operator_group_members)):
        found.setdefault(row["group_id"], set()).add(row["operator_id"])
    return {group: frozenset(some) for group, some in found.items()}


def set_group(tx: Tx, group_id: str | None, name: str, members: Iterable[str]) -> str:
    """Makes a group (None) or changes one; returns its id. Raises `PeopleError`."""
    name = name.strip()
    if not name or len(name) > 50:
        raise PeopleError("班の名前を50文字までで入れてください", "name")
    taken = tx.first(select(operator_groups.c.id).where(operator_groups.c.name == name))
    if taken is not None and taken["id"] != group_id:
        raise PeopleError("同じ名前の班があります", "name")
    made = group_id or new_id()
    if group_id is None:
        tx.execute(insert(operator_groups).values(id=made, name=name, created_at=tx.now))
    else:
        tx.execute(operator_groups.update().where(operator_groups.c.id == made).values(name=name))
        tx.execute(delete(operator_group_members).where(operator_group_members.c.group_id == made))
    known = {row["id"] for row in tx.all(select(operators.c.id))}
    rows = [{"group_id": made, "operator_id": who} for who in sorted(set(members) & known)]
    if rows:
        tx.execute(insert(operator_group_members), rows)
    append(tx, Fact("operator.group_set", made))
    return made


def remove_group(tx: Tx, group_id: str) -> bool:
    """The group is gone; False when there was none. Who names it is asked before (`lines.groups_in_use`)."""
    tx.execute(delete(operator_group_members).where(operator_group_members.c.group_id == group_id))
    if tx.execute(delete(operator_groups).where(operator_groups.c.id == group_id)).rowcount == 0:
        return False
    append(tx, Fact("operator.group_set", group_id))
    return True


def trades(tx: Tx) -> list[str]:
    """The trades that clients and skills have, by name."""
    found = {row["industry"] for row in tx.all(select(clients.c.industry).distinct())}
    known = select(operator_skills.c.key).where(operator_skills.c.kind == SkillKind.TRADE.value)
    return sorted({name for name in found | {row["key"] for row in tx.all(known)} if name})
