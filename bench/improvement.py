"""What figures, lists and gathering cost as an installation grows.

    python -m bench.improvement [--clients 10 10000]

For each size: clients with one script of eight nodes, a day of figures (four weeks of the one asked) and three open proposals;
then the median of each question, in a database of its own that is thrown away. Prints a table and writes var/bench/improvement.json.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import insert
from tests.keys import lend_keys

import denwaban.calls
import denwaban.schema
from bench.machine import described, written
from denwaban.access import Hashed, Role, add_user
from denwaban.calls import Outcome
from denwaban.clock import SystemClock
from denwaban.improvement.figures import bucket
from denwaban.improvement.gathering import Gatherer, wanted
from denwaban.improvement.model import Decision, monday_of
from denwaban.improvement.queries import proposals_of, use, waiting
from denwaban.improvement.rows import node_use, script_proposals, script_weeks
from denwaban.journal import Entry, after, last_seq
from denwaban.people.rows import clients, operators
from denwaban.scripts import Decide, go, parse, run_of_call, start_run
from denwaban.scripts.library import library
from denwaban.scripts.model import plain_data
from denwaban.scripts.rows import script_versions, scripts
from denwaban.store import Store, Tx, migrate, new_id

DAYS = 28
ROUNDS = 15
TOGETHER = 100


def fill(tx: Tx, count: int) -> tuple[str, str, str, str]:
    """Returns (client, script, version, operator) of one of them."""

    script = parse(library()[0].text).script
    document = plain_data(script)
    nodes = [node.id for node in script.nodes[:7]]
    today = tx.now.date()
    rows: dict[str, list[dict[str, object]]] = {
        name: [] for name in ("client", "script", "version", "use", "week", "proposal")
    }
    times = {bucket(seconds): 10 for seconds in (4, 9, 12, 15, 20, 30, 60)}
    for n in range(count):
        client, one, version, week = (new_id() for _ in range(4))
        rows["client"].append(
            {
                "id": client,
                "code": f"c{n}",
                "name": f"会社{n:05}",
                "kana": "",
                "industry": "",
                "greeting": "",
                "policy": "",
                "created_at": tx.now,
                "updated_at": tx.now,
            }
        )
        rows["script"].append(
            {"id": one, "client_id": client, "name": "受付", "published_version_id": version}
        )
        rows["version"].append(
            {
                "id": version,
                "script_id": one,
                "version": 1,
                "document": document if n == count // 2 else {},
                "reason": "",
                "published_at": tx.now,
            }
        )
        # A day of each makes the table as deep as it needs to be; the one asked has all.
        days = range(DAYS) if n == count // 2 else range(1)
        rows["use"] += [
            {
                "version_id": version,
                "day": today - timedelta(days=day),
                "node": name,
                "visits": 100,
                "drops": 3,
                "forks": 90,
                "otherwise": 9,
                "times": times,
            }
            for day in days
            for name in ("", *nodes)
        ]
        rows["week"].append(
            {
                "id": week,
                "script_id": one,
                "client_id": client,
                "monday": monday_of(tx.now),
                "closed_at": tx.now,
            }
        )
        rows["proposal"] += [
            {
                "id": new_id(),
                "week_id": week,
                "script_id": one,
                "client_id": client,
                "what": "slow",
                "node": name,
                "label": "",
                "count": 5,
                "of": 100,
                "calls": [],
                "words": [],
                "state": "open",
                "reason": "",
                "made_at": tx.now,
            }
            for name in nodes[:3]
        ]
    for table, name in (
        (clients, "client"),
        (scripts, "script"),
        (script_versions, "version"),
        (node_use, "use"),
        (script_weeks, "week"),
        (script_proposals, "proposal"),
    ):
        tx.execute(insert(table), rows[name])
    operator = new_id()
    tx.execute(
        insert(operators).values(
            id=operator,
            user_id=add_user(tx, "operator", Hashed("!"), Role.OPERATOR, "operator"),
            name="operator",
            kana="",
            seat="seat-1",
            sip_password="x",
            created_at=tx.now,
            updated_at=tx.now,
        )
    )
    at = count // 2
    return (
        str(rows["client"][at]["id"]),
        str(rows["script"][at]["id"]),
        str(rows["version"][at]["id"]),
        operator,
    )


async def median(act: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds."""
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        await act()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


async def measure(count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{Path(folder) / 'bench.db'}", SystemClock())
        lend_keys(store)
        await asyncio.to_thread(migrate, store.engine)
        await store.open()
        client, script, version, operator = await store.write(lambda tx: fill(tx, count))
        today = date.today()  # noqa: DTZ011 - a day beside the figures' own
        first = today - timedelta(days=DAYS)

        async def talked(calls: int, *, followed_script: bool) -> list[Entry]:
            """Calls of three steps each, or such as nobody followed a script in; their facts."""

            def talk(tx: Tx) -> int:
                seq = last_seq(tx)
                for _ in range(calls):
                    one_talk(tx)
                return seq

            def one_talk(tx: Tx) -> None:
                call = denwaban.calls.begin(
                    tx, client_id=client, dialled="+81355550101", caller="", script_id=script
                )
                denwaban.calls.answered(tx, call.id, operator)
                if followed_script:
                    run = start_run(tx, call)
                    for _ in range(2):
                        go(tx, run.id, "1" if isinstance(run.node, Decide) else "next")
                        run = run_of_call(tx, call.id) or run
                denwaban.calls.ended(tx, call.id, Outcome.ANSWERED)

            seq = await store.write(talk)
            return [e for e in await store.read(lambda tx: after(tx, seq)) if wanted(e)]

        async def gathering(calls: int, *, followed_script: bool) -> float:
            """Milliseconds of processor time for each of so many calls taken in at once."""
            entries = await talked(calls, followed_script=followed_script)
            begun = time.process_time()
            await gatherer.take(entries)
            return (time.process_time() - begun) * 1000 / calls

        gatherer = Gatherer(store, store.clock)
        taken = {
            f"taking in {what}": statistics.median(
                [
                    await gathering(calls, followed_script=one)
                    for _ in range(min(3, ROUNDS) if calls > 1 else ROUNDS)
                ]
            )
            for what, calls, one in (
                ("one call", 1, True),
                ("a call of a hundred", TOGETHER, True),
                ("a call of a hundred that followed no script", TOGETHER, False),
            )
        }
        found = {
            "figures of one script, 28 days": await median(
                lambda: store.read(lambda tx: use(tx, version, first, today))
            ),
            "its proposals": await median(
                lambda: store.read(lambda tx: proposals_of(tx, script, [Decision.OPEN]))
            ),
            "list of all scripts, one page": await median(
                lambda: store.read(lambda tx: waiting(tx, after=None, limit=51))
            ),
            **taken,
        }
        await store.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--clients", type=int, nargs="+", default=[10, 10_000])
    sizes = parser.parse_args().clients
    about = described()
    results = [asyncio.run(measure(count)) for count in sizes]
    print("| median, ms |", " | ".join(f"{count:,} clients" for count in sizes), "|")
    for name in results[0]:
        print(f"| {name} |", " | ".join(f"{one[name]:.1f}" for one in results), "|")
    written("improvement", {**about, "median_ms": dict(zip(map(str, sizes), results, strict=True))})


if __name__ == "__main__":
    main()
