"""What was said in abusive calls is sealed."""

from sqlalchemy import RowMapping

from denwaban.care.rows import abuse_events
from denwaban.store import Tx
from denwaban.vault import Texts

said = Texts(abuse_events, "words", through=abuse_events.c.case_id)


def abuse_words(tx: Tx, row: RowMapping) -> str:
    """What was said, or `vault.UNOPENED`; `row` is of `abuse_events`, with the `client_id` of its case."""
    return said.shown(tx, row["client_id"], row["id"], "words", row["words"])


turnings = (said.turning,)
