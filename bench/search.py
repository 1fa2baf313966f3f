"""The search of the seat over 10,000 clients with 20 entries each, beside a LIKE scan of the same table in the same run.

`python -m bench.search [--quick] [--clients N] [--database sqlite|postgresql] [--slowest N]`, on SQLite and, where it is
installed, on PostgreSQL. Prints a table and writes var/bench/search.json.

The scan lists all texts that have the (first) word in title or body, as a search by LIKE would. The other one only counts them: it
reads the whole table and pays nothing for what is handed out, which is the harder comparison.
"""

import argparse
import asyncio
import gc
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import event, func, select
from tests.postgres import binaries, server

import denwaban.schema  # noqa: F401 - loads every table
from bench.machine import FOLDER, at, described, table, written
from denwaban.clock import SystemClock
from denwaban.knowledge import FAQ, find, index
from denwaban.store import Store, Tx, metadata, new_id
from denwaban.store.words import query

ENTRIES = 20
INDEXES = ("search_texts",)
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
    made: dict[tuple[str, str], dict[str, Any]] = {}
    nobody = "0" * 32
    for entry in found:
        said = (entry.question, entry.answer)
        if said not in made:
            made[said] = index.made_of(dialect, nobody, *said, "")
        grams, *others = made[said].values()
        grams = grams.replace(nobody, entry.client_id)
        yield FAQ, entry.faq_id, entry.client_id, *said, "", grams, *others


_INDEX = ("kind", "ref", "client_id", "title", "body", "also", "grams", "heads", "rest", "folding")  # fmt: skip
_FAQS = ("id", "client_id", "question", "answer", "wordings", "bound", "restricted", "created_at", "updated_at")  # fmt: skip
_CLIENTS = ("id", "code", "name", "kana", "industry", "greeting", "policy", "created_at", "updated_at")  # fmt: skip


Tables = Iterator[tuple[str, tuple[str, ...], Iterator[tuple[Any, ...]]]]
"""Name, columns and rows of each."""


def tables(dialect: str, ids: list[str], found: list[Entry]) -> Tables:
    now: Any = datetime.now(UTC)
    no: Any = False
    if dialect == "sqlite":
        now, no = now.strftime("%Y-%m-%d %H:%M:%S.%f"), 0
    yield "clients", _CLIENTS, ((one, f"c{n}", f"計測商事{n}", "", "", "", "", now, now) for n, one in enumerate(ids))  # fmt: skip
    yield "faqs", _FAQS, ((e.faq_id, e.client_id, e.question, e.answer, "", "explain", no, now, now) for e in found)  # fmt: skip
    yield "search_texts", _INDEX, rows(dialect, found)


def fill_sqlite(path: Path, indexes: Sequence[str], what: Tables) -> None:
    """Fills the tables; `indexes` are those of them that are search indexes."""
    with sqlite3.connect(path, isolation_level=None) as base:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000"):
            base.execute(f"PRAGMA {pragma}")
        # FTS5 writes what is new once a megabyte otherwise, and merges that many pieces again and again.
        for name in indexes:
            base.execute(f"INSERT INTO {name}_grams({name}_grams, rank) VALUES ('hashsize', {1 << 28})")  # fmt: skip
        base.execute("BEGIN")
        for name, columns, lines in what:
            marks = ", ".join("?" * len(columns))
            base.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})", lines)
        base.execute("COMMIT")
        for name in indexes:
            base.execute(f"INSERT INTO {name}_grams({name}_grams, rank) VALUES ('hashsize', {1 << 20})")  # fmt: skip
        base.execute("PRAGMA optimize")
        base.execute("PRAGMA journal_mode=WAL")
    base.close()


