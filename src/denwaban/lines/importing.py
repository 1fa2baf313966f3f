"""Taking numbers over from a CSV file: all of it or nothing."""

from dataclasses import dataclass

from sqlalchemy import select, update

from denwaban.journal import Fact, append
from denwaban.lines.acts import LinesError, add_number
from denwaban.lines.number import parse_number
from denwaban.lines.rows import numbers
from denwaban.people import client_by_code
from denwaban.people.csvfile import Line, read_csv, tidy_number
from denwaban.store import Tx

COLUMNS = {
    "client_code": ("顧客コード", "コード"),
    "number": ("電話番号", "番号"),
    "label": ("表示名", "名称", "用途"),
}


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong in which row (as Excel counts them)."""

    row: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What a file would do, or did."""

    added: int
    changed: int
    faults: list[RowFault]


class NotTaken(Exception):
    """Rows with faults: nothing was taken over."""

    def __init__(self, result: Taken) -> None:
        super().__init__(f"{len(result.faults)} faults")
        self.result = result


def read_numbers(data: bytes) -> list[Line]:
    """Rows of a file of numbers, in any encoding offices use. Raises `UnreadableFile`."""
    return read_csv(data, COLUMNS, ("client_code", "number"))


def import_numbers(tx: Tx, lines: list[Line]) -> Taken:
    """Adds new numbers; a number that its client already has gets the new label. Raises `NotTaken` with every fault."""
    added, changed, faults = 0, 0, list[RowFault]()
    seen = set[str]()
    for line in lines:
        client = client_by_code(tx, line.cells["client_code"])
        if client is None:
            faults.append(RowFault(line.number, "この顧客コードは登録されていません"))
            continue
        text = tidy_number(line.cells["number"])
        key = parse_number(text).key
        if key in seen:
            faults.append(RowFault(line.number, "前の行と同じ番号です"))
            continue
        seen.add(key)
        label = line.cells.get("label", "")
        try:
            if _relabel(tx, client.id, key, label):
                changed += 1
            else:
                add_number(tx, client.id, text, label)
                added += 1
        except LinesError as error:
            faults.extend(RowFault(line.number, sentence) for sentence in error.sentences)
    result = Taken(added, changed, faults)
    if faults:
        raise NotTaken(result)
    return result


def _relabel(tx: Tx, client_id: str, key: str, label: str) -> bool:
    mine = (numbers.c.number == key) & (numbers.c.client_id == client_id)
    row = tx.first(select(numbers.c.id, numbers.c.label).where(mine))
    if row is None:
        return False
    if label and label != row["label"]:
        if len(label) > 100:
            raise LinesError("表示名は100文字までにしてください")
        tx.execute(update(numbers).where(numbers.c.id == row["id"]).values(label=label))
        append(tx, Fact("line.number_changed", row["id"], client_id))
    return True
