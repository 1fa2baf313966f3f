"""What callers said to the engine because nobody could talk with them: read it, keep it, then forget it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

# Longer than the longest message that the engine takes.
_SURELY_OVER = timedelta(minutes=10)


@dataclass(frozen=True)
class LeftMessage:
    """One caller who came while the program was away, or whom it left to the engine: then `call` is their call's id.

    `dialled` and `caller` are as received (`caller` empty when withheld); `wav` is the message if
    one was spoken. `finished` is False while the caller may still be speaking.
    """

    name: str
    trunk: str
    dialled: str
    caller: str
    at: datetime
    ended: datetime | None
    wav: Path | None
    finished: bool
    call: str = ""


def left_messages(folder: Path, now: datetime) -> list[LeftMessage]:
    """Everything in the folder (`EngineSettings.left`), oldest first. A note that cannot be read
    is told with what is known, never skipped: somebody called."""
    found = []
    for note in folder.glob("*.note"):
        told: dict[str, object] = {}
        for line in note.read_text("utf-8", errors="replace").splitlines():
            try:
                part = json.loads(line)
            except ValueError:  # the engine died while writing it
                continue
            if isinstance(part, dict):
                told |= part
        written = datetime.fromtimestamp(note.stat().st_mtime, UTC)
        wav = note.with_suffix(".wav")
        ended = _instant(told.get("ended"))
        found.append(
            LeftMessage(
                name=note.stem,
                trunk=str(told.get("trunk", "")),
                dialled=str(told.get("dialled", "")),
                caller=str(told.get("caller", "")),
                at=_instant(told.get("at")) or written,
                ended=ended,
                wav=wav if wav.exists() and wav.stat().st_size > 44 else None,
                finished=ended is not None or now - written > _SURELY_OVER,
                call=str(told.get("call", "")),
            )
        )
    return sorted(found, key=lambda message: (message.at, message.name))


def forget(folder: Path, name: str) -> None:
    """Deletes a note and its message; call it when both are kept elsewhere. Nothing to delete is
    no error."""
    for suffix in (".wav", ".note"):
        (folder / f"{name}{suffix}").unlink(missing_ok=True)


def _instant(value: object) -> datetime | None:
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else None
