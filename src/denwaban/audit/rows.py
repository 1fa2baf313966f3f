"""The tables of the audit, and what in the database itself keeps them from being changed."""

from sqlalchemy import DDL, BigInteger, Column, Index, Integer, String, Table, Text, event

from denwaban.store import Id, Utc, metadata

SEAL = String(64)

audit_rows = Table(
    "audit_rows",
    metadata,
    # Given by the writer and without a gap: two writers that fork the chain meet here.
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
    Column("kind", String(64), nullable=False),
    # No foreign keys: a row outlives what it tells of.
    Column("user_id", Id),
    Column("client_id", Id),
    Column("call_id", Id),
    Column("subject", String(64), nullable=False),
    Column("data", Text, nullable=False),  # JSON as it was sealed, letter by letter
    Column("hash", SEAL, nullable=False),
)
Index("ix_audit_rows_client", audit_rows.c.client_id, audit_rows.c.seq)
Index("ix_audit_rows_user", audit_rows.c.user_id, audit_rows.c.seq)
Index("ix_audit_rows_kind", audit_rows.c.kind, audit_rows.c.seq)
Index("ix_audit_rows_at", audit_rows.c.at)
Index("ix_audit_rows_call", audit_rows.c.call_id, audit_rows.c.seq)

audit_head = Table(
    "audit_head",
    metadata,
    Column("chain", Integer, primary_key=True, autoincrement=False),  # 1: there is one
    Column("seq", BigInteger, nullable=False),  # of the last row; it only grows
    Column("hash", SEAL, nullable=False),
)


def _sqlite(table: str, act: str, when: str = "") -> str:
    return (
        f"CREATE TRIGGER {table}_{act.lower()} BEFORE {act} ON {table} {when}"
        "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
    )


_REFUSE = (
    "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$"
)

KEPT: dict[str, dict[str, list[str]]] = {
    "audit_rows": {
        "sqlite": [
            _sqlite("audit_rows", "UPDATE"),
            _sqlite("audit_rows", "DELETE"),
            # INSERT OR REPLACE takes a row away without firing the trigger of deletions.
            _sqlite(
                "audit_rows",
                "INSERT",
                "WHEN EXISTS (SELECT 1 FROM audit_rows WHERE seq = new.seq) ",
            ),
        ],
        "postgresql": [
            _REFUSE,
            "CREATE TRIGGER audit_rows_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_rows "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
        ],
    },
    "audit_head": {
        "sqlite": [
            _sqlite("audit_head", "UPDATE", "WHEN new.seq <= old.seq "),
            _sqlite("audit_head", "DELETE"),
            _sqlite(
                "audit_head",
                "INSERT",
                "WHEN EXISTS (SELECT 1 FROM audit_head WHERE chain = new.chain) ",
            ),
        ],
        "postgresql": [
            _REFUSE,
            "CREATE TRIGGER audit_head_onward BEFORE UPDATE ON audit_head "
            "FOR EACH ROW WHEN (NEW.seq <= OLD.seq) EXECUTE FUNCTION audit_refuse()",
            "CREATE TRIGGER audit_head_kept BEFORE DELETE OR TRUNCATE ON audit_head "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
        ],
    },
}
"""What no table definition can say, by table and dialect, in order."""

for _table in (audit_rows, audit_head):
    for _dialect, _statements in KEPT[_table.name].items():
        for _statement in _statements:
            event.listen(
                _table,
                "after_create",
                DDL(_statement).execute_if(dialect=_dialect),  # type: ignore[no-untyped-call]
            )
