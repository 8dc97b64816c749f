"""The nouns on the way from a question to its answer, as frozen dataclasses. Nothing here does any work.

The flow of one question: str -> Utterance -> Understanding -> Decision -> Reply. What is made or looked up by the
hundred for one answer is a named tuple, which Python makes and hashes itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from bot.nouns import dataclass

if TYPE_CHECKING:
    from bot.written import Accepted, ContentTest, Example, Problem

__all__ = [
    "Alternative",
    "Article",
    "Block",
    "BlockKind",
    "Citation",
    "Decision",
    "Intent",
    "IntentKind",
    "Kind",
    "Lead",
    "LeftOut",
    "Pack",
    "Passage",
    "Quote",
    "Ranked",
    "Reply",
    "Rule",
    "SignIndex",
    "Span",
    "Talk",
    "Understanding",
    "Utterance",
]

Kind = Literal["answer", "clarify", "out_of_scope", "advice", "urgent", "smalltalk", "unreadable"]
IntentKind = Literal["answer", "smalltalk", "out_of_scope", "advice", "urgent"]
PassageKind = Literal["paragraph", "item", "date"]
BlockKind = Literal["words", "quote", "notice", "list", "card"]

SignIndex = tuple[Mapping[str, str], Sequence[str]]
"""How to find the signs that a text may hold: the needs (see `Sign.needs`) that each word meets, spaces between their
numbers; and, for each need, the signs of which it is the rarest, semicolons between them: of each the place of its
list, its own in it, and its other needs. Few are ever looked at, and lists of numbers take longer to read."""


# --- an article, cut up -----------------------------------------------------------------------------


class Span(NamedTuple):
    """A stretch of an article's text: character offsets, end exclusive."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A citable slice of an article: `article.text[start:end] == text`.

    `sentences` lie inside it, in order. `lead_in` is the sentence (or heading) that introduces a list item.
    """

    id: str
    kind: PassageKind
    section: str
    start: int
    end: int
    text: str
    sentences: tuple[Span, ...]
    lead_in: Span | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A stretch of an article that no answer may quote, and why."""

    start: int
    end: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Article:
    """A vetted text below its header, and the passages it was cut into.

    `published` is an ISO date or None where the article states none, `review_by` the one until which the review of the
    text holds, or None where nobody set one; `url` is None where none is known;
    `interest` is what its publisher earns by it, or "". `subjects` are groups of names: a quote that
    holds none of them is shown with an earlier sentence that does. `first_line` is the line of its file that `text`
    begins in.
    """

    id: str
    title: str
    publisher: str
    published: str | None
    url: str | None
    retrieved: str
    licence: str
    interest: str
    review_by: str | None
    sha256: str
    subjects: tuple[str, ...]
    text: str
    passages: tuple[Passage, ...]
    left_out: tuple[LeftOut, ...]
    first_line: int = 1


class Quote(NamedTuple):
    """Whole sentences or a list item of one passage, with the stretch to show before them."""

    article: str
    passage: str
    start: int
    end: int
    lead: Span | None = None

    def overlaps(self, other: Quote | Citation) -> bool:
        """Whether the two share a stretch of their article."""
        return self.article == other.article and self.start < other.end and other.start < self.end


