"""What the engine is told to call somebody: a seat's phone, or a number outside. No I/O."""

from __future__ import annotations

import re
from typing import Any

from denwaban.config import Trunk
from denwaban.telephony.ari.parties import is_desk_phone
from denwaban.telephony.engine.pjsip import host_of

_NO_NUMBER = re.compile("[^+0-9]")
_QUOTES = re.compile(r'["\\<>]')


def to_seat(endpoint: str, call: str, caller: str, title: str, seconds: int) -> dict[str, Any]:
    """Rings one phone of a seat."""
    number = national(_NO_NUMBER.sub("", caller))
    body: dict[str, Any] = {
        "endpoint": f"PJSIP/{endpoint}",
        "appArgs": "seat",
        "callerId": f'"{plain(title)}" <{number or "anonymous"}>',
        "timeout": seconds,
        # What seats may speak (see `pjsip`): otherwise the engine sets up a way from its own format that nobody goes.
        "formats": "ulaw",
    }
    if not is_desk_phone(endpoint):
        # Nobody reads it at a SIP phone, and the engine stops for a moment to take it.
        body["variables"] = {"PJSIP_HEADER(add,X-Call)": plain(call)}
    return body


def outside(line: Trunk, number: str, shown: str, seconds: int) -> dict[str, Any]:
    """Calls a number (E.164) by a trunk, showing another (E.164) in the place where this trunk looks for it.

    Raises `ValueError` for what is no E.164: nothing else may come into a SIP address.
    """
    for given in (number, shown):
        if not (given.startswith("+") and given[1:].isascii() and given[1:].isdigit()):
            raise ValueError("not a number in E.164")
    us = _form(line, shown)
    variables = {}
    if line.shows == "ppi":
        # The engine knows P-Asserted-Identity by itself, this one it does not.
        variables["PJSIP_HEADER(add,P-Preferred-Identity)"] = f"<sip:{us}@{host_of(line.server)}>"
    return {
        "endpoint": f"PJSIP/{line.prefix}{_form(line, number)}@{line.name}",
        "appArgs": "outside",
        "callerId": f'"{us}" <{us}>',
        "timeout": seconds,
        "formats": "ulaw",
        "variables": variables,
    }


def _form(line: Trunk, number: str) -> str:
    if line.number_form == "e164":
        return number
    shown = national(number)
    return f"010{shown[1:]}" if shown.startswith("+") else shown


def national(number: str) -> str:
    """As phones here show it: 090… for +8190…."""
    return f"0{number[3:]}" if number.startswith("+81") else number


def plain(text: str) -> str:
    """Fit for a SIP header: no quotes, no line ends."""
    if text.isprintable() and not _QUOTES.search(text):
        return text
    return "".join(mark for mark in text if mark.isprintable() and mark not in '"\\<>')
