"""`denwaban audit`: whether the record of who saw what is as it was written."""

import re
import sys
import time
from collections.abc import Sequence

import click

from denwaban import vault
from denwaban.audit import BadWitness, Broken, Signer, verified
from denwaban.audit import noted as witnessed
from denwaban.clock import SystemClock
from denwaban.config import Settings
from denwaban.store import Store

_EXPECTED = re.compile(r"([1-9]\d{0,17}):([0-9a-f]{64})")

WHY = {
    "changed": "内容が書き換えられたか、前後が入れ替わっています / changed or out of order",
    "missing": "記録が抜けています / missing",
    "added": "あとから足された記録です / added behind the end",
    "head": "終わりの印がありません / the mark of the end is gone",
    "expected": "控えの印と違います / not the seal that was noted",
}


class BadSeal(Exception):
    """A noted seal that cannot be read."""


def given(seals: Sequence[str]) -> dict[int, str]:
    """`SEQ:HASH` as an earlier check printed it. Raises `BadSeal`."""
    found = {}
    for text in seals:
        match = _EXPECTED.fullmatch(text.strip())
        if match is None:
            raise BadSeal(f"{text}: 「番号:印」の形で指定してください / SEQ:HASH is wanted")
        found[int(match[1])] = match[2]
    return found


async def verify(settings: Settings, seals: Sequence[str] = ()) -> int:
    """Checks every row, with progress on the error stream, against what the program has noted outside of the database too;
    prints the end of the chain. 1 when a row is not as it was written, or is gone. Raises `BadSeal`."""
    keys, path = vault.load(settings), vault.seals_of(settings)
    try:
        known = witnessed(path, Signer(keys.current, keys.keys)) if keys is not None else []
    except BadWitness as error:
        click.secho(
            f"✗ {path}: {error} 行目が書き換えられています / the line was changed", fg="red"
        )
        return 1
    expected = {one.head.seq: one.head.hash for one in known} | given(seals)
    store = Store(settings.database, SystemClock())
    await store.open()
    began = time.monotonic()
    try:
        found = await verified(store, _progress, expected)
    finally:
        await store.close()
    if isinstance(found, Broken):
        click.secho(f"✗ 監査記録 {found.seq} 番: {WHY[found.why]}", fg="red")
        return 1
    if known:
        click.echo(f"控え {len(known)} 日分と合っています / as noted on {len(known)} days")
    else:
        click.secho(
            f"△ 控え ({path}) がありません。末尾が切られていないかは、前に控えた印を --expect で渡して確かめてください"
            " / nothing was noted outside of the database: only a seal given with --expect tells whether the end was cut",
            fg="yellow",
        )
    click.echo(
        f"監査記録 {found.seq} 件を確かめました。変わっていません ({time.monotonic() - began:.1f} 秒)\n"
        f"控えておく印 / to be noted elsewhere: {found.seq}:{found.hash}"
    )
    return 0


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\033[K  {done} / {of}", nl=done >= of, err=True)
    elif done >= of or done % 100_000 == 0:
        click.echo(f"  {done} / {of}", err=True)
