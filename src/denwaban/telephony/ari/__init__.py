"""Asterisk through its REST interface (ARI): the only place that knows channels, bridges and causes."""

from denwaban.telephony.ari.answers import EngineAway, Refused
from denwaban.telephony.ari.connection import AriConnection
from denwaban.telephony.ari.link import EngineTaken
from denwaban.telephony.ari.phone import AriPhone

__all__ = ["AriConnection", "AriPhone", "EngineAway", "EngineTaken", "Refused"]
