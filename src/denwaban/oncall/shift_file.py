"""Shifts from a CSV file: every bad row is named, and nothing is half imported."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from denwaban.oncall.book import BadRoster, NewShift, add_shifts, check_shift
from denwaban.oncall.hours import HOLIDAY
from denwaban.oncall.roster import Change, ShiftKind, What
from denwaban.people import Staff, staff_of
from denwaban.people.csvfile import Line, LineError, read_csv
from denwaban.store import Tx
from denwaban.texts import N_

COLUMNS = {
    "day": ("日付", "日", "曜日", "day", "date"),
    "name": ("担当者", "氏名", "名前", "name"),
    "kind": ("種類", "種別", "kind"),
    "opens": ("開始", "始まり", "from", "opens"),
    "closes": ("終了", "終わり", "until", "closes"),
}

KINDS = {
    "当番": ShiftKind.DUTY,
    "": ShiftKind.DUTY,
    "昼当番": ShiftKind.LUNCH,
    "昼": ShiftKind.LUNCH,
    "勤務": ShiftKind.WORK,
    "duty": ShiftKind.DUTY,
    "lunch": ShiftKind.LUNCH,
    "work": ShiftKind.WORK,
}

WEEKDAYS = {word: 1 << n for n, word in enumerate("月火水木金土日")} | {"祝": HOLIDAY}
DAYS = {"平日": 31, "土日": 96, "土日祝": 96 | HOLIDAY, "毎日": 255}

_DATE = re.compile(r"(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?")
_TIME = re.compile(r"(翌)?(\d{1,2})(?::([0-5]\d))?(?::00)?")


@dataclass(frozen=True, slots=True)
class NotImported(Exception):
    """Nothing was written: these rows are to be mended first."""

    errors: tuple[LineError, ...]


def read_shifts(data: bytes) -> list[Line]:
    """The rows of a file. Raises `UnreadableFile`."""
    return read_csv(data, COLUMNS, ("day", "name", "opens", "closes"))


def import_shifts(
    tx: Tx, client_id: str, lines: Sequence[Line], user_id: str | None = None
) -> Change:
    """Writes all rows down as one change. Raises `NotImported` with every bad row, `BadRoster` when nothing is new."""
    people = staff_of(tx, client_id)
    errors: list[LineError] = []
    found: list[NewShift] = []
    for line in lines:
        try:
            shift = _shift(line.cells, people, tx.now.date())
            check_shift(tx, client_id, shift)
            found.append(shift)
        except BadRoster as error:
            errors.append(LineError(line.number, error.field, error))
    if errors:
        raise NotImported(tuple(errors))
    return add_shifts(tx, client_id, found, user_id, What.IMPORTED)


def _shift(cells: dict[str, str], people: Sequence[Staff], now: date) -> NewShift:
    opens, closes = minute_of(cells["opens"]), minute_of(cells["closes"])
    if opens is None or closes is None:
        field = "closes" if opens is not None else "opens"
        raise BadRoster("時刻を読み取れません。例: 9:00", field)
    if closes <= opens:
        closes += 1440
    kind = KINDS.get(_plain(cells.get("kind", "")))
    if kind is None:
        raise BadRoster("種類は、当番・昼当番・勤務のどれかにしてください", "kind")
    days, day = _days(cells["day"], now)
    return NewShift(_who(cells["name"], people), kind, opens, closes, days, day)


def _who(name: str, people: Sequence[Staff]) -> str:
    wanted = _plain(name)
    found = [person for person in people if _plain(person.name) == wanted]
    if not found:
        raise BadRoster("「%(name)s」という担当者はいません", "name", name=name)
    if len(found) > 1:
        raise BadRoster(
            "「%(name)s」という担当者が何人かいます。画面から入れてください", "name", name=name
        )
    return found[0].id


def _days(text: str, now: date) -> tuple[int, date | None]:
    plain = _plain(text)
    if plain in DAYS:
        return DAYS[plain], None
    letters = plain.replace("曜日", "").replace("曜", "").replace("・", "").replace("、", "")
    if letters and all(letter in WEEKDAYS for letter in letters):
        return sum({WEEKDAYS[letter] for letter in letters}), None
    match = _DATE.fullmatch(re.sub(r"\(.\)$", "", plain))
    if match is not None:
        year, month, day = (int(part) if part else 0 for part in match.groups())
        try:
            found = date(year or now.year, month, day)
            # Without a year it is the next such day: rosters are for what comes.
            if not year and (now - found).days > 180:
                found = date(now.year + 1, month, day)
            return 0, found
        except ValueError as error:
            raise BadRoster(_BAD_DAY, "day") from error
    raise BadRoster(_BAD_DAY, "day")


def minute_of(text: str) -> int | None:
    """The minute of the day of 9:00, 9, 翌5:00; None when it is none."""
    match = _TIME.fullmatch(_plain(text))
    if match is None:
        return None
    minute = int(match[2]) * 60 + int(match[3] or 0)
    if minute > 2880:
        return None
    return minute + 1440 if match[1] else minute


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()


_BAD_DAY = N_("日付か曜日を読み取れません。例: 2026/11/24、月・水、平日")
