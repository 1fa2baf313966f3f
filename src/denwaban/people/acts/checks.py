"""What every change of people checks before it is written."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select, update

from denwaban.people.model import Changed, PeopleError
from denwaban.store import Tx
from denwaban.texts import N_, legible

CODE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")

LONGEST = {
    "name": 100,
    "kana": 100,
    "industry": 50,
    "department": 100,
    "presence_note": 200,
    "greeting": 1000,
    "policy": 10_000,
    "company": 100,
}

_LABELS = {
    "name": N_("名前"),
    "kana": N_("ふりがな"),
    "industry": N_("業種"),
    "department": N_("部署"),
    "presence_note": N_("メモ"),
    "greeting": N_("第一声"),
    "policy": N_("対応方針"),
    "company": N_("会社名"),
}


def check_text(field: str, text: str, required: bool = False) -> str:
    """The text without blanks around it; raises `PeopleError` if it is too long, missing or cannot be shown."""
    text = text.strip()
    label = _LABELS[field]
    if required and not legible(text):
        raise PeopleError("%(label)sを入力してください", field, label=label)
    if len(text) > LONGEST[field]:
        raise PeopleError(
            "%(label)sは%(most)s文字以内にしてください",
            field,
            label=label,
            most=str(LONGEST[field]),
        )
    if any(unicodedata.category(char) in {"Cc", "Cs"} and char not in "\n\r\t" for char in text):
        raise PeopleError("%(label)sに使えない文字が含まれています", field, label=label)
    return text


def change(
    tx: Tx, table: Table, row_id: str, values: Mapping[str, Any], seen: datetime | None
) -> None:
    """Writes `values` into a row. `seen` is its `updated_at` as it was shown: raises `Changed` if it has moved since."""
    before = tx.scalar(select(table.c.updated_at).where(table.c.id == row_id))
    if seen is not None and before != seen:
        raise Changed
    moment = tx.now
    if before is not None and moment <= before:
        # Two changes in one moment must differ, or the second editor would not notice the first.
        moment = before + before.resolution
    tx.execute(update(table).where(table.c.id == row_id).values(**values, updated_at=moment))
