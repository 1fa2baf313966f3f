"""A summary's calls as a CSV file, one row a call. Pure."""

from collections.abc import Iterator
from itertools import chain

from denwaban.clock import JST
from denwaban.lines import show_number
from denwaban.people.csvfile import write_csv
from denwaban.summaries.model import CallLine, Document
from denwaban.summaries.words import HIDDEN, OUTCOMES, STATUSES
from denwaban.vault import UNOPENED

HEADINGS = (
    "日時",
    "発信者の番号",
    "かけた番号",
    "結果",
    "つながらなかった",
    "お待ち(秒)",
    "お話し(秒)",
    "報告の件名",
    "ご用件",
    "報告の状態",
    "折り返しの期限",
    "報告まで(秒)",
)


def csv_of(document: Document, calls: list[CallLine], *, mail: bool, closed: bool = False) -> bytes:
    """UTF-8 with a byte order mark, times of Tokyo. `mail`: what the client's form keeps 秘密 is left out. `closed`: the calls
    cannot be opened, and the one row says so."""
    rows = _rows(calls, set(document.secret) if mail else set())
    return write_csv(chain(rows, [(UNOPENED, *[""] * (len(HEADINGS) - 1))]) if closed else rows)


def _rows(calls: list[CallLine], hidden: set[str]) -> Iterator[tuple[str, ...]]:
    yield HEADINGS
    for line in calls:
        by = line.callback_by
        yield (
            f"{line.at.astimezone(JST):%Y-%m-%d %H:%M:%S}",
            HIDDEN if "number" in hidden and line.number else show_number(line.number),
            show_number(line.dialled),
            OUTCOMES[line.outcome],
            "はい" if line.missed else "",
            str(line.waited),
            _number(line.talked),
            line.subject,
            HIDDEN if "what_for" in hidden and line.what_for else line.what_for,
            STATUSES.get(line.status, ""),
            f"{by.astimezone(JST):%Y-%m-%d %H:%M}" if by is not None else "",
            _number(line.to_report),
        )


def _number(value: int | None) -> str:
    return str(value) if value is not None else ""
