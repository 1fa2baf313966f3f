"""The first look at what the database holds, by several threads of a new program at once: seats ask all at once after a restart."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PROGRAMS = 8

ASK = """
import asyncio, sys
import msgspec
from denwaban.clock import SystemClock
from denwaban.scripts import End, Say, Script
from denwaban.store import Store

KEPT = msgspec.to_builtins(Script(nodes=(Say(id="a", title="a", say="a", to="b"), End(id="b", title="b", say="b"))))

async def main():
    store = Store("sqlite:///" + sys.argv[1], SystemClock())
    await store.open()
    sys.setswitchinterval(1e-6)  # so that it happens here, not once a month
    reads = (store.read(lambda tx: msgspec.convert(KEPT, Script)) for _ in range(8))
    assert len(set(await asyncio.gather(*reads))) == 1
    await store.close()

asyncio.run(main())
"""


def test_threads_that_look_at_the_same_thing_first_do_not_end_the_program(tmp_path: Path) -> None:
    def program(number: int) -> int:
        home = tmp_path / f"{number}.db"
        return subprocess.run([sys.executable, "-c", ASK, str(home)], timeout=60).returncode

    with ThreadPoolExecutor(2) as several:
        assert list(several.map(program, range(PROGRAMS))) == [0] * PROGRAMS
