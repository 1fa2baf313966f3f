"""the audit"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Utc

revision = "0031"
down_revision = "0026"


def upgrade() -> None:
    op.create_table(
        "audit_rows",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=True),
        sa.Column("client_id", sa.String(length=32), nullable=True),
        sa.Column("call_id", sa.String(length=32), nullable=True),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_rows")),
    )
    for name in ("client", "user", "kind", "call"):
        column = name if name == "kind" else f"{name}_id"
        op.create_index(f"ix_audit_rows_{name}", "audit_rows", [column, "seq"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("chain", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_head")),
    )
    for statement in MADE_BY_HAND[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("audit_head")
    op.drop_table("audit_rows")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_refuse()")


_ABORT = "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
_TRIGGER = "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"

MADE_BY_HAND = {
    "sqlite": [
        f"CREATE TRIGGER audit_rows_update BEFORE UPDATE ON audit_rows {_ABORT}",
        f"CREATE TRIGGER audit_rows_delete BEFORE DELETE ON audit_rows {_ABORT}",
        "CREATE TRIGGER audit_rows_insert BEFORE INSERT ON audit_rows "
        f"WHEN EXISTS (SELECT 1 FROM audit_rows WHERE seq = new.seq) {_ABORT}",
        "CREATE TRIGGER audit_head_update BEFORE UPDATE ON audit_head "
        f"WHEN new.seq <= old.seq {_ABORT}",
        f"CREATE TRIGGER audit_head_delete BEFORE DELETE ON audit_head {_ABORT}",
        "CREATE TRIGGER audit_head_insert BEFORE INSERT ON audit_head "
        f"WHEN EXISTS (SELECT 1 FROM audit_head WHERE chain = new.chain) {_ABORT}",
    ],
    "postgresql": [
        "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$",
        "CREATE TRIGGER audit_rows_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_rows "
        + _TRIGGER,
        "CREATE TRIGGER audit_head_onward BEFORE UPDATE ON audit_head "
        "FOR EACH ROW WHEN (NEW.seq <= OLD.seq) EXECUTE FUNCTION audit_refuse()",
        "CREATE TRIGGER audit_head_kept BEFORE DELETE OR TRUNCATE ON audit_head " + _TRIGGER,
    ],
}
