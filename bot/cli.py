"""The command line: a call in, an exit code out. The way to each room is imported only when it is asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.arguments import PROGRAM, parse
from bot.console import warn
from bot.outcome import FAILED, FINE, INTERRUPTED, UNUSABLE, UNUSABLE_PACK, WRONG_USAGE, complain

__all__ = ["main"]

DEBUG = "PATIENT_GUIDE_DEBUG"
"""The environment variable that lets an error end with its traceback."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    program = PROGRAM if Path(sys.argv[0]).stem == PROGRAM else "python -m bot"
    options = parse(program, arguments)
    try:
        return options.run(options)  # type: ignore[no-any-return]
    except KeyboardInterrupt:
        return INTERRUPTED
    except ModuleNotFoundError as error:
        warn(f"{error.name} is not installed\n    -> install what the bot needs: python -m pip install .")
        return WRONG_USAGE
    except BrokenPipeError:
        # The reader has gone, as with `| head -1`. Keep Python from complaining when it closes the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    except Exception as error:
        from bot.errors import PackError  # noqa: PLC0415 (`--help` needs no engine)

        if isinstance(error, PackError):
            complain(error.problems, UNUSABLE)
            return UNUSABLE_PACK
        if os.environ.get(DEBUG):
            raise
        # Its name alone, for its words may be what a visitor typed.
        warn(
            f"this went wrong inside the bot: {type(error).__name__}\n    -> ask the staff; set {DEBUG}=1 to see where"
        )
        return FAILED
