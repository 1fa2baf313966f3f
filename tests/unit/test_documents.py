"""What the documents say about settings, commands and files is so."""

import re
from pathlib import Path

import msgspec

from denwaban.cli import command
from denwaban.config import Settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXTS = "\n".join(path.read_text("utf-8") for path in DOCUMENTS)


def settings_in(text: str) -> list[str]:
    """The settings that it names, `DENWABAN_X` or short `_X`, as the program calls them."""
    found = re.findall(r"(?:DENWABAN|`)_([A-Z][A-Z0-9_]+)", text)
    return [name.lower() for name in found if not name.startswith("TEST_")]


def test_every_setting_is_described_and_no_other() -> None:
    assert set(settings_in(TEXTS)) == set(Settings.__struct_fields__)


def test_the_readme_has_the_defaults() -> None:
    default = msgspec.to_builtins(Settings(), enc_hook=str)
    rows = [line.split("|")[1:3] for line in README.splitlines() if line.startswith("| `DENWABAN_")]
    compared = 0
    for named, values in rows:
        told = re.findall(r"`([^`]*)`", values)
        # Empty, or a word of explanation, for what has none.
        for name, value in zip(settings_in(named), told, strict=False):
            if name == "master_key":
                continue
            assert value == str(default[name]).replace("True", "true").replace("False", "false")
            compared += 1
    assert compared > 20


def test_every_command_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    told = re.findall(r"`make ([a-z]+)|^make ([a-z]+)$", TEXTS, re.M)
    assert len(told) > 5
    assert {quoted or alone for quoted, alone in told} <= targets
    named = set(re.findall(r"`(?:\.venv/bin/)?denwaban ([a-z]+)", TEXTS))
    assert "doctor" in named
    assert named <= set(command.commands)
    for script in re.findall(r"`scripts/([a-z-]+)[ `]", TEXTS):
        assert (ROOT / "scripts" / script).exists(), script
    for bench in re.findall(r"-m (bench\.[a-z_]+)", TEXTS):
        assert (ROOT / (bench.replace(".", "/") + ".py")).exists(), bench


def test_every_file_that_is_linked_is_there() -> None:
    for path in DOCUMENTS:
        text = path.read_text("utf-8")
        linked = re.findall(r"\]\(([^)#:\s]+)[)#]", text) + re.findall(r'src="([^"]+)"', text)
        for target in linked:
            assert (path.parent / target).exists(), f"{path.name}: {target}"
