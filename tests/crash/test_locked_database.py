"""Another process holds the database's lock: nobody looks at a page that hangs, and nothing that was told as done is lost."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tests.seat_story import MakeStory, seat_story
from tests.web_fixtures import Browser

from denwaban.access import Role
from denwaban.store import engine

__all__ = ["seat_story"]

AT_MOST = 8.0
"""Seconds: less than ten writers who wait one after the other, and room for a busy machine."""


@pytest.fixture
def database_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """SQLite alone: only there does one process lock all others out."""
    monkeypatch.setattr(engine, "BUSY_SECONDS", 1)
    return f"sqlite:///{tmp_path / 'test.db'}"


@contextmanager
def locked(url: str) -> Iterator[None]:
    """A backup or a repair by hand, in the middle of writing."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def test_pages_answer_while_another_process_holds_the_database(
    seat_story: MakeStory,
) -> None:
    story = await seat_story()
    browser: Browser = await story.web.browser(Role.OPERATOR, user_id=story.operator.user_id)
    await browser.get("/account")
    _, call = await story.talk()
    with locked(story.store.url):
        async with asyncio.timeout(AT_MOST):
            # What only reads is there; the seat begins the script's run, which must be written.
            assert (await browser.get("/account")).status_code == 200
            told = await browser.get("/seat/parts")
        assert told.status_code == 503
        assert told.headers["retry-after"] == "5"
        assert "もう一度お試しください" in told.text
        assert "通話はつながっています" in told.text
        # Many at once do not wait one after the other.
        async with asyncio.timeout(AT_MOST):
            answers = await asyncio.gather(*(browser.get("/seat/parts") for _ in range(10)))
        assert {answer.status_code for answer in answers} == {503}
    found = await browser.get("/seat/parts")
    assert found.status_code == 200
    assert call.id in found.text
