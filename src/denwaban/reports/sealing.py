"""What is sealed of a report: everything that a caller said, and what was written about it, as one text under the client's key.

The columns that held it stay empty; of a report from before this they hold it still, until it is sealed in the background.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, or_

from denwaban import vault
from denwaban.lines import parse_number
from denwaban.reports.rows import report_statuses, reports
from denwaban.store import Tx

ERASED = "【消去済み】"
"""The subject of a report of which nothing else is left."""

BARE: Mapping[str, Any] = {
    "caller_name": "",
    "caller_kana": "",
    "caller_company": "",
    "caller_number": "",
    "what_for": "",
    "done": "",
    "note": "",
    "answers": [],
    "subject": "",
    "extra": None,
    "routing": None,
    "override": None,
}
"""The sealed columns, and what stands in them instead."""

CLOSED: Mapping[str, Any] = {
    **BARE,
    **dict.fromkeys(("subject", "caller_name", "what_for"), vault.UNOPENED),
}
"""What is shown of a report that cannot be opened."""

Words = Mapping[str, Any] | RowMapping
"""By the names of `BARE`."""

_NUMBER = "reports.number"

notes = vault.Texts(report_statuses, "note", through=report_statuses.c.report_id)
"""What people wrote when they moved a report on."""


def sealed(tx: Tx, client_id: str, report_id: str, words: Words) -> dict[str, Any]:
    """The columns of a report with these words."""
    said = {name: words[name] for name in BARE}
    return {
        **BARE,
        "sealed": vault.seal_value(tx, client_id, _place(report_id), said),
        "number_blind": blind(tx, client_id, words["caller_number"]) or None,
    }


def words_of(tx: Tx, row: RowMapping, report_id: str, client_id: str) -> Words:
    """The words of a report, by the names of `BARE`; `row` has its `sealed` and those of its columns that are asked for. What
    was sealed with a key that is destroyed is erased. Raises `VaultError`."""
    if row["sealed"] is None:
        return row
    try:
        found: Mapping[str, Any] = vault.open_value(tx, client_id, _place(report_id), row["sealed"])
    except vault.KeyDestroyed:
        return {**BARE, "subject": ERASED}
    return found


def words_shown(tx: Tx, row: RowMapping, report_id: str, client_id: str) -> Words:
    """`words_of` for those who look: what cannot be opened says so in place of what it is about (`CLOSED`)."""
    return vault.shown(lambda: words_of(tx, row, report_id, client_id), CLOSED)


def blind(tx: Tx, client_id: str, number: str) -> str:
    """By what a number is found, however it was written; empty for none. Where the client's key does not open it has a stand-in: the
    report is sent all the same."""
    if not number:
        return ""
    return vault.blind_at_least(tx, client_id, _NUMBER, parse_number(number).e164 or number)


def has_number(tx: Tx, client_id: str, numbers: list[str]) -> ColumnElement[bool]:
    """Whether a report of this client has one of these numbers, also one from while the client's key did not open."""
    written = [one for one in numbers if one]
    keys = {parse_number(one).e164 or one for one in written}
    blinds = {blind(tx, client_id, one) for one in keys}
    blinds |= {vault.stand_in(tx, client_id, _NUMBER, one) for one in keys}
    blinds.discard("")
    return (reports.c.client_id == client_id) & or_(
        reports.c.number_blind.in_(blinds), reports.c.caller_number.in_(written)
    )


def _place(report_id: str) -> str:
    return f"reports/{report_id}"


turnings = (
    vault.row_by_row(
        "reports",
        reports,
        lambda tx, row: sealed(tx, row["client_id"], row["id"], row),
        is_old=lambda row: row["sealed"] is None and row["erased_at"] is None,
        plain=reports.c.sealed.is_(None) & reports.c.erased_at.is_(None),
    ),
    notes.turning,
)
