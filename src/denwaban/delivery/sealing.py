"""What is sealed here: what people said about reports, and secrets in deliveries and frozen ladders from before contacts were.

New addresses are copies of what a contact holds, sealed. The old ones become such copies where the contact is still there, so that
removing it closes them as well; where it is gone their secrets go, unless something is still to be sent by them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping

from denwaban.delivery.rows import deliveries, escalations, report_talk
from denwaban.oncall import every_contact_of, open_address, resealed_address, without_secrets
from denwaban.store import Tx
from denwaban.vault import Texts, row_by_row


def _delivery(tx: Tx, row: RowMapping) -> dict[str, Any]:
    to = row["staff_id"], row["channel"], row["address"]
    return {"address": _again(tx, row, *to, row["due_at"])}


def _ladder(tx: Tx, row: RowMapping) -> dict[str, Any]:
    rungs = [_rung(tx, row, one) for one in row["ladder"]["rungs"]]
    return {"ladder": {**row["ladder"], "rungs": rungs}}


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
    row_by_row("deliveries.address", deliveries, _delivery),
    row_by_row("escalations.ladder", escalations, _ladder),
)
