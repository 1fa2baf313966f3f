"""The search of the seat over 10,000 clients with 20 entries each, beside a LIKE scan of the same table in the same run.

`python -m bench.search [--quick]`, on SQLite and, where it is installed, on PostgreSQL. Prints a table and writes
var/bench/search.json.
"""

import argparse
import asyncio
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
from tests.postgres import binaries, server

import denwaban.schema  # noqa: F401 - loads every table
from bench.machine import FOLDER, at, described, table, written
from denwaban.clock import SystemClock
from denwaban.knowledge import FAQ, find, index
from denwaban.store import Store, Tx, metadata, new_id
from denwaban.store.words import FOLDING, query

ENTRIES = 20
TODAY = date(2026, 11, 24)

_THINGS = (
    "契約 料金 請求書 領収書 支払い 口座振替 クレジットカード パスワード ログイン メールアドレス 住所 電話番号 名義 予約 診察 検査 "
    "診断書 駐車場 営業時間 休診日 配送 送料 返品 交換 在庫 修理 点検 給湯器 エアコン トイレ 水漏れ 鍵 見積もり 工事 保証 保険 "
    "解約 退会 更新 プラン ポイント クーポン アプリ サーバー データ 個人情報 資料 カタログ 説明会 面談 採用 担当者 支店 本社"
).split()
_ASKS = "を変えたい を教えてほしい はいつですか はいくらですか がわからない をなくした をキャンセルしたい はできますか".split()
_SAYS = (
    "{0}につきましては、担当の者が確かめて{1}をお送りいたします。",
    "{0}は、マイページの「{1}」からお手続きいただけます。",
    "{0}の変更は、毎月{2}日までに{1}をご用意のうえ、お申し出ください。",
    "恐れ入りますが、{0}はお電話では承っておりません。{1}の窓口をご案内いたします。",
    "{0}には{2}営業日ほどお時間をいただきます。{1}のご用意をお願いいたします。",
)


@dataclass(frozen=True)
class Entry:
    client_id: str
    faq_id: str
    question: str
    answer: str


@dataclass(frozen=True)
class Figures:
    """Milliseconds."""

    database: str
    what: str
    questions: int
    p50: float
    p99: float
    most: float


def entries(clients: int) -> tuple[list[str], list[Entry]]:
    """The same for every run: ids of clients, and what is asked of them."""
    dice = random.Random(16)
    ids = [new_id() for _ in range(clients)]
    said = []
    for _ in range(20_000):
        # Some things are asked far more often than others.
        thing, other = (_THINGS[min(int(dice.expovariate(0.06)), len(_THINGS) - 1)] for _ in "12")
        says = dice.choice(_SAYS).format(thing, other, dice.randrange(1, 29))
        said.append((f"{thing}{dice.choice(_ASKS)}", says))
    made = [
        Entry(client_id, new_id(), *dice.choice(said)) for client_id in ids for _ in range(ENTRIES)
    ]
    dice.shuffle(made)  # entries of one client do not lie together
    return ids, made


def rows(dialect: str, found: list[Entry]) -> Iterator[tuple[Any, ...]]:
    # Texts repeat among the clients, as they do in life; what is made of one is made once.
    made: dict[tuple[str, str], str] = {}
    nobody = "0" * 32
    for n, entry in enumerate(found, 1):
        said = (entry.question, entry.answer)
        if said not in made:
            made[said] = index.stream_for(dialect, nobody, *said, "")
        grams = made[said].replace(nobody, entry.client_id)
        yield n, FAQ, entry.faq_id, entry.client_id, *said, "", grams, FOLDING


_INDEX = ("seq", "kind", "ref", "client_id", "title", "body", "also", "grams", "folding")
_FAQS = ("id", "client_id", "question", "answer", "wordings", "bound", "restricted", "created_at", "updated_at")  # fmt: skip
_CLIENTS = ("id", "code", "name", "kana", "industry", "greeting", "policy", "created_at", "updated_at")  # fmt: skip


def tables(
    dialect: str, ids: list[str], found: list[Entry]
) -> Iterator[tuple[str, tuple[str, ...], Iterator[tuple[Any, ...]]]]:
    now: Any = datetime.now(UTC)
    no: Any = False
    if dialect == "sqlite":
        now, no = now.strftime("%Y-%m-%d %H:%M:%S.%f"), 0
    yield "clients", _CLIENTS, ((one, f"c{n}", f"計測商事{n}", "", "", "", "", now, now) for n, one in enumerate(ids))  # fmt: skip
    yield "faqs", _FAQS, ((e.faq_id, e.client_id, e.question, e.answer, "", "explain", no, now, now) for e in found)  # fmt: skip
    yield "search_texts", _INDEX, rows(dialect, found)


def fill_sqlite(path: Path, ids: list[str], found: list[Entry]) -> None:
    with sqlite3.connect(path, isolation_level=None) as base:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000"):
            base.execute(f"PRAGMA {pragma}")
        base.execute("BEGIN")
        for name, columns, lines in tables("sqlite", ids, found):
            marks = ", ".join("?" * len(columns))
            base.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})", lines)
        base.execute("COMMIT")
        base.execute("PRAGMA optimize")
        base.execute("PRAGMA journal_mode=WAL")
    base.close()


