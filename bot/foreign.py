"""Files of other bots and of spreadsheets: from Rasa, tables and `.intent` files to questions with their places.

Nothing here knows a pack. What a format holds and a pack cannot is listed, never dropped in silence.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path
from typing import TypeAlias

from bot.errors import PackError
from bot.nodes import Mapping, Node, Scalar, Sequence, read_lines, read_yaml
from bot.render import shorten
from bot.text import LONGEST, split_words
from bot.written import Problem

__all__ = ["Foreign", "Row", "expand", "read_foreign"]

MOST_SENTENCES = 50
"""Sentences taken of one line of an `.intent` file: a classifier learns nothing new from the hundredth."""


@dataclass(frozen=True, slots=True)
class Row:
    """One question, the name of what it asks for, and its answer, each as it stands in the file."""

    question: Scalar
    name: Scalar | None = None
    answer: Scalar | None = None


@dataclass(frozen=True, slots=True)
class Foreign:
    """What a file holds: its questions in order, pairs of a phrase and its meaning, and what cannot be carried over."""

    rows: tuple[Row, ...]
    synonyms: tuple[tuple[Scalar, Scalar], ...] = ()
    left_out: tuple[Problem, ...] = ()


@dataclass
class _Draft:
    """A `Foreign` while its file is read. `marks` are annotations by their name: each is listed once."""

    rows: list[Row] = field(default_factory=list)
    synonyms: list[tuple[Scalar, Scalar]] = field(default_factory=list)
    left_out: list[Problem] = field(default_factory=list)
    marks: dict[str, list[Scalar]] = field(default_factory=dict)

    def leave(self, at: Scalar | Mapping | Sequence, rule: str, fact: str, remedy: str) -> None:
        self.left_out.append(at.problem(fact, remedy).warn(rule))

    def finish(self) -> Foreign:
        for name, places in self.marks.items():
            many = "1 question marks" if len(places) == 1 else f"{len(places)} questions mark"
            fact = f"{many} {name!r}, first here: the words are kept, the mark is not"
            self.leave(places[0], "entity", fact, "if an answer depends on it, write an intent for each value")
        return Foreign(tuple(self.rows), tuple(self.synonyms), tuple(sorted(self.left_out)))


def read_foreign(file: Path) -> Foreign:
    """What `file` holds; its name's ending tells its format. Raises PackError for one that cannot be read as such."""
    if file.suffix.lower() in (".yml", ".yaml"):
        return _read_rasa(file)
    draft = _Draft()
    text = _read_text(file, draft)
    match file.suffix.lower():
        case ".intent":
            _read_sentences(text, file, draft)
        case ".csv" | ".tsv" | ".tab" | ".txt":
            _read_table(text, str(file), draft)
        case ending:
            remedy = "save a spreadsheet as CSV; or name a Rasa file (.yml) or a file of sentences (.intent)"
            raise _fail(str(file), f"{ending or 'a name without an ending'} is no known format", remedy)
    return draft.finish()


def _fail(shown: str, fact: str, remedy: str, line: int = 1, column: int = 1) -> PackError:
    return PackError([Problem(shown, line, column, fact, remedy)])


# --- text -------------------------------------------------------------------------------------------

_BINARY = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")


def _read_text(file: Path, draft: _Draft) -> str:
    """A file's text, every line end as a line feed."""
    shown = str(file)
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise _fail(shown, f"cannot be read: {error.strerror}", "check that the file is there") from None
    encoding = next((name for mark, name in _MARKS.items() if raw.startswith(mark)), "")
    if raw.startswith(_BINARY) or (not encoding and b"\0" in raw):
        raise _fail(shown, "this is not text but a program's own file", "save it as CSV, in UTF-8")
    try:
        text = raw.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        # What a spreadsheet on Windows calls plain CSV. Nearly any byte is a letter in it, so it is said.
        text = "" if encoding else raw.decode("cp1252", "replace")
        if not text or "\ufffd" in text or _CONTROL.search(text):
            raise _fail(shown, "this is not text", "save it as CSV, in UTF-8") from None
        fact = "the file is not UTF-8, so it was read as Windows-1252"
        draft.left_out.append(Problem(shown, 1, 1, fact, "look at its accents; or save it as UTF-8").warn("encoding"))
    return text.replace("\r\n", "\n").replace("\r", "\n")


# --- tables -----------------------------------------------------------------------------------------

_HEADINGS = {
    "question": "question questions q utterance utterances text example examples phrase query sentence input",
    "answer": "answer answers a response responses reply replies output",
    "name": "intent intents topic topics category categories tag tags label",
}
_TITLES = {title: role for role, titles in _HEADINGS.items() for title in titles.split()}
# Not the csv module: it knows no column of a cell, and does not say where a quotation mark was opened.
_QUOTED = r'"([^"]*+(?:""[^"]*+)*+)"'
_Cells: TypeAlias = list[Scalar]


