"""An installation, looked at from outside: another one beside it, `denwaban doctor` and a second `up`, and whether its API
keeps what its description says, whatever it is sent (schemathesis)."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.journeys.installation import Installation, running
from tests.thorough import THOROUGH, examples

from denwaban.store import new_id

pytestmark = pytest.mark.engine

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
