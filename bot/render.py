"""Replies for a terminal: wrapped at the width of the window, freed of anything a terminal would obey."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from unicodedata import east_asian_width

from bot.console import Look
from bot.nouns import dataclass
from bot.text import strip_controls
from bot.types import Block

__all__ = ["Line", "draw", "lay_out", "shorten", "take_page"]

INDENT = 2
"""Spaces before a quote, by which it stands out where there is no colour, and can still be copied."""

_MARK = re.compile(r" *(?:(?:•|—|-|\d+\.) )?")

_FILLER = "\x00"
"""Stands behind a letter that takes two places, while lines are measured. A line may end between the two."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line before it is wrapped; `style` is how it is drawn, "" for as it is."""

    text: str
    style: str = ""
    indent: int = 0


def shorten(text: str, longest: int = 75) -> str:
    """`text` on one line, cut with an ellipsis.

    >>> shorten("one  two three", 8)
    'one two…'
    """
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else flat[: longest - 1].rstrip() + "…"


def lay_out(blocks: Iterable[Block]) -> list[Line]:
    """The lines of blocks, a blank one between two of them; a quote is set off, and its source stands under it."""
    lines: list[Line] = []
    for block in blocks:
        lines += [Line("")] if lines else []
        style = {"card": "card", "list": "number"}.get(block.kind, "")
        indent = INDENT if block.kind == "quote" else 0
        lines += [Line(line, style, indent) for line in strip_controls(block.text).split("\n")]
        lines += [Line(strip_controls(block.source), "source", indent)] if block.source else []
    return lines


def draw(lines: Iterable[Line], look: Look) -> str:
    r"""Lines as they are printed.

    >>> quote = Block("quote", "• one two three four", "— A. B.")
    >>> print(draw(lay_out([quote]), Look(16)))
      • one two
        three four
      — A. B.
    >>> draw([Line("1. one", "number")], Look(80, 0, {"number": "1"}))
    '\x1b[1m1.\x1b[0m one'
    """
    return "\n".join(_paint(row, line, look.palette or {}) for line in lines for row in _wrap(line, look.width))


def take_page(blocks: Sequence[Block], look: Look) -> tuple[Sequence[Block], Sequence[Block]]:
    """The blocks that a window has room for, at least one, and the rest.

    No quote is parted from its source, nor shown without the notice. A card, too, is shown whole.

    >>> one, two = Block("quote", "One.", "— A. B."), Block("quote", "Two.", "— A. B.")
    >>> notice = Block("notice", "No advice.")
    >>> page, rest = take_page([one, two, notice], Look(80, 6))
    >>> page == [one, notice], rest == [two, notice]
    (True, True)
    """
    notice = next((block for block in blocks if block.kind == "notice"), None)
    if not look.height:
        return blocks, ()
    page: list[Block] = []
    for block in blocks:
        tried = [*page, block]
        shown = [*tried, notice] if notice and _lacks_notice(tried) else tried
        if page and _count_rows(shown, look) > look.height:
            break
        page = tried
    rest = list(blocks[len(page) :])
    if len(page) == 1 and page[0].kind in ("words", "list"):
        page, over = _split(page[0], look)
        rest = over + rest
    if rest and notice and _lacks_notice(page):
        page.append(notice)
        if not any(block.kind == "quote" for block in rest):
            rest.remove(notice)
    return page, rest


def _lacks_notice(blocks: Sequence[Block]) -> bool:
    kinds = {block.kind for block in blocks}
    return "quote" in kinds and "notice" not in kinds


def _split(block: Block, look: Look) -> tuple[list[Block], list[Block]]:
    """A block of many lines as what a window has room for, and the rest."""
    lines = block.text.split("\n")
    end = next((n for n in range(1, len(lines)) if _count_rows([_cut(block, lines[: n + 1])], look) > look.height), 0)
    return ([_cut(block, lines[:end])], [_cut(block, lines[end:])]) if end else ([block], [])


def _cut(block: Block, lines: Sequence[str]) -> Block:
    return Block(block.kind, "\n".join(lines))


def _count_rows(blocks: Sequence[Block], look: Look) -> int:
    return sum(len(_wrap(line, look.width)) for line in lay_out(blocks))


def _wrap(line: Line, width: int) -> list[str]:
    mark = _MARK.match(line.text)
    hanging = " " * (line.indent + (mark.end() if mark else 0))
    if not line.text.strip() or len(hanging) >= width:
        return [line.text.strip()]
    wide = "".join(c + _FILLER if east_asian_width(c) in "WF" else c for c in line.text)
    before = " " * line.indent
    rows = textwrap.wrap(
        wide,
        width - (_FILLER in wide),
        initial_indent=before,
        subsequent_indent=hanging,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
    return [row.replace(_FILLER, "") for row in rows]


def _paint(row: str, line: Line, palette: Mapping[str, str]) -> str:
    """A row with its style; of a numbered line, the number alone."""
    code, text = palette.get(line.style), row.lstrip()
    if not code or not text:
        return row
    before = row[: len(row) - len(text)]
    if line.style == "number":
        number, dot, rest = text.partition(". ")
        return f"{before}\x1b[{code}m{number}.\x1b[0m {rest}" if dot and number.isdecimal() else row
    return f"{before}\x1b[{code}m{text}\x1b[0m"
