"""What is sealed here: what people said about reports, and secrets in deliveries and frozen ladders from before contacts were.

New addresses are copies of what a contact holds, sealed. The old ones become such copies where the contact is still there, so that
removing it closes them as well; where it is gone their secrets go, unless something is still to be sent by them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, select, update

from denwaban.delivery.rows import deliveries, escalations, report_talk
from denwaban.oncall import every_contact_of, open_address, resealed_address, without_secrets
from denwaban.store import Tx
from denwaban.vault import Texts, Turning, alone

AT_ONCE = 100
"""So many old rows are looked at in one transaction."""


def _old_deliveries(tx: Tx, after: str) -> str | None:
    rows = tx.all(
        select(deliveries).where(deliveries.c.id > after).order_by(deliveries.c.id).limit(AT_ONCE)
    )
    for row in rows:
        with alone(tx, "deliveries", row["id"]):
            to = row["staff_id"], row["channel"], row["address"]
            sealed = _again(tx, row, *to, row["due_at"])
            if sealed != row["address"]:
                mine = deliveries.c.id == row["id"]
                tx.execute(update(deliveries).where(mine).values(address=sealed))
    return rows[-1]["id"] if rows else None


def _old_ladders(tx: Tx, after: str) -> str | None:
    rows = tx.all(
        select(
            escalations.c.id,
            escalations.c.client_id,
            escalations.c.ladder,
            escalations.c.closed_at,
        )
        .where(escalations.c.id > after)
        .order_by(escalations.c.id)
        .limit(AT_ONCE)
    )
    for row in rows:
        with alone(tx, "escalations", row["id"]):
            rungs = [_rung(tx, row, one) for one in row["ladder"]["rungs"]]
            ladder = {**row["ladder"], "rungs": rungs}
            if ladder != row["ladder"]:
                mine = escalations.c.id == row["id"]
                tx.execute(update(escalations).where(mine).values(ladder=ladder))
    return rows[-1]["id"] if rows else None


def _rung(tx: Tx, row: RowMapping, rung: Mapping[str, Any]) -> dict[str, Any]:
    found = {**rung, "targets": _targets(tx, row, rung["staff_id"], rung["targets"])}
    if "others" in rung:
        found["others"] = [
            [staff_id, kind, _targets(tx, row, staff_id, targets)]
            for staff_id, kind, targets in rung["others"]
        ]
    return found


def _targets(tx: Tx, row: RowMapping, staff_id: str, targets: Sequence[Any]) -> list[Any]:
    still = row["closed_at"] is None
    return [
        [channel, _again(tx, row, staff_id, channel, address, still), *rest]
        for channel, address, *rest in targets
    ]


def _again(
    tx: Tx,
    row: RowMapping,
    staff_id: str,
    channel: str,
    address: Mapping[str, Any],
    wanted: object,
) -> Mapping[str, Any]:
    """The address as it is kept from now on."""
    bare = without_secrets(channel, address)
    if bare == address:
        return address
    for one in every_contact_of(tx, staff_id):
        if one.channel == channel and open_address(tx, one.client_id, one.address) == address:
            return dict(one.address)
    return resealed_address(tx, row["client_id"], channel, address) if wanted else bare


talk = Texts(report_talk, "text")
"""What people said about a report."""


def talk_words(tx: Tx, row: RowMapping) -> str:
    """What somebody said, or `vault.UNOPENED`; `row` is of `report_talk`."""
    return talk.shown(tx, row["client_id"], row["id"], "text", row["text"])


turnings = (
    talk.turning,
    Turning("deliveries.address", _old_deliveries),
    Turning("escalations.ladder", _old_ladders),
)
