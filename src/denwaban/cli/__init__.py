"""The command `denwaban`."""

import asyncio
import sys

import click

from denwaban import __version__
from denwaban.cli import accounts, doctor, prepare, ring, up
from denwaban.config import SettingsError, load
from denwaban.main import serve
from denwaban.store import StoreError
from denwaban.telephony.engine import BadEngineSettings, EngineTrouble, EngineUnobtainable

TROUBLE = (
    SettingsError,
    StoreError,
    BadEngineSettings,
    EngineTrouble,
    EngineUnobtainable,
    prepare.CannotStart,
    ring.CannotRing,
)
"""What a person can mend: shown as a sentence, not as a trace."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def command() -> None:
    """電話番: minds the phone for other people. 設定は環境変数 DENWABAN_* で行います。"""


@command.command("up")
def up_command() -> None:
    """Prepare what is missing, start engine and program, and watch both until Ctrl-C."""
    sys.exit(asyncio.run(up.up(load())))


@command.command("serve")
def serve_command() -> None:
    """Run the program alone, beside an engine that is already running (see `up`)."""
    serve(load())


@command.command("ring")
@click.argument("story", required=False)
def ring_command(story: str | None) -> None:
    """Place a practice call (練習コール). STORY names one; without it, any."""
    click.echo(ring.ring(load(), story))


@command.command("doctor")
def doctor_command() -> None:
    """What works, what is missing, how to mend it."""
    sys.exit(doctor.doctor(load()))


@command.group("engine")
def engine_group() -> None:
    """The telephone engine."""


@engine_group.command("install")
def engine_install() -> None:
    """Obtain Asterisk without root, or find the machine's own."""
    prepare.engine(load())


@command.command("password")
@click.argument("login")
def password_command(login: str) -> None:
    """Give a person a new password and end their sessions; prints it once."""
    click.echo(asyncio.run(accounts.new_password_for(load(), login)))


def main() -> int:
    """Runs the command; what a person can mend is told in a sentence."""
    try:
        command(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 130
    except TROUBLE as error:
        click.secho(str(error), fg="red", err=True)
        return 1
    return 0
