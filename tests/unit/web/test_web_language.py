"""Languages: the person's choice, the browser's wish, Japanese."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.web import _, speak
from denwaban.web.language import choose_language
from denwaban.web.sign_in import inside


@pytest.mark.parametrize(
    ("cookie", "accept", "chosen"),
    [
        (None, "", "ja"),
        (None, "en-US,en;q=0.9,ja;q=0.8", "en"),
        (None, "fr,ja;q=0.5,en;q=0.4", "ja"),
        ("en", "ja", "en"),
        ("xx", "de", "ja"),
    ],
)
def test_the_language_is_chosen(cookie: str | None, accept: str, chosen: str) -> None:
    assert choose_language(cookie, accept) == chosen


@given(st.text(), st.text())
def test_any_header_gives_a_language_we_have(cookie: str, accept: str) -> None:
    assert choose_language(cookie, accept) in {"ja", "en"}


def test_texts_are_translated() -> None:
    speak("en")
    assert _("サインアウト") == "Sign out"
    assert _("代わり: %(name)s", name="伊藤") == "Substitute: 伊藤"
    speak("ja")
    assert _("サインアウト") == "サインアウト"


def test_our_own_texts_are_all_translated() -> None:
    script = Path(__file__).parents[3] / "scripts" / "translations"
    told = subprocess.run(
        [sys.executable, str(script), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "x",
        "/a\nb",
    ],
)
def test_a_sign_in_never_leads_elsewhere(target: str) -> None:
    assert inside(target) == ""


def test_a_sign_in_leads_back() -> None:
    assert inside("/clients/1") == "/clients/1"
