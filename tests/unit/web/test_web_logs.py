"""Nothing personal reaches the log."""

import json

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from denwaban.web import configure_logs, mask
from denwaban.web.logs import MASK


@pytest.mark.parametrize(
    "text",
    ["03-1234-5678", "09012345678", "+819012345678", "電話は 090 1234 5678 です", "(03)1234-5678"],
)
def test_telephone_numbers_are_masked_wherever_they_stand(text: str) -> None:
    masked = mask({"detail": [text]})
    assert not any(part in json.dumps(masked) for part in ("5678", "1234"))


@pytest.mark.parametrize(
    "text",
    ["01a201d2c9607a12a1313c2bcd8b5853", "2026-11-24T10:00:00Z", "line 1234", "127.0.0.1:8420"],
)
def test_ids_times_and_addresses_stay_readable(text: str) -> None:
    assert mask(text) == text


@given(st.text(), st.sampled_from(["name", "Number", "caller", "password", "answers", "token"]))
def test_personal_keys_are_never_written(value: str, key: str) -> None:
    assert mask({"a": {key: value}}) == {"a": {key: MASK}}


def test_a_trace_is_masked_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", tty=False)
    try:
        raise ValueError("call from 090-1234-5678, dwb_abcdef, taro@example.jp")
    except ValueError:
        structlog.get_logger().exception("failed", name="山田 太郎", call="01a2")
    written = capsys.readouterr().err
    assert json.loads(written)["event"] == "failed"
    for secret in ("1234-5678", "abcdef", "taro@", "山田"):
        assert secret not in written
