"""What came in, until it is done; mailboxes that we look into."""

from sqlalchemy import BigInteger, Column, String, Table, Text

from denwaban.store import Id, Json, Utc, metadata
from denwaban.work import due_columns

inbound = Table(
    "inbound",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source", String(20), nullable=False),  # slack | line | sms | mail
    Column("seen_key", String(100), nullable=False, unique=True),  # the same again is no second row
    Column("payload", Json),  # null once it is done: it holds personal data
    Column("received_at", Utc, nullable=False),
    Column("outcome", String(20)),  # see inbound.acts.Outcome; null: not done yet
    *due_columns(),
)

mailboxes = Table(
    "mailboxes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("uid_validity", BigInteger, nullable=False),
    Column("last_uid", BigInteger, nullable=False),
    Column("looked_at", Utc),  # when it was last read to its end
    Column("error", Text),  # why the last look failed; null when it did not
    *due_columns(),
)
