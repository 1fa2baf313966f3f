"""Making the message of an attempt from what is in the record."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import RowMapping, select

from denwaban.delivery.message import Message, data_of, subject_for
from denwaban.delivery.model import Kind
from denwaban.delivery.outcome import Failed
from denwaban.oncall import open_address
from denwaban.people import rows as people_rows
from denwaban.reports import HIDDEN, Report, lines_of, mask_cards
from denwaban.store import Question, Tx, among
from denwaban.vault import KeyDestroyed

GIST = 120
"""Characters of a report's matter in a digest."""

_staff, _clients = people_rows.staff, people_rows.clients
_NAMES = Question(
    select(_staff.c.id, _staff.c.name, _clients.c.name.label("client"))
    .join(_clients, _clients.c.id == _staff.c.client_id)
    .where(among(_staff.c.id, "ids"))
)


def names_of(tx: Tx, staff_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """staff → (their name, their client's)."""
    rows = tx.all(_NAMES, {"ids": set(staff_ids)})
    return {row["id"]: (row["name"], row["client"]) for row in rows}


def message_of(
    tx: Tx,
    report: Report,
    row: RowMapping,
    names: dict[str, tuple[str, str]],
    link: str,
    address: dict[str, str],
    reply: str,
) -> Message:
    """What is told of a report by the delivery of this row, alone."""
    staff_name, client_name = names[row["staff_id"]]
    kind = Kind(row["kind"])
    return Message(
        key=row["idempotency_key"],
        report_id=report.id,
        client_id=report.client_id,
        client_name=client_name,
        staff_id=row["staff_id"],
        staff_name=staff_name,
        kind=kind,
        subject=subject_for(report, kind),
        lines=lines_of(report),
        link=link,
        address=address,
        at=tx.now,
        data={} if row["channel"] == "mail" else data_of(report, kind),  # a mail has words only
        reply=reply,
    )


def together(message: Message, listed: Sequence[tuple[Report, str]], portal: str) -> Message:
    """One message about several reports; each has its own link, so that each is taken by itself."""
    lines = tuple(
        (
            subject_for(report, Kind.FIRST),
            f"{_gist(report)}\n{link}",
        )
        for report, link in listed
    )
    return replace(
        message,
        subject=f"【受電報告】{len(lines)}件のまとめ",
        lines=lines,
        link=portal,
        data={},
        digest=True,
    )


def _gist(report: Report) -> str:
    """What a report is about, in one line."""
    if report.form.is_secret("what_for"):
        return HIDDEN
    return mask_cards(" ".join(report.draft.what_for.split()))[:GIST]


def address_of(tx: Tx, row: RowMapping) -> tuple[dict[str, str], Failed | None]:
    """The address with its secrets, or why they are gone."""
    try:
        return open_address(tx, row["client_id"], row["address"]), None
    except KeyDestroyed:
        return {}, Failed("この届け先は外されました。")
