"""The header of an article's file, and the marks in it by which a change of the text below is seen."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from bot.written import Problem

__all__ = ["NONE", "Change", "body_hash", "find_changes", "mark_lines", "read_header", "split_header", "write_header"]

KEYS = ("title", "publisher", "published", "url", "retrieved", "licence", "interest", "sha256")
OPTIONAL = ("subjects", "review_by", "lines")
DATES = ("published", "retrieved", "review_by")
NONE = ("none", "")

MARK = 4
"""Hexadecimal digits of a line's mark: one change in 65,536 would go unnamed, and is still refused by the hash."""


def split_header(raw: str) -> tuple[str, str] | None:
    """A file's header and its text below the dashes, or None where there is no line of dashes."""
    found = re.search(r"^---[ \t]*\r?\n", raw, re.MULTILINE)
    return (raw[: found.start()], raw[found.end() :]) if found else None


def read_header(text: str, shown: str, required: Sequence[str] = KEYS) -> tuple[dict[str, str], list[Problem]]:
    """The keys and values of a header, and every problem with them; `shown` is the file's name in messages."""
    header: dict[str, str] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        key, colon, value = line.partition(":")
        key, value = key.strip().lower(), value.strip()
        if not line.strip():
            continue
        if not colon:
            problems.append(Problem(shown, number, 1, f"not a header line: {line.strip()!r}", "write it as key: value"))
        elif key not in KEYS + OPTIONAL:
            problems.append(
                Problem(shown, number, 1, f"unknown key {key!r}", f"use one of {', '.join(KEYS + OPTIONAL)}")
            )
        elif key in header:
            problems.append(Problem(shown, number, 1, f"{key} is given twice", "keep one of the two lines"))
        else:
            header[key] = value
            problems += _judge_value(key, value, Problem(shown, number, len(line) - len(line.lstrip()) + 1, "", ""))
    for key in required:
        if key not in header:
            remedy = f"add a line {key}: …" + (" or url: none" if key == "url" else "")
            problems.append(Problem(shown, 1, 1, f"the header has no {key}", remedy))
    return header, problems


def _judge_value(key: str, value: str, at: Problem) -> Iterator[Problem]:
    if key in ("title", "publisher", "licence") and not value:
        yield Problem(at.file, at.line, at.column, f"{key} is empty", f"write the {key} behind the colon")
    iso = re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", value)
    if key in DATES and value not in NONE and not iso:
        yield Problem(at.file, at.line, at.column, f"{key} is not a date: {value!r}", "write it as 2025-10-21, or none")


def write_header(header: Mapping[str, str], body: str) -> str:
    """The text of a file: a header with the hash and the marks of `body`, a line of dashes, and `body`."""
    marked = {**header, "sha256": body_hash(body), "lines": mark_lines(body)}
    lines = [
        f"{key}: {marked[key]}" for key in sorted(marked, key=[*KEYS[:-1], *OPTIONAL[:2], "sha256", "lines"].index)
    ]
    return "\n".join([*lines, "", "---", body])


# --- what changed -----------------------------------------------------------------------------------


def body_hash(body: str) -> str:
    """SHA-256 of an article's text below its header, as UTF-8."""
    return hashlib.sha256(body.encode()).hexdigest()


def mark_lines(body: str) -> str:
    """A short mark for each line that is not blank, whatever its indent and line ending."""
    return " ".join(body_hash(line.strip())[:MARK] for line in body.splitlines() if line.strip())


@dataclass(frozen=True, slots=True)
class Change:
    """One run of lines of a file that is not as it was: `line` from 1 is where it stands now, `text` its first line."""

    line: int
    what: str
    text: str = ""

    def __str__(self) -> str:
        shown = f' "{self.text[:60]}…"' if len(self.text) > 61 else f' "{self.text}"' if self.text else ""
        return f"line {self.line} {self.what}{shown}"


def find_changes(marks: str, body: str, first: int = 1) -> list[Change]:
    r"""Where `body`, which begins in line `first` of its file, is not what `marks` were made of; [] without marks.

    >>> [str(change) for change in find_changes(mark_lines("Rest.\nIce it."), "Rest.\nHeat it.\nWalk.")]
    ['line 2 is new or other than it was "Heat it."']
    >>> [str(change) for change in find_changes(mark_lines("Rest.\nDo not run.\nIce it."), "Rest.\nIce it.")]
    ['line 2 follows on 1 line that is missing "Ice it."']
    """
    if not marks:
        return []
    lines = [(number, line.strip()) for number, line in enumerate(body.splitlines(), first) if line.strip()]
    old, new = marks.split(), mark_lines(body).split()
    changes = []
    for tag, before, until, at, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        number, text = lines[at] if at < len(lines) else (first + body.count("\n"), "")
        if tag in ("replace", "insert"):
            what = "is new or other than it was" if end - at == 1 else f"and {end - at - 1} more are new or changed"
            changes.append(Change(number, what, text))
        elif tag == "delete":
            gone = until - before
            changes.append(
                Change(
                    number, f"follows on {gone} line{'s' * (gone > 1)} that {'are' if gone > 1 else 'is'} missing", text
                )
            )
    return changes or [Change(first, "and on: only spaces or line endings differ")]
