"""What must be there before anything can start: the engine, the database, the first people."""

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import click
import msgspec
from sqlalchemy.exc import SQLAlchemyError

from denwaban.clock import SystemClock
from denwaban.config import Settings, load_secrets, load_trunks, write_private
from denwaban.main import engine_settings
from denwaban.seed import Credentials, plant
from denwaban.store import Store, migrate
from denwaban.telephony.engine import Packages, obtain
from denwaban.vault import unlock


class CannotStart(Exception):
    """Why the installation cannot start, and what to do."""


def engine(settings: Settings) -> Packages:
    """The engine, fetched if need be, with a line of progress. Raises `EngineUnobtainable`."""
    return obtain(settings.engine or settings.home, _progress())


def _progress() -> Callable[[str, float, str], None]:
    at_terminal = sys.stdout.isatty()
    told = ""

    def report(phase: str, fraction: float, text: str) -> None:
        nonlocal told
        if at_terminal:
            bar = "█" * round(fraction * 24)
            click.echo(f"\r\033[K  {bar:<24} {fraction * 100:3.0f}% {text}", nl=phase == "done")
        elif text != told:
            click.echo(f"  {fraction * 100:3.0f}% {text}")
            told = text

    return report


async def database(settings: Settings) -> Credentials | None:
    """Brings the schema up to date and plants the example installation in an empty database.

    Returns what was generated, None when people were already there. Raises `CannotStart`, `KeyMissing`.
    """
    store = Store(settings.database, SystemClock())
    try:
        try:
            migrate(store.engine)
        except SQLAlchemyError as error:
            raise CannotStart(
                f"データベースを開けません ({type(error).__name__})。DENWABAN_DATABASE_URL と、サーバーが動いているかを確かめてください。\n"
                f"The database cannot be opened; look at DENWABAN_DATABASE_URL. {error.__cause__ or ''}"
            ) from error
        unlock(store, settings)
        await store.open()
        return await store.write(plant)
    finally:
        await store.close()


def ports(settings: Settings) -> None:
    """Raises `CannotStart` when a port is taken, naming the setting."""
    wanted = (
        ("DENWABAN_WEB_PORT", settings.web_host, settings.web_port, socket.SOCK_STREAM),
        ("DENWABAN_ENGINE_HTTP_PORT", "127.0.0.1", settings.engine_http_port, socket.SOCK_STREAM),
        ("DENWABAN_SIP_PORT", settings.sip_host, settings.sip_port, socket.SOCK_DGRAM),
    )
    for name, host, port, kind in wanted:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise CannotStart(
                    f"ポート {host}:{port} が使えません ({error.strerror})。別の番号を {name} で指定してください。\n"
                    f"Port {host}:{port} cannot be used; choose another with {name}."
                ) from error


def credentials_file(settings: Settings) -> Path:
    return settings.home / "credentials.json"


def write_credentials(settings: Settings, made: Credentials | None) -> None:
    """`home/credentials.json` (mode 600): where everything is, and what was generated the first time."""
    path = credentials_file(settings)
    people: object = json.loads(path.read_text("utf-8")).get("people", {}) if path.exists() else {}
    if made is not None:
        people = msgspec.to_builtins(made)
    secrets = load_secrets(settings.home)
    told = engine_settings(settings, secrets, load_trunks(settings.trunks))
    write_private(
        path,
        {
            "url": settings.url,
            "api": f"{settings.url}/api/v1",
            "sip": {"host": settings.sip_host, "port": settings.sip_port},
            "sip_websocket": told.ws_url,
            "people": people,
        },
    )
