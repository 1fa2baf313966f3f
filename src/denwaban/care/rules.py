"""What a client has settled about supervisors and abusive callers."""

from sqlalchemy import insert, select, update

from denwaban.care.model import DEFAULT, Rules, check_marks, check_words
from denwaban.care.rows import care_rules
from denwaban.journal import Fact, append
from denwaban.store import Tx


def rules_of(tx: Tx, client_id: str) -> Rules:
    """The client's rules; `DEFAULT` where nothing was settled."""
    row = tx.first(select(care_rules).where(care_rules.c.client_id == client_id))
    if row is None:
        return DEFAULT
    return Rules(
        row["monitored"],
        row["told"],
        tuple(row["marks"]),
        row["from_start"],
        row["warning"],
        row["closing"],
    )


def set_rules(tx: Tx, client_id: str, rules: Rules, user_id: str) -> None:
    """Settles them, for calls from now on; a call that is marked already keeps its own. Raises `CareError`."""
    values = {
        "monitored": rules.monitored,
        "told": rules.told,
        "marks": list(check_marks(rules.marks)),
        "from_start": rules.from_start,
        "warning": check_words(rules.warning),
        "closing": check_words(rules.closing),
        "changed_at": tx.now,
        "changed_by": user_id,
    }
    known = tx.first(select(care_rules.c.client_id).where(care_rules.c.client_id == client_id))
    if known is None:
        tx.execute(insert(care_rules).values(client_id=client_id, **values))
    else:
        tx.execute(update(care_rules).where(care_rules.c.client_id == client_id).values(**values))
    data = {"user_id": user_id, "monitored": rules.monitored, "told": rules.told}
    append(tx, Fact("care.rules_changed", client_id, client_id, data))