def fill_postgres(url: str, indexes: Sequence[str], what: Tables) -> None:
    """The same there."""
    with psycopg.connect(url, autocommit=True) as base:
        for name in indexes:
            base.execute(f"DROP INDEX ix_{name}_grams")
        for name, columns, lines in what:
            into = f"COPY {name} ({', '.join(columns)}) FROM STDIN"
            with base.cursor().copy(into) as copy:
                for line in lines:
                    copy.write_row(line)
        base.execute("SET maintenance_work_mem = '512MB'")
        for name in indexes:
            base.execute(
                f"CREATE INDEX ix_{name}_grams ON {name} USING gin (grams) WITH (fastupdate = off)"
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


Verb = Callable[[Tx], Any]


async def timed(store: Store, verbs: list[Verb]) -> list[float]:
    """Milliseconds of each verb, as the seat's request waits for it; sorted."""
    took = []
    for verb in verbs:
        began = time.perf_counter()
        await store.read(verb)
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took)


@dataclass
class Slow:
    """A question and where its time went, in milliseconds."""

    text: str
    found: int = 0
    whole: float = 0.0
    verb: float = 0.0
    """Without the way into the reading thread and back."""
    ours: float = 0.0
    """Processor time of that thread: Python, and SQLite."""
    statements: int = 0
    collected: float = 0.0
    """By the garbage collector."""


async def slowest(store: Store, asked: list[tuple[str, Verb]], most: int) -> list[Slow]:
    """The slowest questions."""
    now = Slow("")
    began = 0.0

    def counted(*_: Any) -> None:
        now.statements += 1

    def collected(phase: str, _: dict[str, int]) -> None:
        nonlocal began
        if phase == "start":
            began = time.perf_counter()
        else:
            now.collected += (time.perf_counter() - began) * 1000

    def watched(verb: Verb) -> Verb:
        def run(tx: Tx) -> None:
            wall, processor = time.perf_counter(), time.thread_time()
            now.found = len(verb(tx))
            now.verb = (time.perf_counter() - wall) * 1000
            now.ours = (time.thread_time() - processor) * 1000

        return run

    event.listen(store.engine, "before_cursor_execute", counted)
    gc.callbacks.append(collected)
    all_of_them = []
    try:
        for text, verb in asked:
            now = Slow(text)
            started = time.perf_counter()
            await store.read(watched(verb))
            now.whole = (time.perf_counter() - started) * 1000
            all_of_them.append(now)
    finally:
        gc.callbacks.remove(collected)
        event.remove(store.engine, "before_cursor_execute", counted)
    return sorted(all_of_them, key=lambda one: -one.whole)[:most]


def of_client(client_id: str, text: str) -> Verb:
    return lambda tx: find(tx, query(text), TODAY, client_id=client_id)


def of_all(text: str) -> Verb:
    return lambda tx: find(tx, query(text), TODAY)


def scan(text: str, *, counts: bool = False) -> Verb:
    t = index.texts
    word = text.split()[0]
    asked = (t.c.title.contains(word, autoescape=True)) | (t.c.body.contains(word, autoescape=True))
    if counts:
        return lambda tx: tx.scalar(select(func.count()).select_from(t).where(asked))
    return lambda tx: tx.all(select(t.c.seq).where(asked))


SCANS = ("LIKE scan", "LIKE count")


async def adding(store: Store, found: list[Entry], count: int) -> list[float]:
    """Milliseconds that it takes to put one more text in, committed; sorted."""
    took = []
    for entry in found[:count]:
        said = (entry.client_id, entry.question, entry.answer)
        ref = new_id()
        began = time.perf_counter()
        await store.write(lambda tx, ref=ref, said=said: index.put(tx, FAQ, ref, *said))  # type: ignore[misc]
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took)


