"""Everything that is wrong with a pack which can be used, less what its author has looked at and accepted."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from bot.cache import Progress
from bot.leaks import find_alike
from bot.lint import (
    find_collisions,
    find_misspelt,
    find_mistaken,
    find_overdue,
    find_personal,
    find_shadowing,
    find_thin,
    find_unreached,
)
from bot.model import Model
from bot.pack import show_places
from bot.types import Pack
from bot.written import Accepted, Problem

__all__ = ["find_doubts", "to_github", "to_json"]


def find_doubts(
    pack: Pack, root: Path, model: Model | None, today: date, progress: Progress = lambda what, share: None
) -> list[Problem]:
    """All that would mislead the visitors or the author of the pack in `root`, errors first, in the order of its files.

    `model` is what was learned from this pack; without one, nothing is found that only learning shows.
    """
    asked = ((f"{turn.file}:{turn.line}", turn.ask) for test in pack.tests for turn in test.turns)
    steps: list[tuple[str, Iterable[Problem]]] = [
        ("the files", pack.doubts),
        ("reviews", find_overdue(pack, today)),
        ("the number of examples", find_thin(pack)),
        ("examples in the same words", find_collisions(pack)),
        ("what is hard to tell apart", find_mistaken(pack, model) if model else ()),
        ("personal data", find_personal(pack)),
        # A quote that is not found reaches nothing yet.
        ("passages", find_unreached(pack) if model else ()),
        ("the pack's tests", find_alike(pack, asked)),
        ("red flags", find_shadowing(pack)),
        ("spelling", find_misspelt(pack)),
    ]
    found: list[Problem] = []
    for place, (what, problems) in enumerate(steps):
        progress(what, place / len(steps))
        found += problems
    progress("", 1.0)
    left = sorted(set(_settle(found, pack.accepted)), key=lambda problem: (problem.is_warning, problem))
    return show_places(left, root)


def _settle(problems: Sequence[Problem], accepted: Iterable[Accepted]) -> Iterator[Problem]:
    """The problems that nobody has accepted, and a warning for each acceptance that accepts nothing."""
    open_ones = list(problems)
    for one in accepted:
        covered = [p for p in problems if p.is_warning and p.rule == one.warning and set(one.about) <= set(p.about)]
        open_ones = [problem for problem in open_ones if problem not in covered]
        if not covered:
            about = f" about {', '.join(one.about)}" if one.about else ""
            fact = f"there is no warning {one.warning}{about} to accept"
            yield Problem(one.file, one.line, one.column, fact, "remove this entry").warn("unused")
    yield from open_ones


def to_json(problems: Sequence[Problem], pack: Pack | None) -> dict[str, Any]:
    """The outcome as a JSON object; without a pack where it cannot be used."""
    outcome = {
        "ok": all(problem.is_warning for problem in problems),
        "usable": pack is not None,
        "problems": [problem.to_dict() for problem in problems],
    }
    if pack:
        examples = sum(len(intent.examples) for intent in pack.intents.values())
        outcome |= {"articles": len(pack.articles), "intents": len(pack.intents), "examples": examples}
    return outcome


def to_github(problem: Problem, root: Path) -> str:
    """A problem as a line that GitHub shows beside the file, which is named from the working folder."""
    file = os.path.relpath(root / problem.file) if (root / problem.file).exists() else problem.file
    where = {"file": file, "line": problem.line, "col": problem.column, "title": problem.rule or "pack"}
    properties = ",".join(f"{key}={_escape(str(value), ':,')}" for key, value in where.items())
    message = "\n".join(filter(None, (problem.fact, problem.nearest, f"-> {problem.remedy}")))
    return f"::{'warning' if problem.is_warning else 'error'} {properties}::{_escape(message)}"


def _escape(text: str, also: str = "") -> str:
    """As workflow commands want it: percent signs and line ends written out, and in properties colons and commas."""
    for sign in "%\r\n" + also:
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text
