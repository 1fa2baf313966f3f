"""An installation on PostgreSQL, looked at from outside: another one beside it, `denwaban doctor` and a second `up`; a draft of a
script that is tried by telephone; and whether its API keeps what its description says, whatever it is sent (schemathesis)."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from playwright.async_api import expect
from tests.journeys.installation import Installation, chromium, running, signed_in, until
from tests.thorough import THOROUGH, examples

from denwaban.store import new_id

pytestmark = [pytest.mark.engine, pytest.mark.browser]

EXAMPLES = examples(1)
"""For each operation and role, besides the boundaries of what is sent."""

RUNS = {"administrator": "examples,coverage,fuzzing", "client": "examples,fuzzing"}
"""The phases of each role."""

DEEP = """
[[operations]]
include-path-regex = "draft|check|report-form|report-rules|hours|import"
phases.coverage.enabled = false
"""
"""Documents with many rooms: trying every boundary of each takes minutes of the machine that tries."""

OTHER_METHODS = """
[phases.coverage]
unexpected-methods = []
"""
"""That no path answers other methods is a matter of the framework, and a sixth of all boundaries."""


DRAFT = """
[head]
tone = "ゆっくり、やさしく。"
mandatory = ["caller_name"]

[[nodes]]
kind = "ask"
id = "who"
title = "お名前"
say = "こちらは下書きの言葉です。お名前をお伺いできますでしょうか。"
to = "which"
  [[nodes.ask]]
  id = "caller_name"
  label = "お名前"
  type = "name"
  mandatory = true
  purpose = "caller_name"

[[nodes]]
kind = "decide"
id = "which"
title = "ご用件"
say = "どのようなご用件でしょうか。"
branches = [{ label = "水漏れ", to = "end" }]
otherwise = { label = "それ以外", to = "end" }

