"""denwaban (電話番) minds the phone for other people."""

__version__ = "0.1.0"
