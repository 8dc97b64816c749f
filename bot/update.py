"""Taking a changed article into a pack: what changes, which quotes it breaks, and who has to have read it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.errors import PackError
from bot.header import Change, find_changes, mark_lines, read_header, split_header, write_header
from bot.pack import load_pack
from bot.types import Problem

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
    head, old = _read(path)
    own, body = _read(file) if file.resolve() != path.resolve() else (head, old)
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


def _read(path: Path) -> tuple[str, str]:
    """A file's header, or "", and its text."""
    try:
        raw = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        fact = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else f"cannot be read: {error.strerror}"
        raise PackError([Problem(str(path), 1, 1, fact, "save the new text as a UTF-8 text file")]) from None
    if not raw.strip():
        raise PackError([Problem(str(path), 1, 1, "the file is empty", "paste the article's new text into it")])
    return split_header(raw) or ("", raw)


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
    part = update.path.with_suffix(".part")
    try:
        part.write_text(update.text, encoding="utf-8", newline="")
        os.replace(part, update.path)
    except OSError as error:
        fact = f"cannot be written: {error.strerror}"
        raise PackError([Problem(str(update.path), 1, 1, fact, "check the rights on the folder corpus/")]) from None
    return True
