"""What lint costs: one script of 200 nodes while its author types, and 10,000 scripts in one command.

    python -m bench.lint [--scripts 10000]

Prints milliseconds for the large script (reading its text, lint alone, lint with lines, and both on a text with findings),
and seconds, scripts per second and findings for the command over a real SQLite with that many clients, each with staff, a
plan and a script of its own. Writes var/bench/lint.json.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial

from sqlalchemy import Table, insert

import denwaban.schema  # noqa: F401 - loads every table
from bench.machine import described, table, written
from denwaban.cli.scripts import Told, lint_database
from denwaban.clock import SystemClock
from denwaban.lines import EVERY_DAY
from denwaban.lines.rows import plan_windows
from denwaban.people.rows import clients, staff
from denwaban.scripts import Around, dump, lint, parse
from denwaban.scripts.library import library
from denwaban.scripts.model import plain_data
from denwaban.scripts.rows import script_versions, scripts
from denwaban.store import Store, Tx, metadata, new_id

NODES = 200
TIMES = 30
AT_ONCE = 250
FAMILIES = (
    "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上".split()
)


def large(faults: bool) -> str:
    """A script of 200 nodes with 15 fields that identify, 40 decisions, loops, restricted nodes and promises; with
    `faults` a node in ten has something to mend."""
    rng = random.Random(7)
    head = (
        '[head]\nmandatory = ["what_for", "caller_name"]\nmust_say = ["担当へ確実に引き継ぎます"]\n'
        'topics = [{ name = "ご契約", restricted = true }]\n'
        'forbidden = [{ words = "無料です", instead = "担当より申し上げます" }]\n'
    )
    nodes = [
        '[[nodes]]\nkind = "ask"\nid = "n0"\ntitle = "はじめ"\nsay = "お名前とご用件をお願いいたします。状況を担当へ確実に引き継ぎます。"\n'
        'to = "n1"\nask = [\n  { id = "caller_name", label = "お名前", type = "name", mandatory = true, identity = true },\n'
        '  { id = "what_for", label = "ご用件", mandatory = true, identity = true },\n]\n',
        '[[nodes]]\nkind = "decide"\nid = "n1"\ntitle = "確認"\nsay = "確認いたします。"\n'
        'branches = [{ label = "合った", to = "n2", verified = true }]\notherwise = { label = "それ以外", to = "n199" }\n',
    ]
    for n in range(2, NODES - 1):
        start = f'id = "n{n}"\ntitle = "場面{n}"\nsay = "こちらでは、次のことをご案内いたします。{n} 番目でございます。"\n'
        if n % 5 == 0:
            ways = [n + 1, rng.randint(n, NODES - 1), rng.randint(2, n)]
            rows = "".join(
                f'  {{ label = "{"甲乙丙"[k]}の件 {n}", to = "n{way}" }},\n'
                for k, way in enumerate(ways)
            )
            nodes.append(
                f'[[nodes]]\nkind = "decide"\n{start}branches = [\n{rows}]\notherwise = {{ label = "それ以外", to = "n{NODES - 1}" }}\n'
            )
        elif n % 7 == 0:
            nodes.append(f'[[nodes]]\nkind = "inform"\n{start}topic = "ご契約"\nto = "n{n + 1}"\n')
        elif n % 11 == 0:
            nodes.append(f'[[nodes]]\nkind = "promise"\n{start}to = "n{n + 1}"\n')
        else:
            field = f'ask = [{{ id = "f{n}", label = "項目{n}", hint = "分かる範囲で" }}]\n'
            nodes.append(f'[[nodes]]\nkind = "ask"\n{start}to = "n{n + 1}"\n{field}')
    nodes.append(
        f'[[nodes]]\nkind = "end"\nid = "n{NODES - 1}"\ntitle = "結び"\nsay = "失礼いたします。"\n'
    )
    text = head + "\n" + "\n".join(nodes)
    if faults:
        for n in range(10, NODES, 10):
            text = text.replace(f"{n + 2} 番目で", "たぶん、無料で")
    return text


def milliseconds(what: Callable[[], object]) -> list[float]:
    took = []
    for _time in range(TIMES):
        began = time.perf_counter()
        what()
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took)


def offices(tx: Tx, numbers: range) -> None:
    """Clients, each with ten members of staff, two of whom have left, a plan and a script of its own."""
    rng = random.Random(numbers.start)
    made: dict[Table, list[dict[str, object]]] = {
        one: [] for one in (clients, staff, plan_windows, scripts, script_versions)
    }
    when = {"created_at": tx.now, "updated_at": tx.now}
    for number in numbers:
        client_id, script_id, version_id = new_id(), new_id(), new_id()
        name = f"計測商事{number}"
        made[clients].append(
            {
                "id": client_id, "code": f"c{number}", "name": name, "kana": "けいそく", "industry": "",
                "greeting": f"お電話ありがとうございます。{name}でございます。", "policy": "", **when,
            }
        )  # fmt: skip
        made[staff] += [
            {
                "id": new_id(), "client_id": client_id, "name": f"{rng.choice(FAMILIES)} {place}郎", "kana": "かな",
                "department": "", "presence": "present", "presence_note": "", "in_charge": place == 0,
                "left_at": tx.now if place > 7 else None, **when,
            }
            for place in range(10)
        ]  # fmt: skip
        template = library()[number % len(library())]
        made[plan_windows].append(
            {
                "id": new_id(), "client_id": client_id, "position": 0, "name": "いつでも", "days": EVERY_DAY,
                "opens": 0, "closes": 1440, "mode": "full", "script_id": script_id, "message": "",
            }
        )  # fmt: skip
        made[scripts].append(
            {
                "id": script_id, "client_id": client_id, "name": "受付", "published_version_id": version_id,
            }
        )  # fmt: skip
        made[script_versions].append(
            {
                "id": version_id, "script_id": script_id, "version": 1, "document": plain_data(template.script),
                "text": template.text, "reason": "計測", "published_at": tx.now,
            }
        )  # fmt: skip
    for one, rows in made.items():
        tx.execute(insert(one), rows)


async def all_scripts(count: int) -> tuple[float, Told]:
    """Seconds that the command takes, and what it told."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/lint.db", SystemClock())
        metadata.create_all(store.engine)
        await store.open()
        try:
            for first in range(0, count, AT_ONCE):
                some = range(first, min(first + AT_ONCE, count))
                await store.write(partial(offices, numbers=some))
            began = time.perf_counter()
            told = await lint_database(store, lambda line: None, lambda done, of: None)
            return time.perf_counter() - began, told
        finally:
            await store.close()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--scripts", type=int, default=10_000)
    count = options.parse_args().scripts
    machine = described()
    around = Around(left=frozenset(f"{one} 八郎" for one in FAMILIES))
    sound, faulty = large(False), large(True)
    script, source = parse(sound)
    assert len(script.nodes) == NODES
    broken, lines = parse(faulty)
    cost = {
        "text_read_ms": milliseconds(lambda: parse(sound)),
        "text_written_ms": milliseconds(lambda: dump(script)),
        "lint_ms": milliseconds(lambda: lint(script, around, source)),
        "lint_with_findings_ms": milliseconds(lambda: lint(broken, around, lines)),
        "read_and_lint_with_findings_ms": milliseconds(
            lambda: lint((again := parse(faulty)).script, around, again.source)
        ),
    }
    print(
        f"\n{NODES} nodes, {sound.count(chr(10))} lines, {len(lint(broken, around, lines))} findings"
    )
    table(
        ["", "median ms", "slowest ms"],
        [
            [name, f"{statistics.median(took):.1f}", f"{took[-1]:.1f}"]
            for name, took in cost.items()
        ],
    )
    seconds, told = asyncio.run(all_scripts(count))
    print(f"\n{count} scripts of {count} clients in one command")
    table(
        ["", ""],
        [
            ["seconds", f"{seconds:.1f}"],
            ["scripts per second", f"{count / seconds:.0f}"],
            ["errors", str(told.errors)],
            ["warnings", str(told.warnings)],
        ],
    )
    written(
        "lint",
        {
            "machine": machine,
            "nodes": NODES,
            "milliseconds": {
                name: {"median": statistics.median(took), "slowest": took[-1]}
                for name, took in cost.items()
            },
            "scripts": count,
            "seconds": seconds,
            "errors": told.errors,
            "warnings": told.warnings,
        },
    )


if __name__ == "__main__":
    main()
