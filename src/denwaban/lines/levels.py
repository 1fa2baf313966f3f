"""What is agreed with a client about how its calls are put through; who is on duty while others rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import RowMapping, delete, insert, select, update

from denwaban.journal import Fact, append
from denwaban.lines.ladder import (
    USUAL_LEVEL,
    ServiceLevel,
    in_order,
    ladder_of,
    level_faults,
    step_fault,
)
from denwaban.lines.rows import duty_lists, service_levels
from denwaban.oncall import DAY_MINUTES, EVERY_DAY
from denwaban.people import Changed, groups, members_of_groups
from denwaban.store import Tx, new_id
from denwaban.texts import N_


class LinesError(ValueError):
    """Cannot be done; `sentences` say why, in Japanese, for the person who tried."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


def level_of(tx: Tx, client_id: str) -> ServiceLevel:
    """What is agreed with this client, or the default."""
    return levels_of(tx, client_id).get(client_id, USUAL_LEVEL)


def levels_of(tx: Tx, client_id: str | None = None) -> dict[str, ServiceLevel]:
    """By client, of those (or of this one) for whom something is agreed."""
    wanted = select(service_levels)
    if client_id is not None:
        wanted = wanted.where(service_levels.c.id == client_id)
    return {row["id"]: _level(row) for row in tx.all(wanted)}


def level_changed_at(tx: Tx, client_id: str) -> datetime | None:
    """When it was last changed; None: never."""
    row = tx.first(select(service_levels.c.updated_at).where(service_levels.c.id == client_id))
    return row["updated_at"] if row else None


def set_level(
    tx: Tx,
    client_id: str,
    level: ServiceLevel,
    seen: datetime | None | msgspec.UnsetType = msgspec.UNSET,
) -> None:
    """From now on this is agreed. `seen` is `level_changed_at` as it was shown (UNSET: whatever it is). Raises `LinesError`, `Changed`."""
    before = level_changed_at(tx, client_id)
    if not isinstance(seen, msgspec.UnsetType) and seen != before:
        raise Changed
    known = [group.id for group in groups(tx)]
    wrong = list(level_faults(level).values())
    wrong += [
        f"段取り{n}: {fault}"
        for n, step in enumerate(level.ladder, 1)
        if (fault := step_fault(step, known))
    ]
    if wrong:
        raise LinesError(*wrong)
    values = msgspec.structs.asdict(level)
    values["ladder"] = msgspec.to_builtins(in_order(level.ladder))
    values["updated_at"] = tx.now if before is None else max(tx.now, before + before.resolution)
    if before is None:
        tx.execute(insert(service_levels).values(id=client_id, **values))
    else:
        tx.execute(update(service_levels).where(service_levels.c.id == client_id).values(**values))
    append(tx, Fact("line.level_set", client_id, client_id))


def _level(row: RowMapping) -> ServiceLevel:
    return ServiceLevel(
        least_level=row["least_level"],
        previous_seconds=row["previous_seconds"],
        callers_first=row["callers_first"],
        says_place=row["says_place"],
        answer_seconds=row["answer_seconds"],
        answer_percent=row["answer_percent"],
        ladder=ladder_of(row["ladder"]),
    )


@dataclass(frozen=True, slots=True)
class DutyList:
    """Operators (a group) who are tried first in a part of the week, while others rest. Days and minutes as in `PlanWindow`."""

    id: str
    name: str
    group_id: str
    days: int
    opens: int
    closes: int
    alone_seconds: int
    """So long a caller waits for them alone; then everybody who is ready is tried as well."""
    operators: frozenset[str] = frozenset()


def duty_lists_of(tx: Tx) -> list[DutyList]:
    """All lists with their operators, by name."""
    members = members_of_groups(tx)
    rows = tx.all(select(duty_lists).order_by(duty_lists.c.name, duty_lists.c.id))
    return [DutyList(**row, operators=members.get(row["group_id"], frozenset())) for row in rows]


def add_duty_list(
    tx: Tx, name: str, group_id: str, days: int, opens: int, closes: int, alone_seconds: int
) -> str:
    """From now on this group is on duty then. Raises `LinesError`."""
    wrong = list[str]()
    if not name.strip() or len(name) > 100:
        wrong.append(N_("当番の名前を100文字までで入れてください"))
    if group_id not in {group.id for group in groups(tx)}:
        wrong.append(N_("班を選んでください"))
    if not 0 < days <= EVERY_DAY:
        wrong.append(N_("曜日を1つ以上選んでください"))
    if not 0 <= opens < DAY_MINUTES or not opens < closes <= opens + DAY_MINUTES:
        wrong.append(
            N_("時刻は、開始が 0:00〜23:59、終了が開始より後で24時間以内になるようにしてください")
        )
    if not 0 <= alone_seconds <= 600:
        wrong.append(N_("秒数は0から600までで入れてください"))
    if wrong:
        raise LinesError(*wrong)
    list_id = new_id()
    tx.execute(
        insert(duty_lists).values(
            id=list_id,
            name=name.strip(),
            group_id=group_id,
            days=days,
            opens=opens,
            closes=closes,
            alone_seconds=alone_seconds,
        )
    )
    append(tx, Fact("duty_list.set", list_id))
    return list_id


def remove_duty_list(tx: Tx, list_id: str) -> bool:
    """The group is not on duty then any more; False when there is no such list."""
    if tx.execute(delete(duty_lists).where(duty_lists.c.id == list_id)).rowcount == 0:
        return False
    append(tx, Fact("duty_list.set", list_id))
    return True


def groups_in_use(tx: Tx, ids: Sequence[str]) -> set[str]:
    """Those of these groups which a list of duty or a client's ladder names: they cannot be removed."""
    used = {row["group_id"] for row in tx.all(select(duty_lists.c.group_id))}
    for level in levels_of(tx).values():
        used |= {step.group for step in level.ladder if step.group}
    return used & set(ids)
