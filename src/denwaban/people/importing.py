"""Taking clients and staff over from CSV files: looked at first, then all of it or nothing."""

from collections.abc import Callable
from dataclasses import dataclass

from denwaban.people.acts.clients import add_client, change_client
from denwaban.people.acts.staff import add_staff, change_staff, set_substitute
from denwaban.people.csvfile import Line, LineError, read_csv, truth
from denwaban.people.model import PeopleError, Staff
from denwaban.people.queries import client_by_code, staff_of
from denwaban.store import Tx

CLIENT_COLUMNS = {
    "code": ("顧客コード", "コード"),
    "name": ("会社名", "顧客名", "名称", "名前"),
    "kana": ("ふりがな", "フリガナ", "カナ"),
    "industry": ("業種",),
    "greeting": ("第一声", "名乗り"),
    "policy": ("対応方針", "方針"),
}

STAFF_COLUMNS = {
    "client_code": ("顧客コード", "コード"),
    "name": ("氏名", "名前", "担当者名"),
    "kana": ("ふりがな", "フリガナ", "カナ"),
    "department": ("部署", "所属"),
    "in_charge": ("主担当", "担当"),
    "substitute": ("代替確認者", "代理"),
}


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file would do, or did."""

    added: int
    changed: int
    errors: list[LineError]


class NotImported(Exception):
    """Rows with errors: nothing was taken over."""

    def __init__(self, result: Imported) -> None:
        super().__init__(f"{len(result.errors)} errors")
        self.result = result


def read_clients(data: bytes) -> list[Line]:
    """Rows of a client file. Raises `UnreadableFile`."""
    return read_csv(data, CLIENT_COLUMNS, ("code", "name"))


def read_staff(data: bytes) -> list[Line]:
    """Rows of a staff file. Raises `UnreadableFile`."""
    return read_csv(data, STAFF_COLUMNS, ("client_code", "name"))


def import_clients(tx: Tx, lines: list[Line]) -> Imported:
    """Adds new clients and changes known ones (by code); a cell that is empty leaves what was there.

    Raises `NotImported` with every error when a row has one, and then keeps nothing.
    """
    added, changed, errors = 0, 0, []
    seen: dict[str, int] = {}
    for line in lines:
        cells = line.cells
        code = cells["code"]
        if code in seen:
            errors.append(
                LineError(
                    line.number,
                    "顧客コード",
                    PeopleError("%(line)s行目と同じ顧客コードです", line=str(seen[code])),
                )
            )
            continue
        seen[code] = line.number
        known = client_by_code(tx, code)
        try:
            if known is None:
                add_client(tx, **cells, preparing=True)
                added += 1
            else:
                change_client(
                    tx,
                    known.id,
                    name=cells["name"],
                    kana=cells.get("kana") or known.kana,
                    industry=cells.get("industry") or known.industry,
                    greeting=cells.get("greeting") or known.greeting,
                    policy=cells.get("policy") or known.policy,
                )
                changed += 1
        except PeopleError as error:
            errors.append(LineError(line.number, _column(CLIENT_COLUMNS, error.field), error))
    result = Imported(added, changed, errors)
    if errors:
        raise NotImported(result)
    return result


def import_staff(tx: Tx, lines: list[Line]) -> Imported:
    """Adds new staff and changes known ones (same client, same name). Substitutes are named by name, also ones further down.

    Raises `NotImported` with every error when a row has one, and then keeps nothing.
    """
    added, changed, errors = 0, 0, []
    placed: list[tuple[Line, str, str]] = []
    seen: dict[tuple[str, str], int] = {}
    for line in lines:
        cells = line.cells
        client = client_by_code(tx, cells["client_code"])
        if client is None:
            errors.append(
                LineError(
                    line.number, "顧客コード", PeopleError("この顧客コードは登録されていません")
                )
            )
            continue
        key = (client.id, cells["name"])
        if key in seen:
            errors.append(
                LineError(
                    line.number,
                    "氏名",
                    PeopleError("%(line)s行目と同じ人です", line=str(seen[key])),
                )
            )
            continue
        seen[key] = line.number
        known = [person for person in staff_of(tx, client.id) if person.name == cells["name"]]
        if len(known) > 1:
            errors.append(
                LineError(
                    line.number,
                    "氏名",
                    PeopleError("同じ氏名の担当者が複数います。画面から変更してください"),
                )
            )
            continue
        try:
            if known:
                staff_id = known[0].id
                _change(tx, known[0], cells)
                changed += 1
            else:
                staff_id = add_staff(
                    tx,
                    client.id,
                    cells["name"],
                    cells.get("kana", ""),
                    cells.get("department", ""),
                    in_charge=truth(cells.get("in_charge", "")),
                )
                added += 1
        except PeopleError as error:
            errors.append(LineError(line.number, _column(STAFF_COLUMNS, error.field), error))
            continue
        if cells.get("substitute"):
            placed.append((line, client.id, staff_id))
    for line, client_id, staff_id in placed:
        errors += _substitute(tx, line, client_id, staff_id)
    result = Imported(added, changed, sorted(errors, key=lambda error: error.number))
    if errors:
        raise NotImported(result)
    return result


def _change(tx: Tx, known: Staff, cells: dict[str, str]) -> None:
    change_staff(
        tx,
        known.id,
        name=known.name,
        kana=cells.get("kana") or known.kana,
        department=cells.get("department") or known.department,
        in_charge=truth(cells["in_charge"]) if cells.get("in_charge") else known.in_charge,
        substitute_id=known.substitute_id,
    )


def _substitute(tx: Tx, line: Line, client_id: str, staff_id: str) -> list[LineError]:
    wanted = line.cells["substitute"]
    named = [person for person in staff_of(tx, client_id) if person.name == wanted]
    if len(named) != 1:
        error = (
            PeopleError("同じ氏名の担当者が複数います")
            if named
            else PeopleError("この氏名の担当者が見つかりません")
        )
        return [LineError(line.number, "代替確認者", error)]
    try:
        set_substitute(tx, staff_id, named[0].id)
    except PeopleError as error:
        return [LineError(line.number, "代替確認者", error)]
    return []


def _column(columns: dict[str, tuple[str, ...]], field: str) -> str:
    return columns[field][0] if field in columns else ""


def look_at(tx: Tx, take: Callable[[], Imported]) -> Imported:
    """What an import would do. The changes are made in a savepoint and taken back, so call it in `store.write`."""
    place = tx.connection.begin_nested()
    topics = set(tx.touched)
    try:
        return take()
    except NotImported as refused:
        return refused.result
    finally:
        place.rollback()
        tx.touched = topics
