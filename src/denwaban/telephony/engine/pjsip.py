"""SIP doors: transports, trunks, the practice door, seats. Text only, no I/O.

Who is calling is decided in this order: the practice door's secret header, the name a phone signs
in with, and only then the address it comes from, so that a trunk on this machine's own address
cannot take a seat's requests for its own. There is no door for anyone else.
"""

from __future__ import annotations

from collections.abc import Iterable

from denwaban.config import Trunk
from denwaban.telephony.engine.settings import (
    PRACTICE_ENDPOINT,
    PRACTICE_TRUNK,
    EngineSettings,
)
from denwaban.telephony.port import SeatAccount

SEATS_FILE = "pjsip_seats.conf"
PRACTICE_HEADER = "X-Denwaban-Practice"


def base(settings: EngineSettings, *, binds_media: bool) -> str:
    """pjsip.conf. `binds_media`: the media address is one of this machine."""
    host = f"[{settings.sip_host}]" if ":" in settings.sip_host else settings.sip_host
    parts = [
        f"""[global]
type = global
user_agent = denwaban
endpoint_identifier_order = header,auth_username,username,ip
ignore_uri_user_options = yes
keep_alive_interval = 30
max_initial_qualify_time = 2
unidentified_request_period = 60
unidentified_request_prune_interval = 60
[system]
type = system
timer_t1 = 500
[transport-udp]
type = transport
protocol = udp
bind = {host}:{settings.sip_port}
[transport-tcp]
type = transport
protocol = tcp
bind = {host}:{settings.sip_port}
[transport-ws]
type = transport
protocol = ws
bind = {host}
""",
        _practice(settings),
        *(_trunk(settings, trunk, binds_media) for trunk in settings.trunks),
        f"#include {SEATS_FILE}\n",
    ]
    return "".join(parts)


def seats(settings: EngineSettings, accounts: Iterable[SeatAccount], *, binds_media: bool) -> str:
    """The file of seats: for each a browser phone `<seat>` and a SIP phone `<seat>-phone`."""
    return "".join(_seat(settings, account, binds_media) for account in accounts)


def _media(settings: EngineSettings, binds_media: bool) -> str:
    bind = "yes" if binds_media else "no"
    return f"media_address = {settings.media_address}\nbind_rtp_to_media_address = {bind}\n"


_VOICE = """disallow = all
allow = {codecs}
dtmf_mode = rfc4733
direct_media = no
rtp_symmetric = yes
force_rport = yes
"""


# A leg on hold may rightly be silent for long; whether its other end is there is then known by the session timer.
_HOLD_TIMES = 30


def _vanished(settings: EngineSettings) -> str:
    """What ends the leg of somebody who is gone without a word."""
    seconds = settings.vanished_seconds
    return f"rtp_timeout = {seconds}\nrtp_timeout_hold = {seconds * _HOLD_TIMES}\n"


def _practice(settings: EngineSettings) -> str:
    host = settings.sip_host
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1"
    if ":" in host:
        host = f"[{host}]"
    permit = f"{host}/255.255.255.255" if "[" not in host else "::1/128"
    voice = _VOICE.format(codecs="ulaw")
    return f"""[{PRACTICE_ENDPOINT}]
type = aor
contact = sip:{host}:{settings.sip_port}
[{PRACTICE_ENDPOINT}]
type = endpoint
transport = transport-udp
context = nowhere
aors = {PRACTICE_ENDPOINT}
identify_by = header
media_address = 127.0.0.1
bind_rtp_to_media_address = yes
set_var = PJSIP_HEADER(add,{PRACTICE_HEADER})={settings.practice_secret}
{voice}[{PRACTICE_TRUNK}]
type = endpoint
context = from-trunk
identify_by = header
deny = 0.0.0.0/0.0.0.0
permit = {permit}
media_address = 127.0.0.1
bind_rtp_to_media_address = yes
set_var = DENWABAN_TRUNK={PRACTICE_TRUNK}
{voice}[{PRACTICE_TRUNK}]
type = identify
endpoint = {PRACTICE_TRUNK}
match_header = {PRACTICE_HEADER}: {settings.practice_secret}
"""


