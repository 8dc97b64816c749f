"""Quotes: from a stretch as an author typed it to whole sentences of an article."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bot.corpus import lead_of
from bot.intents import QuoteDraft
from bot.nodes import Scalar
from bot.text import plain_marks, use_one_of
from bot.types import Article, Pack, Passage, Quote, Span
from bot.written import Problem, Topic

__all__ = ["Finder", "find_topics", "resolve", "unreached"]

LONGEST_LIST = 90
"""Words of a list shown whole when its lead-in is quoted; a longer one is cut after an item."""


class Finder:
    """Finds a typed stretch in the articles, whatever its apostrophes, dashes, spaces and line breaks.

    Not `is_whole`: an article could not be read, and may hold what is not found.
    """

    def __init__(self, articles: Mapping[str, Article], is_whole: bool = True) -> None:
        self.articles = articles
        self.is_whole = is_whole
        self._flat = {name: _flatten(article.text) for name, article in articles.items()}

    def find(self, typed: str, only: str | None = None) -> list[tuple[Article, Span]]:
        """Every place where `typed` stands, as spans of the article's own text."""
        wanted, _ = _flatten(typed)
        found = []
        for name, (flat, offsets) in self._flat.items():
            if only in (None, name) and wanted:
                found += [
                    (self.articles[name], Span(offsets[m.start()], offsets[m.end() - 1] + 1))
                    for m in re.finditer(re.escape(wanted), flat)
                ]
        return found

    def find_nearest(self, typed: str) -> str:
        """The sentence most like `typed`, as `nearest, article: "…"`, or "" without articles."""
        from rapidfuzz import fuzz  # noqa: PLC0415 (only a broken pack needs it)

        best, place = 0.0, ""
        for article in self.articles.values():
            for sentence in (s for p in article.passages for s in p.sentences):
                text = article.text[sentence.start : sentence.end]
                score = fuzz.partial_ratio(plain_marks(typed).casefold(), plain_marks(text).casefold())
                if score > best:
                    best, place = score, f'nearest, {article.id}: "{" ".join(text.split())}"'
        return place


def _flatten(text: str) -> tuple[str, list[int]]:
    """`text` with plain marks and single spaces, and for each of its characters the offset it came from."""
    kept: list[str] = []
    offsets: list[int] = []
    before = len(text) - len(text.lstrip())
    for match in re.finditer(r"\s+|\S+", plain_marks(text.strip())):
        found = " " if match[0].isspace() else match[0]
        kept.append(found)
        offsets += range(before + match.start(), before + match.start() + len(found))
    return "".join(kept), offsets


def resolve(draft: QuoteDraft, finder: Finder, problems: list[Problem]) -> Quote | None:
    """The whole sentences or list item around a typed stretch; None with a problem where there is no one place."""
    at, typed = draft.text, " ".join(draft.text.value.split())
    if draft.article and draft.article.value not in finder.articles and finder.is_whole:
        remedy = use_one_of(draft.article.value, finder.articles)
        problems.append(draft.article.problem(f"there is no article {draft.article.value!r}", remedy))
        return None
    places = finder.find(draft.text.value, draft.article.value if draft.article else None)
    if not places:
        remedy = "copy the stretch from the article's file in corpus/"
        if not finder.is_whole:
            remedy = "mend the article that cannot be read first: it may hold this"
        problems.append(at.problem(f'quote is in no article: "{typed}"', remedy, finder.find_nearest(typed)))
    elif len(places) > 1:
        names = ", ".join(dict.fromkeys(article.id for article, _ in places))
        problems.append(
            at.problem(
                f'quote stands in {len(places)} places ({names}): "{typed}"', "copy a longer stretch, or add article:"
            )
        )
    else:
        article, span = places[0]
        passage = next((p for p in article.passages if p.start <= span.start and span.end <= p.end), None)
        if passage:
            problems += _find_cut(at, article, passage, span)
            return _widen(article, passage, span)
        out = next((x for x in article.left_out if x.start < span.end and span.start < x.end), None)
        fact = f"quote is in a part left out as {out.reason}" if out else "quote is a heading or runs over two passages"
        problems.append(at.problem(f'{fact}: "{typed}"', "copy a stretch from within one paragraph or list item"))
    return None


def _find_cut(typed: Scalar, article: Article, passage: Passage, span: Span) -> Iterator[Problem]:
    """A warning where a stretch ends within a word or a sentence: its author should see all that will be shown."""
    text = article.text
    last = next(s for s in passage.sentences if span.end <= s.end)
    if any(text[edge - 1 : edge + 1].isalnum() and edge > 0 for edge in (span.start, span.end)):
        fact = "quote starts or ends within a word"
    elif re.search(r"\w", text[span.end : last.end]):
        fact = "quote stops in mid-sentence"
    else:
        return
    shown = " ".join(text[last.start : last.end].split())
    yield typed.problem(fact, "copy it to its end, so that you see what patients see", f'shown is: "{shown}"').warn(
        "cut"
    )


def _widen(article: Article, passage: Passage, span: Span) -> Quote:
    sentences = [s for s in passage.sentences if s.start < span.end and span.start < s.end]
    if passage.kind == "item":
        sentences = list(passage.sentences)
    start, end = sentences[0].start, sentences[-1].end
    if sentences[-1] == passage.sentences[-1] and article.text[:end].endswith(":"):
        end = _end_of_list(article, passage)
    return Quote(article.id, passage.id, start, end, lead_of(article, passage, start))


def _end_of_list(article: Article, passage: Passage) -> int:
    """Where the list that `passage` leads into ends: a lead-in alone says nothing."""
    end = passage.end
    for item in article.passages[article.passages.index(passage) + 1 :]:
        if item.lead_in != passage.sentences[-1]:
            break
        if len(article.text[passage.start : item.end].split()) > LONGEST_LIST:
            break
        end = item.end
    return end


def unreached(pack: Pack) -> list[tuple[Article, Passage]]:
    """Passages that no intent quotes, in the order of the articles."""
    quoted: dict[str, list[Quote]] = {name: [] for name in pack.articles}
    for quote in (*(q for intent in pack.intents.values() for q in intent.quotes), *filter(None, [pack.referral])):
        quoted[quote.article].append(quote)
    return [
        (article, passage)
        for article in pack.articles.values()
        for passage in article.passages
        if not any(q.start < passage.end and passage.start < q.end for q in quoted[article.id])
    ]


def find_topics(pack: Pack) -> tuple[Topic, ...]:
    """What a pack can answer: its questions by the section that answers each best, in the order of the articles."""
    topics = []
    for article in pack.articles.values():
        homes = {passage.id: passage.section for passage in article.passages}
        by_section: dict[str, list[str]] = {section: [] for section in homes.values()}
        for intent in pack.intents.values():
            if intent.quotes and intent.quotes[0].article == article.id:
                by_section[homes[intent.quotes[0].passage]].append(intent.question)
        topics += [
            Topic(tuple(questions), section, article.id, article.title, article.publisher)
            for section, questions in by_section.items()
            if questions
        ]
    others = tuple(i.question for i in pack.intents.values() if i.kind == "answer" and not i.quotes)
    return (*topics, Topic(others)) if others else tuple(topics)
