"""The engine's own ledger: a line for every caller who comes and one when they are gone, whatever becomes of the program.

The dialplan appends to one page; the program compares it with its rows, writes what is missing there, and then forgets it.
Numbers stand in it in the clear: files are for this user alone, and gone within a minute where the program runs.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from denwaban.telephony.engine.configure import write_private
from denwaban.telephony.engine.settings import LEDGER
from denwaban.telephony.port import HangUp, Leg, SeatName

_KEPT = f"{LEDGER}.kept"
_TURNED = re.compile(rf"{LEDGER}\.\d+")

_BEGIN = b'{"id":'
_ID = re.compile(rb'\{"id":"([^"]+)"')
_LONGEST = timedelta(days=1)
_HEADER = 44
_CAUSES = {1: HangUp.UNKNOWN_NUMBER, 17: HangUp.BUSY, 34: HangUp.CONGESTION}


@dataclass(frozen=True, slots=True)
class Entry:
    """One caller. `dialled` and `caller` are as received (`caller` empty when withheld, both when the engine could not write)."""

    leg: Leg
    trunk: str
    dialled: str = field(repr=False)
    caller: str = field(repr=False)
    at: datetime
    seen: datetime
    """When they surely were there: they came, or were speaking."""
    ended: datetime | None
    """None: they may be there still."""
    lost: bool = False
    """The engine died with the call; `ended` is when the next one began."""
    seat: SeatName | None = None
    """The operator's, with whom they were joined last."""
    refused: HangUp | None = None
    """The call was ended like this, by us."""
    call: str = ""
    """Its id, where the program gave it one before it could be written."""
    wav: Path | None = None
    """Where the engine wrote what they said to it because nobody could talk with them."""
    spoken: bool = False
    """There is a sound in it."""


class Ledger:
    """The ledger in one folder; `run` is where the engine's process id stands. One for each program. Verbs block, may be called
    from any thread, and raise OSError."""

    def __init__(self, folder: Path, run: Path) -> None:
        self._folder = folder
        self._pid = run / "asterisk.pid"
        self._turning = threading.Lock()
        self._complete: list[Path] | None = None
        """Pages that the engine surely writes no more; None: all that an earlier program turned."""

    def read(self, now: datetime) -> dict[Leg, Entry]:
        """Every caller who is in it, oldest first. A line that cannot be read is told with what is known, never skipped:
        somebody called."""
        with self._turning:
            told = self._told([self._folder / _KEPT, *self._turned(), self._folder / LEDGER])
            for wav in self._folder.glob("*.wav"):
                told.setdefault(Leg(wav.stem), {})
        began = self._engine_began()
        found = (self._entry(leg, lines, now, began) for leg, lines in told.items())
        return {one.leg: one for one in sorted(found, key=lambda one: (one.at, one.leg))}

    def forget(self, keep: Collection[Leg]) -> None:
        """Forgets what was written before the last time, but for these callers, and turns the page. Call it when all others
        stand in rows; killed in between, what was read is read again."""
        with self._turning:
            self._forget(keep)

    def forget_message(self, leg: Leg) -> None:
        """Deletes what a caller said; call it when it is kept elsewhere. Nothing there is no error."""
        self._wav(leg).unlink(missing_ok=True)

    def _forget(self, keep: Collection[Leg]) -> None:
        old = self._turned() if self._complete is None else self._complete
        kept = self._folder / _KEPT
        told = self._told([kept, *old])
        staying = [lines for leg, lines in told.items() if leg in keep]
        if staying:
            write_private(kept, b"".join(map(_line, staying)).decode())
        else:
            kept.unlink(missing_ok=True)
        for page in old:
            page.unlink(missing_ok=True)
        self._complete = [page for page in self._turned() if page not in old]
        current = self._folder / LEDGER
        if current.exists():
            # A line that is being written meanwhile goes to the turned page: that is read once more before it is forgotten.
            number = max((_number(page) for page in self._complete), default=0) + 1
            turned = self._folder / f"{LEDGER}.{number}"
            current.rename(turned)
            self._complete.append(turned)

    def _turned(self) -> list[Path]:
        found = (page for page in self._folder.iterdir() if _TURNED.fullmatch(page.name))
        return sorted(found, key=_number)

    def _told(self, pages: list[Path]) -> dict[Leg, dict[str, Any]]:
        told: dict[Leg, dict[str, Any]] = {}
        for page in pages:
            try:
                lines = page.read_bytes().splitlines()
            except FileNotFoundError:
                continue
            for line in lines:
                # One may be cut off in the middle, with another behind it: the engine died, or the disk was full.
                for found in _ID.findall(line):
                    name = found.decode(errors="replace")
                    told.setdefault(Leg(name), {"id": name})
                try:
                    part = msgspec.json.decode(line[line.rfind(_BEGIN) :], type=dict[str, Any])
                except msgspec.DecodeError:
                    continue  # who it was about is told all the same, by the id
                if leg := part.get("id"):
                    told.setdefault(Leg(str(leg)), {}).update(part)
        return told

    def _engine_began(self) -> datetime | None:
        try:
            return datetime.fromtimestamp(self._pid.stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    def _entry(
        self, leg: Leg, told: dict[str, Any], now: datetime, began: datetime | None
    ) -> Entry:
        ended = _instant(told.get("ended"))
        at = _instant(told.get("at")) or _begin_of(leg) or ended or now
        lost = ended is None and began is not None and at < began
        if lost:
            ended = began
        if ended is not None and ended - at > _LONGEST:
            # The machine's clock was set in between, or the first line was never written.
            at = ended
        wav = self._wav(leg)
        try:
            written = wav.stat()
        except FileNotFoundError:
            written = None
        seat = str(told.get("seat", ""))
        return Entry(
            leg=leg,
            trunk=str(told.get("trunk", "")),
            dialled=str(told.get("dialled", "")),
            caller=str(told.get("caller", "")),
            at=at,
            seen=max(at, datetime.fromtimestamp(written.st_mtime, UTC)) if written else at,
            ended=max(ended, at) if ended is not None else None,
            lost=lost,
            seat=SeatName(seat) if seat else None,
            refused=_CAUSES.get(_whole(told.get("cause"))),
            call=_noted(told.get("notes")),
            wav=wav if written is not None else None,
            spoken=written is not None and written.st_size > _HEADER,
        )

    def _wav(self, leg: Leg) -> Path:
        return self._folder / f"{leg}.wav"


def _line(told: dict[str, Any]) -> bytes:
    return msgspec.json.encode(told) + b"\n"


def _number(page: Path) -> int:
    return int(page.suffix[1:])


def _instant(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except ValueError:
        return None


def _begin_of(leg: Leg) -> datetime | None:
    """The engine names channels by the second in which they came."""
    seconds = leg.rpartition("-")[2].partition(".")[0]
    return datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() else None


def _whole(value: object) -> int:
    return int(value) if isinstance(value, str) and value.isdecimal() else 0


def _noted(value: object) -> str:
    """`Phone.note` as the channel has it: a list with the notes, or an empty one."""
    first = value[0] if isinstance(value, list) and value else {}
    return str(first.get("call", "")) if isinstance(first, dict) else ""
