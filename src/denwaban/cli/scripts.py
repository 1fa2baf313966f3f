"""`denwaban scripts`: lint, export and import of scripts, for reviews and other programs."""

import re
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from denwaban.clock import SystemClock
from denwaban.config import Settings
from denwaban.people import client_by_code
from denwaban.scripts import (
    Around,
    Contradiction,
    Finding,
    ScriptError,
    ScriptInvalid,
    Source,
    around_of,
    lint,
    new_script,
    parse,
    save_draft,
)
from denwaban.scripts.bulk import Stored, count_stored, script_named, stored
from denwaban.store import Store, Tx

AT_ONCE = 200
"""Scripts read in one transaction."""


class CannotDo(Exception):
    """Why, and what to do."""


@dataclass(slots=True)
class Told:
    """What lint has told so far."""

    scripts: int = 0
    errors: int = 0
    warnings: int = 0

    def count(self, findings: Iterable[Finding]) -> None:
        self.scripts += 1
        for finding in findings:
            if finding.level == "error":
                self.errors += 1
            else:
                self.warnings += 1


async def lint_files_of(settings: Settings, paths: Iterable[Path], code: str) -> int:
    """The same as `lint_files`, among the staff and terms of a client. Raises `CannotDo`, also for no such client."""
    store = Store(settings.database, SystemClock())
    await store.open()
    try:
        around = await store.read(lambda tx: around_of(tx, _client(tx, code)))
    finally:
        await store.close()
    return lint_files(paths, around)


def lint_files(paths: Iterable[Path], around: Around | None = None) -> int:
    """Tells what is wrong with each file as `file:line: level rule: message`; 1 when there is an error. Raises
    `CannotDo` for a file that cannot be read."""
    told = Told()
    for path in paths:
        try:
            script, source = parse(_text(path))
        except ScriptInvalid as error:
            for problem in error.problems:
                click.echo(
                    f"{path}:{problem.line or 1}: error text: {problem.message}{problem.expected}"
                )
            told.scripts += 1
            told.errors += len(error.problems)
            continue
        findings = lint(script, around or Around(), source)
        told.count(findings)
        for finding in findings:
            click.echo(line_of(str(path), finding))
    return _end(told)


def line_of(where: str, finding: Finding) -> str:
    """`where:line: level rule: message`."""
    return f"{where}:{finding.line or 1}: {finding.level} {finding.rule}: {finding.message}"


async def lint_all(settings: Settings, code: str | None = None) -> int:
    """Lint of every script that calls follow now (of one client or of all), with progress on the error stream; 1 when
    there is an error. Raises `CannotDo` when there is no such client."""
    store = Store(settings.database, SystemClock())
    await store.open()
    began = time.monotonic()
    try:
        client_id = await store.read(lambda tx: _client(tx, code)) if code else None
        told = await lint_database(store, click.echo, _progress(), client_id)
    finally:
        await store.close()
    return _end(told, time.monotonic() - began)


async def lint_database(
    store: Store,
    say: Callable[[str], None],
    progress: Callable[[int, int], None],
    client_id: str | None = None,
) -> Told:
    """Tells every finding by `say`, and how far it is by `progress(done, of)`."""
    told = Told()
    of = await store.read(lambda tx: count_stored(tx, client_id))
    after = ""
    while True:
        some = await store.read(partial(stored, after=after, limit=AT_ONCE, client_id=client_id))
        if not some:
            return told
        for one in some:
            # Only who has something to mend needs lines, and they are only worked out then.
            findings = lint(one.script, one.around, Source(one.text))
            told.count(findings)
            for finding in findings:
                say(line_of(f"{one.client_code}/{one.name}", finding))
        after = some[-1].id
        progress(told.scripts, of)


async def export(settings: Settings, folder: Path, code: str | None) -> int:
    """Writes every published script as `folder/<client>/<name>.toml`; returns how many."""
    store = Store(settings.database, SystemClock())
    await store.open()
    try:
        client_id = await store.read(lambda tx: _client(tx, code)) if code else None
        after, count = "", 0
        while some := await store.read(
            partial(stored, after=after, limit=AT_ONCE, client_id=client_id)
        ):
            for one in some:
                _write(folder, one)
            after, count = some[-1].id, count + len(some)
        return count
    finally:
        await store.close()


def _write(folder: Path, one: Stored) -> None:
    # Names are free text; what a file system would take for a path becomes a line.
    name = re.sub(r'[/\\:*?"<>|\x00-\x1f]', "_", one.name).strip(". ") or one.id
    path = folder / one.client_code / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(one.text, "utf-8")


async def take_in(settings: Settings, path: Path, code: str, name: str | None) -> str:
    """The file becomes the draft of the client's script of that name (by default the file's), a new one if there is none;
    returns what to tell the person. Nothing is published: that takes a review. Raises `CannotDo`."""
    text = _text(path)
    wanted = name or path.stem
    try:
        parse(text)
    except ScriptInvalid as error:
        raise CannotDo("\n".join(f"{path}: {problem}" for problem in error.problems)) from error

    def put(tx: Tx) -> str:
        client_id = _client(tx, code)
        script_id = script_named(tx, client_id, wanted)
        try:
            if script_id is None:
                new_script(tx, client_id, wanted, text, None)
                return f"新しい台本「{wanted}」の下書きを作りました"
            done = save_draft(tx, script_id, text, None, None)
        except ScriptError as error:
            raise CannotDo(str(error)) from error
        if isinstance(done, Contradiction):
            return f"台本「{wanted}」には別の下書きがあります。読み込んだ文は脇に残しました。画面で選んでください"
        return f"台本「{wanted}」の下書きにしました"

    store = Store(settings.database, SystemClock())
    await store.open()
    try:
        return await store.write(put)
    finally:
        await store.close()


def _client(tx: Tx, code: str) -> str:
    found = client_by_code(tx, code)
    if found is None:
        raise CannotDo(f"{code}: その符号の企業はありません / no client of that code")
    return found.id


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotDo(f"{path}: 読めません ({error})") from error


def _progress() -> Callable[[int, int], None]:
    at_terminal = sys.stderr.isatty()

    def report(done: int, of: int) -> None:
        if at_terminal:
            bar = "█" * round(done / max(of, 1) * 24)
            click.echo(f"\r\033[K  {bar:<24} {done} / {of}", nl=done >= of, err=True)
        elif done % (AT_ONCE * 5) == 0 or done >= of:
            click.echo(f"  {done} / {of}", err=True)

    return report


def _end(told: Told, seconds: float | None = None) -> int:
    took = f" ({seconds:.1f} 秒)" if seconds is not None else ""
    click.echo(
        f"台本 {told.scripts} 本、エラー {told.errors}、警告 {told.warnings}{took}", err=True
    )
    return 1 if told.errors else 0
