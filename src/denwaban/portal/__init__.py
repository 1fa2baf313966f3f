"""What a client's staff see: their reports, missed calls, promises and presence."""
