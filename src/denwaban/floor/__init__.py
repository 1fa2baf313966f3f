"""The supervisor's screen: who waits, who works, what is about to go wrong."""

from denwaban.floor.model import Busy, Due, Today, near_limit

__all__ = ["Busy", "Due", "Today", "near_limit"]