async def measure(
    name: str, store: Store, found: list[Entry], count: int, slow: int
) -> list[Figures]:
    asked = questions(found, count)
    await store.open()
    try:
        await timed(store, [of_client(*each) for each in asked[:50]])
        await timed(store, [of_all(each[1]) for each in asked[:50]])
        results = []

        def took(what: str, times: list[float]) -> None:
            results.append(
                Figures(name, what, len(times), at(times, 0.5), at(times, 0.99), times[-1])
            )

        for what, verbs in (
            ("one client", [of_client(*each) for each in asked]),
            ("all clients", [of_all(each[1]) for each in asked]),
            *(
                (what, [scan(one[1], counts=counts) for one in asked[: max(10, count // 30)]])
                for what, counts in zip(SCANS, (False, True), strict=True)
            ),
        ):
            took(what, await timed(store, verbs))
            if slow and what not in SCANS:
                texts = [each[1] for each in asked]
                shown(name, what, await slowest(store, list(zip(texts, verbs, strict=True)), slow))
        took("adding one", await adding(store, found, max(10, count // 10)))
        return results
    finally:
        await store.close()


def shown(name: str, what: str, found: list[Slow]) -> None:
    print(f"{name}, {what}: the slowest")
    table(
        ["", "found", "ms", "in the thread", "processor", "statements", "collected"],
        [
            [o.text, str(o.found), *(f"{n:.1f}" for n in (o.whole, o.verb, o.ours)), str(o.statements), f"{o.collected:.1f}"]
            for o in found
        ],
    )  # fmt: skip


async def main(clients: int, count: int, only: str, slow: int) -> None:
    about = described()
    ids, found = entries(clients)
    # As the program does when it has started: what stays is not looked through again and again.
    gc.collect()
    gc.freeze()
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="search-", dir=FOLDER))
    results: list[Figures] = []
    try:
        if only != "postgresql":
            path = folder / "search.db"
            store = Store(f"sqlite:///{path}", SystemClock())
            metadata.create_all(store.engine)
            store.engine.dispose()
            await asyncio.to_thread(fill_sqlite, path, INDEXES, tables("sqlite", ids, found))
            results += await measure("SQLite", store, found, count, slow)
        if only != "sqlite" and binaries() is None:
            print("PostgreSQL is not installed: SQLite only")
        elif only != "sqlite":
            with ExitStack() as stack:
                base = stack.enter_context(server("shared_buffers=1GB", "max_wal_size=4GB"))
                url = f"{base}/postgres"
                store = Store(url, SystemClock())
                metadata.create_all(store.engine)
                store.engine.dispose()
                await asyncio.to_thread(
                    fill_postgres, url, INDEXES, tables("postgresql", ids, found)
                )
                results += await measure("PostgreSQL", store, found, count, slow)
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
    by_name = {(r.database, r.what): r for r in results}
    ratios: dict[str, dict[str, float]] = {}
    for database in dict.fromkeys(r.database for r in results):
        for what in ("one client", "all clients"):
            ours = by_name[database, what].p99
            shares: dict[str, float] = {}
            for name in SCANS:
                like = by_name[database, name]
                shares |= {f"p99 of {name}": ours / like.p99, f"p50 of {name}": ours / like.p50}
            ratios[f"{database}, {what}"] = shares
            said = ", ".join(f"1/{1 / share:.0f} of the {name}" for name, share in shares.items())
            print(f"{database}, {what}: p99 is {said}")
    written(
        "search",
        {**about, "clients": clients, "results": [asdict(r) for r in results], "ratios": ratios},
    )


if __name__ == "__main__":
    asked_for = argparse.ArgumentParser(description=__doc__)
    asked_for.add_argument("--quick", action="store_true", help="500 clients, 100 questions")
    asked_for.add_argument("--clients", type=int, default=0)
    asked_for.add_argument("--questions", type=int, default=0)
    asked_for.add_argument("--database", choices=("sqlite", "postgresql"), default="")
    asked_for.add_argument("--slowest", type=int, default=0, metavar="N", help="show where the time of the slowest N went")  # fmt: skip
    given = asked_for.parse_args()
    clients = given.clients or (500 if given.quick else 10_000)
    count = given.questions or (100 if given.quick else 1000)
    sys.exit(asyncio.run(main(clients, count, given.database, given.slowest)))
