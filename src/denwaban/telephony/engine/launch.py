"""Becomes the engine, bound to die with its supervisor. Run as a script by `supervise`.

`python launch.py <pid of the supervisor> <program> <arguments…>`. Done in a process of its own and
not between fork and exec of the supervisor, where threads of that process could hold locks.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def bound_to_us(*command: str) -> tuple[str, ...]:
    """The command line that runs `command` so that it gets SIGTERM when the calling thread dies."""
    return (sys.executable, "-I", "-S", __file__, str(os.getpid()), *command)


def main() -> None:
    """Replaces this process by the program; exits 1 when the supervisor is already gone."""
    parent = int(sys.argv[1])
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:  # it died before prctl; no signal will come
        sys.exit(1)
    # What it writes is about callers: for this user alone.
    os.umask(0o077)
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
