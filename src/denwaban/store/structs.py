"""What msgspec has to know of our classes before threads use it."""

from collections.abc import Iterator
from typing import Any

import msgspec


def know_structs() -> None:
    """Lets msgspec look at every Struct of ours that is imported. Cheap when it has before.

    Its first look at one runs Python, so that another thread can see what it has found half made: that ends the process
    (msgspec 0.22, `convert` in two threads). It must have looked before a second thread begins.
    """
    for struct in _all(msgspec.Struct):
        if struct.__module__.startswith("denwaban."):
            msgspec.json.Decoder(struct)


def _all(of: type[Any]) -> Iterator[type[Any]]:
    for one in of.__subclasses__():
        yield one
        yield from _all(one)
