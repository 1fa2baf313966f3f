"""The API keeps what its description says, whatever it is sent: schemathesis against a running installation."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from tests.journeys.installation import running

from denwaban.store import new_id

pytestmark = pytest.mark.engine

EXAMPLES = 4
"""For each operation and role; more by hand before a release."""

DEEP = "draft|check|report-form|report-rules|hours|import"
"""Documents with many rooms: trying every boundary of each takes minutes of the machine that tries."""

RUNS = {
    "administrator": ("administrator", "examples,coverage,fuzzing", f"practice|{DEEP}"),
    "administrator, documents": ("administrator", "examples,fuzzing", f"^(?!.*({DEEP})).*$"),
    "client": ("client", "examples,fuzzing", "practice"),
}
"""Role, phases, paths left out."""


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
        going = {
            name: subprocess.Popen(
                [
                    *(sys.executable, "-m", "schemathesis.cli", "run"),
                    f"{installation.url}/api/v1/openapi.json",
                    *("--header", f"Authorization: Bearer {keys[role]}"),
                    *("--max-examples", str(EXAMPLES), "--workers", "2", "--seed", "1"),
                    *("--phases", phases),
                    # What a key may not do answers 403 or 404 on purpose, also to well-formed requests.
                    *("--exclude-checks", "positive_data_acceptance"),
                    *("--exclude-path-regex", left_out),
                    "--no-color",
                ],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=tmp_path,
            )
            for name, (role, phases, left_out) in RUNS.items()
        }
        try:
            for name, run in going.items():
                said, _ = run.communicate(timeout=400)
                assert run.returncode == 0, f"{name}\n{said[-8000:]}"
        finally:
            for run in going.values():
                run.kill()
                run.wait()
        assert installation.ready()
