"""YAML files as nodes that know their place. Every scalar stays the text that was typed.

Built on PyYAML's event stream rather than its loaders, so that `no`, `7:30` and `1.0` are never turned into
something else, and so that what a loader would silently resolve (anchors, tags, duplicate keys, a text cut
short by ` #`) is reported with its line instead.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from bot.written import Problem

__all__ = ["Mapping", "Node", "Scalar", "Sequence", "read_lines", "read_yaml"]

TOO_DEEP = ("lists and keys are nested too deeply", "flatten them")

_BREAKS = str.maketrans("\u0085\u2028\u2029", "   ")
"""What YAML counts as line ends and no editor does: every place below one would be told a line too low."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """A node's file, and its line and column from 1."""

    file: str
    line: int
    column: int

    def here(self, value: str) -> Scalar:
        """A text at the place of this node."""
        return Scalar(value=value, file=self.file, line=self.line, column=self.column)

    def problem(self, fact: str, remedy: str, nearest: str = "") -> Problem:
        """A problem at this node."""
        return Problem(self.file, self.line, self.column, fact, remedy, nearest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar(_Placed):
    """A text. Of a `|` text, whose first line stands one line below its place, `block` is the column, else 0."""

    value: str
    block: int = 0
    cut_short: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence(_Placed):
    """A list."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping(_Placed):
    """Keys and values in the order of the file, each key once."""

    items: tuple[tuple[Scalar, Node], ...]

    def get(self, key: str) -> Node | None:
        """The value under `key`, or None."""
        return next((value for name, value in self.items if name.value == key), None)


Node: TypeAlias = Scalar | Sequence | Mapping


@dataclass
class _Builder:
    file: str
    lines: list[str]
    events: Iterator[Any]
    problems: list[Problem] = field(default_factory=list)

    def at(self, event: Any, fact: str, remedy: str) -> None:
        mark = event.start_mark
        self.problems.append(Problem(self.file, mark.line + 1, mark.column + 1, fact, remedy))

    def build(self, event: Any) -> Node:
        """The node that `event` opens, read to its end."""
        place: dict[str, Any] = {
            "file": self.file,
            "line": event.start_mark.line + 1,
            "column": event.start_mark.column + 1,
        }
        if isinstance(event, yaml.AliasEvent):
            self.at(event, f"a reference *{event.anchor} is not understood here", "write the text out")
            return Scalar(value="", **place)
        if event.anchor:
            self.at(event, f"an anchor &{event.anchor} is not understood here", "remove it and write the text out")
        if event.tag is not None:
            self.at(event, f"a tag {event.tag} is not understood here", "remove it")
        if isinstance(event, yaml.ScalarEvent):
            block = self._block_column(event) if event.style == "|" else 0
            cut = not event.style and self._is_cut(event)  # "" from the C reader, None from the other
            return Scalar(value=event.value, block=block, cut_short=cut, **place)
        if isinstance(event, yaml.SequenceStartEvent):
            return Sequence(items=tuple(self._until(yaml.SequenceEndEvent)), **place)
        nodes = list(self._until(yaml.MappingEndEvent))
        return Mapping(items=tuple(self._pairs(nodes)), **place)

    def _until(self, end: type) -> Iterator[Node]:
        while not isinstance(event := next(self.events), end):
            yield self.build(event)

    def _pairs(self, nodes: list[Node]) -> Iterator[tuple[Scalar, Node]]:
        seen: dict[str, int] = {}
        for key, value in zip(nodes[::2], nodes[1::2], strict=True):
            if not isinstance(key, Scalar):
                self.problems.append(key.problem("a key must be a word", "write it as key: value"))
            elif key.value in seen:
                fact = f"the key {key.value!r} stands here twice, first in line {seen[key.value]}"
                self.problems.append(key.problem(fact, "keep one of the two"))
            else:
                seen[key.value] = key.line
                yield key, value

    def _block_column(self, event: Any) -> int:
        inside = self.lines[event.start_mark.line + 1 : max(event.end_mark.line, event.start_mark.line + 2)]
        return 1 + min((len(line) - len(line.lstrip()) for line in inside if line.strip()), default=0)

    def _is_cut(self, event: Any) -> bool:
        """Whether a plain text is followed on its line by ` #`, which YAML reads as the start of a comment."""
        mark = event.end_mark
        return mark.line < len(self.lines) and bool(re.match(r"\s+#", self.lines[mark.line][mark.column :]))


def read_yaml(path: Path, shown: str) -> tuple[Mapping | None, list[Problem]]:
    """The one mapping of a file, or None; and every problem of its form. `shown` is its name in messages."""
    try:
        raw = path.read_bytes()
        if raw[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            fact = "the file is saved as UTF-16, which some editors call Unicode"
            return None, [Problem(shown, 1, 1, fact, "save it as UTF-8")]
        text = raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n").translate(_BREAKS)
    except UnicodeDecodeError as error:
        before = error.object[: error.start].split(b"\n")
        place = (len(before), len(before[-1].decode("utf-8", "replace")) + 1)
        return None, [Problem(shown, *place, "a byte here is not UTF-8", "save the file as UTF-8")]
    except OSError as error:
        return None, [Problem(shown, 1, 1, f"cannot be read: {error.strerror}", "check that the file is there")]
    builder = _Builder(shown, text.split("\n"), iter(()))
    try:
        builder.events = iter(yaml.parse(text, _Loader))
        documents = [builder.build(event) for event in builder.events if isinstance(event, yaml.NodeEvent)]
    except yaml.MarkedYAMLError as error:
        return None, [*builder.problems, _tell(error, builder)]
    except yaml.YAMLError as error:
        position = getattr(error, "position", 0)
        line = text[: position if isinstance(position, int) else 0].count("\n") + 1
        return None, [Problem(shown, line, 1, "a control character stands in the file", "delete it")]
    except RecursionError:
        return None, [Problem(shown, 1, 1, *TOO_DEEP)]
    if not documents:
        return Mapping(items=(), file=shown, line=1, column=1), builder.problems
    top = documents[0]
    if len(documents) > 1:
        builder.problems.append(
            documents[1].problem("a second document starts here", "remove the line of three dashes")
        )
    if not isinstance(top, Mapping):
        builder.problems.append(top.problem("the file must open with a key such as intents:", "see README, the guide"))
        return None, builder.problems
    return top, builder.problems


_MEANT = (
    ("nesting depth", *TOO_DEEP),
    ("found a tab", "a tab stands here", "indent with spaces, not with tabs"),
    ("a quoted scalar", "a quotation mark opens here and is never closed", "close it, or write the text without one"),
    ("<document start>", "this stands under no key", "begin the file with intents: at the very start of its line"),
    ("a simple key", "this is no key: value", "put a space behind the colon; a text of several lines stands below a |"),
    ("a flow ", "a bracket opens here and is not closed", "a text that begins with a bracket must stand in quotes"),
    ("'-' indicator", "this line fits not the list above it", "put a space behind the dash; compare the indentation"),
)
"""What the reader says, what is the matter, and what helps; for a thing left open, the place where it opens is told."""


def _tell(error: yaml.MarkedYAMLError, builder: _Builder) -> Problem:
    """What is wrong, and where, in other words than those of the reader, which knows what it expected but not why."""
    reason = " ".join(filter(None, (error.context, error.problem))) or "this is not YAML"
    mark = error.problem_mark or error.context_mark
    text = builder.lines[mark.line] if mark and mark.line < len(builder.lines) else ""
    meant = next(((fact, remedy) for said, fact, remedy in _MEANT if said in reason), None)
    if builder.lines[0].startswith("{\\rtf"):
        mark, meant = None, ("this is Rich Text", "save the file as plain text")
    elif "\t" in text[: len(text) - len(text.lstrip())]:
        meant = _MEANT[1][1:]
    elif "<document start>" in reason:
        first = next((n for n, line in enumerate(builder.lines) if line.strip() and line.lstrip()[0] != "#"), 0)
        return Problem(builder.file, first + 1, 1, *meant or ("", ""))
    elif meant and error.context_mark:
        mark = error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if line > len(builder.lines):  # At its end the reader is one line too far, where the last has no line end.
        line, column = len(builder.lines), len(builder.lines[-1]) + 1
    return Problem(builder.file, line, column, *meant or (reason, _guess_remedy(text)))


def _guess_remedy(text: str) -> str:
    if text.count(": ") > 1 or re.search(r":\s+\S.*: ", text):
        return "a text that holds a colon and a space must stand in quotes"
    if re.search(r":\s+[@%`&*!|>]|-\s+[@%`]", text):
        return "a text that begins with this sign must stand in quotes"
    return "compare the indentation with the lines above"


def read_lines(node: Node, what: str) -> tuple[list[Scalar], list[Problem]]:
    """The texts of a list, written as a YAML list or as a block of `- ` lines, each with its own line.

    In a block nothing needs quoting: `- what's 2 # 3: "x"` is read as it stands.
    """
    if isinstance(node, Sequence):
        texts = [item for item in node.items if isinstance(item, Scalar)]
        wrong = [item for item in node.items if not isinstance(item, Scalar)]
        remedy = f"a text that holds a colon must stand in quotes; or write the {what} as a block: |"
        problems = [item.problem(f"one of the {what} is not a text", remedy) for item in wrong]
        problems += [
            t.problem(f"a # cuts this one of the {what} short", "put it in quotes") for t in texts if t.cut_short
        ]
        return [t.here(t.value.strip()) for t in texts], problems
    if not isinstance(node, Scalar):
        return [], [node.problem(f"the {what} are not a list", f"write the {what} as lines that start with a dash")]
    if not node.block:
        if not node.value.strip():
            return [], []
        return [], [
            node.problem(f"the {what} are not a list", f"write {what}: | and below it lines that start with a dash")
        ]
    found, problems = [], []
    for number, line in enumerate(node.value.split("\n"), node.line + 1):
        text = line.strip().removeprefix("-").strip()
        column = node.block + (line.find(text) if text else 0)
        at = Scalar(value=text, file=node.file, line=number, column=column)
        if line.strip().startswith("-"):
            found.append(at)
        elif line.strip() and not line.strip().startswith("#"):
            problems.append(
                at.problem(f"this line of the {what} does not start with a dash: {line.strip()!r}", "start it with - ")
            )
    return found, problems
