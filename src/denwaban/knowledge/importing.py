"""Taking entries over from a file, and giving them out: looked at first, then all of it or nothing."""

import csv
import io
import re
import unicodedata
from datetime import date, datetime

from denwaban.knowledge.acts import add_faq, change_faq
from denwaban.knowledge.model import PARTS, Author, Bound, Content, Faq
from denwaban.knowledge.queries import faqs_page
from denwaban.people import PeopleError
from denwaban.people.csvfile import (
    FORMULA,
    Line,
    LineError,
    UnreadableFile,
    guarded,
    read_csv,
    truth,
)
from denwaban.people.importing import Imported, NotImported
from denwaban.store import Tx
from denwaban.store.words import fold

MOST = 500
"""Rows of one file: calls wait for the same writer, and each row is written, kept in the history and indexed."""

COLUMNS = {
    "question": ("質問",),
    "answer": ("答え", "回答"),
    "wordings": ("ほかの言い方", "キーワード"),
    "bound": ("どこまで", "区分"),
    "restricted": ("本人確認のあと", "本人確認", "開示制限"),
    "valid_from": ("いつから", "開始日"),
    "valid_until": ("いつまで", "終了日"),
}

BOUNDS = {"説明": Bound.EXPLAIN, "受止": Bound.TAKE, "受止め": Bound.TAKE, "判断": Bound.DECIDE}
"""As a file says it; empty: 説明."""


def read_faqs(data: bytes) -> list[Line]:
    """Rows of a file of entries, in any encoding offices use. Raises `UnreadableFile`."""
    lines = read_csv(data, COLUMNS, ("question", "answer"))
    if len(lines) > MOST:
        raise UnreadableFile("一度に読み込めるのは%(most)s行までです", most=str(MOST))
    return lines


def import_faqs(tx: Tx, client_id: str, lines: list[Line], by: Author) -> Imported:
    """Adds new entries of one client and changes known ones (the same question, however it is written); a column that the file
    lacks leaves what was there.

    Raises `NotImported` with every error when a row has one, and then keeps nothing.
    """
    known = {fold(entry.question): entry for entry in faqs_page(tx, client_id)}
    added, changed, errors = 0, 0, list[LineError]()
    seen: dict[str, int] = {}
    for line in lines:
        key = fold(line.cells["question"])
        if key and key in seen:
            twice = PeopleError("%(line)s行目と同じ質問です", line=str(seen[key]))
            errors.append(LineError(line.number, COLUMNS["question"][0], twice))
            continue
        seen[key] = line.number
        old = known.get(key)
        try:
            content = _content(line.cells, old)
            if old is None:
                add_faq(tx, client_id, content, by)
                added += 1
            else:
                change_faq(tx, old.id, content, by)
                changed += 1
        except PeopleError as error:
            column = COLUMNS.get(error.field, ("",))[0]
            errors.append(LineError(line.number, column, error))
    result = Imported(added, changed, errors)
    if errors:
        raise NotImported(result)
    return result


def written(entries: list[Faq]) -> str:
    """The entries as a CSV file that `read_faqs` takes back, without the mark of its encoding."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow([headings[0] for headings in COLUMNS.values()])
    words = {bound: word for word, bound in reversed(BOUNDS.items())}
    for entry in entries:
        cells = [
            entry.question,
            entry.answer,
            entry.wordings,
            words[entry.bound],
            "はい" if entry.restricted else "",
            *(day.isoformat() if day else "" for day in (entry.valid_from, entry.valid_until)),
        ]
        table.writerow([guarded(cell) for cell in cells])
    return out.getvalue()


def _content(cells: dict[str, str], old: Faq | None) -> Content:
    values = {part: getattr(old, part) for part in PARTS} if old is not None else {}
    for name in ("question", "answer", "wordings"):
        if name in cells:
            values[name] = _plain(cells[name])
    if "bound" in cells:
        word = unicodedata.normalize("NFKC", cells["bound"]).strip()
        if word and word not in BOUNDS:
            raise PeopleError("「説明」「受止」「判断」のどれかにしてください", "bound")
        values["bound"] = BOUNDS.get(word, Bound.EXPLAIN)
    if "restricted" in cells:
        values["restricted"] = truth(cells["restricted"])
    for name in ("valid_from", "valid_until"):
        if name in cells:
            values[name] = day(cells[name], name)
    return Content(**values)


def _plain(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:2] in FORMULA and cell[1:] else cell


def day(text: str, field: str) -> date | None:
    """A day as people and Excel write it: 2026-12-01, 2026/12/1, 2026年12月1日; None for nothing. Raises `PeopleError`."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        return None
    found = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 0?0:00(?::00)?)?", plain)
    if found:
        try:
            return datetime(*map(int, found.groups())).date()  # type: ignore[arg-type]  # noqa: DTZ001
        except ValueError:
            pass
    raise PeopleError("日付の形が違うようです。例: 2026-12-01", field)
