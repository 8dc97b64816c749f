"""The command line: a call in, an exit code out. The way to each room is imported only when it is asked for."""

from __future__ import annotations

import os
import sys

from bot.arguments import PROGRAM, parse

TYPE_CHECKING = False  # As in arguments.py.
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

__all__ = ["main"]

DEBUG = "PATIENT_GUIDE_DEBUG"
"""The environment variable that lets an error end with its traceback."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    program = PROGRAM if os.path.basename(sys.argv[0]).partition(".")[0] == PROGRAM else "python -m bot"
    return _run(parse(program, arguments))


def _run(options: Namespace) -> int:
    from importlib import import_module  # noqa: PLC0415

    from bot.console import warn  # noqa: PLC0415
    from bot.outcome import (  # noqa: PLC0415
        FAILED,
        FINE,
        INTERRUPTED,
        UNUSABLE,
        UNUSABLE_PACK,
        WRONG_USAGE,
        complain,
    )

    room, _, name = options.run.partition(".")
    try:
        return getattr(import_module(f"bot.{room}"), name)(options)  # type: ignore[no-any-return]
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
        if isinstance(error.__cause__ or error.__context__, KeyboardInterrupt):
            raise  # An interrupt under another name: see __main__.py.
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