def _read_table(text: str, shown: str, draft: _Draft) -> None:
    rows = _read_cells(text, _find_delimiter(text), shown)
    lines = [cells for cells in rows if any(cell.value.strip() for cell in cells)]
    roles = _read_heading(lines[0]) if lines else {}
    if roles and "question" not in roles:
        cell = lines[0][0]
        remedy = "name the column of the questions: question"
        raise _fail(shown, "no column holds the questions", remedy, cell.line, cell.column)
    columns = roles or {"question": 0, "answer": 1}
    _list_columns(lines, columns, bool(roles), draft)
    for cells in lines[1:] if roles else lines:
        _read_row(cells, columns, len(lines[0]), draft)


def _find_delimiter(text: str) -> str:
    """The one that parts the first line and most of the others, whatever stands in quotation marks."""
    lines = re.sub(rf"(?<![^\n,;\t]){_QUOTED}", "", text).strip("\n").split("\n")
    return max("\t;,", key=lambda mark: (mark in lines[0], sum(mark in line for line in lines)))


def _read_cells(text: str, mark: str, shown: str) -> Iterator[_Cells]:
    """The cells of each row, each with its place. Raises PackError where a quotation mark is not closed."""
    pattern = re.compile(rf" *{_QUOTED} *(?=[{mark}\n]|\Z)|([^{mark}\n]*)")
    cells: _Cells = []
    at = start = 0
    line = 1
    while at <= len(text):
        found = pattern.match(text, at)
        assert found  # An empty cell always does.
        raw, end = found[0], found.end()
        if found[2] is not None and raw.lstrip(" ").startswith('"'):
            remedy = 'close it at the end of the cell, and write "" for a quotation mark within'
            raise _fail(shown, "the quotation mark opened here closes no cell", remedy, line, at - start + 1)
        value = raw if found[1] is None else found[1].replace('""', '"')
        cells.append(Scalar(value=value, file=shown, line=line, column=at - start + 1))
        if "\n" in raw:
            line, start = line + raw.count("\n"), at + raw.rindex("\n") + 1
        at = end + 1
        if text[end:at] in ("\n", ""):
            yield cells
            cells, line, start = [], line + 1, at


def _read_heading(cells: _Cells) -> dict[str, int]:
    """The column of each role by the table's first row, or none where that is a row like the others."""
    roles: dict[str, int] = {}
    for column, cell in enumerate(cells):
        if role := _TITLES.get(" ".join(split_words(cell.value))):
            roles.setdefault(role, column)
    return roles if "question" in roles or len(roles) > 1 else {}


def _list_columns(lines: list[_Cells], columns: dict[str, int], has_heading: bool, draft: _Draft) -> None:
    for column, cell in enumerate(lines[0] if lines else ()):
        below = [cells[column] for cells in lines[has_heading:] if column < len(cells)]
        if column not in columns.values() and (filled := [other for other in below if other.value.strip()]):
            title = f"the column {shorten(cell.value)!r}" if has_heading else f"column {column + 1}"
            remedy = "questions, answers and intents are taken; name the column so if it is one of these"
            draft.leave(cell if has_heading else filled[0], "column", f"{title} is left out", remedy)


def _read_row(cells: _Cells, columns: dict[str, int], width: int, draft: _Draft) -> None:
    if over := [cell for cell in cells[width:] if cell.value.strip()]:
        # Half an answer may be a wrong one, so no part of the row is taken.
        fact = f"this row has more cells than the first: {shorten(over[0].value)!r}"
        draft.leave(over[0], "cells", fact, "put a text that holds the mark between cells in double quotes")
        return
    found = {role: cells[column] for role, column in columns.items() if column < len(cells)}
    filled = {role: cell for role, cell in found.items() if cell.value.strip()}
    if "question" not in filled:
        if filled:
            draft.leave(found.get("question", cells[0]), "empty", "this row has no question", "add the question")
        return
    if "name" in columns and "name" not in filled:
        fact = "this row has no intent, so it is named by its question"
        draft.leave(found.get("name", cells[-1]), "empty", fact, "fill the cell to choose the name")
    draft.rows.append(Row(filled["question"], filled.get("name"), filled.get("answer")))


# --- files of sentences -----------------------------------------------------------------------------

_SLOT = re.compile(r"\{+([^{}]*)\}+")
_CLOSED_BY = {"(": ")", "[": "]", "{": "}"}


