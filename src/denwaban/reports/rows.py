"""The finished account of a call. Rows of `reports` never change once sent but for `status` and `in_charge`."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from denwaban.store import Id, Json, Utc, metadata

reports = Table(
    "reports",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("call_id", Id, ForeignKey("calls.id"), unique=True),
    Column("operator_id", Id, ForeignKey("operators.id"), nullable=False, index=True),
    Column("in_charge_id", Id, ForeignKey("staff.id"), nullable=False, index=True),
    Column("caller_name", Text, nullable=False),
    Column("caller_kana", Text, nullable=False),
    Column("caller_company", Text, nullable=False),
    Column("caller_number", String(100), nullable=False),
    Column("what_for", Text, nullable=False),
    Column("done", Text, nullable=False),
    Column("callback_needed", Boolean, nullable=False),
    Column("callback_by", Utc),
    Column("urgency", String(20), nullable=False),  # normal | soon | emergency
    Column("tone", String(20), nullable=False),  # calm | worried | hurried | angry
    Column("note", Text, nullable=False),
    Column("answers", Json, nullable=False),  # [[label, value], …] in the order of the script
    Column("subject", Text, nullable=False),
    Column("status", String(20), nullable=False),  # done 完了 | callback 要折り返し | checking 確認中
    Column("call_ended_at", Utc),
    Column("sent_at", Utc, nullable=False),
    Column("practice", Boolean, nullable=False),
)
Index("ix_reports_client_sent", reports.c.client_id, reports.c.sent_at)

report_statuses = Table(
    "report_statuses",
    metadata,
    Column("id", Id, primary_key=True),
    Column("report_id", Id, ForeignKey("reports.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("status", String(20), nullable=False),
    Column("at", Utc, nullable=False),
    Column("by_user_id", Id),  # null: the system
    Column("note", Text, nullable=False),
)
