"""CSV files: reading those that offices really have (Excel's encodings, its floats, its blanks), and writing ours."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from denwaban.people.model import PeopleError

ENCODINGS = ("iso2022_jp_ext", "utf-8", "cp932", "euc_jp")
MAX_ROWS = 2_000
"""An import runs in one transaction, and calls wait for the same writer: about a second at most."""


FORMULA = "=+-@\t\r\n＝＋－＠"
"""A spreadsheet would calculate a cell that begins so (a Japanese one also by the full-width signs): it is given out behind an
apostrophe."""


class UnreadableFile(PeopleError):
    """The file cannot be read at all."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its number as Excel shows it, and its cells by column name."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class LineError:
    """What is wrong in which row. `field` is the column's name, empty when it is the row as a whole."""

    number: int
    field: str
    error: PeopleError


def decode(data: bytes) -> str:
    """The text of a file in whatever encoding it is: BOM, ISO-2022-JP, UTF-8, CP932, EUC-JP. Raises `UnreadableFile`."""
    for bom, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(bom):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError as error:
                raise UnreadableFile("文字コードを読み取れませんでした") from error
    # ISO-2022-JP is 7-bit with escapes: without an escape it says nothing that UTF-8 would not.
    for encoding in ENCODINGS:
        if encoding.startswith("iso2022") and b"\x1b" not in data:
            continue
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableFile(
        "文字コードを読み取れませんでした。UTF-8 か Shift_JIS(Excel の CSV)で保存してください"
    )


def tidy_header(text: str) -> str:
    """A column's name as it is compared: half-width, without blanks, lower case."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()


def tidy_number(text: str) -> str:
    """A telephone number as it was meant: Excel writes 312345678.0 or 3.12345678E+8 and drops the leading zero."""
    plain = unicodedata.normalize("NFKC", text).strip().lstrip("'")
    if re.fullmatch(r"\d+\.0+", plain):
        plain = plain.split(".")[0]
    elif re.fullmatch(r"\d(\.\d+)?[eE]\+?\d{1,2}", plain):
        # Only when every digit is there; a rounded number must not be guessed.
        digits, _e, power = plain.lower().partition("e")
        whole = digits.replace(".", "")
        places = int(power) - len(digits.partition(".")[2])
        if places >= 0 and len(whole) >= 8:
            plain = whole + "0" * places
    if re.fullmatch(r"[1-9]\d{8,9}", plain):
        plain = "0" + plain
    return plain


def write_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """A file that Excel opens as it is: UTF-8 with a byte order mark, RFC 4180, nothing that it would calculate."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([[guarded(cell) for cell in row] for row in rows])
    return out.getvalue().encode("utf-8-sig")


def guarded(cell: str) -> str:
    """The cell, behind an apostrophe where a spreadsheet would calculate it."""
    return f"'{cell}" if cell and cell[0] in FORMULA else cell


def read_csv(
    data: bytes, columns: Mapping[str, Sequence[str]], required: Sequence[str]
) -> list[Line]:
    """The rows of a CSV (or tab-separated) file by column.

    `columns` maps our name to the headings it may have. Unknown columns are left out, empty rows skipped. Raises
    `UnreadableFile` when the file is no table, has no rows, too many, or lacks a required column.
    """
    text = decode(data)
    if "\x00" in text:
        raise UnreadableFile("CSV ファイルではないようです")
    first = text.split("\n", 1)[0]
    delimiter = "\t" if first.count("\t") > first.count(",") else ","
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise UnreadableFile(
            'CSV として読み取れませんでした。引用符 " の数を確かめてください'
        ) from error
    if not rows:
        raise UnreadableFile("ファイルが空です")
    wanted = {
        tidy_header(heading): name
        for name, headings in columns.items()
        for heading in (name, *headings)
    }
    places = {
        wanted[tidy_header(heading)]: place
        for place, heading in reversed(list(enumerate(rows[0])))
        if tidy_header(heading) in wanted
    }
    absent = [
        columns[name][0] if columns[name] else name for name in required if name not in places
    ]
    if absent:
        raise UnreadableFile("1行目に見出しがありません: %(names)s", names="、".join(absent))
    if len(rows) - 1 > MAX_ROWS:
        raise UnreadableFile("一度に読み込めるのは%(most)s行までです", most=str(MAX_ROWS))
    found = []
    for number, row in enumerate(rows[1:], start=2):
        cells = {
            name: row[place].strip() if place < len(row) else "" for name, place in places.items()
        }
        if any(cells.values()):
            found.append(Line(number, cells))
    if not found:
        raise UnreadableFile("データの行がありません")
    return found


YES = frozenset({"1", "はい", "○", "〇", "yes", "true", "有", "y"})


def truth(text: str) -> bool:
    """Whether a cell says yes."""
    return unicodedata.normalize("NFKC", text).strip().lower() in YES or text.strip() in YES
