"""`python -m bot` and the console script `patient-guide`."""

from __future__ import annotations

import gc
import sys

from bot.cli import main as run

KEPT = 50_000
"""Objects that a start makes and that stay: to look through them for what can go takes a tenth of a first answer."""


def main() -> int:
    """Run the command that was called, and return its exit code."""
    gc.set_threshold(KEPT)
    try:
        return run()
    finally:
        gc.freeze()  # The end of Python looks through nothing either.


if __name__ == "__main__":
    sys.exit(main())
