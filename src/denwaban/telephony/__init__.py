"""The telephone engine behind a port: `port` (our words), `ari` (Asterisk), `fake` (tests), `engine` (obtain, configure,
supervise Asterisk), `speech` (spoken Japanese)."""
