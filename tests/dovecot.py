"""A private Dovecot: a real IMAP server over one Maildir, in a folder of its own, on 127.0.0.1, nothing in /etc touched.

Like Postfix it wants to be started by root; `possible` says so.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port

DOVECOT = "/usr/sbin/dovecot"
PASSWORD = "box-password"

CONF = """
base_dir = {base}/run
log_path = {base}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{maildir}
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}/home
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""


def possible() -> str:
    """Why it cannot run here; empty when it can."""
    if not Path(DOVECOT).exists():
        return "apt-get install dovecot-imapd"
    return "" if os.geteuid() == 0 else "Dovecot is started by root"


@contextmanager
def running(maildir: Path, account: str) -> Iterator[str]:
    """Serves `maildir`, which belongs to `account`; yields the URL of its box."""
    owner = pwd.getpwnam(account)
    base = Path(tempfile.mkdtemp(prefix="dwb-dovecot-"))
    base.chmod(0o755)
    (base / "home").mkdir()
    os.chown(base / "home", owner.pw_uid, owner.pw_gid)
    port = free_port()
    conf = base / "dovecot.conf"
    conf.write_text(
        CONF.format(
            base=base,
            maildir=maildir,
            password=PASSWORD,
            uid=owner.pw_uid,
            gid=owner.pw_gid,
            port=port,
        )
    )
    server = subprocess.Popen([DOVECOT, "-c", str(conf), "-F"], stderr=subprocess.PIPE, text=True)
    try:
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                log = base / "log"
                told = log.read_text("utf-8") if log.exists() else ""
                assert time.monotonic() < end, f"Dovecot does not listen: {told}"
                assert server.poll() is None, f"Dovecot ended: {told}"
                time.sleep(0.05)
        yield f"imap://reply:{PASSWORD}@127.0.0.1:{port}/INBOX?starttls=no"
    finally:
        server.terminate()
        server.wait(10)
        if server.stderr is not None:
            server.stderr.close()
        shutil.rmtree(base, ignore_errors=True)
