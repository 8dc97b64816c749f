from __future__ import annotations

import doctest
import importlib

import pytest

ROOMS = (
    "text",
    "plain",
    "leaks",
    "foreign",
    "speller",
    "lexicon",
    "features",
    "corpus",
    "safety",
    "render",
    "evaluate",
    "engine",
)


@pytest.mark.parametrize("room", ROOMS)
def test_the_examples_in_docstrings_run(room: str, bot: object) -> None:
    result = doctest.testmod(importlib.import_module(f"bot.{room}"))
    assert result.attempted > 0
    assert result.failed == 0
