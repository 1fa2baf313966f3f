"""Adding to the audit, and checking all of it."""

from collections.abc import Callable, Mapping

from sqlalchemy import func, insert, select, update

from denwaban.audit.model import START, Broken, Check, Entry, Head, Trace, sealed
from denwaban.audit.rows import audit_head, audit_rows
from denwaban.store import Store, Tx

AT_ONCE = 5_000
"""Rows read in one transaction of a check: calls use the same database."""

_COLUMNS = tuple(audit_rows.c[name] for name in Entry._fields)

# The row lock makes writers take turns even where they go around the store.
_HEAD = select(audit_head.c.seq, audit_head.c.hash).with_for_update()


def record(tx: Tx, *traces: Trace) -> None:
    """Adds rows in this order; they are there if and only if the transaction commits. Costs the same however long the chain
    is."""
    if not traces:
        return
    head = _head(tx)
    entries = []
    for trace in traces:
        entry = sealed(head, tx.now, trace)
        entries.append(entry)
        head = Head(entry.seq, entry.hash)
    tx.execute(insert(audit_rows), [entry._asdict() for entry in entries])
    tx.execute(update(audit_head).values(seq=head.seq, hash=head.hash))


def _head(tx: Tx) -> Head:
    found = tx.first(_HEAD)
    if found is not None:
        return Head(found["seq"], found["hash"])
    # The first row of all. Of two writers that go around the store and find none, the key refuses the second.
    tx.execute(insert(audit_head).values(chain=1, seq=0, hash=START))
    return Head(0, START)


async def verified(
    store: Store,
    progress: Callable[[int, int], None] = lambda done, of: None,
    expected: Mapping[int, str] | None = None,
) -> Head | Broken:
    """Looks at every row, in order; the end of the chain when it holds, else the first place where it does not.

    `progress(done, of)` is told after each `AT_ONCE` rows. Rows that are written meanwhile are looked at too.
    """
    check = Check(expected)
    while True:

        def some(tx: Tx, after: int = check.last.seq) -> tuple[list[Entry], Head | None, int]:
            rows = tx.execute(
                select(*_COLUMNS)
                .where(audit_rows.c.seq > after)
                .order_by(audit_rows.c.seq)
                .limit(AT_ONCE)
            ).all()
            end = tx.first(select(audit_head))
            of = tx.scalar(select(func.max(audit_rows.c.seq))) or 0
            return (
                [Entry._make(row) for row in rows],
                Head(end["seq"], end["hash"]) if end else None,
                of,
            )

        entries, head, of = await store.read(some)
        for entry in entries:
            if (broken := check.take(entry)) is not None:
                return broken
        progress(check.last.seq, of)
        if len(entries) < AT_ONCE:
            # Rows and mark are of one snapshot here.
            return check.end(head) or check.last
