"""Forgetting what callers wanted."""

from collections.abc import Sequence

from denwaban.memory.rows import CALL, index
from denwaban.store import Tx


def forget_calls(tx: Tx, call_ids: Sequence[str]) -> None:
    """These calls are found by nothing that was said in them any more."""
    for call_id in call_ids:
        index.remove(tx, CALL, call_id)
