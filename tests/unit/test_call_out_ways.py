"""What the engine is told to call a number outside, and what the end of such a call means."""

import pytest

from denwaban.config import Settings, SettingsError, Trunk, check_way_out
from denwaban.telephony.ari.invitations import outside
from denwaban.telephony.ari.legs import unreached_by
from denwaban.telephony.engine import pjsip
from denwaban.telephony.engine.settings import BadEngineSettings, EngineSettings, check_trunk
from denwaban.telephony.port import Unreached

PLAIN = Trunk(name="line", kind="ip", match=("192.0.2.1",), server="sip.example.jp:5060")
US = "+81312345678"


def test_numbers_take_the_form_that_the_line_wants() -> None:
    assert outside(PLAIN, "+819011112222", US, 25)["endpoint"] == "PJSIP/09011112222@line"
    assert outside(PLAIN, "+14155552671", US, 25)["endpoint"] == "PJSIP/01014155552671@line"
    pbx = Trunk(name="pbx", kind="ip", server="192.0.2.1", number_form="e164", prefix="0")
    told = outside(pbx, "+819011112222", US, 25)
    assert told["endpoint"] == "PJSIP/0+819011112222@pbx"
    assert told["callerId"] == '"+81312345678" <+81312345678>'


def test_the_number_shown_stands_where_the_line_looks_for_it() -> None:
    assert outside(PLAIN, "+819011112222", US, 25)["variables"] == {}
    hikari = Trunk(name="hikari", kind="ip", server="192.0.2.1:5060", shows="ppi")
    assert outside(hikari, "+819011112222", US, 25)["variables"] == {
        "PJSIP_HEADER(add,P-Preferred-Identity)": "<sip:0312345678@192.0.2.1>"
    }


@pytest.mark.parametrize("number", ["110", "09011112222", "+81901111@evil", "", "+8190１２"])
def test_only_e164_comes_into_an_address(number: str) -> None:
    with pytest.raises(ValueError, match="E.164"):
        outside(PLAIN, number, US, 25)
    with pytest.raises(ValueError, match="E.164"):
        outside(PLAIN, "+819011112222", number, 25)


def test_the_engine_knows_the_way_out(tmp_path: object) -> None:
    def written(**changes: object) -> str:
        line = Trunk(name="line", kind="ip", match=("192.0.2.1",), **changes)  # type: ignore[arg-type]
        settings = EngineSettings(home=tmp_path, ari_password="x" * 12, trunks=(line,))  # type: ignore[arg-type]
        return pjsip.base(settings, binds_media=True)

    assert "contact = sip:192.0.2.1:5060\n" in written(server="192.0.2.1:5060")
    assert "contact = sip:192.0.2.1\\;transport=tcp\n" in written(
        server="192.0.2.1", transport="tcp"
    )
    shown = written(server="192.0.2.1", user="0312340000", shows="pai")
    assert "send_pai = yes" in shown
    # Else each caller is told anew, by a re-INVITE, whom they are joined with.
    assert "send_connected_line = no" in shown
    assert "from_user = 0312340000" in shown
    assert "from_user" not in written(server="192.0.2.1", user="0312340000")


def test_an_address_of_a_line_must_be_plain() -> None:
    with pytest.raises(BadEngineSettings):
        check_trunk(Trunk(name="a", kind="ip", match=("192.0.2.1",), server="x\ncontext = evil"))
    with pytest.raises(BadEngineSettings):
        check_trunk(Trunk(name="a", kind="ip", match=("192.0.2.1",), user="x\ny"))


def test_calls_leave_only_by_a_line_that_says_where_to() -> None:
    check_way_out(Settings(), ())
    check_way_out(Settings(outbound_trunk="line"), (PLAIN,))
    deaf = Trunk(name="line", kind="ip", match=("192.0.2.1",))
    for trunks in ((), (deaf,)):
        with pytest.raises(SettingsError, match="DENWABAN_OUTBOUND_TRUNK"):
            check_way_out(Settings(outbound_trunk="line"), trunks)


@pytest.mark.parametrize(
    ("cause", "sip", "rang", "meaning"),
    [
        (17, 486, True, Unreached.BUSY),
        (0, 600, False, Unreached.BUSY),
        (17, 0, False, Unreached.BUSY),
        (21, 603, True, Unreached.REFUSED),
        (21, 0, True, Unreached.REFUSED),
        (19, 480, True, Unreached.NO_ANSWER),
        (0, 408, False, Unreached.NO_ANSWER),
        (0, 0, True, Unreached.NO_ANSWER),
        (16, 180, True, Unreached.NO_ANSWER),
        (1, 404, False, Unreached.UNREACHABLE),
        (0, 503, True, Unreached.UNREACHABLE),
        (0, 0, False, Unreached.UNREACHABLE),
    ],
)
def test_what_the_network_answered(cause: int, sip: int, rang: bool, meaning: Unreached) -> None:
    assert unreached_by(cause, sip, rang=rang) is meaning
