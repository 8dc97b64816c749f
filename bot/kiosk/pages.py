"""What a screen shows, as HTML. Every text is inserted as text: the templates escape whatever they are given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.kiosk.visits import IDLE, WARNED
from bot.quotes import find_topics
from bot.text import LONGEST
from bot.types import Block, Pack, Reply

__all__ = ["Pages", "Shown"]

HERE = Path(__file__).parent

AGAIN = 5.0
"""Seconds after which a page without a script looks whether it can ask by now."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A block of a reply as a screen shows it: its paragraphs, each with its language or "", and how it stands out."""

    kind: str
    paragraphs: tuple[tuple[str, str], ...]
    source: str = ""


class Pages:
    """The screens of one pack."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.wording = pack.wording
        lines = pack.wording["other_languages"].splitlines()
        self._languages = {text: code for code, text in map(_read_language, lines) if text}
        environment = Environment(
            loader=FileSystemLoader(HERE),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals |= {
            "wording": pack.wording,
            "clinic": pack.name,
            "language": pack.wording["language"],
            "sizes": [size.strip() for size in pack.wording["sizes"].split(",")],
            "languages": self._languages,
            "named": [_read_language(name) for name in pack.wording["languages"].split("·")],
            "topics": find_topics(pack),
            "longest": LONGEST,
            "idle": IDLE,
            "warned": WARNED,
        }
        self._screen = environment.get_template("screen.html")

    def welcome(self) -> str:
        """What a visit opens with: the field for a question, some to begin with, and all the topics."""
        first = [self.pack.intents[name].question for name in self.pack.first]
        said = [self._show(Block("words", self.wording["welcome"].format(clinic=self.pack.name)))]
        return self._draw("welcome", said, heading=self.wording["can_answer"], questions=first)

    def answer(self, reply: Reply, rest: float) -> str:
        """A reply; a page that has no script of its own asks in `rest` seconds whether somebody is there."""
        asked = reply.choices or reply.suggestions
        lists = [block.text.split("\n") for block in reply.blocks if block.kind == "list"]
        heading = next((lines[0] for lines in lists if len(lines) > len(asked)), "")
        said = [self._show(block) for block in reply.blocks if block.kind != "list"]
        return self._draw(reply.kind, said, heading=heading, questions=asked, rest=rest)

    def note(self, *keys: str) -> str:
        """What is not an answer, over the field for a question."""
        return self._draw("note", [self._show(Block("words", self.wording[key])) for key in keys])

    def still_here(self, rest: float) -> str:
        """The question whether somebody is there, for a page without a script; in `rest` seconds all is forgotten."""
        words = self.wording["cleared_soon"].format(seconds=ceil(rest))
        return self._draw("still_here", [self._show(Block("words", words))], rest=rest)

    def card(self, *keys: str) -> str:
        """A screen without a field: what to do while nothing can be asked."""
        return self._draw("card", [self._show(Block("card", self.wording[key])) for key in keys], rest=AGAIN)

    def _draw(
        self, kind: str, said: list[Shown], heading: str = "", questions: Sequence[str] = (), rest: float = IDLE
    ) -> str:
        return self._screen.render(kind=kind, said=said, heading=heading, questions=questions, rest=max(1, ceil(rest)))

    def _show(self, block: Block) -> Shown:
        alarms = (self.wording["if_now"], self.wording["emergency"])
        kind = "alarm" if block.kind == "words" and block.text in alarms else block.kind
        texts = block.text.split("\n\n" if kind == "quote" else "\n")
        return Shown(kind, tuple((text, self._languages.get(text.strip(), "")) for text in texts), block.source)


def _read_language(line: str) -> tuple[str, str]:
    """The code of a line's language and what it says; a line that begins with no code has ""."""
    found = re.fullmatch(r"\s*(?:([a-z]{2,3}(?:-\w+)*)\s*:)?\s*(.*?)\s*", line)
    return (found[1] or "", found[2]) if found else ("", line)
