"""How far each recording has come, in the record: what is due, sealed, in the bucket, erased."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, delete, insert, select, update

from denwaban.calls.recordings import State
from denwaban.calls.rows import calls, recordings
from denwaban.calls.waveform import recording_peaks
from denwaban.journal import Fact, append
from denwaban.store import Tx, among_these

OLD = (State.PLAIN.value, State.SEALED.value, State.AWAY.value)
"""States of recordings that can be heard."""

_GOING = (State.ERASING.value, State.ERASED.value)


def erase_recordings(tx: Tx, call_ids: Sequence[str]) -> int:
    """From the commit on nobody hears the recordings of these calls, and their files go as soon as nobody else is at work on
    them. How many there were, of those that are not erased yet. Recordings of calls that are not over are left alone."""
    over = tx.all(
        select(calls.c.id, calls.c.client_id, calls.c.ended_at).where(
            among_these(calls.c.id, call_ids),
            calls.c.ended_at.is_not(None),
            (calls.c.recording.is_not(None) | calls.c.answered_at.is_not(None)),
        )
    )
    known = {
        row["id"]: State(row["state"])
        for row in tx.all(
            select(recordings.c.id, recordings.c.state).where(
                among_these(recordings.c.id, [row["id"] for row in over])
            )
        )
    }
    gone = (State.ERASING, State.ERASED, State.NOTHING)
    wanted = [row for row in over if known.get(row["id"]) not in gone]
    fresh = [row for row in wanted if row["id"] not in known]
    if fresh:
        tx.execute(insert(recordings), [_values(row, State.ERASING, tx.now) for row in fresh])
    if old := [row["id"] for row in wanted if row["id"] in known]:
        tx.execute(
            update(recordings)
            .where(among_these(recordings.c.id, old))
            # Not taken from whoever is at it: two at once could leave a copy behind.
            .values(state=State.ERASING.value, due_at=tx.now)
        )
    tx.execute(
        delete(recording_peaks).where(
            among_these(recording_peaks.c.call_id, [row["id"] for row in wanted])
        )
    )
    tx.touch("work:recordings")
    return len(wanted)


def to_seal(tx: Tx, call_ids: Sequence[str]) -> list[str]:
    """Those whose call is over and for which nothing is due."""
    return [
        row["id"]
        for row in tx.all(
            select(calls.c.id)
            .outerjoin(recordings, recordings.c.id == calls.c.id)
            .where(
                among_these(calls.c.id, call_ids),
                calls.c.ended_at.is_not(None),
                recordings.c.due_at.is_(None),
            )
        )
    ]


def make_due(tx: Tx, call_ids: Sequence[str], holder: str) -> None:
    """Plain files of these calls lie at this holder: each is to be sealed, or erased when it had been already."""
    known = {
        row["id"]
        for row in tx.all(select(recordings.c.id).where(among_these(recordings.c.id, call_ids)))
    }
    rows = tx.all(
        select(calls.c.id, calls.c.client_id, calls.c.ended_at).where(
            among_these(calls.c.id, set(call_ids) - known)
        )
    )
    if rows:
        tx.execute(
            insert(recordings),
            [{**_values(row, State.PLAIN, tx.now), "holder": holder} for row in rows],
        )
    # A plain file beside a row that was done: it was not removed any more, or came back from a copy.
    tx.execute(
        update(recordings)
        .where(among_these(recordings.c.id, known))
        .values(due_at=tx.now, holder=holder)
    )
    again = among_these(recordings.c.id, known) & (recordings.c.state == State.ERASED.value)
    tx.execute(update(recordings).where(again).values(state=State.ERASING.value))
    tx.touch("work:recordings")


def _values(row: RowMapping, state: State, now: datetime) -> dict[str, object]:
    found = {name: row[name] for name in ("id", "client_id", "ended_at")}
    return {**found, "state": state.value, "due_at": now}


def kept(tx: Tx, call_id: str, state: State, size: int, holder: str) -> bool:
    """Writes down that it is sealed; False when it is to be erased."""
    return bool(
        tx.execute(
            update(recordings)
            .where(recordings.c.id == call_id, recordings.c.state.not_in(_GOING))
            .values(state=state.value, size=size, sealed_at=tx.now, holder=holder)
        ).rowcount
    )


def moved(tx: Tx, call_id: str) -> bool:
    """Writes down that it is in the bucket; False when it is to be erased."""
    return bool(
        tx.execute(
            update(recordings)
            .where(recordings.c.id == call_id, recordings.c.state.not_in(_GOING))
            .values(state=State.AWAY.value)
        ).rowcount
    )


def make_sealed_due(tx: Tx) -> None:
    """Recordings from before there was a bucket, and those whose removal here was cut off, go there too."""
    tx.execute(
        update(recordings)
        .where(recordings.c.state == State.SEALED.value, recordings.c.due_at.is_(None))
        .values(due_at=tx.now)
    )
    tx.touch("work:recordings")


def erased(tx: Tx, call_id: str) -> None:
    """Nothing of it is left, which the journal is told."""
    row = tx.first(select(recordings.c.client_id).where(recordings.c.id == call_id))
    tx.execute(
        update(recordings)
        .where(recordings.c.id == call_id)
        .values(
            state=State.ERASED.value, erased_at=tx.now, size=None, due_at=None, leased_until=None
        )
    )
    append(tx, Fact("recording.erased", call_id, row["client_id"] if row is not None else None))


def due(tx: Tx, call_id: str, at: datetime | None) -> None:
    """When there is more to do; None: nothing. An erasure that came meanwhile stays due, for the next who looks."""
    mine = recordings.c.id == call_id
    tx.execute(update(recordings).where(mine).values(leased_until=None))
    to_erase = recordings.c.state == State.ERASING.value
    tx.execute(update(recordings).where(mine, ~to_erase).values(due_at=at))
    tx.touch("work:recordings")
