"""Results that come twice and out of order, answers to mails, signatures: without I/O."""

from datetime import UTC, datetime, timedelta
from time import process_time

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.servers import line, slack, sms

from denwaban.delivery.channels.sms import parts, plain_japanese, utf16
from denwaban.delivery.channels.web import Answer, later
from denwaban.delivery.inbound import signatures
from denwaban.delivery.inbound.letter import Sort, read_letter, token_of
from denwaban.delivery.inbound.model import Arrival, fold
from denwaban.delivery.inbound.quoting import own_words, takes

BASE = "reply@in.example.jp"
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@pytest.mark.req("C5")
@given(st.lists(st.sampled_from(Arrival), min_size=1), st.randoms())
def test_results_in_any_order_with_any_repetitions_end_the_same(
    told: list[Arrival], chance: object
) -> None:
    shuffled = told * 2
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    def end(results: list[Arrival]) -> Arrival | None:
        state: Arrival | None = None
        for one in results:
            after = fold(state, one)
            assert state is None or after >= state
            state = after
        return state

    assert end(told) == end(shuffled)


@given(st.binary(max_size=200), st.text(max_size=20))
def test_only_what_slack_and_line_signed_is_theirs(body: bytes, other: str) -> None:
    at = int(NOW.timestamp())
    good = slack.signed(body, at)
    stamp, signature = good["x-slack-request-timestamp"], good["x-slack-signature"]
    secrets = ["another-apps-secret", slack.SIGNING_SECRET]
    assert signatures.from_slack(secrets, stamp, signature, body, NOW)
    assert not signatures.from_slack(secrets, stamp, signature, body + b".", NOW)
    assert not signatures.from_slack(secrets, stamp, other, body, NOW)
    assert not signatures.from_slack(secrets, other, signature, body, NOW)
    assert not signatures.from_slack([], stamp, signature, body, NOW)
    for moved in (timedelta(minutes=6), timedelta(minutes=-6)):
        assert not signatures.from_slack(secrets, stamp, signature, body, NOW + moved)
    theirs = line.signed(body)["x-line-signature"]
    assert signatures.from_line(line.CHANNEL_SECRET, theirs, body)
    assert not signatures.from_line(line.CHANNEL_SECRET, theirs, body + b"\n")
    assert not signatures.from_line(line.CHANNEL_SECRET, other, body)
    assert not signatures.from_line("", theirs, body)


def test_the_example_that_twilio_itself_gives() -> None:
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    url = "https://example.com/myapp.php?foo=1&bar=2"
    assert signatures.from_twilio("12345", "L/OH5YylLD5NRKLltdqwSvS0BnU=", url, form)
    assert not signatures.from_twilio("12345", "L/OH5YylLD5NRKLltdqwSvS0BnU=", url + "3", form)
    assert not signatures.from_vonage("", {"sig": sms.VONAGE_SIGNATURE})


@given(st.text(max_size=300))
def test_an_sms_is_cut_where_the_network_would(text: str) -> None:
    count = parts(text)
    assert count >= 1
    units = utf16(text)
    if count > 1:
        # Only a text of the small alphabet gets further than 70 in one part.
        assert units > 70
        assert units <= 153 * count
    assert all(char == "〓" or char.encode("shift_jis") for char in plain_japanese(text))


def test_known_lengths() -> None:
    assert [parts("あ" * n) for n in (1, 70, 71, 134, 135)] == [1, 1, 2, 2, 3]
    assert [parts("a" * n) for n in (160, 161, 306, 307)] == [1, 2, 2, 3]
    # A pair of units is not cut: 33 pairs and one character fill a part of 67, 34 pairs do not go into it.
    assert parts("🏠" * 35) == 1
    assert parts("🏠" * 36) == 2
    assert plain_japanese("髙橋 﨑子①🏠") == "高橋 崎子1〓"


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("引き受けます。\n\n> 山田設備\n> 鈴木 様", "引き受けます。"),
        (
            "承知です\n\n2026年11月24日(火) 10:00 山田設備 <reply@in.example.jp>:\n以下本文",
            "承知です",
        ),
        ("15時に電話します\n-----Original Message-----\nFrom: x", "15時に電話します"),
        ("はい\r\n\r\nOn Tue, Nov 24, 2026 at 10:00 AM X <x@y.jp> wrote:\r\n> a", "はい"),
        ("了解\n________________________________\n差出人: 電話番 <a@b.jp>", "了解"),
        ("本文\n-- \n鈴木\n090-0000-0000", "本文"),
        ("> だけ", ""),
    ],
)
def test_only_their_own_words_are_kept(text: str, own: str) -> None:
    assert own_words(text) == own


@pytest.mark.parametrize(
    ("words", "taken"),
    [
        ("引き受けます", True),
        ("引受けます。", True),
        ("\n 対応します！\n鈴木", True),
        ("承知いたしました", True),
        ("OK", True),
        ("承知しましたが、外出中です", False),
        ("引き受けられません", False),
        ("引き受けますか?", False),
        ("誰が対応しますか", False),
        ("", False),
    ],
)
def test_only_a_plain_yes_takes_a_report(words: str, taken: bool) -> None:
    assert takes(words) is taken


def mail(head: str, body: str = "引き受けます", charset: str = "utf-8") -> bytes:
    top = f"From: Suzuki <suzuki@example.jp>\nTo: reply+abc@in.example.jp\n{head}\n"
    return (
        top.encode("ascii")
        + f"Content-Type: text/plain; charset={charset}\n\n".encode()
        + body.encode(charset, "replace")
    )


