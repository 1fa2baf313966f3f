"""What may be told to whom, and the record of who saw it."""
