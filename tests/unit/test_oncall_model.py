"""Addresses of contacts: whether a message could ever arrive there, and what is shown of them."""

import pytest

from denwaban.oncall.address import BadAddress, checked_address, shown_address


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("mail", {}),
        ("mail", {"to": "nobody"}),
        ("mail", {"to": "a@b, c@d"}),
        ("mail", {"to": "a@b\r\nBcc: c@d"}),
        ("slack", {"url": "http://hooks.example.jp/x"}),
        ("slack", {"url": "nothing"}),
        ("webhook", {"url": "https://example.jp/hook"}),
        ("webhook", {"url": "ftp://example.jp/", "secret": "whsec_x"}),
        ("chatwork", {"room": "abc", "token": "t"}),
        ("mail", {"to": "a@b..jp"}),
        ("mail", {"to": "鈴木@example.jp"}),
        ("webhook", {"url": "https://example.jp/", "secret": "whsec_!"}),
        ("fax", {"to": "03"}),
    ],
)
def test_addresses_that_could_never_work_are_refused(channel: str, address: dict[str, str]) -> None:
    with pytest.raises(BadAddress):
        checked_address(channel, address)


def test_secrets_are_not_shown() -> None:
    url = "https://hooks.slack.com/services/T1/B1/SECRET"
    checked_address("slack", {"url": url})
    assert shown_address("slack", {"url": url}) == "hooks.slack.com"
    assert "SECRET" not in shown_address("chatwork", {"room": "1", "token": "SECRET"})
