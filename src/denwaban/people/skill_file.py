"""Taking operators' skills over from a CSV file: looked at first, then all of it or nothing."""

from sqlalchemy import select

from denwaban.people.acts.skills import set_skill, skills_of
from denwaban.people.csvfile import Line, LineError, read_csv
from denwaban.people.importing import Imported, NotImported
from denwaban.people.model import PeopleError, SkillKind
from denwaban.people.queries import client_by_code
from denwaban.people.rows import operators
from denwaban.store import Tx

SKILL_COLUMNS = {
    "seat": ("席", "座席"),
    "kind": ("種類",),
    "key": ("対象", "顧客コード・業種・用件"),
    "level": ("段階", "レベル"),
}

_KINDS = {
    "顧客": SkillKind.CLIENT,
    "顧客企業": SkillKind.CLIENT,
    "業種": SkillKind.TRADE,
    "用件": SkillKind.MATTER,
}


def read_skills(data: bytes) -> list[Line]:
    """Rows of a file of skills. Raises `UnreadableFile`."""
    return read_csv(data, SKILL_COLUMNS, ("seat", "kind", "key", "level"))


def import_skills(tx: Tx, lines: list[Line]) -> Imported:
    """Sets each skill to the level in the file; level 0 takes it away, what the file does not name stays.

    Raises `NotImported` with every error when a row has one, and then keeps nothing.
    """
    seats = {
        row["seat"]: row["id"]
        for row in tx.all(
            select(operators.c.id, operators.c.seat).where(operators.c.left_at.is_(None))
        )
    }
    known = {(one.operator_id, one.kind, one.key) for one in skills_of(tx)}
    added, changed, errors = 0, 0, list[LineError]()
    for line in lines:
        cells = line.cells
        try:
            operator_id = seats.get(cells["seat"])
            if operator_id is None:
                raise PeopleError("この席のオペレーターは見つかりません", "seat")
            kind = _KINDS.get(cells["kind"])
            if kind is None:
                raise PeopleError("種類は「顧客」「業種」「用件」のどれかにしてください", "kind")
            key = cells["key"]
            if kind is SkillKind.CLIENT:
                client = client_by_code(tx, key)
                if client is None:
                    raise PeopleError("この顧客コードは登録されていません", "key")
                key = client.id
            if not (cells["level"].isascii() and cells["level"].isdecimal()):
                raise PeopleError("段階は0から5までにしてください", "level")
            set_skill(tx, operator_id, kind, key, min(int(cells["level"]), 99))
            if (operator_id, kind, key) in known:
                changed += 1
            else:
                added += 1
        except PeopleError as error:
            column = SKILL_COLUMNS[error.field][0] if error.field in SKILL_COLUMNS else ""
            errors.append(LineError(line.number, column, error))
    result = Imported(added, changed, errors)
    if errors:
        raise NotImported(result)
    return result
