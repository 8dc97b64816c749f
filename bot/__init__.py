"""Patient Guide: an offline patient-education bot that answers only with passages quoted from vetted articles.

from bot import Bot

bot = Bot.load()
reply = bot.ask("can they help me do up buttons")
print(reply.text, reply.citations[0].publisher)
"""

from __future__ import annotations

TYPE_CHECKING = False  # What a checker reads and Python need not: importing typing would double a start.
if TYPE_CHECKING:
    from typing import Any

    from bot.engine import Bot, Conversation
    from bot.errors import BotError, ModelError, PackError
    from bot.types import Alternative, Block, Citation, Kind, Lead, Reply
    from bot.written import Problem, Topic

__version__ = "0.1.0"

_HOMES = {
    "Bot": "engine",
    "Conversation": "engine",
    "BotError": "errors",
    "ModelError": "errors",
    "PackError": "errors",
    "Alternative": "types",
    "Block": "types",
    "Citation": "types",
    "Kind": "types",
    "Lead": "types",
    "Problem": "written",
    "Reply": "types",
    "Topic": "written",
}

__all__ = [
    "Alternative",
    "Block",
    "Bot",
    "BotError",
    "Citation",
    "Conversation",
    "Kind",
    "Lead",
    "ModelError",
    "PackError",
    "Problem",
    "Reply",
    "Topic",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: `--help` needs none of them."""
    if name not in _HOMES:
        raise AttributeError(f"module 'bot' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(f"bot.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """What can be imported from here, for whoever looks around."""
    return sorted({*globals(), *__all__})
