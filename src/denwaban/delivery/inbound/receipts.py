"""Sent, delivered, read: how far a delivery has come by its service's own word."""

from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, insert, select, update

from denwaban.delivery import facts
from denwaban.delivery.acts import give_up_person
from denwaban.delivery.inbound.model import Arrival, fold, of_word
from denwaban.delivery.rows import deliveries, delivery_receipts
from denwaban.journal import append
from denwaban.store import Tx

NOT_ARRIVED = (
    "送ったあとで、相手に届かなかったと知らせがありました。番号や受信の設定を確かめてください。"
)


def delivery_of(tx: Tx, key: str) -> RowMapping | None:
    """The delivery that carries this idempotency key."""
    return tx.first(select(deliveries).where(deliveries.c.idempotency_key == key))


def delivery_by_id(tx: Tx, delivery_id: str) -> RowMapping | None:
    """The delivery of this id."""
    return tx.first(select(deliveries).where(deliveries.c.id == delivery_id))


def rise(tx: Tx, row: RowMapping, told: Arrival, why: str = NOT_ARRIVED) -> None:
    """Folds one more result into a delivery, and into those that travelled with it. A message that did not arrive has failed:
    the ladder moves on as for any failure. One that arrived after all is sent again."""
    together = [row]
    if row["digest_id"] == row["id"]:
        together = tx.all(select(deliveries).where(deliveries.c.digest_id == row["id"]))
    for one in together:
        _rise(tx, one, told, why)


def _rise(tx: Tx, row: RowMapping, told: Arrival, why: str) -> None:
    before = tx.first(select(delivery_receipts).where(delivery_receipts.c.delivery_id == row["id"]))
    known = of_word(before["state"]) if before is not None else None
    state = fold(known, told)
    if state is known:
        return
    values: dict[str, Any] = {"state": state.word, "updated_at": tx.now}
    heard: datetime | None = before["delivered_at"] if before is not None else None
    if state >= Arrival.DELIVERED and heard is None:
        values["delivered_at"] = tx.now
    if state is Arrival.READ:
        values["read_at"] = tx.now
    if before is None:
        tx.execute(insert(delivery_receipts).values(delivery_id=row["id"], **values))
    else:
        tx.execute(
            update(delivery_receipts)
            .where(delivery_receipts.c.delivery_id == row["id"])
            .values(**values)
        )
    if state is Arrival.FAILED:
        _failed(tx, row, why)
    elif known is Arrival.FAILED and row["state"] == "failed":
        _set(tx, row["id"], state="sent", error=None)


def _failed(tx: Tx, row: RowMapping, why: str) -> None:
    # A result may be quicker than the record of the very attempt that it is about: that one is pending still.
    if row["state"] not in ("sent", "pending"):
        return
    _set(tx, row["id"], state="failed", error=why, due_at=None)
    about = (row["report_id"], row["client_id"], row["id"], row["channel"], row["staff_id"])
    append(tx, facts.failed(*about))
    give_up_person(tx, row["report_id"], row["rung"])


def _set(tx: Tx, delivery_id: str, **values: object) -> None:
    tx.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(**values))
