"""A private Postfix: a real mail server in a folder of its own, on 127.0.0.1, nothing in /etc touched.

Postfix wants to be started by root (its parts then run as its own account); without root `start` says so.
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

MAIN = """
compatibility_level = 3.6
queue_directory = {base}/queue
data_directory = {base}/data
mail_owner = postfix
setgid_group = postdrop
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
myhostname = mail.example.jp
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = example.jp{own}
virtual_mailbox_base = {base}/boxes
virtual_mailbox_maps = inline:{{ suzuki@example.jp=suzuki/ ito@example.jp=ito/ gone@example.jp=gone/ {box} }}
recipient_delimiter = +
relay_domains = {relayed}
transport_maps = inline:{{ {door} }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_transport = {transport}
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
maillog_file = {base}/log
maillog_file_prefixes = {base}
"""

MASTER = """
127.0.0.1:{port} inet n - n - 60 smtpd
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
discard unix - - n - - discard
retry unix - - n - - error
smtp unix - - n - - smtp
relay unix - - n - - smtp
virtual unix - n n - - virtual
"""


class Postfix:
    """Where it listens, and what has arrived."""

    def __init__(self, base: Path, port: int) -> None:
        self.base = base
        self.address = f"127.0.0.1:{port}"

    def mails(self, box: str) -> list[bytes]:
        """The mails in `box` (suzuki, ito)."""
        return [file.read_bytes() for file in sorted((self.base / "boxes" / box / "new").glob("*"))]


def possible() -> str:
    """Why it cannot run here; empty when it can."""
    if shutil.which("postfix", path="/usr/sbin:/usr/bin") is None:
        return "apt-get install postfix"
    return "" if os.geteuid() == 0 else "Postfix is started by root"


@contextmanager
def running(transport: str = "virtual", door: int = 0) -> Iterator[Postfix]:
    """Starts it; `transport` `discard` throws mails away after accepting them (for measuring). Mails for in.example.jp go to
    the SMTP server on port `door`, or into the box `reply`. gone@example.jp is accepted, and then
    returned, because that server refuses it."""
    base = Path(tempfile.mkdtemp(prefix="dwb-postfix-"))
    base.chmod(0o755)
    account = pwd.getpwnam("postfix")
    port = free_port()
    for folder in ("conf", "queue", "data", "boxes"):
        (base / folder).mkdir()
    for folder in ("data", "boxes"):
        os.chown(base / folder, account.pw_uid, account.pw_gid)
    (base / "conf" / "main.cf").write_text(
        MAIN.format(
            base=base,
            uid=account.pw_uid,
            gid=account.pw_gid,
            transport=transport,
            own="" if door else " in.example.jp",
            box="" if door else "reply@in.example.jp=reply/",
            relayed="in.example.jp" if door else "",
            door=f"in.example.jp=smtp:[127.0.0.1]:{door} gone@example.jp=smtp:[127.0.0.1]:{door}"
            if door
            else "nothing.invalid=discard:",
        )
    )
    (base / "conf" / "master.cf").write_text(MASTER.format(port=port))

    def command(what: str) -> None:
        done = subprocess.run(
            ["/usr/sbin/postfix", "-c", str(base / "conf"), what],
            capture_output=True,
            text=True,
            timeout=60,
        )
        log = base / "log"
        told = log.read_text("utf-8") if log.exists() else ""
        assert done.returncode == 0, f"postfix {what}: {done.stdout}{done.stderr}{told}"

    command("start")
    try:
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < end, "Postfix does not listen"
                time.sleep(0.05)
        yield Postfix(base, port)
    finally:
        command("abort")
        shutil.rmtree(base, ignore_errors=True)
