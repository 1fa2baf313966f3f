"""Databases of a size: clients with numbers, plans, limits and scripts, operators who are ready, and past calls.

Made once in bulk, kept under var/bench and copied for each run; a change of this file makes them anew, a newer schema is brought
to them by its migrations. `python -m bench.prepare` makes those of a whole run beforehand (two minutes on a quiet machine).
"""

import asyncio
import hashlib
import json
import random
import shutil
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.machine import FOLDER
from bench.sealing import NumberKeys
from denwaban.access import Role, add_user
from denwaban.calls import calls_of, history, numbers
from denwaban.calls.rows import call_legs
from denwaban.calls.rows import calls as calls_table
from denwaban.clock import SystemClock
from denwaban.config import Settings
from denwaban.people import add_client, add_operator
from denwaban.scripts import Ask, End, Field, Say, Script, add_script
from denwaban.store import Store, Tx, migrate
from denwaban.vault import unlock

OPERATORS = 120
LOGIN = "operator-1"
PASSWORD = "correct-horse-battery-1"
LINES = 5000
"""Far above what is measured, so that no call is refused; the limit is looked up all the same."""

GREETING = "お電話ありがとうございます。計測商事でございます。"

SIZE, QUICK_SIZE = (10_000, 1_000_000), (1_000, 100_000)
"""Clients and past calls of the large side."""

DAYS = 730
_CALLERS = 200_000


def number_of(client: int) -> str:
    """The number of the n-th client, as it is dialled."""
    return f"050{10_000_000 + client}"


def prepared_file(folder: Path, clients: int, past_calls: int) -> Path:
    """Where the database of that size is or will be."""
    told = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    return folder / f"prepared-{clients}-{past_calls}-{told[:12]}.db"


async def prepared(folder: Path, clients: int, past_calls: int) -> Path:
    """The database file of that size, made if need be."""
    path = prepared_file(folder, clients, past_calls)
    if path.exists():
        async with _opened(path):
            return path
    started = time.monotonic()
    making = await asyncio.to_thread(_begin, folder, clients, past_calls)
    async with _opened(making) as store:
        await store.write(_first)
    client_ids, operator_ids = await asyncio.to_thread(_fill, making, clients)
    async with _opened(making) as store:
        keys = await store.write(lambda tx: NumberKeys(tx, client_ids))
    await asyncio.to_thread(_fill_past, making, client_ids, operator_ids, past_calls, keys)
    async with _opened(making) as store:
        await store.read(_look_at_one)
    await asyncio.to_thread(making.rename, path)
    took = time.monotonic() - started
    print(f"  prepared {clients:,} clients, {past_calls:,} past calls in {took:.0f} s", flush=True)
    return path


@asynccontextmanager
async def _opened(path: Path) -> AsyncIterator[Store]:
    """With this version's schema."""
    store = Store(f"sqlite:///{path}", SystemClock())
    try:
        await asyncio.to_thread(migrate, store.engine)
        await asyncio.to_thread(unlock, store, Settings(home=path.parent))
        await store.open()
        yield store
    finally:
        await store.close()