def _read_sentences(text: str, file: Path, draft: _Draft) -> None:
    name = Scalar(value=file.stem, file=str(file), line=1, column=1)
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        at = Scalar(value=line, file=str(file), line=number, column=raw.find(line) + 1)
        if line and not line.startswith("#"):
            draft.rows += [Row(at.here(sentence), name) for sentence in _read_sentence(at, draft)]


def _read_sentence(at: Scalar, draft: _Draft) -> list[str]:
    """The sentences that one line stands for, as many as are taken."""
    if len(at.value) > LONGEST:
        draft.leave(at, "long", f"this line has {len(at.value)} characters", f"split it: up to {LONGEST} are read")
        return []
    if (wrong := _find_unbalanced(at.value)) >= 0:
        place = Scalar(value="", file=at.file, line=at.line, column=at.column + wrong)
        fact = f"the bracket {at.value[wrong]} has no partner, so the line is left out: {shorten(at.value)!r}"
        draft.leave(place, "bracket", fact, "close it, or take it out")
        return []
    for slot in dict.fromkeys(_SLOT.findall(at.value)):
        draft.marks.setdefault(slot, []).append(at)
    line = _SLOT.sub(lambda slot: re.sub(r"[\W_]+", " ", slot[1]), at.value)
    sentences = list(islice(expand(line), MOST_SENTENCES + 1))
    if len(sentences) > MOST_SENTENCES:
        fact = f"this line stands for more than {MOST_SENTENCES} sentences; those from here on are left out"
        rest = f"from: {shorten(sentences.pop())}"
        draft.left_out.append(at.problem(fact, "write the most usual ones as lines of their own", rest).warn("many"))
    if not any(sentences):
        draft.leave(at, "empty", f"this line says nothing: {shorten(at.value)!r}", "write what patients say")
    return list(dict.fromkeys(filter(None, sentences)))


def _find_unbalanced(text: str) -> int:
    """Where a bracket stands without its partner, or -1."""
    opened: list[int] = []
    for at, sign in enumerate(text):
        if sign in _CLOSED_BY:
            opened.append(at)
        elif sign in _CLOSED_BY.values() and (not opened or _CLOSED_BY[text[opened.pop()]] != sign):
            return at
    return opened[-1] if opened else -1


def expand(line: str) -> Iterator[str]:
    """Every sentence that a line with `(one|other)` and `[optional]` stands for, one after the other.

    >>> list(expand("(is there|do you have) [free] parking"))
    ['is there free parking', 'is there parking', 'do you have free parking', 'do you have parking']
    """
    waiting = [f"({line})"]
    while waiting:
        text = waiting.pop()
        if not (found := re.search(r"[(\[]", text)):
            yield " ".join(text.split())
            continue
        start = found.start()
        cuts = _find_cuts(text, start)
        choices = [text[one + 1 : other] for one, other in pairwise(cuts)] + [""] * (text[start] == "[")
        waiting += [text[:start] + choice + text[cuts[-1] + 1 :] for choice in reversed(choices)]


def _find_cuts(text: str, start: int) -> list[int]:
    """Where the bracket at `start` opens, where its alternatives part, and where it closes."""
    cuts, depth = [start], 0
    for found in re.finditer(r"[(\[)\]|]", text[start:]):
        depth += {"(": 1, "[": 1, "|": 0}.get(found[0], -1)
        if depth == 0 or (depth == 1 and found[0] == "|"):
            cuts.append(start + found.start())
        if depth == 0:
            break
    return cuts


# --- Rasa -------------------------------------------------------------------------------------------

# As Rasa reads it: [two](count), [two](count:2), [two]{"entity": "count", "value": "2"}.
_ENTITY = re.compile(r"\[([^\[\]]+)\](?:\(([^():]+)(?::[^()]*)?\)|(\{[^{}]*\}))")
_SECTIONS = ("version", "nlu", "responses")
_ENTRIES = ("intent", "synonym", "regex", "lookup")


def _read_rasa(file: Path) -> Foreign:
    top, problems = read_yaml(file, str(file))
    if top is None or problems:
        raise PackError(problems)
    if not any(key.value in ("nlu", "responses") for key, _ in top.items):
        remedy = "name a Rasa file with nlu:; a file of a pack is copied into its intents/ as it is"
        raise _fail(str(file), "the file holds no section nlu:", remedy)
    draft = _Draft()
    for key, _ in top.items:
        if key.value not in _SECTIONS:
            draft.leave(key, "section", f"the section {key.value}: is left out", "a pack has nothing of the kind")
    answers = _read_responses(top.get("responses"), draft)
    taken = {_read_entry(entry, answers, draft) for entry in _mappings(top.get("nlu"), "nlu", draft)}
    for name, answer in answers.items():
        if name not in taken:
            fact = f"the response {name!r} answers no intent of this file: {shorten(answer.value)!r}"
            draft.leave(answer, "response", fact, f"name the intent {name} that it answers, or write one")
    return draft.finish()


