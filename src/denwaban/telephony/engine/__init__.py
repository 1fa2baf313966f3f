"""Asterisk: obtained without root, configured privately, supervised."""

from denwaban.telephony.engine.configure import configure, write_seats
from denwaban.telephony.engine.left import LeftMessage, forget, left_messages
from denwaban.telephony.engine.obtain import EngineUnobtainable, Packages, obtain
from denwaban.telephony.engine.settings import (
    APPLICATION,
    PRACTICE_ENDPOINT,
    PRACTICE_TRUNK,
    BadEngineSettings,
    EngineSettings,
)
from denwaban.telephony.engine.supervise import Back, Died, Engine, EngineTrouble

__all__ = [
    "APPLICATION",
    "PRACTICE_ENDPOINT",
    "PRACTICE_TRUNK",
    "Back",
    "BadEngineSettings",
    "Died",
    "Engine",
    "EngineSettings",
    "EngineTrouble",
    "EngineUnobtainable",
    "LeftMessage",
    "Packages",
    "configure",
    "forget",
    "left_messages",
    "obtain",
    "write_seats",
]
