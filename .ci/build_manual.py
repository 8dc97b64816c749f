"""Writes bot/patient-guide.1, the manual page, from the words that `--help` shows.

Run it after a change of bot/arguments.py: python .ci/build_manual.py
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from unittest import mock

from argparse_manpage.manpage import Manpage

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "bot" / "patient-guide.1"
sys.path.insert(0, str(ROOT))

from bot import __version__  # noqa: E402
from bot.arguments import ENDING, PROGRAM, build_parser  # noqa: E402
from bot.visit import COMMANDS  # noqa: E402

CHANGED = "1795478400"
"""The day that the page names, in seconds since 1970: the same text must give the same page."""


def write_manual() -> str:
    """The page, as troff reads it."""
    with mock.patch.dict(os.environ, {"SOURCE_DATE_EPOCH": CHANGED, "COLUMNS": "80"}):
        return str(_make_page())


def _make_page() -> Manpage:
    parser = build_parser(PROGRAM, is_brief=True)
    examples = [line.strip() for command in _list_parsers(parser) for line in (command.epilog or "").splitlines()[1:]]
    parser.epilog = None
    facts = {"project_name": PROGRAM, "version": __version__, "manual_title": "Patient Guide"}
    page = Manpage(parser, facts | {"prog": PROGRAM}, format="single-commands-section")
    page.description = "answer patients' questions with passages quoted from vetted articles"
    page.add_section("while it chats", "=", _keep(" ".join(COMMANDS)))
    page.add_section("examples", "=", _keep("\n".join(examples)))
    for heading, text in ENDING.items():
        page.add_section(heading, "=", _keep(text))
    return page


def _list_parsers(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    commands = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction)).choices
    return [parser, *commands.values()]


def _keep(text: str) -> str:
    """Lines that troff is to leave as they stand."""
    escaped = text.rstrip().replace("\\", "\\e").replace("-", "\\-")
    return (
        ".nf\n" + "\n".join(f"\\&{line}" if line[:1] in (".", "'") else line for line in escaped.splitlines()) + "\n.fi"
    )


if __name__ == "__main__":
    PAGE.write_text(write_manual(), encoding="utf-8")
