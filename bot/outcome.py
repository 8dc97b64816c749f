"""How a command ends: its exit code, what it says on standard error, and the pack it was about."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.console import show_step, warn

if TYPE_CHECKING:
    from bot.written import Problem

__all__ = [
    "DECLINED",
    "FAILED",
    "FINE",
    "INTERRUPTED",
    "UNUSABLE",
    "UNUSABLE_PACK",
    "WRONG_USAGE",
    "complain",
    "find_root",
    "show_progress",
    "spell_call",
]

FINE, DECLINED, WRONG_USAGE, UNUSABLE_PACK, FAILED, INTERRUPTED = 0, 1, 2, 3, 70, 130
"""Exit codes."""

UNUSABLE = "this pack cannot be used until they are mended"


def complain(problems: Sequence[Problem], consequence: str, tell: Callable[[str], None] = warn) -> None:
    """Name problems, and what follows from them."""
    many = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    tell("\n".join([*map(str, problems), f"{many}: {consequence}."]))


def show_progress(what: str, share: float) -> None:
    """Progress of a first build."""
    show_step(f"Getting ready (only after a change): {what} … {share:.0%}" if share < 1 else "")


def spell_call(options: argparse.Namespace) -> str:
    """How the bot is called here, for advice on what to run next."""
    python = Path(sys.executable)
    called = python.relative_to(Path.cwd()) if python.is_relative_to(Path.cwd()) else "python"
    return f"{called} -m bot" + (f" --pack {options.pack}" if options.pack else "")


def find_root(options: argparse.Namespace) -> Path:
    """The folder of the chosen pack."""
    from bot.folder import shipped_root  # noqa: PLC0415

    return Path(options.pack) if options.pack else shipped_root()
