"""Scoring a file of labelled questions: which kinds of question are handled right, with 95 % intervals.

A question is handled right when the reply is of the right kind and, where the file names golds, cites one of them
among its first two citations; a reply that breaks the form of a reply is never right. See the README.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.engine import Bot
from bot.model import Calibration
from bot.types import Article, Citation, Reply, Span

__all__ = ["EvalError", "Row", "draw_reliability", "evaluate", "judge", "read_rows", "wilson"]

ORDER = (
    "answerable",
    "not_emergency",
    "unanswerable",
    "oos",
    "advice",
    "emergency",
    "smalltalk",
    "multi",
    "abuse",
    "in-scope",
    "left-out",
)
KINDS = frozenset(ORDER[:9]) - {"unanswerable"}


class EvalError(Exception):
    """A labelled file that cannot be scored; the message names the line, the fact and the remedy."""


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled question. `golds` are spans by article; `parts` the same for each part of a multiple question."""

    name: str
    question: str
    kind: str
    golds: tuple[tuple[str, Span], ...]
    parts: tuple[tuple[tuple[str, Span], ...], ...]
    professional: tuple[tuple[str, Span], ...]
    both: bool
    intent: str | None = None


def read_rows(path: Path, articles: Mapping[str, Article]) -> Iterator[Row]:
    """The rows of a labelled file. Raises EvalError at the first line that is not one."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise EvalError(
            f"{path}: cannot be read as UTF-8 text: {error}\n    -> name a file of labelled questions"
        ) from None
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield _read_row(json.loads(line), articles)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                remedy = 'write {"id": …, "q": "…", "kind": "…", "gold": [{"doc": "…", "quote": "…"}]}'
                raise EvalError(f"{path}:{number}:1: not a labelled question: {error}\n    -> {remedy}") from None


def _read_row(data: dict[str, Any], articles: Mapping[str, Article]) -> Row:
    kind = data.get("kind", "")
    if "intent" in data:
        kind = "in-scope" if data["intent"] else "left-out"
    elif kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}")
    elif data.get("near"):
        kind = "unanswerable"
    golds = data.get("gold") or []
    return Row(
        name=str(data.get("id", "")),
        question=data["q"],
        kind=kind,
        golds=tuple(_find_gold(g, articles) for g in golds),
        parts=tuple(tuple(_find_gold(g, articles) for g in part) for part in data.get("parts") or []),
        professional=tuple(_find_gold(g, articles) for g in golds if "professional" in g["quote"]),
        both=data.get("need") == "both-docs",
        intent=data.get("intent"),
    )


def _find_gold(gold: dict[str, str], articles: Mapping[str, Article]) -> tuple[str, Span]:
    article = articles.get(gold["doc"])
    start = article.text.find(gold["quote"]) if article else -1
    if article is None or start < 0:
        raise ValueError(f"the gold is in no article: {gold['quote'][:60]!r}")
    length = len(gold["quote"])
    if "core" in gold:
        start, length = article.text.find(gold["core"], start), len(gold["core"])
    return gold["doc"], Span(start, start + length)


def judge(row: Row, reply: Reply, articles: Mapping[str, Article]) -> bool:
    """Whether a question was handled right (contract, section 5)."""
    if not keeps_form(reply, articles, max(1, len(row.parts))):
        return False
    cited, first = reply.citations, reply.citations[:2]
    match row.kind:
        case "in-scope":
            return reply.intent == row.intent and reply.kind in ("answer", "smalltalk")
        case "left-out":
            return reply.kind == "out_of_scope"
        case "multi":
            return all(_hits(cited, part) for part in row.parts)
        case "abuse":
            return True
        case "answerable" | "not_emergency" if row.golds and row.both:
            return reply.kind == "answer" and len({c.article for c in cited if _hits([c], row.golds)}) > 1
        case "answerable" | "not_emergency" if row.golds:
            return (reply.kind == "answer" and _hits(first, row.golds)) or (
                reply.kind == "advice" and _hits(first, row.professional)
            )
        case "not_emergency":
            return reply.kind not in ("urgent", "answer")
        case "oos" | "unanswerable":
            return reply.kind in ("out_of_scope", "advice", "smalltalk")
        case _:
            return reply.kind == {"emergency": "urgent"}.get(row.kind, row.kind)


def _hits(citations: Sequence[Citation], golds: Sequence[tuple[str, Span]]) -> bool:
    """Whether one citation covers half of a gold, or half of the citation lies in one."""
    return any(
        c.article == name
        and min(c.end, gold.end) - max(c.start, gold.start) >= 0.5 * min(c.end - c.start, gold.end - gold.start)
        for c in citations
        for name, gold in golds
    )


def keeps_form(reply: Reply, articles: Mapping[str, Article], parts: int = 1) -> bool:
    """Whether a reply keeps the contract's limits: verbatim quotes, each shown, at most 4 and 120 words a part."""
    quoted = sum(len(c.quote.split()) for c in reply.citations)
    return (
        len(reply.citations) <= 4 * parts
        and quoted <= 120 * parts
        and (reply.kind != "answer" or bool(reply.citations))
        and all(c.quote in reply.text and articles[c.article].text[c.start : c.end] == c.quote for c in reply.citations)
    )


def wilson(right: int, asked: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927).

    >>> [round(x, 3) for x in wilson(8, 10)]
    [0.49, 0.943]
    """
    if not asked:
        return 0.0, 0.0
    z, share = 1.96, right / asked
    middle = share + z * z / (2 * asked)
    half = z * math.sqrt(share * (1 - share) / asked + z * z / (4 * asked * asked))
    scale = 1 + z * z / asked
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def evaluate(bot: Bot, file: str, as_json: bool, say: Callable[[str], None]) -> None:
    """Ask every question of a file and print the table. Raises EvalError for a file that cannot be scored."""
    right: dict[str, list[bool]] = {}
    for row in list(read_rows(Path(file), bot.articles)):
        right.setdefault(row.kind, []).append(judge(row, bot.ask(row.question), bot.articles))
    table = [(kind, sum(right[kind]), len(right[kind])) for kind in ORDER if kind in right]
    calibration = bot.model.calibration
    if as_json:
        figures: dict[str, Any] = {
            k: {"right": n, "asked": of, "share": round(n / of, 4), "interval": wilson(n, of)} for k, n, of in table
        }
        say(json.dumps({**figures, "calibration_error": round(calibration.error, 4)}))
        return
    say(f"{'':14}  right  asked  share  95 % interval")
    for kind, n, of in table:
        low, high = wilson(n, of)
        say(f"{kind:14} {n:6} {of:6} {n / of:6.3f}  {low:.3f}–{high:.3f}")
    say("")
    say(draw_reliability(calibration))


def draw_reliability(calibration: Calibration) -> str:
    """The reliability diagram of the pack's own held-out examples: what confidence was said, what share was right."""
    count = sum(n for n, _, _ in calibration.reliability)
    lines = [f"confidence on {count} held-out examples of the pack: expected calibration error {calibration.error:.3f}"]
    for n, said, right in calibration.reliability:
        if n:
            lines.append(f"  said {said:.2f}  right {right:.2f}  {'#' * round(40 * right):40} {n:5}")
    return "\n".join(lines)
