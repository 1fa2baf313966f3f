"""The engine's configuration folder, written from `EngineSettings`. Every file is ours; nothing of
the machine's `/etc/asterisk` is read. Files hold passwords and are readable by this user alone."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import tempfile
from collections.abc import Iterable
from pathlib import Path

from denwaban.telephony.engine import dialplan, pjsip
from denwaban.telephony.engine.music import beep, calm_loop
from denwaban.telephony.engine.obtain import Packages
from denwaban.telephony.engine.settings import EngineSettings, check_seat
from denwaban.telephony.port import SeatAccount
from denwaban.telephony.speech import Speech, write_wav

APOLOGY = (
    "お電話ありがとうございます。申し訳ございません。ただいま電話をおつなぎできません。"
    "発信音のあとに、お名前とご用件をお話しください。担当の者から折り返しご連絡いたします。"
)
SPEAK = "発信音のあとに、お名前とご用件をお話しください。担当の者から折り返しご連絡いたします。"
THANKS = "承りました。お電話ありがとうございました。"

# Only these are loaded, which makes the engine start in a second and keeps doors shut.
MODULES = """
res_timing_timerfd res_sorcery_config res_sorcery_memory res_sorcery_astdb
res_http_websocket res_websocket_client res_crypto res_srtp res_rtp_asterisk res_musiconhold
res_format_attr_opus
res_pjproject res_pjsip res_pjsip_session chan_pjsip res_pjsip_pubsub res_pjsip_refer
res_pjsip_acl res_pjsip_authenticator_digest res_pjsip_outbound_authenticator_digest
res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user
res_pjsip_registrar res_pjsip_outbound_registration res_pjsip_path res_pjsip_sips_contact
res_pjsip_transport_websocket res_pjsip_sdp_rtp res_pjsip_nat res_pjsip_caller_id
res_pjsip_diversion res_pjsip_dtmf_info res_pjsip_empty_info res_pjsip_rfc3326
res_pjsip_header_funcs res_pjsip_dlg_options res_pjsip_maintenance
codec_ulaw codec_alaw codec_resample format_wav format_pcm format_sln
bridge_simple bridge_softmix bridge_holding bridge_native_rtp chan_bridge_media
func_callerid func_channel func_cut func_env func_global func_logic func_strings func_uri
func_pjsip_endpoint func_pjsip_aor func_pjsip_contact func_hangupcause func_talkdetect
pbx_config app_playback app_record app_stasis app_verbose
res_stasis res_stasis_answer res_stasis_playback res_stasis_recording res_stasis_snoop
res_stasis_device_state
res_ari_model res_ari res_ari_applications res_ari_asterisk res_ari_bridges res_ari_channels
res_ari_device_states res_ari_endpoints res_ari_events res_ari_playbacks res_ari_recordings
""".split()


# What the engine tells itself and nobody here listens to; each would be written out as JSON for our application. Hang-up
# requests are not among them: the engine's own app_queue, beside which we are measured, lives on them.
_UNHEARD = "[declined_message_types]\n" + "".join(
    f"decline = {kind}\n"
    for kind in (
        "ast_channel_varset_type",
        "ast_channel_hangup_handler_type",
        "ast_channel_dial_type",
        "ast_channel_entered_bridge_type",
        "ast_channel_left_bridge_type",
        "ast_channel_moh_start_type",
        "ast_channel_moh_stop_type",
        "ast_channel_dtmf_begin_type",
        "ast_rtp_rtcp_sent_type",
        "ast_rtp_rtcp_received_type",
        "ast_presence_state_message_type",
    )
)


def configure(settings: EngineSettings, packages: Packages) -> None:
    """Makes the folders, the configuration and the sounds. May be repeated at any time; a running
    engine takes nothing from it until it is told to. Blocks for a second the first time (speech
    and music are made then). Raises OSError."""
    settings.make_folders()
    _sounds(settings)
    files = {
        "asterisk.conf": _asterisk(settings, packages),
        "modules.conf": _modules(settings, packages),
        "pjsip.conf": pjsip.base(settings, binds_media=is_own(settings.media_address)),
        "extensions.conf": dialplan.extensions(settings),
        "rtp.conf": _rtp(settings),
        "http.conf": _http(settings),
        "ari.conf": _ari(settings),
        "logger.conf": _LOGGER,
        "musiconhold.conf": f"[default]\nmode = files\ndirectory = {settings.sounds / 'music'}\n",
        "indications.conf": _INDICATIONS,
        "cdr.conf": "[general]\nenable = no\n",
        "cel.conf": "[general]\nenable = no\n",
        "manager.conf": "[general]\nenabled = no\nwebenabled = no\n",
        "ccss.conf": "[general]\n",
        "features.conf": "[general]\n",
        "acl.conf": "",
        "udptl.conf": "[general]\n",
        "pjproject.conf": _PJPROJECT,
        "stasis.conf": "[threadpool]\ninitial_size = 5\n" + _UNHEARD,
        "websocket_client.conf": "",
    }
    for name in settings.extra_conf:
        files.setdefault(name, "")
    for name, text in files.items():
        more = settings.extra_conf.get(name, "")
        write_private(settings.etc / name, f"{text}\n{more}\n" if more else text)
    write_seats(settings, settings.seats)


def write_seats(settings: EngineSettings, seats: Iterable[SeatAccount]) -> bool:
    """Writes who may sign in, exactly these; tells whether anything changed.

    A running engine takes it with `PUT /ari/asterisk/modules/res_pjsip.so` or `Engine.seats`,
    without disturbing calls or the seats already signed in. Raises `BadEngineSettings`, OSError.
    """
    accounts = sorted(seats, key=lambda account: account.seat)
    for account in accounts:
        check_seat(account)
    text = pjsip.seats(settings, accounts, binds_media=is_own(settings.media_address))
    path = settings.etc / pjsip.SEATS_FILE
    if path.exists() and path.read_text("utf-8") == text:
        return False
    write_private(path, text)
    return True


def write_private(path: Path, text: str) -> None:
    """Writes a file that only this user can read; readers see the old text or the new."""
    handle, name = tempfile.mkstemp(prefix=".writing-", dir=path.parent)  # mode 600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).rename(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def is_own(address: str) -> bool:
    """Whether this machine can receive on the address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
        return True


