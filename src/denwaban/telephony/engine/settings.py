"""What one engine is told, and where its files are. No I/O beyond making folders."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from denwaban.config import Trunk
from denwaban.telephony.port import SeatAccount

APPLICATION = "denwaban"
LEDGER = "ledger"
"""The page in `EngineSettings.left` that the engine writes."""
NOTES = "DENWABAN_NOTES"
"""The variable of a channel that we dialled in which `Phone.note` keeps what it was given. For a caller it is one of the whole engine, with the
channel behind it: after its own variable is set from outside, a channel may write no file, and its end would not be in the ledger. The dialplan
removes it behind that line."""
PRACTICE_TRUNK = "practice"
PRACTICE_ENDPOINT = "practice-out"
# sockaddr_un holds 108 bytes with its end mark; the engine adds nothing to the name.
_LONGEST_SOCKET = 100


class BadEngineSettings(ValueError):
    """A setting that would make a configuration the engine misreads; says which."""


@dataclass(frozen=True, kw_only=True)
class EngineSettings:
    """One engine. Everything it writes lies under `home / "asterisk"` (and a short-named runtime
    folder when `home` is too deep for a socket); no two engines may share a home or a port.

    Ports: `sip_port` UDP and TCP on `sip_host`, `http_port` TCP on `http_host` (ARI, and SIP over
    WebSocket at `/ws`), UDP `rtp_first`..`rtp_last` (four for each call) on `media_address`.
    `capacity` is the number of seats and programs that may be connected by WebSocket at once.
    `vanished_seconds`: a caller or SIP phone that sends no sound for so long in a talk has vanished (power, network) and its
    leg ends; `phone_check_seconds`: every seat's phone is asked so often whether it is still there. 0: never.
    `speech` is where spoken texts are kept (`Speech`), `home / "speech"` by default; homes may share it.
    `extra_modules` and `extra_conf` (file name → text put at its end) are for measurements.
    """

    home: Path
    sip_host: str = "127.0.0.1"
    sip_port: int = 5160
    http_host: str = "127.0.0.1"
    http_port: int = 8421
    ari_user: str = APPLICATION
    ari_password: str = field(repr=False)
    rtp_first: int = 21000
    rtp_last: int = 22999
    media_address: str = "127.0.0.1"
    speech: Path | None = None
    trunks: tuple[Trunk, ...] = ()
    seats: tuple[SeatAccount, ...] = field(default=(), repr=False)
    capacity: int = 4000
    vanished_seconds: int = 30
    phone_check_seconds: int = 30
    extra_modules: tuple[str, ...] = ()
    extra_conf: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len({self.sip_port, self.http_port}) != 2:
            raise BadEngineSettings("sip_port and http_port must differ")
        if self.rtp_last - self.rtp_first < 7:
            raise BadEngineSettings("rtp_first..rtp_last: eight ports or more")
        if min(self.vanished_seconds, self.phone_check_seconds) < 0:
            raise BadEngineSettings("vanished_seconds and phone_check_seconds: 0 or more")
        for what, value in (
            ("sip_host", self.sip_host),
            ("http_host", self.http_host),
            ("media_address", self.media_address),
        ):
            _one_word(what, value, r"[0-9A-Za-z.:_-]+")
        _one_word("ari_user", self.ari_user, r"[0-9A-Za-z_-]+")
        _one_word("ari_password", self.ari_password, r"[0-9A-Za-z_.~-]{8,}")
        names: set[str] = {PRACTICE_TRUNK, PRACTICE_ENDPOINT}
        for trunk in self.trunks:
            check_trunk(trunk)
            if trunk.name in names:
                raise BadEngineSettings(f"trunk {trunk.name}: the name is taken")
            names.add(trunk.name)
        for seat in self.seats:
            check_seat(seat)
            if seat.seat in names:
                raise BadEngineSettings(f"seat {seat.seat}: the name is taken")
            names |= {seat.seat, f"{seat.seat}-phone"}

    @property
    def root(self) -> Path:
        """The engine's own folder."""
        return self.home.absolute() / "asterisk"

    @property
    def etc(self) -> Path:
        """Configuration, written by `configure`, readable by us alone."""
        return self.root / "etc"

    @property
    def log(self) -> Path:
        """The engine's log; limited in size while the engine is watched."""
        return self.root / "log" / "engine.log"

    @property
    def recordings(self) -> Path:
        """Where ARI puts recordings: `<name>.wav`."""
        return self.root / "spool" / "recording"

    @property
    def left(self) -> Path:
        """The ledger of callers, and what they said while the program was away (see `ledger`)."""
        return self.root / "spool" / "left"

    @property
    def sounds(self) -> Path:
        """Announcements that the engine plays by itself."""
        return self.root / "sounds"

    @property
    def run(self) -> Path:
        """Where the control socket and the process id are; short enough for a socket's name."""
        here = self.root / "run"
        if len(os.fsencode(here / "asterisk.ctl")) <= _LONGEST_SOCKET:
            return here
        short = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        base = os.environ.get("XDG_RUNTIME_DIR", "")
        if base and len(os.fsencode(base)) <= 50 and Path(base).is_dir():
            return Path(base) / f"denwaban-{short}"
        return Path("/tmp") / f"denwaban-{os.getuid()}-{short}"

    @property
    def ari_url(self) -> str:
        """Where ARI is, such as `http://127.0.0.1:8421/ari`."""
        return f"http://{_reachable(self.http_host)}:{self.http_port}/ari"

    @property
    def ws_url(self) -> str:
        """SIP over WebSocket for browsers on this machine."""
        return f"ws://{_reachable(self.http_host)}:{self.http_port}/ws"

    @property
    def practice_secret(self) -> str:
        """What marks a call from the practice door as ours; known to the configuration alone."""
        return hashlib.sha256(f"practice\0{self.ari_password}".encode()).hexdigest()[:32]

    def make_folders(self) -> None:
        """Makes every folder, private to this user. Raises OSError, also when the short runtime
        folder exists and belongs to somebody else."""
        for folder in (
            self.etc,
            self.log.parent,
            self.recordings,
            self.left,
            self.sounds / "music",
            self.root / "db" / "keys",
            self.root / "spool" / "tmp",
            self.run,
        ):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for private in (self.etc, self.run):
            seen = private.lstat()
            if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.getuid():
                raise PermissionError(f"{private} belongs to somebody else")
            private.chmod(0o700)


