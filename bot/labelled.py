"""Labelled questions and conversations: reading them, and judging whether one was handled right.

A question is handled right when the reply is of the right kind and, where the file names golds, cites one of them
among its first two citations; a reply that breaks the form of a reply is never right. See the README.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.types import Article, Citation, Reply, Span

__all__ = ["ORDER", "EvalError", "Gold", "Row", "Talk", "hits", "judge", "judge_turn", "keeps_form", "read_rows"]

Gold = tuple[str, Span]
"""An article's id, and a stretch of it that answers the question."""

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
    "turn-first",
    "turn",
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
    golds: tuple[Gold, ...]
    parts: tuple[tuple[Gold, ...], ...]
    professional: tuple[Gold, ...]
    both: bool
    intent: str | None = None
    expects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Talk:
    """One labelled conversation. Each of its turns is right if a gold is cited, or the reply is what it `expects`."""

    name: str
    turns: tuple[Row, ...]


def read_rows(path: Path, articles: Mapping[str, Article]) -> Iterator[Row | Talk]:
    """The questions and conversations of a labelled file. Raises EvalError at the first line that is neither."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise EvalError(
            f"{path}: cannot be read as UTF-8 text: {error}\n    -> name a file of labelled questions"
        ) from None
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                data = json.loads(line)
                yield _read_talk(data, articles) if "turns" in data else _read_row(data, articles)
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


def _read_talk(data: dict[str, Any], articles: Mapping[str, Article]) -> Talk:
    name = str(data.get("id", ""))
    return Talk(name, tuple(_read_turn(f"{name}.{n}", n, turn, articles) for n, turn in enumerate(data["turns"], 1)))


def _read_turn(name: str, number: int, data: dict[str, Any], articles: Mapping[str, Article]) -> Row:
    also = data.get("ok_expect") or []
    expects = (data.get("expect"), *([also] if isinstance(also, str) else also))
    return Row(
        name=name,
        question=data["q"],
        kind="turn" if number > 1 else "turn-first",
        golds=tuple(_find_gold(g, articles) for g in data.get("gold") or []),
        parts=(tuple(_find_gold(g, articles) for g in data.get("ok_gold") or []),),
        professional=(),
        both=data.get("need") == "both-docs",
        expects=tuple(filter(None, expects)),
    )


def _find_gold(gold: dict[str, str], articles: Mapping[str, Article]) -> Gold:
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
            return all(hits(cited, part) for part in row.parts)
        case "abuse":
            return True
        case "answerable" | "not_emergency" if row.golds and row.both:
            return reply.kind == "answer" and len({c.article for c in cited if hits([c], row.golds)}) > 1
        case "answerable" | "not_emergency" if row.golds:
            return (reply.kind == "answer" and hits(first, row.golds)) or (
                reply.kind == "advice" and hits(first, row.professional)
            )
        case "not_emergency":
            return reply.kind not in ("urgent", "answer")
        case "oos" | "unanswerable":
            return reply.kind in ("out_of_scope", "advice", "smalltalk")
        case _:
            return reply.kind == {"emergency": "urgent"}.get(row.kind, row.kind)


REPLIES = {
    "oos": ("out_of_scope", "advice"),
    "advice": ("out_of_scope", "advice"),
    "emergency": ("urgent",),
    "clarify": ("clarify",),
    "rephrase": ("answer", "clarify", "smalltalk"),
    "language": ("unreadable", "smalltalk", "out_of_scope"),
}
"""The kinds of reply that serve what a turn expects; what is not listed is small talk."""


def judge_turn(row: Row, reply: Reply, before: Sequence[Reply], articles: Mapping[str, Article]) -> bool:
    """Whether a turn of a conversation was handled right, after the replies `before` it."""
    if not keeps_form(reply, articles, 2):
        return False
    cited = [c for c in reply.citations if hits([c], row.golds)]
    if reply.kind == "answer" and (len({c.article for c in cited}) > 1 if row.both else cited):
        return True
    if reply.kind == "answer" and hits(reply.citations, row.parts[0]):
        return True
    return any(_meets(wanted, reply, before) for wanted in row.expects)


def _meets(wanted: str, reply: Reply, before: Sequence[Reply]) -> bool:
    last = before[-1].citations if before else ()
    if wanted == "more":
        seen = {c.quote for past in before for c in past.citations}
        return reply.kind == "answer" and any(c.quote not in seen for c in reply.citations)
    if wanted == "sources":
        named = any(c.publisher in reply.text for past in before for c in past.citations)
        return named and {c.article for c in reply.citations} <= {c.article for c in last}
    if wanted == "repeat":
        return [c.quote for c in reply.citations] == [c.quote for c in last]
    return reply.kind in REPLIES.get(wanted, ("smalltalk", "clarify"))


def hits(citations: Sequence[Citation], golds: Sequence[Gold]) -> bool:
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
