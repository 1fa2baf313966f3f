"""The API keeps what its description says, whatever it is sent: schemathesis against a running installation."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from tests.journeys.installation import running

from denwaban.store import new_id

pytestmark = pytest.mark.engine

EXAMPLES = 12
"""For each operation and role; more by hand before a release."""


@pytest.fixture
def postgres_database(postgres: str) -> str:
    """An empty PostgreSQL database: it refuses more than SQLite does (NUL in text, integers over 64 bits)."""
    name = f"t{new_id()}"
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    return f"{postgres}/{name}"


def test_the_api_does_what_its_description_says(tmp_path: Path, postgres_database: str) -> None:
    with running(tmp_path / "home", database_url=postgres_database) as installation:
        keys = installation.known["people"]["api_keys"]
        for role in ("administrator", "client"):
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "schemathesis.cli", "run"),
                    f"{installation.url}/api/v1/openapi.json",
                    *("--header", f"Authorization: Bearer {keys[role]}"),
                    *("--max-examples", str(EXAMPLES), "--workers", "2", "--seed", "1"),
                    *("--phases", "examples,coverage,fuzzing"),
                    # What a key may not do answers 403 or 404 on purpose, also to well-formed requests.
                    *("--exclude-checks", "positive_data_acceptance"),
                    *("--exclude-path-regex", "practice"),
                    "--no-color",
                ],
                capture_output=True,
                text=True,
                timeout=400,
                check=False,
                cwd=tmp_path,
            )
            assert done.returncode == 0, f"{role}\n{done.stdout[-8000:]}\n{done.stderr[-2000:]}"
        assert installation.ready()
