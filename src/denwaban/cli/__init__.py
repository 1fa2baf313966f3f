"""The command `denwaban`."""

import asyncio
import sys
from pathlib import Path

import click

from denwaban import __version__
from denwaban.cli import accounts, audit, doctor, prepare, ring, scripts, up, vault
from denwaban.config import SettingsError, load
from denwaban.main import serve
from denwaban.store import StoreError
from denwaban.telephony.engine import BadEngineSettings, EngineTrouble, EngineUnobtainable
from denwaban.vault import VaultError

TROUBLE = (
    SettingsError,
    StoreError,
    BadEngineSettings,
    EngineTrouble,
    EngineUnobtainable,
    prepare.CannotStart,
    audit.BadSeal,
    ring.CannotRing,
    scripts.CannotDo,
    VaultError,
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


@command.group("vault")
def vault_group() -> None:
    """The keys that data at rest is sealed with (暗号鍵)."""


@vault_group.command("rotate")
def vault_rotate() -> None:
    """Make a new master key and wrap every client's key with it; new data gets new clients' keys. The program may run. Status 1
    when a key could not be opened: the others are turned."""
    told, every = asyncio.run(vault.rotate(load()))
    click.echo(told)
    if not every:
        sys.exit(1)


@command.group("scripts")
def scripts_group() -> None:
    """Scripts (台本): lint, export, import."""


@scripts_group.command("lint")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--all", "everything", is_flag=True, help="Every script that calls follow now.")
@click.option(
    "--client",
    help="Every script of the client of this code; with FILES: these, among its staff and rules.",
)
def scripts_lint(files: tuple[Path, ...], everything: bool, client: str | None) -> None:
    """Tell what is wrong as `file:line: level rule: message`; status 1 when there is an error."""
    if bool(files) == everything and (files or client is None):
        raise click.UsageError("FILES か --all か --client を指定してください")
    if files and client is not None:
        sys.exit(asyncio.run(scripts.lint_files_of(load(), files, client)))
    if files:
        sys.exit(scripts.lint_files(files))
    sys.exit(asyncio.run(scripts.lint_all(load(), client)))


@scripts_group.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--client", help="Only scripts of the client of this code.")
def scripts_export(folder: Path, client: str | None) -> None:
    """Write published scripts as FOLDER/client/name.toml."""
    count = asyncio.run(scripts.export(load(), folder, client))
    click.echo(f"台本 {count} 本を {folder} に書きました")


@scripts_group.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--client", required=True, help="The client's code.")
@click.option("--name", help="The script's name; by default the file's.")
def scripts_import(file: Path, client: str, name: str | None) -> None:
    """Take a file in as a draft, to be reviewed and published as usual."""
    click.echo(asyncio.run(scripts.take_in(load(), file, client, name)))


@command.group("audit")
def audit_group() -> None:
    """The record of who saw what (監査記録)."""


@audit_group.command("verify")
@click.option(
    "--expect",
    multiple=True,
    metavar="SEQ:HASH",
    help="A seal that an earlier check printed and that was kept elsewhere; may be given several times.",
)
def audit_verify(expect: tuple[str, ...]) -> None:
    """Check that no row was changed, removed, moved or added; status 1 and the first bad row when one was."""
    sys.exit(asyncio.run(audit.verify(load(), expect)))


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
