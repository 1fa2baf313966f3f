"""Forgetting who was to be called back in their turn."""

from collections.abc import Sequence

from sqlalchemy import update

from denwaban.routing.rows import kept_places
from denwaban.store import Tx, among_these


def forget_places(tx: Tx, call_ids: Sequence[str]) -> None:
    """Takes the numbers out of places that callers of these calls kept and that are done with."""
    tx.execute(
        update(kept_places)
        .where(among_these(kept_places.c.id, call_ids), kept_places.c.ended_at.is_not(None))
        .values(number="", sealed=None)
    )
