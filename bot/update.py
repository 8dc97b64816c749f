"""Taking a changed article into a pack: what changes, which quotes it breaks, and who has to have read it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.errors import PackError
from bot.files import read_article_file, write_whole
from bot.header import Change, find_changes, mark_lines, read_header, write_header
from bot.pack import load_pack
from bot.written import Problem

__all__ = ["Update", "plan_update", "take_in"]


@dataclass(frozen=True, slots=True)
class Update:
    """A changed article before it is taken in: its new file, what changed, and what that breaks in the pack."""

    path: Path
    text: str
    changes: tuple[Change, ...]
    broken: tuple[Problem, ...]


def plan_update(root: Path, file: Path, today: date) -> Update:
    """What taking in `file` would do to the pack in `root`. Nothing is written.

    `file` holds the new text of the article of the same name, with or without a header of its own; it may be the
    article's own file, changed in place. The review holds for a year from `today`. Raises PackError.
    """
    path = root / "corpus" / f"{file.stem}.txt"
    if not path.is_file():
        names = ", ".join(sorted(p.stem for p in (root / "corpus").glob("*.txt"))) or "none"
        fact = f"the pack holds no article {file.stem!r}"
        raise PackError([Problem(str(file), 1, 1, fact, f"name the file like the article it replaces: {names}")])
    head, old = read_article_file(path)
    own, body = read_article_file(file) if file.resolve() != path.resolve() else (head, old)
    header, problems = read_header(head, path.name)
    newer, faults = read_header(own, str(file), required=())
    if problems or faults:
        raise PackError([*problems, *faults])
    before = header.get("lines") or ("" if file.resolve() == path.resolve() else mark_lines(old))
    kept = {k: v for k, v in newer.items() if k not in ("sha256", "lines", "review_by")}
    fresh = {**header, **kept, "review_by": _in_a_year(today).isoformat()}
    text = write_header(fresh, body)
    first = len(text.splitlines()) - len(body.splitlines()) + 1
    return Update(path, text, tuple(find_changes(before, body, first)), tuple(_find_broken(root, path, text)))


def _in_a_year(day: date) -> date:
    return day.replace(year=day.year + 1, day=min(day.day, 28) if day.month == 2 else day.day)


def _find_broken(root: Path, path: Path, text: str) -> Sequence[Problem]:
    """Every problem that the pack would have with the new article: tried on a copy, so that nothing can be lost."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / root.resolve().name
        for part in ("corpus", "intents"):
            shutil.copytree(root / part, copy / part)
        (copy / "corpus" / path.name).write_text(text, encoding="utf-8", newline="")
        try:
            load_pack(copy)
        except PackError as error:
            return error.problems
    return ()


def take_in(update: Update, is_reviewed: Callable[[], bool]) -> bool:
    """Write the new article if somebody qualified has read it; whole, then renamed. Returns whether it was written.

    Raises PackError where the folder cannot be written to; the old article then stands as it was.
    """
    if not is_reviewed():
        return False
    write_whole(update.path, update.text)
    return True
