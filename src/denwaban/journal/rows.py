"""The journal's table."""

from sqlalchemy import BigInteger, Column, Integer, String, Table, bindparam, func, select

from denwaban.journal.model import Entry, Fact
from denwaban.store import Id, Json, Question, Tx, Utc, add_rows, metadata

facts = Table(
    "facts",
    metadata,
    Column(
        "seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    ),
    Column("at", Utc, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("subject", Id, nullable=False, index=True),
    Column("client_id", Id),
    Column("data", Json, nullable=False),
    sqlite_autoincrement=True,
)

TOPIC = "journal"

PAGE = 1000
"""At most so many facts are read at once."""


def append(tx: Tx, *new: Fact) -> None:
    """Appends facts; they become visible, in order, when the transaction commits."""
    if not new:
        return
    add_rows(
        tx,
        facts,
        [
            {
                "at": tx.now,
                "kind": fact.kind,
                "subject": fact.subject,
                "client_id": fact.client_id,
                "data": fact.data,
            }
            for fact in new
        ],
    )
    tx.touch(TOPIC)


_AFTER = Question(
    select(facts)
    .where(facts.c.seq > bindparam("after_seq"))
    .order_by(facts.c.seq)
    .limit(bindparam("most", type_=Integer))
)


def after(tx: Tx, seq: int, limit: int = PAGE) -> list[Entry]:
    """The facts after `seq`, oldest first. Writers take turns, so a later commit never has a smaller seq."""
    return [
        Entry(
            row["seq"],
            row["at"],
            Fact(row["kind"], row["subject"], row["client_id"], row["data"]),
        )
        for row in tx.all(_AFTER, {"after_seq": seq, "most": limit})
    ]


def last_seq(tx: Tx) -> int:
    """The newest seq, 0 when nothing has happened yet."""
    return int(tx.scalar(_LAST))


# Built once: every screen of every seat says how far it knows.
_LAST = Question(select(func.coalesce(func.max(facts.c.seq), 0).label("seq")))