def _begin(folder: Path, clients: int, past_calls: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    making = folder / f"making-{clients}-{past_calls}.db"
    for rest in (
        *folder.glob(f"prepared-{clients}-{past_calls}-*"),
        *folder.glob(f"{making.name}*"),
    ):
        rest.unlink()
    return making


def copied(prepared_file: Path, home: Path) -> None:
    """Puts a copy where a program with that home looks for its database and its keys."""
    shutil.copytree(prepared_file.parent / "keys", home / "keys")
    shutil.copyfile(prepared_file, home / "denwaban.db")


def _first(tx: Tx) -> None:
    """One client and one operator by the proper verbs; `_fill` makes the others in their image."""
    client_id = add_client(tx, "c0", "計測商事", "けいそくしょうじ", "試験", GREETING)
    script = Script(
        nodes=(
            Say(id="hello", title="ごあいさつ", say="ご用件をお伺いします。", to="who"),
            Ask(
                id="who",
                title="お名前",
                say="お名前をお願いいたします。",
                ask=(
                    Field(
                        id="name",
                        label="お名前",
                        type="name",
                        mandatory=True,
                        purpose="caller_name",
                    ),
                ),
                to="bye",
            ),
            End(id="bye", title="おわり", say="お電話ありがとうございました。"),
        ),
    )
    add_script(tx, client_id, "受付", script, "計測")
    user_id = add_user(tx, LOGIN, PASSWORD, Role.OPERATOR, "計測 一子")
    add_operator(tx, user_id, "計測 一子", "けいそく いちこ")


def _look_at_one(tx: Tx) -> None:
    """Sealed as the program seals it, or the benches would measure something else."""
    for one in calls_of(tx, limit=1):
        assert one.client_id is not None
        assert one in history(tx, one.client_id, one.caller), one.id


@contextmanager
def _filling(path: Path) -> Iterator[sqlite3.Connection]:
    with sqlite3.connect(path, isolation_level=None) as base:
        base.row_factory = sqlite3.Row
        # A file that is thrown away when this fails needs no journal; through the log it would take minutes.
        for pragma in (
            "journal_mode=OFF",
            "synchronous=OFF",
            "cache_size=-400000",
            "temp_store=MEMORY",
        ):
            base.execute(f"PRAGMA {pragma}")
        base.execute("BEGIN")
        yield base
        base.execute("COMMIT")
        base.execute("PRAGMA journal_mode=WAL")
    base.close()


def _fill(path: Path, clients: int) -> tuple[list[str], list[str]]:
    """The ids of the clients and of the operators."""
    now = datetime.now(UTC)
    ids = _Ids(now - timedelta(days=DAYS + 1))
    with _filling(path) as base:
        return _clients(base, ids, clients, now), _operators(base, ids, now)


def _fill_past(
    path: Path, clients: list[str], operators: list[str], past_calls: int, keys: NumberKeys
) -> None:
    with _filling(path) as base:
        _past(base, clients, operators, past_calls, datetime.now(UTC), keys)
        # They became figures when they came, not all at once in the first minutes of a run.
        base.execute(
            "INSERT INTO gathered (id, seq) SELECT 'journal', coalesce(max(seq), 0) FROM facts"
        )
        # Nothing of theirs is from before numbers were sealed.
        base.execute(
            "INSERT INTO vault_turnings (name, after, done_at) VALUES (?, '', ?)",
            (numbers.NUMBER, _stamp(datetime.now(UTC))),
        )
        base.execute("ANALYZE")


def _clients(base: sqlite3.Connection, ids: "_Ids", count: int, now: datetime) -> list[str]:
    # app_queue records nothing, so nor do we; only the last client is recorded, to show what recording costs.
    base.execute("UPDATE clients SET recorded = 0")
    client = dict(base.execute("SELECT * FROM clients").fetchone())
    script = dict(base.execute("SELECT * FROM scripts").fetchone())
    version = dict(base.execute("SELECT * FROM script_versions").fetchone())
    client_ids, scripts = [client["id"]], [script["id"]]
    rows: dict[str, list[dict[str, Any]]] = {"clients": [], "scripts": [], "script_versions": []}
    for n in range(1, count):
        client_ids.append(ids.new())
        scripts.append(ids.new())
        one = ids.new()
        rows["clients"].append(
            client
            | {"id": client_ids[n], "code": f"c{n}", "name": f"計測商事{n}"}
            | {"recorded": int(n == count - 1)}
        )
        rows["scripts"].append(
            script | {"id": scripts[n], "client_id": client_ids[n], "published_version_id": one}
        )
        rows["script_versions"].append(version | {"id": one, "script_id": scripts[n]})
    for table, new in rows.items():
        _insert(base, table, new)
    stamp = _stamp(now)
    _insert(
        base,
        "numbers",
        (
            {
                "id": ids.new(),
                "number": f"+81{number_of(n)[1:]}",
                "client_id": who,
                "label": "代表",
                "created_at": stamp,
            }
            for n, who in enumerate(client_ids)
        ),
    )
    # Day, night and weekend, as clients have them; every moment is served, so that a figure does not depend on the hour.
    windows = (("平日昼間", 31, 540, 1080), ("平日夜間", 31, 1080, 1980), ("土日祝", 255, 0, 1440))
    _insert(
        base,
        "plan_windows",
        (
            {
                "id": ids.new(), "client_id": who, "position": at, "name": name, "days": days, "opens": opens,
                "closes": closes, "mode": "full", "script_id": scripts[n], "message": "",
            }
            for n, who in enumerate(client_ids)
            for at, (name, days, opens, closes) in enumerate(windows)
        ),
    )  # fmt: skip
    began = (now - timedelta(days=DAYS)).date().isoformat()
    _insert(
        base,
        "line_limits",
        (
            {"id": ids.new(), "client_id": who, "effective_from": began, "lines": LINES}
            for who in client_ids
        ),
    )
    return client_ids


def _operators(base: sqlite3.Connection, ids: "_Ids", now: datetime) -> list[str]:
    user = dict(base.execute("SELECT * FROM users").fetchone())
    operator = dict(base.execute("SELECT * FROM operators").fetchone())
    users, others = [], []
    for n in range(2, OPERATORS + 1):
        users.append(user | {"id": ids.new(), "login": f"operator-{n}", "name": f"計測 {n}"})
        others.append(
            operator
            | {
                "id": ids.new(),
                "user_id": users[-1]["id"],
                "seat": f"seat-{n}",
                "sip_password": f"bench-password-{n}",
                "sip_sealed": None,  # it would be sealed for another row
            }
        )
    _insert(base, "users", users)
    _insert(base, "operators", others)
    operator_ids = [operator["id"], *(row["id"] for row in others)]
    stamp = _stamp(now)
    _insert(
        base,
        "operator_states",
        (
            {"operator_id": who, "state": "ready", "since": stamp, "idle_since": stamp}
            for who in operator_ids
        ),
    )
    return operator_ids


def _past(
    base: sqlite3.Connection,
    clients: list[str],
    operators: list[str],
    count: int,
    now: datetime,
    keys: NumberKeys,
) -> None:
    """Answered calls over two years, evenly; each with its leg and a fact."""
    if not count:
        return
    indexes = [i for table in (calls_table, call_legs) for i in table.indexes]
    made = [
        (name, text)
        for index in indexes
        for name, text in base.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND name = ?", (index.name,)
        )
    ]
    for name, _ in made:
        base.execute(f'DROP INDEX "{name}"')
    chance = random.Random(1)
    step = timedelta(days=DAYS) / count
    for begin in range(0, count, 50_000):
        rows: dict[str, list[dict[str, Any]]] = {"calls": [], "call_legs": [], "facts": []}
        for n in range(begin, min(begin + 50_000, count)):
            at = now - timedelta(days=DAYS) + step * n
            _one_past(rows, n, at, clients, operators, chance, keys)
        for table, new in rows.items():
            _insert(base, table, new)
    for _, text in made:
        base.execute(text)


