"""Persons who call clients, what they are reached by and called, and how they were joined and parted.

Names and numbers are read and written in this package only, and sealed there (`sealing`): what of them stands in the columns that
are named after them is from before, and waits to be sealed.
"""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from denwaban.store import Id, Json, Utc, metadata
from denwaban.store.search import SearchIndex
from denwaban.vault import Hidden

persons = Table(
    "persons",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),  # never of two clients
    Column("name", String(100), nullable=False),
    Column("kana", String(100), nullable=False),
    Column("company", String(100), nullable=False),
    Column("sealed", Text),  # those three; null: they are empty, or from before
    Column("regular", Boolean, nullable=False, server_default=false()),  # 常連
    Column("put_first", Boolean, nullable=False, server_default=false()),  # 先につなぐ
    # Keyed hashes of what is compared; empty when there is nothing to compare.
    Column("sound", String(100)),  # of the reading as it sounds; null: not in the index yet
    Column("name_key", String(200), nullable=False, server_default=""),  # of the name, folded
    Column("company_key", String(200), nullable=False, server_default=""),  # of the company
    Column("version", Integer, nullable=False, server_default="1"),  # grows with every change
    Column("into_id", Id, ForeignKey("persons.id")),  # joined into that person
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Index("ix_persons_sound", "client_id", "sound"),
    Index("ix_persons_newest", "client_id", "updated_at", "id"),
    Index("ix_persons_all_newest", "updated_at", "id"),
)
Index(
    "ix_persons_unheard",
    persons.c.id,
    sqlite_where=persons.c.sound.is_(None),
    postgresql_where=persons.c.sound.is_(None),
)

person_ways = Table(
    "person_ways",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("person_id", Id, ForeignKey("persons.id"), nullable=False, index=True),
    Column("kind", String(10), nullable=False),  # phone | mail
    # A keyed hash of the number (E.164) or the address (in lower case): itself in a row from before.
    Column("value", String(200), nullable=False),
    Column("sealed", Text),  # the number or address; null: from before
    Column("tail", String(4), nullable=False),  # the last four digits of a number from before
    Column("tail_blind", String(32)),  # a keyed hash of the last four digits
    Column("added_at", Utc, nullable=False),
    UniqueConstraint("client_id", "kind", "value"),
    Index("ix_person_ways_tail", "tail", "client_id"),
    Index("ix_person_ways_tail_blind", "tail_blind", "client_id"),
)

person_names = Table(
    "person_names",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("person_id", Id, ForeignKey("persons.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),  # what they were called before
    Column("kana", String(100), nullable=False),
    Column("sealed", Text),  # those two; null: from before
    Column("at", Utc, nullable=False),  # until when
)

person_calls = Table(
    "person_calls",
    metadata,
    # Only calls that an operator gave to a person: all others belong to whom their number belongs to.
    Column("call_id", Id, ForeignKey("calls.id"), primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("person_id", Id, ForeignKey("persons.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
)

person_acts = Table(
    "person_acts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("kind", String(10), nullable=False),  # merge | split
    Column("step", Integer, nullable=False),  # grows among the acts of each person
    Column("person_id", Id, ForeignKey("persons.id"), nullable=False, index=True),  # who stays
    Column("other_id", Id, ForeignKey("persons.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("by_id", Id),  # an account or an API key
    Column("by_name", String(100), nullable=False),
    Column("moved", Json, nullable=False),  # see joining.Moved; sealed: one text
    Column("undone_at", Utc),
    Column("undone_by", String(100), nullable=False, server_default=""),
)

person_apart = Table(
    "person_apart",
    metadata,
    # Two who look like one and are not, the smaller id first.
    Column("one_id", Id, ForeignKey("persons.id"), primary_key=True),
    Column("other_id", Id, ForeignKey("persons.id"), primary_key=True),
    Column("at", Utc, nullable=False),
)

PERSON = "person"
"""The kind of the index: a person (ref: the id) by name, readings and how they sound, older names, company."""

index = SearchIndex("person_texts", Hidden())