def own_address() -> str | None:
    """An IPv4 address of this machine that is not loopback, or None when there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.255", 9))  # a datagram socket sends nothing by connecting
            found = str(probe.getsockname()[0])
            if not found.startswith("127."):
                return found
        except OSError:
            pass  # no route outwards; an interface may still have an address
    trie = Path("/proc/net/fib_trie")
    lines = trie.read_text().splitlines() if trie.exists() else []
    for line, after in zip(lines, lines[1:], strict=False):
        if "/32 host LOCAL" in after:
            found = line.strip().removeprefix("|-- ")
            if not found.startswith(("127.", "+--")):
                return found
    return None


def _sounds(settings: EngineSettings) -> None:
    speech = Speech(settings.speech or settings.home / "speech")
    for name, text in {
        "apology.wav": APOLOGY,
        "speak.wav": SPEAK,
        "thanks.wav": THANKS,
    }.items():
        path = settings.sounds / name
        if not path.exists():
            shutil.copyfile(speech.wav_now(text), path)
    for name, make in {"beep.wav": beep, "music/calm.wav": calm_loop}.items():
        path = settings.sounds / name
        if not path.exists():
            write_wav(path, make())


def _asterisk(settings: EngineSettings, packages: Packages) -> str:
    root = settings.root
    return f"""[directories]
astetcdir => {settings.etc}
astmoddir => {packages.modules}
astvarlibdir => {root / "db"}
astdbdir => {root / "db"}
astkeydir => {root / "db"}
astdatadir => {packages.data}
astagidir => {root / "db"}
astspooldir => {root / "spool"}
astcachedir => {root / "spool" / "tmp"}
astrundir => {settings.run}
astlogdir => {settings.log.parent}
astsbindir => {root / "db"}
[options]
systemname = {_name(root)}
nocolor = yes
verbose = 0
debug = 0
hideconnect = yes
live_dangerously = no
maxfiles = 65536
[files]
astctlpermissions = 0600
astctl = asterisk.ctl
"""


def _name(root: Path) -> str:
    """Begins the name of every channel: the record may be shared with engines on other machines."""
    return hashlib.sha256(os.fsencode(f"{socket.gethostname()}\0{root}")).hexdigest()[:8]


def _modules(settings: EngineSettings, packages: Packages) -> str:
    wanted = [*MODULES, *settings.extra_modules]
    present = [name for name in wanted if (packages.modules / f"{name}.so").exists()]
    lines = "".join(f"load = {name}.so\n" for name in present)
    return f"[modules]\nautoload = no\n{lines}"


def _rtp(settings: EngineSettings) -> str:
    text = (
        f"[general]\nrtpstart = {settings.rtp_first}\nrtpend = {settings.rtp_last}\n"
        "strictrtp = yes\nicesupport = yes\n"
    )
    own = own_address()
    if own is None:
        return text
    if settings.media_address.startswith("127."):
        # The engine never offers a loopback address to a browser. Offering it in the place of
        # the machine's own address, and no other, keeps the voices on this machine. What is
        # permitted is compared after the replacement (22.10); both are named to be safe.
        return (
            f"{text}ice_deny = 0.0.0.0/0.0.0.0\nice_deny = ::/0\nice_permit = {own}/32\n"
            f"ice_permit = {settings.media_address}/32\n"
            f"[ice_host_candidates]\n{own} => {settings.media_address}\n"
        )
    if not is_own(settings.media_address):
        return f"{text}[ice_host_candidates]\n{own} => {settings.media_address}\n"
    return text


def _http(settings: EngineSettings) -> str:
    return f"""[general]
servername = denwaban
enabled = yes
bindaddr = {settings.http_host}
bindport = {settings.http_port}
sessionlimit = {settings.capacity}
session_inactivity = 30000
session_keep_alive = 60000
enable_static = no
enable_status = no
"""


def _ari(settings: EngineSettings) -> str:
    return f"""[general]
enabled = yes
pretty = no
websocket_write_timeout = 2000
[{settings.ari_user}]
type = user
read_only = no
password = {settings.ari_password}
password_format = plain
"""


# Level 1 prints a message that lacks a header whole, caller and all; what of it matters is told again by res_pjsip.
_PJPROJECT = """[log_mappings]
type = log_mappings
asterisk_error = 0
asterisk_warning = 2
"""

# Warnings and errors only: notices and verbose lines name callers and numbers.
_LOGGER = """[general]
dateformat = %F %T
rotatestrategy = rotate
queue_log = no
use_callids = no
appendhostname = no
[logfiles]
engine.log => warning,error
console => error
"""

# The tones of Japanese networks. 400*16 is 400 Hz modulated by 16 Hz.
_INDICATIONS = """[general]
country = jp
[jp]
description = Japan
ringcadence = 1000,2000
dial = 400
busy = 400/500,0/500
ring = 400*16/1000,0/2000
congestion = 400/500,0/500
callwaiting = 400*16/500,0/8000
dialrecall = !400/125,!0/125,!400/125,!0/125,!400/125,!0/125,400
record = 1400/500,0/15000
info = !950/330,!1400/330,!1800/330,0
stutter = !400/125,!0/125,!400/125,!0/125,!400/125,!0/125,400
"""
