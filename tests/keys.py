"""Keys for stores under test."""

from denwaban.store import Store
from denwaban.vault import Keyring, MasterKeys, id_of

KEY = bytes(range(32))


def ring_of(*keys: bytes) -> Keyring:
    """These master keys, the first as the current one; a fixed one when none is given."""
    all_keys = keys or (KEY,)
    known = MasterKeys(id_of(all_keys[0]), {id_of(key): key for key in all_keys})
    return Keyring(lambda: known)


def lend_keys(store: Store, *keys: bytes) -> Keyring:
    """Lends the store these master keys; see `ring_of`."""
    ring = ring_of(*keys)
    store.lend(ring)
    return ring
