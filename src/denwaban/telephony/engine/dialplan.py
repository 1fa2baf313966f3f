"""The engine's dialplan: hands every call from a trunk to the program, keeps who came and went in the ledger, and takes a message
when the program is away. Text only, no I/O."""

from __future__ import annotations

from denwaban.telephony.engine.settings import APPLICATION, LEDGER, NOTES, EngineSettings

# What may stand in a number or name that goes into arguments, file text or a log.
_PLAIN = "+0-9A-Za-z*#._~@:=!\\x2d"


def extensions(settings: EngineSettings) -> str:
    """extensions.conf.

    The program gets `inbound,<dialled>,<trunk>` as arguments. Whatever becomes of it, every caller stands in the ledger: the first
    step of a call and the step after its end write a line each (see `ledger`). While the program is away the caller hears
    ring-back and is offered to it again every two seconds; then an apology is played and a message recorded.

    A caller whom the program sends to `message` is spoken to (the extension names the file of words) and leaves a message in the same
    way, whether or not the program goes on living.
    """
    sounds = settings.sounds
    page = f"{settings.left / LEDGER},,,al,u"
    now = "${STRFTIME(,UTC,%FT%T.%3q)}Z"
    dialled = f"${{FILTER({_PLAIN},${{EXTEN}})}}"
    gone = f'''exten => h,1,Set(FILE({page})={{"id":"${{UNIQUEID}}","ended":"{now}","seat":"${{CONNECTEDLINE(tag)}}","cause":"${{HANGUPCAUSE}}","notes":[${{{NOTES}_${{UNIQUEID}}}}]}})
 same => n,Set(GLOBAL_DELETE({NOTES}_${{UNIQUEID}})=)
 same => n,Hangup()'''
    return f"""[general]
static = yes
writeprotect = yes
clearglobalvars = yes

; a seat is dialled by the program and cannot dial: whatever it dials does not exist
[from-seat]
exten => s,1,Hangup(21)

[nowhere]
exten => s,1,Hangup(21)

; few steps until the program has the call: every one of them costs each call
[from-trunk]
exten => _!,1,Set(FILE({page})={_came(dialled, now)})
 same => n,Ringing()
 same => n,Stasis({APPLICATION},inbound,{dialled},${{DENWABAN_TRUNK}})
 same => n,Set(DENWABAN_DIALLED={dialled})
 same => n,Goto(door,back,1)
; after the end every context looks for h; without the second step, which ends there, it would match the lines above
{gone}

; a trunk that says in To which number was dialled
[from-trunk-to]
exten => _!,1,Set(DENWABAN_DIALLED=${{PJSIP_PARSE_URI(${{PJSIP_HEADER(read,To)}},user)}})
 same => n,Set(DENWABAN_DIALLED=${{FILTER({_PLAIN},${{DENWABAN_DIALLED}})}})
 same => n,Set(FILE({page})={_came("${DENWABAN_DIALLED}", now)})
 same => n,Ringing()
 same => n,Goto(door,offer,1)
{gone}

[door]
exten => offer,1,Stasis({APPLICATION},inbound,${{DENWABAN_DIALLED}},${{DENWABAN_TRUNK}})
 same => n,Goto(back,1)

exten => back,1,GotoIf($["${{STASISSTATUS}}" != "FAILED"]?over)
 same => n,Set(TRIES=$[0${{TRIES}} + 1])
 same => n,GotoIf($[${{TRIES}} > 3]?away,1)
 same => n,Wait(2)
 same => n,Goto(offer,1)
 same => n(over),Hangup()

exten => away,1,Answer()
 same => n,Wait(0.7)
 same => n,Playback({sounds}/apology)
 same => n,Playback({sounds}/beep)
 same => n,Record({settings.left}/${{UNIQUEID}}.wav,6,180,qk)
 same => n,Playback({sounds}/thanks)
 same => n,Hangup()
{gone}

; the program's own callers, whom nobody could take in the time agreed
[message]
exten => _[0-9a-f].,1,Answer()
 same => n,Playback({settings.speech or settings.home.absolute() / "speech"}/${{EXTEN}})
 same => n,Playback({sounds}/speak)
 same => n,Playback({sounds}/beep)
 same => n,Record({settings.left}/${{UNIQUEID}}.wav,6,180,qk)
 same => n,Playback({sounds}/thanks)
 same => n,Hangup()
{gone}
"""


def _came(dialled: str, now: str) -> str:
    """The first line of a caller."""
    caller = f"${{FILTER({_PLAIN},${{CALLERID(num)}})}}"
    return (
        f'{{"id":"${{UNIQUEID}}","trunk":"${{DENWABAN_TRUNK}}","dialled":"{dialled}",'
        f'"caller":"{caller}","at":"{now}"}}'
    )
