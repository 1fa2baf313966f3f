"""Master keys: what wraps the keys of clients. In a file beside the data or in a setting, never in the database.

The file `home/keys/master.key` (mode 600) has one key a line, `ID BASE64`; the first wraps, the others only open what was
wrapped before. The setting `DENWABAN_MASTER_KEY` holds the same keys without ids, with blanks between, newest first.
"""

import base64
import binascii
import contextlib
import hashlib
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from denwaban.config import Settings
from denwaban.disk import settle
from denwaban.vault.model import KEY_BYTES, KeyMissing
from denwaban.vault.unopened import Unopened

REMEMBERED = timedelta(minutes=5)
"""So long an unwrapped key is used without looking at its row again: it may have been destroyed by another process."""


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """The master keys that are known; `current` wraps."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)


def file_of(settings: Settings) -> Path:
    """Where the master keys are when no setting has them."""
    return settings.home / "keys" / "master.key"


def seals_of(settings: Settings) -> Path:
    """Where the end of the audit is noted, outside of the database."""
    return settings.home / "keys" / "audit.seals"


def id_of(key: bytes) -> str:
    """A master key's id: it tells which key it is and nothing of the key."""
    return hashlib.sha256(b"denwaban master key" + key).hexdigest()[:16]


def load(settings: Settings) -> MasterKeys | None:
    """The master keys; None when there is neither setting nor file. Raises `KeyMissing` for what cannot be read."""
    if settings.master_key:
        return _known(
            [_decoded(part, "DENWABAN_MASTER_KEY") for part in settings.master_key.split()]
        )
    path = file_of(settings)
    try:
        lines = path.read_text("ascii").splitlines()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise KeyMissing(f"{path}: {type(error).__name__}") from error
    found = []
    for line in lines:
        named, _blank, letters = line.strip().partition(" ")
        if not named or named.startswith("#"):
            continue
        key = _decoded(letters, str(path))
        if id_of(key) != named:
            raise KeyMissing(f"{path}: 鍵 {named} が壊れています。控えから戻してください")
        found.append(key)
    if not found:
        raise KeyMissing(f"{path}: 鍵がありません。控えから戻してください")
    return _known(found)


def make(settings: Settings) -> MasterKeys:
    """The first master key, in its file. Of several programs that begin at once all get the same."""
    path = file_of(settings)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = _written(path, [secrets.token_bytes(KEY_BYTES)])
    try:
        # Unlike a rename, a link fails where there is a file already.
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        fresh.unlink()
    settle(path.parent)
    made = load(settings)
    assert made is not None  # one of us has just made it
    return made


def add(settings: Settings) -> MasterKeys:
    """A new master key before those of the file. Raises `KeyMissing` when a setting holds them (or nobody does)."""
    known = load(settings)
    if settings.master_key or known is None:
        raise KeyMissing(
            "DENWABAN_MASTER_KEY を使っています。新しい鍵を先頭に、今までの鍵をその後に書いてください"
        )
    path = file_of(settings)
    old = [known.keys[known.current]]
    old += [key for one, key in known.keys.items() if one != known.current]
    _written(path, [secrets.token_bytes(KEY_BYTES), *old]).rename(path)
    settle(path.parent)
    added = load(settings)
    assert added is not None  # it was just written
    return added


def _written(path: Path, keys: list[bytes]) -> Path:
    """The keys in a file beside `path`, on disk."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write("# denwaban: keep a copy of this file apart from copies of the data\n")
        for key in keys:
            file.write(f"{id_of(key)} {base64.b64encode(key).decode()}\n")
        file.flush()
        os.fsync(file.fileno())
    return fresh


def _decoded(letters: str, where: str) -> bytes:
    try:
        key = base64.b64decode(letters, validate=True)
    except binascii.Error as error:
        raise KeyMissing(f"{where}: 鍵は base64 で書いてください") from error
    if len(key) != KEY_BYTES:
        raise KeyMissing(f"{where}: 鍵は32バイトです(例: openssl rand -base64 32)")
    return key


def _known(keys: list[bytes]) -> MasterKeys:
    if not keys:
        raise KeyMissing("DENWABAN_MASTER_KEY: 鍵がありません")
    return MasterKeys(id_of(keys[0]), {id_of(key): key for key in keys})


class Keyring:
    """The master keys of a running program and the clients' keys that it has unwrapped; lent to the store. Thread-safe."""

    def __init__(self, look: Callable[[], MasterKeys | None]) -> None:
        self._look = look
        self._masters = self._found()
        self._unwrapped: dict[str, tuple[datetime, bytes]] = {}
        self._current: dict[tuple[str, str], tuple[datetime, str]] = {}
        self._none_stood: dict[str, datetime] = {}
        self.turned: set[str] = set()
        """Names of what is sealed down to the oldest row: see `turning.turned`."""
        self.unopened = Unopened()

    @property
    def current(self) -> tuple[str, bytes]:
        """(id, key) of the master key that wraps."""
        return self._masters.current, self._masters.keys[self._masters.current]

    def master(self, master_id: str) -> bytes:
        """A master key. One that was made by another process meanwhile is read. Raises `KeyMissing`."""
        if master_id not in self._masters.keys:
            self._masters = self._found()
        if master_id not in self._masters.keys:
            raise KeyMissing(f"マスター鍵 {master_id} がありません。控えから戻してください")
        return self._masters.keys[master_id]

    def look_again(self) -> None:
        """Reads the master keys anew."""
        self._masters = self._found()

    def recall(self, key_id: str, now: datetime) -> bytes | None:
        """A client's key that was unwrapped a moment ago."""
        until, key = self._unwrapped.get(key_id, (now, b""))
        return key if until > now else None

    def remember(self, key_id: str, key: bytes, now: datetime) -> None:
        self._unwrapped[key_id] = now + REMEMBERED, key

    def forget(self, key_id: str) -> None:
        self._unwrapped.pop(key_id, None)

    def current_of(self, owner: str, purpose: str, now: datetime) -> str | None:
        """The id of the key under which an owner's new data is sealed, as it was a moment ago."""
        until, key_id = self._current.get((owner, purpose), (now, ""))
        return key_id if until > now else None

    def remember_current(self, owner: str, purpose: str, key_id: str, now: datetime) -> None:
        self._current[owner, purpose] = now + REMEMBERED, key_id

    def forget_current(self) -> None:
        """New keys are looked for."""
        self._current.clear()

    def none_stood(self, client_id: str, now: datetime) -> bool:
        """Whether a moment ago nothing of this client was found by a stand-in (`acts.stood_in`)."""
        return self._none_stood.get(client_id, now) > now

    def remember_none_stood(self, client_id: str, now: datetime) -> None:
        self._none_stood[client_id] = now + REMEMBERED

    def forget_none_stood(self, client_id: str) -> None:
        self._none_stood.pop(client_id, None)

    def _found(self) -> MasterKeys:
        found = self._look()
        if found is None:
            raise KeyMissing("マスター鍵がありません")
        return found