def _mappings(node: Node | None, what: str, draft: _Draft) -> Iterable[Mapping]:
    items = node.items if isinstance(node, Sequence) else ()
    if node and not isinstance(node, Sequence):
        draft.leave(node, "section", f"{what} is no list, so it is left out", "start each entry with a dash")
    for item in items:
        if isinstance(item, Mapping):
            yield item
        else:
            draft.leave(item, "section", f"an entry of {what} has no keys", "write it as - key: value")


def _read_responses(node: Node | None, draft: _Draft) -> dict[str, Scalar]:
    """The first text of each response, by the name of the intent that it is for: `utter_greet` is for `greet`."""
    answers: dict[str, Scalar] = {}
    if node and not isinstance(node, Mapping):
        draft.leave(node, "section", "responses: holds no names, so it is left out", "write utter_name: below it")
    for name, variants in node.items if isinstance(node, Mapping) else ():
        for variant in _mappings(variants, name.value, draft):
            for key, value in variant.items:
                if key.value != "text" or not isinstance(value, Scalar):
                    draft.leave(key, "response", f"{key.value}: of {name.value} is left out", "an answer is one text")
                elif (first := answers.setdefault(name.value.removeprefix("utter_"), value)) is not value:
                    fact = f"another wording of {name.value} is left out: {shorten(value.value)!r}"
                    draft.leave(value, "response", fact, f"the one in line {first.line} is kept")
    return answers


def _read_entry(entry: Mapping, answers: dict[str, Scalar], draft: _Draft) -> str:
    """Take one entry of `nlu:`. Returns the name of its intent, or ""."""
    kinds = [(key, value) for key, value in entry.items if key.value in _ENTRIES and isinstance(value, Scalar)]
    key, name = kinds[0] if kinds else (None, None)
    for other, _ in entry.items:
        if other is not key and other.value != "examples":
            draft.leave(other, "section", f"{other.value}: is left out", "a pack has nothing of the kind")
    lines = _read_examples(entry.get("examples"), draft)
    if not key or not isinstance(name, Scalar) or not name.value.strip():
        draft.leave(entry, "section", "an entry that has no name is left out", f"use one of: {', '.join(_ENTRIES)}")
    elif key.value in ("regex", "lookup"):
        fact = f"the {key.value} {name.value!r} is left out, with {len(lines)} line{'s' * (len(lines) != 1)}"
        draft.leave(name, key.value, fact, "write examples that hold such words, or synonyms")
    elif key.value == "synonym":
        draft.synonyms += [(line, name) for line in lines]
    else:
        if not lines:
            draft.leave(name, "empty", f"the intent {name.value!r} has no examples", "add what patients say")
        draft.rows += [Row(_take_marks(line, draft), name, answers.get(name.value)) for line in lines]
        return name.value if lines else ""
    return ""


def _read_examples(node: Node | None, draft: _Draft) -> list[Scalar]:
    """The lines of a block, or the texts of a list, which Rasa also writes as `- text: …`."""
    if node is None:
        return []
    if isinstance(node, Sequence) and all(isinstance(item, Mapping) for item in node.items):
        found: list[Scalar] = []
        for item in _mappings(node, "examples", draft):
            for key, value in item.items:
                if key.value == "text" and isinstance(value, Scalar):
                    found.append(value.here(value.value.strip().removeprefix("- ")))
                else:
                    draft.leave(key, "section", f"{key.value}: of an example is left out", "an example is one text")
    else:
        found, problems = read_lines(node, "examples")
        draft.left_out += [problem.warn("line") for problem in problems]
    for line in found:
        if not line.value.strip():
            draft.leave(line, "empty", "this example is empty", "write what patients say, or remove the dash")
    return [line for line in found if line.value.strip()]


def _take_marks(line: Scalar, draft: _Draft) -> Scalar:
    """An example without its annotations, which are remembered."""

    def take(found: re.Match[str]) -> str:
        place = Scalar(value=found[0], file=line.file, line=line.line, column=line.column + found.start())
        try:
            told = {"entity": found[2]} if found[2] else json.loads(found[3])
        except (ValueError, RecursionError):
            draft.leave(place, "entity", f"this mark is not JSON, so it stays: {found[0]}", "mend or remove it")
            return found[0]
        draft.marks.setdefault(str(told.get("entity", "")), []).append(place)
        return found[1]

    return line.here(_ENTITY.sub(take, line.value))
