"""What calls tell about scripts: questions nobody expected, figures per node, and the lists made of them."""

from sqlalchemy import (
    BigInteger,
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

unexpected_questions = Table(
    "unexpected_questions",
    metadata,
    Column("id", Id, primary_key=True),  # made by the page, so that saving twice is saving once
    Column("call_id", Id, ForeignKey("calls.id"), nullable=False, index=True),
    Column("run_id", Id, ForeignKey("runs.id"), nullable=False),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("script_id", Id, ForeignKey("scripts.id"), nullable=False),
    Column("node", String(64), nullable=False),
    Column("operator_id", Id, nullable=False),
    Column("words", Text, nullable=False),  # the caller's; may be empty
    Column("counter", BigInteger, nullable=False),  # as in `answers`: a smaller one came late
    Column("at", Utc, nullable=False),
    Column("withdrawn_at", Utc),  # the key was pressed by mistake
)
Index("ix_unexpected_questions_script", unexpected_questions.c.script_id, unexpected_questions.c.at)

node_use = Table(
    "node_use",
    metadata,
    Column("version_id", Id, ForeignKey("script_versions.id"), primary_key=True),
    Column("day", Date, primary_key=True),  # JST
    Column("node", String(64), primary_key=True),  # empty: whole calls
    Column("visits", Integer, nullable=False),
    Column("drops", Integer, nullable=False),  # calls that ended here, and this is no end
    Column("forks", Integer, nullable=False),  # times a branch was chosen
    Column("otherwise", Integer, nullable=False),  # of these: それ以外
    Column("times", Json, nullable=False),  # {bucket: visits}; see improvement.figures
)

script_notes = Table(
    "script_notes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("script_id", Id, ForeignKey("scripts.id"), nullable=False),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("call_id", Id, ForeignKey("calls.id"), nullable=False),
    Column("run_id", Id, ForeignKey("runs.id"), nullable=False),
    Column("what", String(20), nullable=False),  # see improvement.model.Kind
    Column("node", String(64), nullable=False),
    Column("label", String(100), nullable=False),  # the item, the phrase; never what a caller said
    Column("field", String(64), nullable=False),  # the answer that holds the words
    Column("at", Utc, nullable=False),
)
Index("ix_script_notes_script", script_notes.c.script_id, script_notes.c.at)

script_weeks = Table(
    "script_weeks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("script_id", Id, ForeignKey("scripts.id"), nullable=False),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("monday", Date, nullable=False),  # JST
    Column("closed_at", Utc),
    *due_columns(),
    UniqueConstraint("script_id", "monday"),
)

script_proposals = Table(
    "script_proposals",
    metadata,
    Column("id", Id, primary_key=True),
    Column("week_id", Id, ForeignKey("script_weeks.id"), nullable=False),
    Column("script_id", Id, ForeignKey("scripts.id"), nullable=False),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("what", String(20), nullable=False),
    Column("node", String(64), nullable=False),
    Column("label", String(100), nullable=False),
    Column("count", Integer, nullable=False),
    Column("of", Integer, nullable=False),  # so many calls, or visits of the node, in that week
    Column("calls", Json, nullable=False),  # [call id], the newest last
    Column("words", Json, nullable=False),  # [[run id or empty, answer or question id]]
    Column("state", String(12), nullable=False),  # open | accepted | declined | postponed
    Column("reason", Text, nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("decided_at", Utc),
    Column("decided_by", Id),
)
Index("ix_script_proposals_script", script_proposals.c.script_id, script_proposals.c.state)
Index("ix_script_proposals_open", script_proposals.c.state, script_proposals.c.client_id)

script_mentions = Table(
    "script_mentions",
    metadata,
    Column("script_id", Id, ForeignKey("scripts.id"), primary_key=True),
    Column("what", String(10), primary_key=True),  # staff | number | client
    Column("subject_id", Id, primary_key=True),
    Column("words", String(100), primary_key=True),  # as they stood when the script was published
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False, index=True),
)

script_marks = Table(
    "script_marks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("script_id", Id, ForeignKey("scripts.id"), nullable=False, index=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("what", String(10), nullable=False),  # staff | faq | number | plan | client | review
    Column("subject_id", Id, nullable=False),
    Column("why", String(20), nullable=False),  # left | changed | removed | date
    Column("words", String(100), nullable=False),  # what the script says
    Column("lines", Json, nullable=False),  # of the published text
    Column("at", Utc, nullable=False),
    Column("cleared_at", Utc),
    Column("cleared_by", Id),
    Column("reason", Text, nullable=False),
)
Index("ix_script_marks_open", script_marks.c.cleared_at, script_marks.c.client_id)

script_reviews = Table(
    "script_reviews",
    metadata,
    Column("id", Id, ForeignKey("scripts.id"), primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("review_on", Date),
    *due_columns(),
)

gathered = Table(
    "gathered",
    metadata,
    Column("id", Id, primary_key=True),  # one row: `journal`
    Column("seq", BigInteger, nullable=False),  # facts up to here are in the tables above
)

author_letters = Table(
    "author_letters",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id"), nullable=False),
    Column("script_id", Id, ForeignKey("scripts.id"), nullable=False),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("what", String(10), nullable=False),  # list | review
    Column("day", Date, nullable=False),  # the monday of the list, or the day of the reminder; JST
    Column("made_at", Utc, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("sent_at", Utc),
    Column("trouble", Text, nullable=False),  # why it did not go out, in a sentence; empty: nothing
    *due_columns(),
    UniqueConstraint("user_id", "script_id", "what", "day"),
)
