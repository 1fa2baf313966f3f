"""What is written for the engine and read from the machine, without starting anything."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from denwaban.config import Trunk
from denwaban.telephony.engine import (
    BadEngineSettings,
    Engine,
    EngineSettings,
    Packages,
    write_seats,
)
from denwaban.telephony.engine.mirror import Mirror, debian_mirrors
from denwaban.telephony.engine.pjsip import base
from denwaban.telephony.port import PhoneError, SeatAccount, SeatName


def settings(home: Path, **changes: Any) -> EngineSettings:
    return EngineSettings(**{"home": home, "ari_password": "a-good-password", **changes})


def test_mirrors_of_both_formats_without_disabled_and_foreign_ones(tmp_path: Path) -> None:
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "sources.list").write_text(
        "# deb http://commented.example/debian bookworm main\n"
        "deb [arch=amd64 signed-by=/keys/one.gpg] http://one.example/debian/ trixie main contrib\n"
        "deb-src http://source.example/debian trixie main\n"
        "deb http://security.example/debian-security trixie-security main\n"
    )
    (parts / "debian.sources").write_text(
        "Types: deb deb-src\n# a remark\nURIs: https://two.example/debian\nSuites: bookworm\n"
        " bookworm-updates\nComponents: main\nSigned-By: /keys/two.gpg\n\n"
        "Enabled: no\nTypes: deb\nURIs: http://off.example/debian\nSuites: sid\nComponents: main\n"
    )
    (parts / "other.sources").write_text(
        "Types: deb\nURIs: https://vendor.example/apt\nSuites: nodistro\nComponents: main\n"
    )
    (parts / "ubuntu.list").write_text("deb http://ubuntu.example/ubuntu noble main\n")
    (parts / "old.list.save").write_text("deb http://saved.example/debian bookworm main\n")
    assert debian_mirrors(tmp_path) == [
        Mirror("http://one.example/debian", Path("/keys/one.gpg")),
        Mirror("https://two.example/debian", Path("/keys/two.gpg")),
    ]


def test_no_apt_no_mirror(tmp_path: Path) -> None:
    assert debian_mirrors(tmp_path / "absent") == []


@pytest.mark.parametrize(
    "changes",
    [
        {"ari_password": "with\nnewline-in-it"},
        {"ari_password": "short"},
        {"sip_host": "127.0.0.1\n[evil]"},
        {"http_port": 5160},
        {"rtp_first": 22000, "rtp_last": 22003},
        {"vanished_seconds": -1},
        {"trunks": (Trunk(name="practice", kind="ip", match=("10.0.0.1",)),)},
        {"trunks": (Trunk(name="carrier", kind="ip"),)},
        {"trunks": (Trunk(name="carrier", kind="ip", match=("10.0.0.1\nx=y",)),)},
        {"trunks": (Trunk(name="carrier", kind="register", user="u", password="p"),)},
        {"trunks": (Trunk(name="seat-1", kind="ip", match=("10.0.0.1",)),)},
        {"seats": (SeatAccount(SeatName("operator"), "password-1"),)},
        {"seats": (SeatAccount(SeatName("seat-1"), "pass\nword=1"),)},
        {"seats": (SeatAccount(SeatName("seat-1"), "password-1"),) * 2},
    ],
)
def test_settings_that_the_engine_would_misread_are_refused(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    with pytest.raises(BadEngineSettings):
        settings(tmp_path, **changes)


def test_no_secret_in_what_is_printed(tmp_path: Path) -> None:
    made = settings(tmp_path, seats=(SeatAccount(SeatName("seat-1"), "password-1"),))
    assert "a-good-password" not in repr(made)
    assert "password-1" not in repr(made)


def test_a_registering_trunk(tmp_path: Path) -> None:
    trunk = Trunk(
        name="carrier",
        kind="register",
        server="sip.example:5080",
        user="0501234",
        password="s3cret/+=",
        transport="tcp",
        number_from="to",
    )
    text = base(settings(tmp_path, trunks=(trunk,)), binds_media=True)
    assert "server_uri = sip:sip.example:5080\\;transport=tcp" in text
    assert "client_uri = sip:0501234@sip.example:5080" in text
    assert "match = sip.example\n" in text
    assert "password = s3cret/+=" in text
    assert "context = from-trunk-to\n" in text


def test_the_control_socket_keeps_a_short_name_in_a_deep_home(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    assert len(os.fsencode(settings(deep).run / "asterisk.ctl")) <= 100
    assert settings(deep).run != settings(deep / "other").run
    assert settings(Path("/srv/x")).run == Path("/srv/x/asterisk/run")


async def test_seats_that_cannot_be_written_are_a_trouble_of_the_phone(tmp_path: Path) -> None:
    # The switchboard lives on after a PhoneError; any other error would end it for all.
    engine = Engine(
        settings(tmp_path / "gone"), Packages("22", ("false",), tmp_path, tmp_path, private=False)
    )
    with pytest.raises(PhoneError, match="No such file"):
        await engine.seats([SeatAccount(SeatName("seat-1"), "password-1")])


def test_seats_are_written_privately_and_only_when_changed(tmp_path: Path) -> None:
    made = settings(tmp_path)
    made.make_folders()
    accounts = [
        SeatAccount(SeatName("seat-2"), "password-2"),
        SeatAccount(SeatName("seat-1"), "password-1"),
    ]
    assert write_seats(made, accounts)
    assert not write_seats(made, reversed(accounts))
    path = made.etc / "pjsip_seats.conf"
    assert path.stat().st_mode & 0o777 == 0o600
    assert made.etc.stat().st_mode & 0o777 == 0o700
    text = path.read_text()
    for name in ("[seat-1]", "[seat-1-phone]", "[seat-2]", "[seat-2-phone]"):
        assert name in text
    assert write_seats(made, accounts[:1])
    assert "seat-1" not in path.read_text()
