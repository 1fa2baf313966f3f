"""Two installations on one machine, and what `denwaban doctor` and a second `up` say."""

import shutil
from pathlib import Path

import pytest
from tests.journeys.installation import running

pytestmark = pytest.mark.engine


def test_two_installations_stand_beside_each_other_and_doctor_knows(tmp_path: Path) -> None:
    with running(tmp_path / "one") as one, running(tmp_path / "two") as two:
        assert one.url != two.url
        assert (one.home / "credentials.json").stat().st_mode & 0o777 == 0o600
        said = one.command("doctor")
        assert said.returncode == 0, said.stdout
        assert "動いています" in said.stdout
        again = one.command("up")
        assert again.returncode == 1
        assert "もう動いています" in again.stderr
    shutil.rmtree(tmp_path / "two")