def fill_postgres(url: str, ids: list[str], found: list[Entry]) -> None:
    with psycopg.connect(url, autocommit=True) as base:
        base.execute("DROP INDEX ix_search_texts_grams")
        for name, columns, lines in tables("postgresql", ids, found):
            with base.cursor().copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN") as copy:
                for line in lines:
                    copy.write_row(line)
        base.execute("SET maintenance_work_mem = '512MB'")
        base.execute(
            "CREATE INDEX ix_search_texts_grams ON search_texts USING gin (grams) WITH (fastupdate = off)"
        )
        base.execute("VACUUM ANALYZE")


def questions(found: list[Entry], count: int) -> list[tuple[str, str]]:
    """(client, what is typed): two characters to a whole word, of entries that there are, now and then two words or none that
    is anywhere."""
    dice = random.Random(61)
    asked = []
    for _ in range(count):
        entry = dice.choice(found)
        text = dice.choice((entry.question, entry.answer))
        length = dice.choice((2, 2, 2, 3, 4, 6))
        begin = dice.randrange(max(1, len(text) - length))
        piece = text[begin : begin + length]
        kind = dice.random()
        if kind < 0.15:
            piece = f"{piece} {entry.question[:2]}"
        elif kind < 0.2:
            piece = "量子"
        asked.append((entry.client_id, piece))
    return [each for each in asked if query(each[1])]


async def timed(store: Store, verbs: list[Callable[[Tx], Any]]) -> list[float]:
    """Milliseconds of each verb, as the seat's request waits for it; sorted."""
    took = []
    for verb in verbs:
        began = time.perf_counter()
        await store.read(verb)
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took)


def of_client(client_id: str, text: str) -> Callable[[Tx], Any]:
    return lambda tx: find(tx, query(text), TODAY, client_id=client_id)


def of_all(text: str) -> Callable[[Tx], Any]:
    return lambda tx: find(tx, query(text), TODAY)


def scan(text: str) -> Callable[[Tx], Any]:
    t = index.texts
    word = text.split()[0]
    asked = (t.c.title.contains(word, autoescape=True)) | (t.c.body.contains(word, autoescape=True))
    return lambda tx: tx.all(t.select().with_only_columns(t.c.seq).where(asked))


async def measure(name: str, store: Store, found: list[Entry], count: int) -> list[Figures]:
    asked = questions(found, count)
    await store.open()
    try:
        await timed(store, [of_client(*each) for each in asked[:50]])
        await timed(store, [of_all(each[1]) for each in asked[:50]])
        results = []
        for what, verbs in (
            ("one client", [of_client(*each) for each in asked]),
            ("all clients", [of_all(each[1]) for each in asked]),
            ("LIKE scan", [scan(each[1]) for each in asked[: max(10, count // 50)]]),
        ):
            took = await timed(store, verbs)
            results.append(Figures(name, what, len(took), at(took, 0.5), at(took, 0.99), took[-1]))
        return results
    finally:
        await store.close()


async def main(quick: bool) -> None:
    about = described()
    clients, count = (500, 100) if quick else (10_000, 1000)
    ids, found = entries(clients)
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="search-", dir=FOLDER))
    results: list[Figures] = []
    try:
        path = folder / "search.db"
        store = Store(f"sqlite:///{path}", SystemClock())
        metadata.create_all(store.engine)
        store.engine.dispose()
        await asyncio.to_thread(fill_sqlite, path, ids, found)
        results += await measure("SQLite", store, found, count)
        if binaries() is None:
            print("PostgreSQL is not installed: SQLite only")
        else:
            with ExitStack() as stack:
                base = stack.enter_context(server("shared_buffers=1GB", "max_wal_size=4GB"))
                url = f"{base}/postgres"
                store = Store(url, SystemClock())
                metadata.create_all(store.engine)
                store.engine.dispose()
                await asyncio.to_thread(fill_postgres, url, ids, found)
                results += await measure("PostgreSQL", store, found, count)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"search over {clients:,} clients × {ENTRIES} entries (milliseconds)")
    table(
        ["", "questions", "p50", "p99", "most"],
        [
            [f"{r.database}, {r.what}", str(r.questions), f"{r.p50:.1f}", f"{r.p99:.1f}", f"{r.most:.1f}"]
            for r in results
        ],
    )  # fmt: skip
    ratios = {
        r.database: {
            what: next(each.p99 for each in results if (each.database, each.what) == (r.database, what))
            / r.p50
            for what in ("one client", "all clients")
        }
        for r in results
        if r.what == "LIKE scan"
    }  # fmt: skip
    for database, ratio in ratios.items():
        shown = ", ".join(f"{what} 1/{1 / share:.0f}" for what, share in ratio.items())
        print(f"{database}: p99 of the search ÷ p50 of the LIKE scan: {shown}")
    written(
        "search",
        {**about, "clients": clients, "results": [asdict(r) for r in results], "ratios": ratios},
    )


if __name__ == "__main__":
    asked_for = argparse.ArgumentParser(description=__doc__)
    asked_for.add_argument("--quick", action="store_true", help="500 clients")
    sys.exit(asyncio.run(main(asked_for.parse_args().quick)))
