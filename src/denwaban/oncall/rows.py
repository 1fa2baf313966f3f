"""By which contacts a staff member is reached, and when."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, String, Table, Text

from denwaban.store import Id, Json, Utc, metadata
from denwaban.work import due_columns

contacts = Table(
    "contacts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False, index=True),
    Column("staff_id", Id, ForeignKey("staff.id"), nullable=False, index=True),
    Column("channel", String(20), nullable=False),  # see oncall.address.KEYS
    Column(
        "address", Json, nullable=False
    ),  # what the channel needs; secrets in it are never shown again
    Column("position", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("tested_at", Utc),  # null: this address has not been tested
    Column("test_result", String(20)),  # sent | retry | failed | not_set_up
    Column("test_detail", Text),
)

oncall_hours = Table(
    "oncall_hours",
    metadata,
    Column("client_id", Id, ForeignKey("clients.id"), primary_key=True),
    Column("hours", Json, nullable=False),  # see hours.to_json; no row: always open
    Column("updated_at", Utc, nullable=False),
)

deadline_terms = Table(
    "deadline_terms",
    metadata,
    Column("client_id", Id, ForeignKey("clients.id"), primary_key=True),
    Column("business", Boolean, nullable=False),  # only open minutes count; no row: by the clock
    Column("updated_at", Utc, nullable=False),
)

# A change of the roster as it was made, whole: undoing it takes out what it put in and puts back what it took out.
roster_changes = Table(
    "roster_changes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False, index=True),
    Column("what", String(20), nullable=False),  # see book.What
    Column("user_id", Id),  # null: a program
    Column("at", Utc, nullable=False),
    Column("undone_at", Utc),
)

shifts = Table(
    "shifts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("staff_id", Id, ForeignKey("staff.id"), nullable=False),
    Column("kind", String(20), nullable=False),  # see roster.ShiftKind
    Column("days", Integer, nullable=False),  # bits: Mon 1 … Sun 64, holiday 128; 0: once, on `day`
    Column("day", Date),  # JST, like all dates here
    Column("first_day", Date),
    Column("last_day", Date),
    Column("opens", Integer, nullable=False),  # minute of the day, JST
    Column("closes", Integer, nullable=False),  # beyond 1440: the next day's
    Column("made_id", Id, ForeignKey("roster_changes.id"), nullable=False, index=True),
    Column("removed_id", Id, ForeignKey("roster_changes.id"), index=True),
)
Index("ix_shifts_client", shifts.c.client_id, shifts.c.removed_id, shifts.c.day)

roster_entries = Table(
    "roster_entries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("staff_id", Id, ForeignKey("staff.id"), nullable=False),
    Column("kind", String(20), nullable=False),  # see roster.EntryKind
    Column("starts", Utc, nullable=False),
    Column("ends", Utc, nullable=False),
    Column("channels", Json, nullable=False),  # of a trip: the only ways that reach somebody
    Column("other_id", Id, ForeignKey("staff.id")),  # of a swap: who takes over
    Column("note", String(200), nullable=False),
    Column("made_id", Id, ForeignKey("roster_changes.id"), nullable=False, index=True),
    Column("removed_id", Id, ForeignKey("roster_changes.id"), index=True),
)
Index("ix_roster_entries_client", roster_entries.c.client_id, roster_entries.c.ends)

calendars = Table(
    "calendars",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("staff_id", Id, ForeignKey("staff.id"), nullable=False, index=True),
    Column("url", Text),  # a secret, never shown or logged; null: an uploaded file
    Column("body", Text, nullable=False),  # the last good state: times alone, no titles or places
    Column("etag", String(200), nullable=False),
    Column("last_modified", String(100), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("tried_at", Utc),
    Column("good_at", Utc),  # when `body` was last known to be how things are
    Column("error", Text, nullable=False),  # a Japanese sentence; empty when the last try was good
    Column("failures", Integer, nullable=False),  # in a row
    *due_columns(),
)

calendar_busy = Table(
    "calendar_busy",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("calendar_id", Id, ForeignKey("calendars.id"), nullable=False, index=True),
    Column("staff_id", Id, ForeignKey("staff.id"), nullable=False),
    Column("starts", Utc, nullable=False),
    Column("ends", Utc, nullable=False),
    Column("away", Boolean, nullable=False),
)
Index("ix_calendar_busy_client", calendar_busy.c.client_id, calendar_busy.c.ends)

# One row for each client that is live: somebody looks at its roster whenever an answer may change.
oncall_watches = Table(
    "oncall_watches",
    metadata,
    Column("id", Id, ForeignKey("clients.id"), primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("nobody_since", Utc),  # null: somebody is on duty, or the client is closed
    Column("holes", Integer, nullable=False),  # in the four weeks after `looked_at`
    Column("first_hole", Utc),
    Column("looked_at", Utc),  # null: look for holes again
    *due_columns(),
)
