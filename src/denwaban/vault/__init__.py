"""Data at rest: texts and files sealed under keys of their clients, which a master key wraps (ADR 31).

    sealed = vault.seal(tx, client_id, "contacts.address", text)      # in a transaction that writes
    text = vault.open_(tx, client_id, "contacts.address", sealed)     # or raises VaultError
    found = vault.blind(tx, client_id, "callers.number", number)      # equal texts have equal blinds

What cannot be opened raises `VaultError` for who acts on it; `shown`, `Texts.shown` and `alone` are for those who look and for
tasks that go through many rows.

The store must have been lent the keys (`unlock`). Destroying a client's keys erases all that they sealed.
"""

from denwaban.vault.acts import (
    HOUSE,
    blind,
    blind_at_least,
    destroy,
    destroy_key,
    file_key,
    key_named,
    open_,
    open_old,
    own_key,
    seal,
    stand_in,
    stood_in,
)
from denwaban.vault.chunks import HEAD, Head, Opener, parts, read_head, seal_file
from denwaban.vault.index import Hidden
from denwaban.vault.master import Keyring, MasterKeys, id_of, load, seals_of
from denwaban.vault.model import (
    KeyDestroyed,
    KeyMissing,
    Tampered,
    VaultError,
    is_sealed,
    key_named_in,
)
from denwaban.vault.rewrapping import Wrapped, wrapped_by
from denwaban.vault.starting import Rotated, rotate, unlock
from denwaban.vault.texts import Texts, learn_keys, open_value, seal_value
from denwaban.vault.turning import Turning, Turnings, row_by_row, survived, turned
from denwaban.vault.unopened import UNOPENED, Unopened, alone, not_opened, shown

__all__ = [
    "HEAD",
    "HOUSE",
    "UNOPENED",
    "Head",
    "Hidden",
    "KeyDestroyed",
    "KeyMissing",
    "Keyring",
    "MasterKeys",
    "Opener",
    "Rotated",
    "Tampered",
    "Texts",
    "Turning",
    "Turnings",
    "Unopened",
    "VaultError",
    "Wrapped",
    "alone",
    "blind",
    "blind_at_least",
    "destroy",
    "destroy_key",
    "file_key",
    "id_of",
    "is_sealed",
    "key_named",
    "key_named_in",
    "learn_keys",
    "load",
    "not_opened",
    "open_",
    "open_old",
    "open_value",
    "own_key",
    "parts",
    "read_head",
    "rotate",
    "row_by_row",
    "seal",
    "seal_file",
    "seals_of",
    "seal_value",
    "shown",
    "stand_in",
    "stood_in",
    "survived",
    "turned",
    "unlock",
    "wrapped_by",
]
