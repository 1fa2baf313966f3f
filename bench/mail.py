"""Mail without us: a server that accepts everything, and bare loops that hand over to it what we would send."""

import asyncio
import contextlib
import email
import email.policy
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr

import aiosmtplib
from tests.ports import free_port

from denwaban.clock import SystemClock
from denwaban.delivery.channels.mail import TEXT, compose, page_of
from denwaban.delivery.message import Message, text_of
from denwaban.delivery.model import Kind
from denwaban.store import new_id

SENDER = "denwaban@example.jp"

AT_ONCE = 2000
"""Mails of a measurement of throughput, theirs and ours."""

CONNECTIONS = 8


@contextlib.contextmanager
def smtp() -> Iterator[str]:
    """The address of a server that accepts everything."""
    address = f"127.0.0.1:{free_port()}"
    # It refuses to stay root.
    who = ["-u", "postfix"] if os.geteuid() == 0 else []
    sink = subprocess.Popen(["/usr/sbin/smtp-sink", *who, address, "256"])
    host, port = address.split(":")
    end = time.monotonic() + 10
    try:
        while True:
            with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 1):
                break
            if time.monotonic() > end:
                raise RuntimeError("smtp-sink did not start")
            time.sleep(0.05)
        yield address
    finally:
        sink.terminate()
        sink.wait()


def a_message() -> Message:
    """As long as what `bench.delivery` sends."""
    return Message(
        key=f"msg_{new_id()}", report_id=new_id(), client_id="", client_name="山田設備", staff_id="", staff_name="鈴木",
        kind=Kind.FIRST, subject="【要折り返し】佐藤 花子様より", lines=(("ご用件", "給湯器から異音がする"),) * 7,
        link="https://d.example.jp/a/" + "x" * 43, address={"to": "suzuki@example.jp"},
        at=SystemClock().now(), data={},
    )  # fmt: skip


def by_the_library(message: Message) -> MIMEMultipart:
    """The mail of `compose`, made by the standard library, by its older classes: `EmailMessage` takes three times as long."""
    mail = MIMEMultipart("alternative")
    mail["From"] = formataddr((f"{message.client_name} 受電報告", SENDER))
    mail["To"] = formataddr((f"{message.staff_name} 様", message.address["to"]))
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.key}@example.jp>"
    mail["References"] = f"<{message.report_id}@example.jp>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.attach(MIMEText(text_of(message, TEXT), "plain", "utf-8"))
    mail.attach(MIMEText(page_of(message), "html", "utf-8"))
    return mail


def same_mail() -> None:
    """Asserts that both sides send the same mail, nearly byte for byte."""
    message = a_message()
    ours, theirs = compose(message, SENDER), by_the_library(message).as_bytes()
    read = email.message_from_bytes(ours, policy=email.policy.SMTP)
    other = email.message_from_bytes(theirs, policy=email.policy.SMTP)
    for name in ("From", "To", "Subject", "Message-ID", "References", "Auto-Submitted"):
        assert str(read[name]) == str(other[name]), name
    texts = [
        [
            part.get_content().rstrip()
            for part in mail.walk()
            if part.get_content_maintype() == "text"
        ]
        for mail in (read, other)
    ]
    assert texts[0] == texts[1]
    assert abs(len(ours) - len(theirs)) < len(ours) / 20, (len(ours), len(theirs))


async def bare(
    address: str, mails: int, connections: int, ready: bytes | None = None
) -> tuple[float, float]:
    """Mails per second of aiosmtplib alone, and milliseconds of processor time for each: a loop over one kept connection,
    or as many loops as connections. Each mail is made as it is sent; with `ready`, one mail that was made before is sent
    again and again, which no program can do, but which shows what the conversation alone costs."""
    host, port = address.split(":")

    async def loop(count: int) -> None:
        async with aiosmtplib.SMTP(hostname=host, port=int(port), start_tls=False) as client:
            for _mail in range(count):
                if ready is None:
                    await client.send_message(by_the_library(a_message()))
                else:
                    await client.sendmail(SENDER, ["suzuki@example.jp"], ready)

    used, began = time.process_time(), time.perf_counter()
    await asyncio.gather(*(loop(mails // connections) for _one in range(connections)))
    rate = mails / (time.perf_counter() - began)
    return rate, (time.process_time() - used) * 1000 / mails


async def all_bare(address: str) -> dict[str, tuple[float, float]]:
    """The bare loops by name; the first is the one that ours is compared with."""
    ready = compose(a_message(), SENDER)
    return {
        "bare_loop": await bare(address, AT_ONCE // 4, 1),
        "ready_one_connection": await bare(address, AT_ONCE, 1, ready),
        f"ready_{CONNECTIONS}_connections": await bare(address, AT_ONCE, CONNECTIONS, ready),
    }
