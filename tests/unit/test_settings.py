"""Settings as people give them."""

from pathlib import Path

import pytest

from denwaban.config import SettingsError, load


def test_folders_are_absolute_however_they_are_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The engine runs in another folder and plays files by their whole path.
    monkeypatch.chdir(tmp_path)
    assert load({}).home == tmp_path / "var"
    given = load(
        {"DENWABAN_HOME": "here", "DENWABAN_ENGINE": "engine", "DENWABAN_TRUNKS": "t.toml"}
    )
    assert (given.home, given.engine, given.trunks) == (
        tmp_path / "here",
        tmp_path / "engine",
        tmp_path / "t.toml",
    )
    assert given.speech == tmp_path / "engine" / "speech"


def test_an_unknown_name_and_an_unusable_value_are_named() -> None:
    with pytest.raises(SettingsError, match="nonsense"):
        load({"DENWABAN_NONSENSE": "1"})
    with pytest.raises(SettingsError, match="web_port"):
        load({"DENWABAN_WEB_PORT": "99999"})