[[nodes]]
kind = "end"
id = "end"
title = "結び"
say = "承りました。失礼いたします。"
done = "下書きのとおりに承りました。"
"""


@pytest.fixture(scope="module")
def house(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """On PostgreSQL, which refuses more than SQLite does (NUL in text, integers over 64 bits)."""
    name = f"t{new_id()}"
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    home = tmp_path_factory.mktemp("outside") / "home"
    with running(home, database_url=f"{postgres}/{name}") as installation:
        yield installation


def test_two_installations_stand_beside_each_other_and_doctor_knows(
    house: Installation, tmp_path: Path
) -> None:
    with running(tmp_path / "two") as two:
        assert house.url != two.url
        assert (house.home / "credentials.json").stat().st_mode & 0o777 == 0o600
        said = house.command("doctor")
        assert said.returncode == 0, said.stdout
        assert "動いています" in said.stdout
        again = house.command("up")
        assert again.returncode == 1
        assert "もう動いています" in again.stderr
    shutil.rmtree(tmp_path / "two")


def a_draft(api: httpx.Client) -> tuple[dict[str, Any], str]:
    """A script of the plumber with a draft that says something else; its listing, and who suzuki is."""
    found: list[dict[str, Any]] = api.get("scripts").raise_for_status().json()["items"]
    numbers = api.get("numbers").raise_for_status().json()["items"]
    owners = {one["client_id"] for one in numbers}
    script = next(one for one in found if one["client_id"] in owners and one["version"])
    kept = api.put(f"scripts/{script['id']}/draft", json={"text": DRAFT})
    return script, str(kept.raise_for_status().json()["draft"])


@pytest.mark.req("L5")
async def test_a_draft_is_tried_by_telephone_and_scored(house: Installation) -> None:
    """A synthesised caller comes through the real engine, an operator's seat answers and follows the draft, and a score sheet
    comes of it. The published version stays what it was."""
    with house.api() as api:
        script, _draft = a_draft(api)
    async with chromium() as browser:
        _, seat = await signed_in(browser, house, "suzuki")
        await seat.goto(f"{house.url}/seat")
        await expect(seat.locator("body")).to_contain_text("接続済")
        if await seat.get_by_text("受付にする").first.is_visible():
            await seat.keyboard.press("b")
        await expect(seat.locator("body")).to_contain_text("受付中")

        login = house.logins("supervisor")[0]
        _, author = await signed_in(browser, house, login)
        await author.goto(f"{house.url}/scripts/{script['id']}/rehearsal")
        await author.locator("[data-load]").first.click()
        await author.get_by_role("button", name="練習コールを鳴らす").click()
        # The author is no operator: whose seat rings is chosen among those who take calls now.
        await expect(author.locator("#f-seat option")).not_to_have_count(0)
        await author.locator("#ring").get_by_role("button", name="鳴らす", exact=True).click()
        await expect(author.locator("#toasts")).to_contain_text("電話をかけています")

        await expect(seat.locator("#seat-answer")).to_be_visible(timeout=20_000)
        await expect(seat.locator("#seat-middle")).to_contain_text("練習")
        middle = seat.locator("#seat-middle")
        await seat.bring_to_front()
        # A key in the first moment is taken for one meant for what stood there before.
        await asyncio.sleep(0.5)
        await seat.keyboard.press("Enter")
        await expect(middle).to_have_attribute("data-stage", "talking")
        await expect(middle).to_contain_text("こちらは下書きの言葉です")
        await seat.locator("#a-caller_name").fill("佐藤 花子")
        await seat.keyboard.press("Control+Enter")
        await expect(middle).to_have_attribute("data-node", "which")
        await seat.keyboard.press("1")
        await expect(middle).to_have_attribute("data-node", "end")
        await seat.keyboard.press("End")
        await expect(middle).to_have_attribute("data-stage", "report")

        # What was tried has no number: calls of customers go on with the version that they had.
        with house.api() as api:
            practised = api.get("calls").raise_for_status().json()["items"][0]
            assert practised["practice"]
            still = api.get(f"scripts/{script['id']}").raise_for_status().json()
            assert still["version"] == script["version"]

        await seat.goto(f"{house.url}/practice/scripts")
        await seat.get_by_role("button", name="採点を見る").first.click()
        await expect(seat.locator("h1")).to_have_text("練習のふりかえり")
        await expect(seat.locator("body")).to_contain_text("「お名前」を伺えました")
        await expect(seat.locator("body")).to_contain_text("結びまで進めました")
        # The author finds the same sheet.
        await author.goto(f"{house.url}/practice/scripts")
        await author.locator("table a[href^='/practice/sheets/']").first.click()
        await expect(author.locator("body")).to_contain_text("「お名前」を伺えました")
        assert await until(lambda: house.ready())


def test_the_api_does_what_its_description_says(house: Installation, tmp_path: Path) -> None:
    keys = house.known["people"]["api_keys"]
    settings = DEEP if THOROUGH else OTHER_METHODS + DEEP
    (tmp_path / "schemathesis.toml").write_text(settings)
    going = {
        role: subprocess.Popen(
            [
                # Beside stories with sound in them.
                *("nice", "-n", "5"),
                *(sys.executable, "-m", "schemathesis.cli"),
                *("--config-file", "schemathesis.toml", "run"),
                f"{house.url}/api/v1/openapi.json",
                *("--header", f"Authorization: Bearer {keys[role]}"),
                # One worker: in Python 3.11 several threads that read sources upset each other ("recursion depth mismatch").
                *("--max-examples", str(EXAMPLES), "--workers", "1", "--seed", "1"),
                *("--phases", phases),
                # What a key may not do answers 403 or 404 on purpose, also to well-formed requests.
                *("--exclude-checks", "positive_data_acceptance"),
                *("--exclude-path-regex", "practice"),
                "--no-color",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=tmp_path,
        )
        for role, phases in RUNS.items()
    }
    try:
        for role, run in going.items():
            said, _ = run.communicate(timeout=7200 if THOROUGH else 1200)
            assert run.returncode == 0, f"{role}\n{said[-8000:]}"
    finally:
        for run in going.values():
            run.kill()
            run.wait()
    assert house.ready()
