"""Card numbers never leave; texts fit; mails carry Japanese and no injected headers."""

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.servers.smtp import words_of

from denwaban.config import SettingsError
from denwaban.delivery.channels.chatwork import BODY
from denwaban.delivery.channels.chatwork import body as chatwork_body
from denwaban.delivery.channels.mail import compose
from denwaban.delivery.channels.slack import SECTION
from denwaban.delivery.channels.slack import payload as slack_payload
from denwaban.delivery.channels.smtp import parse
from denwaban.delivery.channels.web import Answer, later
from denwaban.delivery.message import Message
from denwaban.delivery.model import Kind
from denwaban.reports import mask_cards
from denwaban.reports.cards import luhn

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def message(
    subject: str = "【要折り返し】佐藤 花子様より", value: str = "給湯器", name: str = "鈴木"
) -> Message:
    return Message(
        key="msg_1", report_id="r", client_id="c", client_name="山田設備", staff_id="s", staff_name=name,
        kind=Kind.FIRST, subject=subject, lines=(("ご用件", value),), link="https://d.example.jp/a/TOKEN",
        address={"to": "suzuki@example.jp"}, at=NOW, data={},
    )  # fmt: skip


@pytest.mark.req("G2")
@pytest.mark.parametrize(
    "text",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111−1111−1111−1111",
        "番号は４１１１ １１１１ １１１１ １１１１です",
        "378282246310005 まで",
    ],
)
def test_card_numbers_are_masked(text: str) -> None:
    assert "●●●●" in mask_cards(text)
    assert "1111 1111" not in mask_cards(text)


@pytest.mark.parametrize(
    "text",
    ["090-1234-5678", "+81 90 1234 5678", "4111111111111112", "2026-11-24 15:00", "注文 12345678"],
)
def test_other_numbers_stay(text: str) -> None:
    assert mask_cards(text) == text


@given(st.lists(st.integers(0, 9), min_size=12, max_size=18))
def test_every_number_with_a_good_check_digit_is_masked(digits: list[int]) -> None:
    check = next(d for d in range(10) if luhn([*digits, d]))
    text = "".join(map(str, [*digits, check]))
    assert text not in mask_cards(f"カード{text}です")


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=120))
def test_a_mail_comes_back_as_it_was_written(text: str) -> None:
    subject = " ".join(f"【要折り返し】{text}様より".split())
    raw = compose(message(subject=subject, value=text), "denwaban@example.jp")
    seen = email.message_from_bytes(raw, policy=email.policy.default)
    assert " ".join(str(seen["Subject"]).split()) == subject
    assert all(line.isascii() and len(line) <= 998 for line in raw.split(b"\r\n"))
    assert isinstance(seen, EmailMessage)
    assert text in words_of(seen)
    assert seen["Message-ID"] == "<msg_1@example.jp>"


def test_a_name_cannot_add_a_header() -> None:
    raw = compose(message(name="鈴木\r\nBcc: all@example.jp"), "denwaban@example.jp")
    seen = email.message_from_bytes(raw, policy=email.policy.default)
    assert seen["Bcc"] is None
    assert str(seen["To"].addresses[0].display_name) == "鈴木 Bcc: all@example.jp 様"


@given(st.integers(0, 80_000))
def test_long_reports_fit_and_say_that_there_is_more(length: int) -> None:
    long = message(value="あ" * length)
    assert len(chatwork_body(long)) <= BODY
    blocks = slack_payload(long)["blocks"]
    assert isinstance(blocks, list)
    assert all(1 <= len(block["text"]["text"]) <= SECTION for block in blocks)
    assert long.link in chatwork_body(long)
    if length > BODY:
        assert "続きはリンク先で" in chatwork_body(long)


@pytest.mark.parametrize(
    ("url", "tls", "port"),
    [
        ("smtp://mail.example.jp", "auto", 25),
        ("smtp://u:p%40ss@mail.example.jp", "required", 587),
        ("smtp://u:p@127.0.0.1:2525", "auto", 2525),
        ("smtp://mail.example.jp:26?starttls=no", "no", 26),
        ("smtp://mail.example.jp?starttls=true", "required", 25),
        ("smtps://u:p@mail.example.jp", "direct", 465),
    ],
)
def test_smtp_urls(url: str, tls: str, port: int) -> None:
    server = parse(url)
    assert (server.tls, server.port) == (tls, port)
    assert "p@ss" not in repr(server)


@pytest.mark.parametrize(
    "url", ["mail.example.jp", "http://x", "smtp://", "smtp://x:port", "smtp://x?starttls=maybe"]
)
def test_bad_smtp_urls_say_what_was_expected(url: str) -> None:
    with pytest.raises(SettingsError, match="DENWABAN_SMTP_URL"):
        parse(url)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "30"}, 30),
        ({"retry-after": "Tue, 24 Nov 2026 01:02:00 GMT"}, 120),
        ({"retry-after": "soon"}, None),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) + 90)}, 90),
        ({"x-ratelimit-reset": "1"}, 0),
        ({}, None),
    ],
)
def test_how_long_to_wait_is_read_from_the_answer(
    headers: dict[str, str], seconds: int | None
) -> None:
    wait = later(Answer(429, httpx.Headers(headers), ""), NOW)
    assert (None if wait is None else wait.total_seconds()) == seconds
