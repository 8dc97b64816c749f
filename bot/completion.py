"""Completion scripts for shells, made from the parser. The only room that imports shtab."""

from __future__ import annotations

import argparse

import shtab

__all__ = ["write_completion"]

PLACES = {"FILE": shtab.FILE, "DIR": shtab.DIRECTORY}
"""What is completed where an argument is so called."""


def write_completion(parser: argparse.ArgumentParser, shell: str) -> str:
    """The script that completes what `parser` reads, for bash, zsh or fish."""
    for action in _list_actions(parser):
        if action.metavar in PLACES:
            action.complete = PLACES[action.metavar]  # type: ignore[attr-defined]
    return shtab.complete(parser, shell)


def _list_actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    found = list(parser._actions)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found += [inner for command in action.choices.values() for inner in _list_actions(command)]
    return found