def _trunk(settings: EngineSettings, trunk: Trunk, binds_media: bool) -> str:
    name = trunk.name
    context = "from-trunk-to" if trunk.number_from == "to" else "from-trunk"
    text = f"""[{name}]
type = endpoint
transport = transport-{trunk.transport}
context = {context}
aors = {name}
identify_by = ip
trust_id_inbound = yes
send_connected_line = no
set_var = DENWABAN_TRUNK={name}
timers = always
timers_sess_expires = 600
{_vanished(settings)}{_VOICE.format(codecs="ulaw,alaw")}{_media(settings, binds_media)}"""
    match = list(trunk.match)
    if trunk.shows == "pai":
        # The number shown is ours to say, also where the engine takes the caller for somebody who withholds it.
        text += "send_pai = yes\ntrust_id_outbound = yes\n"
    if trunk.user and (trunk.shows != "from" or not trunk.server):
        text += f"from_user = {trunk.user}\n"
    if trunk.kind == "register":
        text += f"outbound_auth = {name}\n"
        match.append(host_of(trunk.server))
    # `\\;`: a semicolon begins a comment in this file.
    tcp = "\\;transport=tcp" if trunk.transport == "tcp" else ""
    aor = f"[{name}]\ntype = aor\n"
    if trunk.server:
        text += f"from_domain = {host_of(trunk.server)}\n"
        aor += f"contact = sip:{trunk.server}{tcp}\n"
    text += f"{aor}[{name}]\ntype = identify\nendpoint = {name}\nsrv_lookups = no\n"
    text += "".join(f"match = {address}\n" for address in match)
    if trunk.kind == "register":
        text += f"""[{name}]
type = auth
auth_type = userpass
username = {trunk.user}
password = {trunk.password}
[{name}]
type = registration
transport = transport-{trunk.transport}
outbound_auth = {name}
server_uri = sip:{trunk.server}{tcp}
client_uri = sip:{trunk.user}@{trunk.server}
contact_user = {trunk.user}
expiration = 300
retry_interval = 20
forbidden_retry_interval = 300
fatal_retry_interval = 300
max_retries = 1000000
auth_rejection_permanent = no
line = yes
endpoint = {name}
"""
    return text


def host_of(server: str) -> str:
    """A server without its port."""
    return server.rsplit(":", 1)[0] if server.count(":") == 1 else server


def _seat(settings: EngineSettings, account: SeatAccount, binds_media: bool) -> str:
    voice = _VOICE.format(codecs="ulaw") + _media(settings, binds_media)
    # `callerid_tag`: stays with a caller who was joined to the seat (see `ledger`).
    # A browser sends sound also while it is muted: a closed tab's leg, which would stay for most of a minute, is told
    # early. Desk phones may be silent for a while.
    browser = """webrtc = yes
dtls_auto_generate_cert = yes
rewrite_contact = no
rtp_timeout = 5
rtp_timeout_hold = 30
"""
    text = ""
    for name, kind in (
        (account.seat, browser),
        (f"{account.seat}-phone", f"rewrite_contact = yes\n{_vanished(settings)}"),
    ):
        # One contact: who signs in again (a new tab, a phone after a power cut) is never rung at the old place as well.
        text += f"""[{name}]
type = auth
auth_type = userpass
username = {name}
password = {account.password}
[{name}]
type = aor
max_contacts = 1
remove_existing = yes
default_expiration = 120
maximum_expiration = 3600
qualify_frequency = {settings.phone_check_seconds}
qualify_timeout = 3.0
[{name}]
type = endpoint
context = from-seat
auth = {name}
aors = {name}
identify_by = auth_username,username
device_state_busy_at = 1
callerid_tag = {account.seat}
send_pai = no
set_var = PJSIP_TRANSFER_HANDLING()=ari-only
{kind}{voice}"""
    return text
