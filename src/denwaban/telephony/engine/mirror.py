"""The Debian mirrors that the machine's own apt is set to use. Reads files, asks nobody."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_DEBIAN_SUITES = re.compile(
    r"^(?:sid|unstable|testing|stable|oldstable|oldoldstable"
    r"|buster|bullseye|bookworm|trixie|forky|duke)(?:[-/].*)?$"
)
_NOT_THE_ARCHIVE = ("security", "backports", "debug", "ports", "lts", "snapshot")


@dataclass(frozen=True)
class Mirror:
    """One archive: its address, and the keyring that signs it where the machine names one."""

    uri: str
    keyring: Path | None


def debian_mirrors(etc: Path) -> list[Mirror]:
    """Mirrors of Debian's main archive named under `etc` (as /etc/apt), in order, each once.

    Reads both the deb822 format (`*.sources`) and the one-line format (`*.list`); disabled
    entries, other distributions' archives and security-only archives are left out.
    """
    mirrors: list[Mirror] = []
    parts = etc / "sources.list.d"
    files = [etc / "sources.list"]
    if parts.is_dir():
        files += sorted(path for path in parts.iterdir() if path.suffix in (".list", ".sources"))
    for path in files:
        if not path.is_file():
            continue
        text = path.read_text(errors="replace")
        entries = _deb822(text) if path.suffix == ".sources" else _one_line(text)
        for uri, suites, components, keyring in entries:
            if (
                _is_the_archive(uri)
                and any(_DEBIAN_SUITES.match(suite) for suite in suites)
                and "main" in components
            ):
                mirror = Mirror(uri.rstrip("/"), keyring)
                if all(known.uri != mirror.uri for known in mirrors):
                    mirrors.append(mirror)
    return mirrors


_Entry = tuple[str, list[str], list[str], Path | None]


def _is_the_archive(uri: str) -> bool:
    return bool(re.match(r"(?:https?|file|mirror\+\w+|tor\+https?)://?", uri)) and not any(
        word in uri for word in _NOT_THE_ARCHIVE
    )


def _keyring(value: str) -> Path | None:
    first = value.split(",")[0].split()[0] if value.strip() else ""
    return Path(first) if first.startswith("/") else None


def _deb822(text: str) -> list[_Entry]:
    entries: list[_Entry] = []
    for stanza in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1] in (" ", "\t") and name:
                fields[name] += " " + line.strip()
            elif ":" in line:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        if fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        if "deb" in fields.get("types", "").split():
            for uri in fields.get("uris", "").split():
                entries.append(
                    (
                        uri,
                        fields.get("suites", "").split(),
                        fields.get("components", "").split(),
                        _keyring(fields.get("signed-by", "")),
                    )
                )
    return entries


def _one_line(text: str) -> list[_Entry]:
    entries: list[_Entry] = []
    for line in text.splitlines():
        found = re.match(
            r"\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s+([^#]*)",
            line,
        )
        if found:
            signed = re.search(r"signed-by=(\S+)", found[1] or "")
            entries.append(
                (found[2], [found[3]], found[4].split(), _keyring(signed[1] if signed else ""))
            )
    return entries
