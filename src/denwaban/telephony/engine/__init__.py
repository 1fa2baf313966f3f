"""Asterisk: obtained without root, configured privately, supervised."""

from denwaban.telephony.engine.configure import configure, own_address, write_seats
from denwaban.telephony.engine.console import EngineTrouble
from denwaban.telephony.engine.door import Door
from denwaban.telephony.engine.launch import bound_to_us
from denwaban.telephony.engine.ledger import Entry, Ledger
from denwaban.telephony.engine.obtain import (
    Packages,
    already_obtained,
    found_on_path,
    obtain,
)
from denwaban.telephony.engine.settings import (
    APPLICATION,
    NOTES,
    PRACTICE_ENDPOINT,
    PRACTICE_TRUNK,
    BadEngineSettings,
    EngineSettings,
)
from denwaban.telephony.engine.supervise import Back, Died, Engine
from denwaban.telephony.engine.unobtainable import EngineUnobtainable

__all__ = [
    "APPLICATION",
    "NOTES",
    "PRACTICE_ENDPOINT",
    "PRACTICE_TRUNK",
    "Back",
    "BadEngineSettings",
    "Died",
    "Door",
    "Engine",
    "EngineSettings",
    "EngineTrouble",
    "EngineUnobtainable",
    "Entry",
    "Ledger",
    "Packages",
    "already_obtained",
    "bound_to_us",
    "configure",
    "found_on_path",
    "obtain",
    "own_address",
    "write_seats",
]
