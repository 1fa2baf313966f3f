"""How many examples the tests try that make up their own.

Each run tries the same few, so that what passed yesterday passes today; `DENWABAN_TEST_THOROUGH=1 make test`, for the
night or before a release, tries many more, each time others.
"""

import os

from hypothesis import settings

THOROUGH = bool(os.environ.get("DENWABAN_TEST_THOROUGH"))

MORE = 20

# No deadlines: how long an example takes on a busy machine says nothing about it.
settings.register_profile("each-run", deadline=None, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=100 * MORE)
settings.load_profile("thorough" if THOROUGH else "each-run")


def examples(each_run: int) -> int:
    """`each_run`, or many more in a thorough run."""
    return each_run * MORE if THOROUGH else each_run
