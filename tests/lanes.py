"""Which worker runs which file when pytest-xdist runs several.

Stories (real engines, browsers, installations) wait most of their time; the other tests keep a processor busy. Workers
with an even number begin with the stories, those with an odd number with the rest, so that on two processors neither
kind waits for the other; who is finished helps the others.
"""

import os
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

STORIES = ("tests/contract/", "tests/crash/", "tests/journeys/")
LONG = ("tests/journeys/test_from_outside.py", "tests/slices/test_every_screen.py")
"""Files of some minutes: begun last, all others would wait for them at the end."""

POLITENESS = 5
"""Niceness of the workers that begin with the rest: sound and timers of the stories go first."""


def tells_stories(worker: str) -> bool:
    """Whether the worker of this id (`gw0`, `gw1`, …) begins with the stories."""
    return int(worker.removeprefix("gw")) % 2 == 0


class Lanes(LoadFileScheduling):
    """Whole files, of the worker's own kind first, the long ones before the others, else in the order of the collection."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        stories = tells_stories(node.gateway.id)
        own = [file for file in self.workqueue if file.startswith(STORIES) == stories]
        if own:
            first = next((file for file in own if file in LONG), own[0])
            self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Lanes | None:
    """Used for `--dist loadfile`."""
    return Lanes(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_configure(config: pytest.Config) -> None:
    worker = getattr(config, "workerinput", {}).get("workerid")
    if worker is not None and not tells_stories(worker):
        os.nice(POLITENESS)
