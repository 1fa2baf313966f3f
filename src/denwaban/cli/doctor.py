"""`denwaban doctor`: what works, what is missing, how to mend it."""

import shutil
import smtplib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click
import httpx
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError

from denwaban.clock import SystemClock
from denwaban.config import Settings, SettingsError, load_trunks
from denwaban.main.sealing import TURNINGS
from denwaban.store import Store
from denwaban.store.migrate import config
from denwaban.telephony.engine import Packages, already_obtained, found_on_path, own_address
from denwaban.vault import KeyMissing, wrapped_by
from denwaban.vault import load as load_keys
from denwaban.vault.master import file_of

ROOM = 1_000_000_000
"""Bytes that should be free: the engine needs 0.7 GB while it is unpacked, recordings 1 MB a minute."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `mend` says what to do when it is not good."""

    good: bool
    what: str
    mend: str = ""
    needed: bool = True
    """False: denwaban runs without it, with less."""


def doctor(settings: Settings) -> int:
    """Prints the findings; 1 when something needed is missing."""
    ill = False
    for finding in findings(settings):
        sign = "✓" if finding.good else ("✗" if finding.needed else "△")
        click.secho(f" {sign} {finding.what}", fg=None if finding.good else "yellow")
        if not finding.good:
            click.echo(f"     → {finding.mend}")
            ill = ill or finding.needed
    return 1 if ill else 0


def findings(settings: Settings) -> Iterator[Finding]:
    """Looks at everything, one after the other; nothing is changed."""
    yield _engine(settings)
    yield _address()
    yield _room(settings)
    yield from _database(settings)
    yield _trunks(settings)
    yield _mail(settings)
    yield _program(settings)


def _engine(settings: Settings) -> Finding:
    have: Packages | None = found_on_path() or already_obtained(settings.engine or settings.home)
    if have is None:
        return Finding(
            False, "電話エンジンがありません", "denwaban engine install (root は要りません)"
        )
    return Finding(True, f"電話エンジン Asterisk {have.version}")


def _address() -> Finding:
    if own_address() is None:
        return Finding(
            False,
            "127.x 以外のアドレスがありません。画面の電話 (WebRTC) は音が通りません",
            "ネットワークにつなぐか、SIP 電話機を使ってください",
            needed=False,
        )
    return Finding(True, "画面の電話 (WebRTC) に使えるアドレスがあります")


def _room(settings: Settings) -> Finding:
    place: Path = settings.home.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    return Finding(
        free > ROOM,
        f"空き容量 {free / 1e9:.1f} GB",
        "1 GB 以上あけてください。録音は 1 分で約 1 MB です",
    )


def _database(settings: Settings) -> Iterator[Finding]:
    store = Store(settings.database, SystemClock())
    kind = store.engine.dialect.name
    file = store.engine.url.database
    try:
        if kind == "sqlite" and file and not Path(file).exists():
            yield Finding(False, "データベースはまだありません", "make up が作ります", needed=False)
            return
        with store.engine.connect() as connection:
            now = MigrationContext.configure(connection).get_current_revision()
        newest = ScriptDirectory.from_config(config(store.engine)).get_current_head()
        yield Finding(
            now == newest,
            f"データベース {kind} ({now or '空'})",
            "make up が新しい形に直します",
            needed=False,
        )
        if now == newest:
            yield _keys(settings, store)
            yield _plain(store)
    except SQLAlchemyError as error:
        yield Finding(
            False,
            f"データベースにつながりません ({type(error).__name__})",
            "DENWABAN_DATABASE_URL と、サーバーが動いているかを確かめてください",
        )
    finally:
        store.engine.dispose()


def _keys(settings: Settings, store: Store) -> Finding:
    place = "DENWABAN_MASTER_KEY" if settings.master_key else str(file_of(settings))
    try:
        known, wanted = load_keys(settings), store.look(wrapped_by)
    except KeyMissing as error:
        return Finding(False, "暗号鍵が読めません", str(error))
    if known is None and not wanted:
        return Finding(False, "暗号鍵はまだありません", "make up が作ります", needed=False)
    lost = [one for one in wanted if known is None or one.master not in known.keys]
    if lost or known is None:
        return Finding(
            False,
            f"暗号鍵 {'、'.join(one.master for one in lost)} がありません。守られたデータが読めません",
            f"控えから {place} に戻してください",
        )
    behind = sum(one.keys for one in wanted if one.master != known.current)
    return Finding(
        not behind,
        f"暗号鍵 {known.current} が顧客の鍵 {sum(one.keys for one in wanted)} 本を守っています",
        f"古い鍵のままの顧客の鍵が {behind} 本あります。denwaban vault rotate",
        needed=False,
    )


def _plain(store: Store) -> Finding:
    left = store.look(lambda tx: sum(one.left(tx) for one in TURNINGS if one.left is not None))
    return Finding(
        not left,
        "報告・回答・メモ・発信者の名簿などは、顧客ごとの鍵で暗号化されています"
        if not left
        else f"暗号化の前の報告・回答・メモ・名簿などが {left} 件あります",
        "動かしている間に、少しずつ暗号化されます (make up)",
        needed=False,
    )


def _trunks(settings: Settings) -> Finding:
    try:
        count = len(load_trunks(settings.trunks))
    except SettingsError as error:
        return Finding(False, "電話回線の設定が読めません", str(error))
    if count == 0:
        return Finding(
            False,
            "電話回線 (トランク) はまだありません。練習コールはかけられます",
            "docs/trunks.md を見て DENWABAN_TRUNKS を設定してください",
            needed=False,
        )
    return Finding(True, f"電話回線 {count} 本")


def _mail(settings: Settings) -> Finding:
    if not settings.smtp_url:
        return Finding(
            False,
            "メールサーバーの設定がありません。報告は画面 (顧客ポータル) に届きます",
            "DENWABAN_SMTP_URL=smtp://user:password@host:587 のように設定してください",
            needed=False,
        )
    server = urlsplit(settings.smtp_url)
    kind: Callable[..., smtplib.SMTP] = (
        smtplib.SMTP_SSL if server.scheme == "smtps" else smtplib.SMTP
    )
    default = 465 if server.scheme == "smtps" else 25
    try:
        with kind(server.hostname or "", server.port or default, timeout=5) as smtp:
            smtp.noop()
    except (OSError, smtplib.SMTPException) as error:
        return Finding(
            False,
            f"メールサーバーが答えません ({type(error).__name__})",
            "DENWABAN_SMTP_URL の名前とポート、通信の許可を確かめてください",
        )
    return Finding(True, "メールサーバーが答えました")


def _program(settings: Settings) -> Finding:
    url = f"http://{settings.web_host}:{settings.web_port}/health"
    with suppress(httpx.HTTPError, ValueError):
        answer = httpx.get(url, timeout=3, trust_env=False).json()
        if answer["ready"]:
            return Finding(True, "動いています。電話を受けられます")
        return Finding(
            False, "動いていますが、整っていません", ", ".join(answer.get("reasons", []))
        )
    return Finding(False, "いまは動いていません", "make up", needed=False)
