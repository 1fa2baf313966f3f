"""Looking for calls of a client the way people remember them: by two characters of what it was about, by how a name sounds, by
the last digits of a number."""

from denwaban.memory.model import Told
from denwaban.memory.queries import calls_by_tail, calls_shown
from denwaban.memory.rows import CALL, index
from denwaban.people.persons import digits_in
from denwaban.store import Tx
from denwaban.store.sounds import is_reading, sound
from denwaban.store.words import query


def find_calls(tx: Tx, text: str, client_id: str | None = None, limit: int = 20) -> list[Told]:
    """Calls of one client, or of all, best first. Of calls without a report only the number is known."""
    digits = digits_in(text)
    if digits is not None:
        ids = calls_by_tail(tx, digits, client_id, limit)
    else:
        words = query(text)
        ids = _ids(tx, words, client_id)
        if len(ids) < limit and all(map(is_reading, words)):
            ids += _ids(tx, [one for one in map(sound, words) if one], client_id)
    kept = list(dict.fromkeys(ids))[:limit]
    shown = calls_shown(tx, kept)
    return [shown[one] for one in kept if one in shown]


def _ids(tx: Tx, words: list[str], client_id: str | None) -> list[str]:
    return [hit.ref for hit in index.find(tx, words, client_id=client_id, kinds=[CALL])]
