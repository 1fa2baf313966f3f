"""The first look at what the database holds, by several threads of a new program at once: seats ask all at once after a restart."""

import subprocess
import sys
from pathlib import Path

PROGRAMS = 8

ASK = """
import asyncio, os, sys
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

# Each of these is a program that has loaded everything and looked at nothing yet.
ended = []
for program in range(int(sys.argv[2])):
    child = os.fork()
    if child == 0:
        asyncio.run(main())
        os._exit(0)
    ended.append(os.waitpid(child, 0)[1])
print(ended)
"""


def test_threads_that_look_at_the_same_thing_first_do_not_end_the_program(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", ASK, str(tmp_path / "some.db"), str(PROGRAMS)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.stdout.split("\n")[0] == str([0] * PROGRAMS), ran.stderr
