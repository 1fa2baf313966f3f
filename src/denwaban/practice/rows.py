"""Sheets of operators' practices."""

from sqlalchemy import Column, ForeignKey, Index, Table

from denwaban.store import Id, Json, Utc, metadata

practice_sheets = Table(
    "practice_sheets",
    metadata,
    Column("id", Id, primary_key=True),
    Column("operator_id", Id, ForeignKey("operators.id"), nullable=False),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("script_version_id", Id, ForeignKey("script_versions.id"), nullable=False),
    Column("call_id", Id, ForeignKey("calls.id"), unique=True),  # null: without a telephone
    Column("started_at", Utc, nullable=False),
    Column("path", Json, nullable=False),  # scripts.walk.Path with its moments; no answers
    Column("late", Json, nullable=False),  # ids of mandatory fields that were passed unfilled
    Column("finished_at", Utc),
    Column("score", Json),  # score.Score
)
Index("ix_practice_sheets_operator", practice_sheets.c.operator_id, practice_sheets.c.id)
