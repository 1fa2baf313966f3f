"""A PostgreSQL server of one's own, for tests and figures."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port


def binaries() -> Path | None:
    """Where the server's programs are; None when there is no PostgreSQL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


@contextmanager
def server(*settings: str) -> Iterator[str]:
    """Runs a server (with `name=value` settings besides) and throws it away; its URL without a database name. It must be
    there (`binaries`)."""
    programs = binaries()
    assert programs is not None
    base = Path(tempfile.mkdtemp(prefix="dwb-pg-"))
    port = free_port()
    # PostgreSQL refuses to run as root: in CI it runs as the account that its package made.
    as_root = os.geteuid() == 0
    prefix = (
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if as_root else []
    )
    if as_root:
        account = pwd.getpwnam("postgres")
        os.chown(base, account.pw_uid, account.pw_gid)
    data = base / "data"

    def run(program: str, *command: str) -> None:
        told = [*prefix, str(programs / program), "-D", str(data), *command]
        subprocess.run(told, check=True, capture_output=True, cwd=base)

    run("initdb", "-U", "denwaban", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -c unix_socket_directories={base}"
    )
    options += "".join(f" -c {setting}" for setting in settings)
    run("pg_ctl", "-o", options, "-l", str(base / "log"), "-w", "start")
    try:
        yield f"postgresql://denwaban@127.0.0.1:{port}"
    finally:
        run("pg_ctl", "-m", "immediate", "-w", "stop")
        shutil.rmtree(base, ignore_errors=True)
