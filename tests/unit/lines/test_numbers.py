"""Numbers as networks send them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.lines import NumberKind, parse_number, show_number


@pytest.mark.parametrize(
    "text",
    [
        "0312345678",
        "03-1234-5678",
        "+81312345678",
        "+81-3-1234-5678",
        "+810312345678",
        "81312345678",
        "1840312345678",
        "186 03 1234 5678",
        "０３－１２３４－５６７８",
        "（03）1234-5678",
        "03ー1234ー5678",
        "sip:0312345678@trunk.example.jp",
        "sip:+81312345678;npdi=yes@10.0.0.1;user=phone",
        "+81312345678;phone-context=+81",
        '"山田" <sip:%2B81312345678@10.0.0.1>;tag=abc',
        "tel:+81-3-1234-5678",
        " 0312345678\r\n",
    ],
)
@pytest.mark.req("A2")
def test_every_way_of_writing_a_number_is_the_same_number(text: str) -> None:
    number = parse_number(text)
    assert (number.e164, number.kind) == ("+81312345678", NumberKind.FIXED)


@pytest.mark.parametrize(
    ("text", "e164", "kind"),
    [
        ("09012345678", "+819012345678", NumberKind.MOBILE),
        ("06012345678", "+816012345678", NumberKind.MOBILE),
        ("05012345678", "+815012345678", NumberKind.IP),
        ("0120123456", "+81120123456", NumberKind.FREE),
        ("08001234567", "+818001234567", NumberKind.FREE),
        ("0455123456", "+81455123456", NumberKind.FIXED),
        ("+14155552671", "+14155552671", NumberKind.ABROAD),
        ("010 1 415 555 2671", "+14155552671", NumberKind.ABROAD),
        ("110", None, NumberKind.SPECIAL),
        ("118", None, NumberKind.SPECIAL),
        ("119", None, NumberKind.SPECIAL),
        ("171", None, NumberKind.SPECIAL),
        ("117", None, NumberKind.SPECIAL),
        ("123456", None, NumberKind.NONE),
        ("0451234", None, NumberKind.NONE),
        ("1001", None, NumberKind.NONE),
        ("alice", None, NumberKind.NONE),
        ("+", None, NumberKind.NONE),
        ("' OR 1=1 --", None, NumberKind.NONE),
        ("１１０番", None, NumberKind.NONE),
    ],
)
def test_kinds(text: str, e164: str | None, kind: NumberKind) -> None:
    number = parse_number(text)
    assert (number.e164, number.kind) == (e164, kind)


@pytest.mark.parametrize(
    "text",
    ["", " ", "anonymous", "Anonymous", "ANONYMOUS", "unavailable", "Unavailable", "P", "O", "C", "S",
     "sip:anonymous@anonymous.invalid", '"Anonymous" <sip:anonymous@anonymous.invalid>', "restricted",
     "Private", "非通知", "公衆電話", "表示圏外", "\x00", "Coin Line"],
)  # fmt: skip
def test_the_many_ways_of_withholding(text: str) -> None:
    number = parse_number(text)
    assert (number.e164, number.kind, number.key) == (None, NumberKind.WITHHELD, "")


@given(st.text(max_size=300))
def test_nothing_makes_it_raise_and_nothing_long_is_kept(text: str) -> None:
    number = parse_number(text)
    assert len(number.key) <= 100
    assert (number.e164 is None) or number.e164.startswith("+")
    assert "\x00" not in number.key
    show_number(number.key)


@given(st.text(alphabet="0123456789+-;:@<>sip%184６ー", max_size=30))
def test_parsing_what_was_parsed_changes_nothing(text: str) -> None:
    first = parse_number(text)
    if first.e164:
        again = parse_number(first.e164)
        assert (again.e164, again.kind) == (first.e164, first.kind)
        shown = parse_number(show_number(first.e164))
        assert shown.e164 == first.e164


def test_numbers_are_shown_as_people_write_them() -> None:
    assert show_number("+81312345678") == "03-1234-5678"
    assert show_number("+819012345678") == "090-1234-5678"
    assert show_number("+81120123456") == "0120-123-456"
    assert show_number("+14155552671") == "+1 415-555-2671"
    assert show_number("") == "番号非通知"
    assert show_number("110") == "110"
