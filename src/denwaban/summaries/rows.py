"""What clients want to be sent, the summaries that were made, and the mails that carry them: the tables."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from denwaban.store import Id, Json, Utc, metadata
from denwaban.work import due_columns

summary_plans = Table(
    "summary_plans",
    metadata,
    Column("id", Id, ForeignKey("clients.id"), primary_key=True),  # one per client
    Column("daily", Boolean, nullable=False),
    Column("at", Integer, nullable=False),  # minute of the day in Tokyo
    Column("open_days", Boolean, nullable=False),
    Column("quiet", Boolean, nullable=False),
    Column("monthly", Boolean, nullable=False),
    Column("month_day", Integer, nullable=False),
    Column("staff", Json, nullable=False),  # ids; empty: whoever is in charge
    Column("daily_done", Date, nullable=False),  # the last day that a daily one covers
    Column("monthly_done", Date, nullable=False),  # the last day of the last month summed up
    Column("version", Integer, nullable=False),  # of what people choose, not of what is done
    Column("changed_at", Utc, nullable=False),
    Column("changed_by", Id),  # null: the system, or a program
    *due_columns(),
)

summaries = Table(
    "summaries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("kind", String(10), nullable=False),  # daily | monthly
    Column("first", Date, nullable=False),  # days in Tokyo, both counted
    Column("last", Date, nullable=False),
    Column("edition", Integer, nullable=False),  # from 1; 0: a trial, made again each time
    Column("reason", Text, nullable=False),  # why there is a later edition
    Column("by_user_id", Id),  # who asked for it; null: the schedule
    Column("wanted_at", Utc, nullable=False),
    Column("made_at", Utc),  # null: being made; what follows is null until then
    Column("document", Json),  # see model.Document; never changes
    Column("calls", Json),  # see model.CallLine; never changes
    Column("received", Integer),
    Column("answered", Integer),
    Column("missed", Integer),
    Column("mailed", Boolean, nullable=False),  # false: nothing to tell, or nobody chosen
    *due_columns(),
    UniqueConstraint("client_id", "kind", "first", "last", "edition"),
)
Index("ix_summaries_client_last", summaries.c.client_id, summaries.c.last, summaries.c.id)

summary_mails = Table(
    "summary_mails",
    metadata,
    Column("id", Id, primary_key=True),
    Column("summary_id", Id, ForeignKey("summaries.id"), nullable=False, index=True),
    Column("client_id", Id, nullable=False),
    Column("staff_id", Id),  # somebody of the client …
    Column("user_id", Id),  # … or one of ours who tries it
    Column("name", String(100), nullable=False),
    Column("address", Text, nullable=False),
    Column("round", Integer, nullable=False),  # 1; higher when it was sent again
    Column("state", String(20), nullable=False),  # see model.State
    Column("tries", Integer, nullable=False),
    Column("trouble", Text, nullable=False),  # a Japanese sentence without the address
    Column("made_at", Utc, nullable=False),
    Column("sent_at", Utc),
    *due_columns(),
    UniqueConstraint("summary_id", "staff_id", "round"),
)
Index(
    "ix_summary_mails_failed",
    summary_mails.c.made_at,
    sqlite_where=summary_mails.c.state == "failed",
    postgresql_where=summary_mails.c.state == "failed",
)

summary_tries = Table(
    "summary_tries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("mail_id", Id, ForeignKey("summary_mails.id"), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("ended_at", Utc),  # null: the sender died in the middle
    Column("result", String(20)),  # sent | retry | failed | not_set_up
    Column("detail", Text, nullable=False),
)
