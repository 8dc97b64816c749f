"""`python -m bot` and the console script `patient-guide`."""

from __future__ import annotations

import gc
import sys

TYPE_CHECKING = False  # As in arguments.py.
if TYPE_CHECKING:
    from sys import UnraisableHookArgs

KEPT = 50_000
"""Objects that a start makes and that stay: to look through them for what can go takes a tenth of a first answer."""

INTERRUPTED = 130
"""As in outcome.py, which an interrupt does not wait for."""


def main() -> int:
    """Run the command that was called, and return its exit code."""
    gc.set_threshold(KEPT)
    sys.unraisablehook = _interrupt_again
    try:
        from bot.cli import main as run  # noqa: PLC0415 (an interrupt may come as early)

        return run()
    except BaseException as error:
        if _comes_of_interrupt(error):
            return INTERRUPTED
        raise
    finally:
        gc.freeze()  # The end of Python looks through nothing either.


def _comes_of_interrupt(error: BaseException | None) -> bool:
    """Whether an error is an interrupt, or what one turned into: Python makes another of it where a class is made."""
    while error and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _interrupt_again(lost: UnraisableHookArgs) -> None:
    """Where an interrupt comes as Python tidies up, it would print and forget it: let it come again, a moment later."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        from _thread import interrupt_main, start_new_thread  # noqa: PLC0415

        start_new_thread(interrupt_main, ())  # Called here, it would come at once, and be lost again.
    else:
        sys.__unraisablehook__(lost)


if __name__ == "__main__":
    sys.exit(main())
