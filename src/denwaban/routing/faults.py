"""Faults that the floor survives: counted, in the log, and red in the health until the engine was compared anew without any."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from prometheus_client import Counter

log = structlog.get_logger(__name__)

FAULTS = Counter("denwaban_routing_faults", "Faults of ours that the floor survived", ["where"])


class Faults:
    """Those of one switchboard."""

    def __init__(self) -> None:
        self.count = 0
        """Since the start."""
        self._mended = 0
        self.some = asyncio.Event()
        """Set while there are some that are not mended."""

    @property
    def open(self) -> int:
        """How many there were since what they may have left behind was mended last."""
        return self.count - self._mended

    def mended(self, count: int) -> None:
        """What all but the newest may have left behind is in order again; `count` is of before that was begun."""
        self._mended = count
        if not self.open:
            self.some.clear()

    def note(self, where: str, error: Exception, **ids: str) -> None:
        """Something failed that must not end the rest. To be called while the exception is being handled."""
        self.count += 1
        self.some.set()
        FAULTS.labels(where).inc()
        log.exception("routing.fault", where=where, error=type(error).__name__, **ids)

    @contextmanager
    def survived(self, where: str, **ids: str) -> Iterator[None]:
        """A fault ends what stands inside, and nothing else."""
        try:
            yield
        except Exception as error:
            self.note(where, error, **ids)
