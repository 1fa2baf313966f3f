"""The telephone engine behind a port: `port` (our words), `ari` (Asterisk), `fake` (tests), `engine` (obtain, configure,
supervise Asterisk), `recording` (files that a killed engine left), `speech` (spoken Japanese).

Rooms are imported by name (`from denwaban.telephony.port import Phone`): the port must not bring Asterisk with it.
"""
