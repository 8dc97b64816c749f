"""What can go wrong, as one tree.

BotError
├── PackError    a pack cannot be used; `problems` says where and what to do
└── ModelError   a stored model cannot be used; a bot rebuilds it, so nobody outside sees this
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.written import Problem

__all__ = ["BotError", "ModelError", "PackError"]


class BotError(Exception):
    """The root of every error this package raises on purpose, `TypeError` apart."""


class PackError(BotError):
    """A pack that cannot be used. `problems` holds every reason at once, as `check` prints them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ModelError(BotError):
    """A stored model that is missing, stale, damaged or not ours."""
