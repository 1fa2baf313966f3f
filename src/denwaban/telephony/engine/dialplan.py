"""The engine's dialplan: hands every call from a trunk to the program, and takes a message when the
program is away. Text only, no I/O."""

from __future__ import annotations

from denwaban.telephony.engine.settings import APPLICATION, EngineSettings

# What may stand in a number or name that goes into arguments, file text or a log.
_PLAIN = "+0-9A-Za-z*#._~@:=!\\x2d"


def extensions(settings: EngineSettings) -> str:
    """extensions.conf.

    The program gets `inbound,<dialled>,<trunk>` as arguments and finds DENWABAN_DIALLED,
    DENWABAN_TRUNK and DENWABAN_CALLER on the channel. While it is away the caller hears ring-back
    and is offered to it again every two seconds; then an apology is played and a message recorded.
    The note is written before the apology, so that a caller who hangs up at once is known too.

    A caller whom the program sends to `message` is spoken to (DENWABAN_WORDS) and leaves a message in the same way, whether
    or not the program goes on living; the note then has the id of the call (DENWABAN_CALL).
    """
    sounds = settings.sounds
    left = settings.left
    note = f"{left}/${{UNIQUEID}}.note"
    dialled = f"${{FILTER({_PLAIN},${{DENWABAN_DIALLED}})}}"
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
exten => _!,1,Ringing()
 same => n,GotoIf($["${{DENWABAN_NUMBER_FROM}}" = "to"]?door,to,1)
 same => n,Stasis({APPLICATION},inbound,${{FILTER({_PLAIN},${{EXTEN}})}},${{DENWABAN_TRUNK}})
 same => n,Set(DENWABAN_DIALLED=${{FILTER({_PLAIN},${{EXTEN}})}})
 same => n,Goto(door,back,1)
; after the end every context looks for h; without this one, which ends there, it would match the lines above
exten => h,1,Hangup()

[door]
exten => to,1,Set(DENWABAN_DIALLED=${{PJSIP_PARSE_URI(${{PJSIP_HEADER(read,To)}},user)}})
 same => n,Set(DENWABAN_DIALLED=${{FILTER({_PLAIN},${{DENWABAN_DIALLED}})}})
 same => n(offer),Set(AWAY=0)
 same => n,Stasis({APPLICATION},inbound,${{DENWABAN_DIALLED}},${{DENWABAN_TRUNK}})
 same => n,Goto(back,1)

exten => back,1,GotoIf($["${{STASISSTATUS}}" != "FAILED"]?over)
 same => n,Set(DENWABAN_CALLER=${{FILTER({_PLAIN},${{CALLERID(num)}})}})
 same => n,Set(AWAY=1)
 same => n,Set(TRIES=$[0${{TRIES}} + 1])
 same => n,GotoIf($[${{TRIES}} > 3]?away,1)
 same => n,Wait(2)
 same => n,Goto(to,offer)
 same => n(over),Hangup()

exten => away,1,Set(NOTED=1)
 same => n,Set(FILE({note},,,al,u)={{"id":"${{UNIQUEID}}","trunk":"${{DENWABAN_TRUNK}}","dialled":"${{DENWABAN_DIALLED}}","caller":"${{DENWABAN_CALLER}}","at":${{EPOCH}}}})
 same => n,Answer()
 same => n,Wait(0.7)
 same => n,Playback({sounds}/apology)
 same => n,Playback({sounds}/beep)
 same => n,Record({left}/${{UNIQUEID}}.wav,6,180,qk)
 same => n,Playback({sounds}/thanks)
 same => n,Hangup()

; a caller who hangs up during the first ring-backs is noted here
exten => h,1,GotoIf($["${{AWAY}}" != "1"]?end)
 same => n,GotoIf($["${{NOTED}}" = "1"]?close)
 same => n,Set(FILE({note},,,al,u)={{"id":"${{UNIQUEID}}","trunk":"${{DENWABAN_TRUNK}}","dialled":"${{DENWABAN_DIALLED}}","caller":"${{DENWABAN_CALLER}}","at":${{EPOCH}}}})
 same => n(close),Set(FILE({note},,,al,u)={{"ended":${{EPOCH}}}})
 same => n(end),NoOp()

; the program's own callers, whom nobody could take in the time agreed
[message]
exten => s,1,Set(FILE({note},,,al,u)={{"id":"${{UNIQUEID}}","call":"${{DENWABAN_CALL}}","trunk":"${{DENWABAN_TRUNK}}","dialled":"{dialled}","caller":"${{FILTER({_PLAIN},${{CALLERID(num)}})}}","at":${{EPOCH}}}})
 same => n,Answer()
 same => n,Playback(${{DENWABAN_WORDS}})
 same => n,Playback({sounds}/speak)
 same => n,Playback({sounds}/beep)
 same => n,Record({left}/${{UNIQUEID}}.wav,6,180,qk)
 same => n,Playback({sounds}/thanks)
 same => n,Hangup()
exten => h,1,Set(FILE({note},,,al,u)={{"ended":${{EPOCH}}}})
"""
