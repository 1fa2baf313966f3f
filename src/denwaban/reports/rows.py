"""The finished account of a call: the tables. What rows of `reports` say never changes once sent but for `status` and
`in_charge`."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    false,
)

from denwaban.store import Id, Json, Utc, metadata

reports = Table(
    "reports",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("call_id", Id, ForeignKey("calls.id"), unique=True),
    Column("operator_id", Id, ForeignKey("operators.id"), nullable=False),
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
    Column(
        "status", String(20), nullable=False
    ),  # done 完了 | callback 要折り返し | checking 確認中
    Column("call_ended_at", Utc),
    Column("sent_at", Utc, nullable=False),
    Column("practice", Boolean, nullable=False),
    Column("form", Json),  # the client's form as it was then; null: the default one
    Column("extra", Json),  # [[key, value], …] of the client's own fields
    Column("confirmed", Json),  # what was read back to the caller: ["kana", "number"]
    Column("routing", Json),  # which rule fired and why; null: none was asked
    Column("recipients", Json),  # ids of staff told at once beside the person in charge
    Column("override", Json),  # {"reason", "told"}: warnings that did not keep it back
    Column("opportunity", Boolean, nullable=False, server_default=false()),  # 商機
    Column("due_at", Utc),
    Column("erased_at", Utc),  # nothing of what the caller said is left
    # What is empty above; see sealing. Null: from before it was sealed, or erased.
    Column("sealed", Text),
    Column("number_blind", String(32)),  # of the caller's number; null: none was said
)
Index("ix_reports_client_sent", reports.c.client_id, reports.c.sent_at)
Index("ix_reports_client", reports.c.client_id, reports.c.id)
Index("ix_reports_operator", reports.c.operator_id, reports.c.id)

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


report_forms = Table(
    "report_forms",
    metadata,
    Column("client_id", Id, ForeignKey("clients.id"), primary_key=True),
    Column("form", Json, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("changed_by", Id),  # null: a program
)

report_rules = Table(
    "report_rules",
    metadata,
    Column("client_id", Id, ForeignKey("clients.id"), primary_key=True),
    Column("rules", Json, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("changed_by", Id),  # null: a program
)
