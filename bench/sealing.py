"""The numbers of past calls, sealed as the program would, for databases that are filled in bulk."""

from collections.abc import Iterable

from denwaban.calls import numbers
from denwaban.store import Tx
from denwaban.vault import HOUSE, file_key
from denwaban.vault.acts import blind_key
from denwaban.vault.model import blind_text, seal_text


class NumberKeys:
    """The keys of these clients, made where there are none."""

    def __init__(self, tx: Tx, client_ids: Iterable[str]) -> None:
        self._house = _blind_key(tx, HOUSE)
        self._of = {one: (*file_key(tx, one), _blind_key(tx, one)) for one in client_ids}

    def columns(self, client_id: str, call_id: str, number: str) -> dict[str, str]:
        """`caller` and `number` of a call."""
        key_id, key, blind = self._of[client_id]
        whole = blind_text(blind, numbers.NUMBER, number)
        end = blind_text(self._house, numbers.TAIL, numbers.tail_of(number))
        sealed = seal_text(key, key_id, client_id, numbers.place_of(call_id), number)
        return {"caller": numbers.mark_of(whole, end), "number": sealed}


def _blind_key(tx: Tx, owner: str) -> bytes:
    key = blind_key(tx, owner)
    assert key is not None  # made, where there was none
    return key
