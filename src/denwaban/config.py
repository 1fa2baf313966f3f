"""Settings, read once from the environment (`DENWABAN_*`) and then frozen."""

import json
import os
import secrets
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class SettingsError(Exception):
    """A setting that cannot be used; the message names it and says what was expected."""


class Trunk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line to the phone network, from the file that `DENWABAN_TRUNKS` names (TOML, `[[trunk]]`).

    kind `ip`: calls from the addresses in `match` are ours. kind `register`: we register at `server`.
    """

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,32}$")]
    kind: Literal["ip", "register"]
    server: str = ""
    match: tuple[str, ...] = ()
    user: str = ""
    password: str = ""
    transport: Literal["udp", "tcp"] = "udp"
    number_from: Literal["request-uri", "to"] = "request-uri"
    shows: Literal["from", "pai", "ppi"] = "from"
    """Calls out: where this line looks for the number that we show: From, P-Asserted-Identity, P-Preferred-Identity."""
    number_form: Literal["national", "e164"] = "national"
    """Calls out: 0312345678 and 010…, or +81312345678."""
    prefix: Annotated[str, msgspec.Meta(pattern=r"^[0-9*#]{0,8}$")] = ""
    """Calls out: dialled before every number (a PBX's "0")."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every setting of one installation. Times in seconds."""

    home: Path = Path("var")
    database_url: str = ""
    master_key: str = ""
    """What wraps the keys of clients (`vault`): 32 bytes in base64, older ones behind it with blanks between; empty: a file."""
    web_host: str = "127.0.0.1"
    web_port: Port = 8420
    public_url: str = ""
    web_proxies: str = "127.0.0.1,::1"
    """Addresses (also networks) of proxies whose `X-Forwarded-For` is believed."""
    engine_http_host: str = "127.0.0.1"
    engine_http_port: Port = 8421
    sip_host: str = "127.0.0.1"
    sip_port: Port = 5160
    rtp_first: Port = 21000
    rtp_last: Port = 22999
    media_address: str = "127.0.0.1"
    engine: Path | None = None
    trunks: Path | None = None
    ring_seconds: int = 15
    ringback_seconds: int = 6
    wrapup_seconds: int = 90
    calls_in_a_row: Annotated[int, msgspec.Meta(ge=0)] = 10
    """After so many talks without a pause an operator is granted a rest; 0: never for their number."""
    minutes_in_a_row: Annotated[int, msgspec.Meta(ge=0)] = 60
    """The same after so many minutes of talks without a pause."""
    rest_seconds: Annotated[int, msgspec.Meta(ge=0)] = 180
    """How long that rest is, and how long a pause must be to count as one."""
    park_seconds: Annotated[int, msgspec.Meta(ge=10)] = 90
    return_seconds: Annotated[int, msgspec.Meta(ge=0, le=300)] = 20
    """So long a caller is kept for an operator whose page is gone in the talk; 0: somebody else is rung at once."""
    vanished_seconds: int = 30
    phone_check_seconds: int = 30
    acknowledge_minutes: int = 15
    outbound_trunk: str = ""
    outbound_number: str = ""
    outbound_at_once: Annotated[int, msgspec.Meta(ge=0)] = 4
    outbound_ring_seconds: Annotated[int, msgspec.Meta(ge=5, le=45)] = 25
    outbound_abroad: bool = False
    callback_talk_seconds: Annotated[int, msgspec.Meta(ge=0)] = 5
    smtp_url: str = ""
    mail_from: str = "denwaban@localhost"
    services: Path | None = None
    secure_cookies: bool = False
    calendar_loopback: bool = False
    """Whether calendars may be read from this very machine, and by http: for tests and for a calendar beside the program."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    s3_bucket: str = ""
    """Where sealed recordings go (`calls.away`); empty: they stay in `home`."""
    s3_endpoint: str = ""
    s3_region: str = "us-east-1"
    s3_key: str = ""
    s3_secret: str = ""

    @property
    def database(self) -> str:
        """The SQLAlchemy URL; a file in `home` when none is set."""
        return self.database_url or f"sqlite:///{self.home / 'denwaban.db'}"

    @property
    def recordings(self) -> Path:
        """Where sealed recordings lie."""
        return self.home / "recordings"

    @property
    def speech(self) -> Path:
        """Where spoken texts are kept; shared when the engine is."""
        return (self.engine or self.home) / "speech"

    @property
    def url(self) -> str:
        """Where people reach the pages, without a slash at the end."""
        return (self.public_url or f"http://{self.web_host}:{self.web_port}").rstrip("/")


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from `DENWABAN_*`, with absolute paths; raises `SettingsError` on an unknown name or an unusable value."""
    given = {
        key.removeprefix("DENWABAN_").lower(): value
        for key, value in environ.items()
        if key.startswith("DENWABAN_") and not key.startswith("DENWABAN_TEST_")
    }
    # An empty value means "not set", as shells and compose files often have it.
    given = {key: value for key, value in given.items() if value != ""}
    try:
        settings = msgspec.convert(
            given, Settings, strict=False, dec_hook=lambda _path, value: Path(value).absolute()
        )
    except msgspec.ValidationError as error:
        raise SettingsError(f"DENWABAN_*: {error}") from error
    return msgspec.structs.replace(settings, home=settings.home.absolute())


class Secrets(msgspec.Struct, frozen=True):
    """What this installation alone knows. Kept in `home/secrets.json`, readable by its user only."""

    ari_password: str


def load_secrets(home: Path) -> Secrets:
    """The installation's secrets; made the first time. Raises `SettingsError` when the file cannot be read or written."""
    path = home / "secrets.json"
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            made = Secrets(secrets.token_urlsafe(32))
            write_private(path, msgspec.to_builtins(made))
        return msgspec.json.decode(path.read_bytes(), type=Secrets)
    except (OSError, msgspec.DecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error


def write_private(path: Path, document: object) -> None:
    """Writes a JSON file of mode 600, whole or not at all."""
    writing = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(writing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, indent=2)
        file.write("\n")
    writing.rename(path)


def load_trunks(path: Path | None) -> tuple[Trunk, ...]:
    """The trunks in a TOML file; none when no file is set. Raises `SettingsError`."""
    if path is None:
        return ()
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        return msgspec.convert(table.get("trunk", []), tuple[Trunk, ...])
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"{path}: {error}") from error


def check_way_out(settings: Settings, trunks: Sequence[Trunk]) -> None:
    """Raises `SettingsError` when calls are to leave by a trunk that is not there, or that does not say where to."""
    name = settings.outbound_trunk
    if name and not any(trunk.name == name and trunk.server for trunk in trunks):
        raise SettingsError(
            f"DENWABAN_OUTBOUND_TRUNK: {name}: no trunk of this name with a server (docs/trunks.md)"
        )
