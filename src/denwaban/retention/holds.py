"""Legal holds (訴訟保留): what must not be erased, whatever the terms say and whoever asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, insert, select, update

from denwaban import audit, vault
from denwaban.calls import call
from denwaban.journal import Fact, append
from denwaban.people import PeopleError
from denwaban.retention.rows import legal_holds
from denwaban.store import Tx, new_id
from denwaban.texts import clean_text

LONGEST_REASON = 500


class BadHold(PeopleError):
    """A hold that cannot be placed; a Japanese sentence for whoever tried."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Something that is kept for a dispute."""

    id: str
    client_id: str
    call_id: str | None
    """None: everything of the client."""
    reason: str
    placed_at: datetime
    placed_by: str | None


@dataclass(frozen=True, slots=True)
class Held:
    """What of a client must not be erased now."""

    everything: bool
    calls: frozenset[str]

    def free(self, call_ids: Sequence[str]) -> list[str]:
        """Those that may go."""
        return [] if self.everything else [one for one in call_ids if one not in self.calls]


def place_hold(
    tx: Tx, client_id: str, reason: str, user_id: str | None, call_id: str | None = None
) -> str:
    """From now on nothing of the call (None: of the client) is erased; returns the hold's id. Raises `BadHold` without a
    reason, or when the client has no such call."""
    reason = clean_text(reason)
    if not reason or len(reason) > LONGEST_REASON:
        raise BadHold("理由を%(most)s文字以内で書いてください", "reason", most=str(LONGEST_REASON))
    if call_id is not None:
        found = call(tx, call_id)
        if found is None or found.client_id != client_id:
            raise BadHold(
                "この顧客の通話ではありません。通話の画面から番号を写してください", "call_id"
            )
    made = new_id()
    tx.execute(
        insert(legal_holds).values(
            id=made,
            client_id=client_id,
            call_id=call_id,
            reason=vault.seal(tx, client_id, f"legal_holds.reason/{made}", reason),
            placed_at=tx.now,
            placed_by=user_id,
        )
    )
    append(tx, Fact("hold.placed", call_id or client_id, client_id, {"hold": made}))
    audit.record(tx, audit.Trace("hold.placed", user_id, client_id, call_id, made))
    return made


def lift_hold(tx: Tx, client_id: str, hold_id: str, user_id: str | None) -> None:
    """What was held follows the terms again, from the next night on. Raises `LookupError` when there is no such hold."""
    lifted = tx.execute(
        update(legal_holds)
        .where(
            legal_holds.c.id == hold_id,
            legal_holds.c.client_id == client_id,
            legal_holds.c.lifted_at.is_(None),
        )
        .values(lifted_at=tx.now, lifted_by=user_id)
    ).rowcount
    if not lifted:
        raise LookupError(hold_id)
    append(tx, Fact("hold.lifted", client_id, client_id, {"hold": hold_id}))
    audit.record(tx, audit.Trace("hold.lifted", user_id, client_id, None, hold_id))


def holds_of(tx: Tx, client_id: str) -> list[Hold]:
    """The holds of a client that stand, oldest first."""
    rows = tx.all(
        select(legal_holds)
        .where(legal_holds.c.client_id == client_id, legal_holds.c.lifted_at.is_(None))
        .order_by(legal_holds.c.id)
    )
    return [_hold(tx, row) for row in rows]


def held(tx: Tx, client_id: str) -> Held:
    """What of a client is held now."""
    rows = tx.all(
        select(legal_holds.c.call_id).where(
            legal_holds.c.client_id == client_id, legal_holds.c.lifted_at.is_(None)
        )
    )
    ids = [row["call_id"] for row in rows]
    return Held(None in ids, frozenset(one for one in ids if one is not None))


def _hold(tx: Tx, row: RowMapping) -> Hold:
    place = f"legal_holds.reason/{row['id']}"
    return Hold(
        row["id"],
        row["client_id"],
        row["call_id"],
        vault.shown(
            lambda: vault.open_(tx, row["client_id"], place, row["reason"]), vault.UNOPENED
        ),
        row["placed_at"],
        row["placed_by"],
    )