@pytest.mark.parametrize(
    ("head", "sort"),
    [
        ("Message-ID: <1@x>", Sort.ANSWER),
        ("Auto-Submitted: no", Sort.ANSWER),
        ("Auto-Submitted: auto-replied", Sort.AWAY),
        ("Precedence: bulk", Sort.AWAY),
        ("X-Autoreply: yes", Sort.AWAY),
        ("Subject: =?utf-8?b?6Ieq5YuV5b+c562UOiDkuI3lnKg=?=", Sort.AWAY),
        ("Subject: Out of Office: Suzuki", Sort.AWAY),
    ],
)
def test_what_a_program_wrote_is_no_answer(head: str, sort: Sort) -> None:
    assert read_letter(mail(head), BASE).sort is sort
    assert read_letter(mail("Message-ID: <1@x>"), BASE, sender="").sort is Sort.AWAY


@pytest.mark.parametrize("charset", ["utf-8", "iso-2022-jp", "cp932", "euc-jp"])
def test_japanese_in_every_form_that_mails_have(charset: str) -> None:
    found = read_letter(
        mail("Message-ID: <1@x>", "髙橋様へ折り返します".replace("髙", "高"), charset), BASE
    )
    assert found.text == "高橋様へ折り返します"
    assert found.tokens == ("abc",)


def test_addresses_of_ours_only() -> None:
    assert token_of("Reply+AbC@IN.example.jp", BASE) == "abc"
    for other in ("reply@in.example.jp", "reply+a@example.jp", "x+a@in.example.jp", "", "@", "+@+"):
        assert token_of(other, BASE) == ""


def test_an_html_mail_an_attachment_and_a_strange_name() -> None:
    raw = (
        b"From: a@b.jp\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
        b"Content-Type: text/html; charset=utf-8\n\n<style>p{}</style><p>OK<br>A&amp;B</p>"
        b"<blockquote><p>old</p></blockquote>\n--x\nContent-Type: application/zip\n"
        b'Content-Disposition: attachment; filename="../../etc/a\\b.zip"\n\nAAAA\n--x--\n'
    )
    found = read_letter(raw, BASE)
    assert found.text == "OK\nA&B"
    assert found.attachments == (".._.._etc_a_b.zip",)


@given(st.binary(max_size=3000))
def test_no_mail_breaks_the_reader(raw: bytes) -> None:
    read_letter(raw, BASE)
    read_letter(
        b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n" + raw, BASE
    )
    read_letter(b"Content-Type: text/plain; charset=x-none\n\n" + raw, BASE)


def test_a_mail_of_thousands_of_nested_parts() -> None:
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)
    )
    assert read_letter(b"From: a@b.jp\n" + deep, BASE).text == ""


HEAD = b"From: a@b.jp\r\nTo: reply+aa@in.example.jp\r\nMessage-ID: <x@y>\r\n"
PART = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"Content-Type: text/plain; " + b"a;\r\n " * 150_000 + b"\r\n\r\nx\r\n",
        HEAD + b"Subject: " + b"=?utf-8?q?a?=\r\n " * 40_000 + b"\r\n\r\nx\r\n",
        HEAD + b"".join(PART % (one, one) for one in range(900)) + b"\n" * 100_000,
        HEAD + b"\r\n" + (b"2026/1/" * 20 + b"<" + b"@" * 300 + b"\r\n") * 2_000,
        HEAD + b"Content-Type: text/plain; charset=punycode\r\n\r\na-" + b"zz" * 90_000,
    ],
    ids=["parameters", "words", "nested", "quoted", "charset"],
)
def test_no_mail_keeps_a_processor_busy(raw: bytes) -> None:
    begun = process_time()
    assert read_letter(raw, BASE).tokens == ("aa",)
    assert process_time() - begun < 3  # each took from ten seconds to half an hour


def test_what_no_database_keeps_is_left_out_of_a_mail() -> None:
    parts = (
        b"Content-Type: multipart/mixed; boundary=q\r\n\r\n"
        b"--q\r\nContent-Type: text/plain; charset=unicode_escape\r\n\r\na\0b \\ud800 c\r\n"
        b'--q\r\nContent-Disposition: attachment; filename="=?unicode_escape?q?=5Cud800?="\r\n\r\nx\r\n--q--\r\n'
    )
    letter = read_letter(HEAD + parts, BASE)
    assert letter.text.startswith("ab ")
    assert len(letter.attachments) == 1
    for text in (letter.text, *letter.attachments):
        assert "\0" not in text
        text.encode()


def test_half_a_surrogate_pair_is_no_signature() -> None:
    assert not signatures.from_vonage("secret", {"sig": "\ud800", "status": "\udfff"})
    assert not signatures.from_line("secret", "\ud800", b"")
    assert not signatures.from_slack(["secret"], "²", "v0=", b"", NOW)


@pytest.mark.parametrize(
    "headers",
    [
        {"retry-after": "²"},
        {"retry-after": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"},
        {"retry-after": "Mon, 01 Jan 2026 00:00:00 +9999999999999"},
        {"x-ratelimit-reset": "³"},
    ],
)
def test_a_channel_that_asks_for_nonsense_is_asked_again_as_usual(headers: dict[str, str]) -> None:
    answer = Answer(429, httpx.Headers(headers, encoding="utf-8"), "")
    assert later(answer, NOW) is None