# --- a pack -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Intent:
    """What a patient may want: how it is said, and the quotes or the reply that serve it.

    `does` names a follow-up that a small-talk intent carries out where there is something to follow up; `card` the
    safety card of an urgent one.
    """

    name: str
    kind: IntentKind
    question: str
    examples: tuple[Example, ...]
    quotes: tuple[Quote, ...]
    reply: str
    next: tuple[str, ...]
    does: str
    card: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Rule:
    """Signs of one danger: a text that matches `when`, and is not explained by `unless`, is a red flag."""

    flag: str
    card: str
    when: tuple[str, ...]
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Talk:
    """How people go on talking, in the words of a pack.

    Signs (see signs.py) of whole utterances: `follow_ups`, by what is asked for. Signs within one: `other`, which stand
    for the subject that is not spoken of, and `all_articles`, which want to hear every article. `joins` may stand
    between two questions in one, `openers` before one that goes on from the last; `fillers` are words that say nothing
    of what is meant; `every` stands for all subjects together. `places` are the words for each place in a list: the
    first, the second, …, in the end the last.
    `subjects` are what may be spoken of, each in the same forms; `stand_ins` the words that may stand for each form.
    """

    follow_ups: Mapping[str, tuple[str, ...]]
    other: tuple[str, ...] = ()
    all_articles: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    openers: tuple[str, ...] = ()
    fillers: tuple[str, ...] = ()
    every: tuple[str, ...] = ()
    places: tuple[tuple[str, ...], ...] = ()
    subjects: tuple[tuple[str, ...], ...] = ()
    stand_ins: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Pack:
    """One clinic's content, checked. Mappings are never changed after loading.

    `referral` sends a person to a professional; `first` are the intents to offer who has asked nothing yet;
    `doubts` are problems that `check` reports and that a bot can live with; `lexicon` holds its sorted lines; `tests`
    are run by `test`, `accepted` are the warnings that `check` need not repeat. `rule_index` is that of the rules'
    signs, `talk_index` that of the follow-ups'.
    """

    name: str
    fingerprint: str
    articles: Mapping[str, Article]
    intents: Mapping[str, Intent]
    synonyms: Mapping[str, str]
    wording: Mapping[str, str]
    talk: Talk
    rules: tuple[Rule, ...]
    cards: Mapping[str, str]
    referral: Quote | None = None
    first: tuple[str, ...] = ()
    doubts: tuple[Problem, ...] = ()
    lexicon: str = ""
    tests: tuple[ContentTest, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    rule_index: SignIndex | None = None
    talk_index: SignIndex | None = None


# --- one question -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Utterance:
    """One thing a patient typed: as typed (cleaned of control characters), and as read.

    `known` is the share of its words that the pack has, before repair is counted.
    """

    text: str
    words: tuple[str, ...]
    repairs: tuple[tuple[str, str], ...] = ()
    known: float = 0.0


class Ranked(NamedTuple):
    """An intent with its raw score and its probability among all intents."""

    intent: str
    score: float
    probability: float


@dataclass(frozen=True, slots=True)
class Understanding:
    """What an utterance may mean: intents best first, the probability of each kind, quotes best first.

    `confidence` is the probability that the first intent is right, `within` that the pack has anything to do with it.
    """

    ranked: tuple[Ranked, ...]
    kinds: Mapping[IntentKind, float]
    quotes: tuple[tuple[Quote, float], ...]
    confidence: float
    within: float = 1.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What the bot will do.

    `parts` of the quotes answer a question each and are all shown; `before` names the wording of the line above them.
    `alarm`: there may be danger, so the reply opens on what to do if it is happening now.
    """

    kind: Kind
    intent: str | None = None
    confidence: float = 0.0
    quotes: tuple[Quote, ...] = ()
    choices: tuple[str, ...] = ()
    alternatives: tuple[Ranked, ...] = ()
    card: str = ""
    alarm: bool = False
    parts: int = 1
    before: str = ""


# --- what comes back --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lead:
    """The stretch shown before a quote, so that the quote can be understood."""

    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote and where it stands: `article_text[start:end] == quote`."""

    article: str
    title: str
    publisher: str
    published: str | None
    section: str
    passage: str
    quote: str
    start: int
    end: int
    lead: Lead | None = None


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another reading of the question."""

    intent: str
    question: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a reply that stands apart: what it is, its lines, and for a `quote` the line that names its source.

    `words` are the pack's own, a `list` is numbered under its heading, and a `card` tells what to do in danger.
    """

    kind: BlockKind
    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """All that the bot says to one question. `text` is complete; the rest is the same, in parts.

    `blocks` are its lines in order, for a door that shows each kind in its own way; the JSON object is without them.
    """

    kind: Kind
    text: str
    citations: tuple[Citation, ...] = ()
    intent: str | None = None
    confidence: float = 0.0
    alternatives: tuple[Alternative, ...] = ()
    choices: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    repairs: tuple[tuple[str, str], ...] = ()
    notice: str = ""
    blocks: tuple[Block, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The reply as the JSON object of schema 1."""
        return {
            "kind": self.kind,
            "text": self.text,
            "citations": [_citation_to_dict(citation) for citation in self.citations],
            "intent": self.intent,
            "confidence": self.confidence,
            "alternatives": [
                {"intent": a.intent, "question": a.question, "confidence": a.confidence} for a in self.alternatives
            ],
            "choices": list(self.choices),
            "suggestions": list(self.suggestions),
            "repairs": [list(repair) for repair in self.repairs],
            "notice": self.notice,
        }


def _citation_to_dict(citation: Citation) -> dict[str, Any]:
    names = ("article", "title", "publisher", "published", "section", "passage", "quote", "start", "end")
    lead = citation.lead
    return {name: getattr(citation, name) for name in names} | {
        "lead": lead and {"quote": lead.quote, "start": lead.start, "end": lead.end}
    }