def check_trunk(trunk: Trunk) -> None:
    """Raises `BadEngineSettings` unless the trunk can be written into a configuration safely."""
    where = f"trunk {trunk.name}"
    _one_word(where, trunk.name, r"[a-z0-9-]{1,32}")
    if trunk.name.startswith("seat-"):
        raise BadEngineSettings(f"{where}: names that begin with seat- belong to seats")
    for address in trunk.match:
        _one_word(f"{where}: match", address, r"[0-9A-Za-z.:/_-]+")
    if trunk.kind == "ip" and not trunk.match:
        raise BadEngineSettings(f"{where}: kind ip needs match, the addresses calls come from")
    if trunk.kind == "register" or trunk.server:
        _one_word(f"{where}: server", trunk.server, r"[0-9A-Za-z.:_-]+")
    if trunk.kind == "register" or trunk.user:
        _one_word(f"{where}: user", trunk.user, r"[0-9A-Za-z+._@-]+")
    if trunk.kind == "register":
        _one_word(f"{where}: password", trunk.password, r"[^\s;\\\x00-\x1f]+")


def check_seat(seat: SeatAccount) -> None:
    """Raises `BadEngineSettings` unless the seat can be written into a configuration safely."""
    _one_word(f"seat {seat.seat}", seat.seat, r"seat-[0-9A-Za-z_]{1,40}")
    _one_word(f"seat {seat.seat}: password", seat.password, r"[0-9A-Za-z_.~-]{8,128}")


def _one_word(what: str, value: str, pattern: str) -> None:
    if not re.fullmatch(pattern, value):
        raise BadEngineSettings(f"{what}: has a character that cannot be used here")


def _reachable(host: str) -> str:
    if host in ("0.0.0.0", "::", ""):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
