"""`python -m denwaban`."""

import sys

from denwaban.cli import main

sys.exit(main())
