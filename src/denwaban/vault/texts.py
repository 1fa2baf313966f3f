"""Columns whose words are sealed where they stand: `dv1.…` in place of the text, bound to its row and column.

    talk = Texts(report_talk, "text")
    values = {"text": talk.seal(tx, client_id, row_id, "text", said)}
    said = talk.open(tx, client_id, row["id"], "text", row["text"])

An empty text stays empty, so that what was erased, or never said, is told without a key. Words from before their column was
sealed are read as they are; `talk.turning` seals them.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import msgspec
from sqlalchemy import Column, RowMapping, Select, Table, select

from denwaban.store import Tx, among
from denwaban.vault.acts import HOUSE, open_, remember, seal
from denwaban.vault.master import Keyring
from denwaban.vault.model import VERSION, KeyDestroyed, VaultError, is_sealed, key_named_in
from denwaban.vault.rows import vault_keys
from denwaban.vault.turning import Turning, count, row_by_row
from denwaban.vault.unopened import UNOPENED, shown


class Texts:
    """Text columns of one table with an `id`. `through`: the foreign key to the row that knows the client, where the table
    itself has no `client_id`."""

    def __init__(self, table: Table, *columns: str, through: Column[Any] | None = None) -> None:
        self.table = table
        self.columns = columns
        self._through = through

    def seal(self, tx: Tx, client_id: str | None, row_id: str, column: str, text: str) -> str:
        """As the column has it. Only in a transaction that writes; raises `KeyMissing`."""
        return seal(tx, client_id, self._place(column, row_id), text) if text else ""

    def open(self, tx: Tx, client_id: str | None, row_id: str, column: str, kept: str) -> str:
        """The words; empty when their key was destroyed: they are erased. Raises `Tampered`, `KeyMissing`."""
        if not is_sealed(kept):
            return kept
        try:
            return open_(tx, client_id, self._place(column, row_id), kept)
        except KeyDestroyed:
            return ""

    def shown(
        self,
        tx: Tx,
        client_id: str | None,
        row_id: str,
        column: str,
        kept: str,
        instead: str = UNOPENED,
    ) -> str:
        """`open` for those who look: what cannot be opened says so."""
        return shown(lambda: self.open(tx, client_id, row_id, column, kept), instead)

    @property
    def turning(self) -> Turning:
        """Seals what was written before."""
        return row_by_row(
            f"{self.table.name}.{self.columns[0]}",
            self.table,
            self._sealed,
            rows=self._rows(),
            is_old=lambda row: any(row[name] and not is_sealed(row[name]) for name in self.columns),
            plain=self._old(),
        )

    def plain(self, tx: Tx) -> int:
        """How many rows have words that are not sealed. Looks at all of them."""
        return count(tx, self.table, self._old())

    def _place(self, column: str, row_id: str) -> str:
        return f"{self.table.name}.{column}/{row_id}"

    def _old(self) -> Any:
        found = [
            (self.table.c[name] != "") & ~self.table.c[name].startswith(f"{VERSION}.")
            for name in self.columns
        ]
        old = found[0]
        for one in found[1:]:
            old |= one
        return old

    def _rows(self) -> Select[Any]:
        t = self.table
        wanted = [t.c.id, *(t.c[name] for name in self.columns)]
        if self._through is None:
            return select(*wanted, t.c.client_id)
        (key,) = self._through.foreign_keys
        other = key.column.table
        return select(*wanted, other.c.client_id).join(other, key.column == self._through)

    def _sealed(self, tx: Tx, row: RowMapping) -> dict[str, str]:
        return {
            name: self.seal(tx, row["client_id"], row["id"], name, row[name])
            for name in self.columns
            if not is_sealed(row[name])
        }


def seal_value(tx: Tx, client_id: str | None, place: str, value: Any) -> str:
    """Anything that JSON can say, sealed as one text. See `seal`."""
    return seal(tx, client_id, place, msgspec.json.encode(value).decode())


def open_value(tx: Tx, client_id: str | None, place: str, sealed: str) -> Any:
    """The reverse. Raises `VaultError`, `KeyDestroyed` among them."""
    return msgspec.json.decode(open_(tx, client_id, place, sealed))


def learn_keys(tx: Tx, sealed: Iterable[tuple[str | None, str | None]]) -> None:
    """Before many texts of many clients are opened: one question for all keys that are not remembered. A key that is not there,
    or is not what it was, is told of by whoever opens with it."""
    ring = tx.lent(Keyring)
    lacking: set[tuple[str, str]] = set()
    for owner, text in sealed:
        if text is not None and is_sealed(text):
            with suppress(VaultError):
                lacking.add((owner or HOUSE, key_named_in(text)))
    lacking = {one for one in lacking if ring.recall("/".join(one), tx.now) is None}
    if len(lacking) > 1:
        found = {row["id"]: row for row in tx.all(_MANY, {"ids": {key for _owner, key in lacking}})}
        for owner, key_id in lacking:
            row = found.get(key_id)
            if row is not None and row["owner"] == owner and row["destroyed_at"] is None:
                with suppress(VaultError):
                    remember(tx, row)


_MANY = select(vault_keys).where(among(vault_keys.c.id, "ids"))
