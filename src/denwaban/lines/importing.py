"""Taking numbers over from a CSV file: all of it or nothing."""

from sqlalchemy import select, update

from denwaban.journal import Fact, append
from denwaban.lines.acts import add_number
from denwaban.lines.levels import LinesError
from denwaban.lines.number import parse_number
from denwaban.lines.rows import numbers
from denwaban.people import PeopleError, client_by_code
from denwaban.people.csvfile import Line, LineError, read_csv, tidy_number
from denwaban.people.importing import Imported, NotImported
from denwaban.store import Tx

COLUMNS = {
    "client_code": ("顧客コード", "コード"),
    "number": ("電話番号", "番号"),
    "label": ("表示名", "名称", "用途"),
}


def read_numbers(data: bytes) -> list[Line]:
    """Rows of a file of numbers, in any encoding offices use. Raises `UnreadableFile`."""
    return read_csv(data, COLUMNS, ("client_code", "number"))


def import_numbers(tx: Tx, lines: list[Line]) -> Imported:
    """Adds new numbers; a number that its client already has gets the new label, unless the cell is empty.

    Raises `NotImported` with every error when a row has one, and then keeps nothing.
    """
    added, changed, errors = 0, 0, list[LineError]()
    seen: dict[str, int] = {}
    for line in lines:
        client = client_by_code(tx, line.cells["client_code"])
        if client is None:
            errors.append(
                LineError(
                    line.number, "顧客コード", PeopleError("この顧客コードは登録されていません")
                )
            )
            continue
        text = tidy_number(line.cells["number"])
        key = parse_number(text).key
        if key in seen:
            twice = PeopleError("%(line)s行目と同じ番号です", line=str(seen[key]))
            errors.append(LineError(line.number, "電話番号", twice))
            continue
        seen[key] = line.number
        label = line.cells.get("label", "")
        if len(label) > 100:
            long = PeopleError("表示名は100文字までにしてください")
            errors.append(LineError(line.number, "表示名", long))
            continue
        try:
            if _relabelled(tx, client.id, key, label):
                changed += 1
            else:
                add_number(tx, client.id, text, label)
                added += 1
        except LinesError as error:
            errors += [
                LineError(line.number, "電話番号", PeopleError(sentence))
                for sentence in error.sentences
            ]
    result = Imported(added, changed, errors)
    if errors:
        raise NotImported(result)
    return result


def _relabelled(tx: Tx, client_id: str, key: str, label: str) -> bool:
    """Whether the number is this client's already; then it has the label now."""
    mine = (numbers.c.number == key) & (numbers.c.client_id == client_id)
    row = tx.first(select(numbers.c.id, numbers.c.label).where(mine))
    if row is None:
        return False
    if label and label != row["label"]:
        tx.execute(update(numbers).where(numbers.c.id == row["id"]).values(label=label))
        append(tx, Fact("line.number_changed", row["id"], client_id))
    return True