def _one_past(
    rows: dict[str, list[dict[str, Any]]],
    n: int,
    at: datetime,
    clients: list[str],
    operators: list[str],
    chance: random.Random,
    keys: NumberKeys,
) -> None:
    call_id = f"{int(at.timestamp() * 1000):012x}7000{0x8000000000000000 + n:016x}"
    client, operator = chance.randrange(len(clients)), chance.choice(operators)
    wait, talk = chance.uniform(2, 20), chance.uniform(20, 400)
    arrived, answered = _stamp(at), _stamp(at + timedelta(seconds=wait))
    ended = _stamp(at + timedelta(seconds=wait + talk))
    rows["calls"].append(
        {
            "id": call_id, "client_id": clients[client], "leg": f"old-{n}", "trunk": "bench",
            "dialled": f"+81{number_of(client)[1:]}",
            **keys.columns(clients[client], call_id, f"+8180{20_000_000 + chance.randrange(_CALLERS)}"),
            "plan": "平日昼間", "mode": "full", "script_id": None, "state": "ended", "outcome": "answered",
            "operator_id": operator, "arrived_at": arrived, "answered_at": answered, "ended_at": ended,
            "wait_ms": round(wait * 1000), "recording": None, "practice": 0,
        }
    )  # fmt: skip
    leg_id = call_id[:16] + "9" + call_id[17:]
    rows["call_legs"].append(
        {
            "id": leg_id, "call_id": call_id, "operator_id": operator, "offered_at": arrived,
            "answered_at": answered, "ended_at": ended, "result": "answered",
        }
    )  # fmt: skip
    told = json.dumps({"operator_id": operator, "outcome": "answered"})
    rows["facts"].append(
        {
            "at": ended,
            "kind": "call.ended",
            "subject": call_id,
            "client_id": clients[client],
            "data": told,
        }
    )


def _insert(base: sqlite3.Connection, table: str, rows: Iterable[dict[str, Any]]) -> None:
    line: Iterator[dict[str, Any]] = iter(rows)
    first = next(line, None)
    if first is None:
        return
    names = list(first)
    text = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})"
    base.execute(text, first)
    base.executemany(text, line)


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


class _Ids:
    """Ids as the store makes them, in order, from a moment on."""

    def __init__(self, at: datetime) -> None:
        self._next = int(at.timestamp() * 1000)

    def new(self) -> str:
        self._next += 1
        return f"{self._next:012x}7000{0x8000000000000000 + self._next:016x}"


async def _main(large: tuple[int, int]) -> None:
    for clients, past_calls in ((10, 0), large):
        await prepared(FOLDER, clients, past_calls)


if __name__ == "__main__":
    asyncio.run(_main(QUICK_SIZE if sys.argv[1:] == ["--quick"] else SIZE))
