"""Making a sealed file of the engine's plain one. All of it blocks."""

import hashlib
import os
import time
from pathlib import Path

import structlog

from denwaban import vault
from denwaban.calls.recordings import bound_to, opener_of
from denwaban.disk import settle
from denwaban.telephony.recording import NotAWav, is_closed, repair_wav

log = structlog.get_logger(__name__)

CLOSED = 3.0
"""Seconds without a change after which a file with its lengths written is finished."""

GIVEN_UP = 600.0
"""Seconds without a change after which nobody will write the lengths any more: the engine was killed."""


def finished(plain: Path) -> bool:
    """Whether nobody writes this file any more; the lengths in its header are mended when the engine could not."""
    still = time.time() - plain.stat().st_mtime
    if still < CLOSED:
        return False
    if is_closed(plain):
        return True
    if still < GIVEN_UP:
        return False
    try:
        repair_wav(plain)
    except NotAWav:
        log.warning("calls.recording_is_no_wav", call=plain.stem)
    return True


def seal(
    plain: Path,
    target: Path,
    call_id: str,
    client_id: str | None,
    size: int,
    key_id: str,
    key: bytes,
) -> None:
    """The sealed file of a plain one, at `target`, read again and compared before it gets that name. Raises OSError when it
    does not open to what was recorded."""
    wanted = _sum_of(plain)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    making = target.with_suffix(".making")
    owner, bound = bound_to(client_id, call_id)
    try:
        with plain.open("rb") as source, making.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            vault.seal_file(source, file, size, key_id, key, owner, bound)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        # Of a disk without room: half of it helps nobody, and others need what it takes.
        making.unlink(missing_ok=True)
        raise
    if _opened_sum(making, key, client_id, call_id) != wanted:
        raise OSError("what was sealed does not open to what was recorded")
    making.rename(target)
    settle(target.parent)


def _sum_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _opened_sum(path: Path, key: bytes, client_id: str | None, call_id: str) -> bytes:
    """Of what the sealed file opens to, read again from the disk."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        head = vault.read_head(file.read(vault.HEAD))
        opener = opener_of(head, key, client_id, call_id)
        for one in vault.parts(range(head.size)):
            span = head.span(one)
            found.update(opener.open(os.pread(file.fileno(), len(span), span.start), one))
    return found.digest()
