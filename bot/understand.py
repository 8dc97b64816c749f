"""From an utterance to a decision: read it, rank what it may mean, decide what to do about it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from operator import itemgetter

from bot.model import ALARM, KIND_ORDER, Model, Scores, softmax
from bot.nouns import replace
from bot.text import PhraseTable, clean, find_names, is_wordless, replace_phrases, split_words
from bot.types import Decision, IntentKind, Quote, Ranked, Understanding, Utterance

__all__ = ["choose_quotes", "decide", "is_foreign", "mend", "read", "split_questions", "understand"]

PLACE_WEIGHTS = (1.0, 0.7, 0.4, 0.3, 0.25, 0.2)
"""How well an intent's first, second, … quote answers it, as its author ordered them."""

LEAST_KNOWN, WELL_KNOWN, FEW_WORDS = 0.34, 0.8, 2
"""Share of known words below which a text is in no language of the pack; share from which more than a few words may do
without any of the pack's commonest, as keywords do."""

CLEAR = 0.4
"""A second quote is shown if it scores at least this share of the first."""

NAMED = 0.1
"""A quote of the article that was named is shown first if it scores at least this share of the best."""

UNSURE, DOUBTFUL, DOUBTFUL_GOING_ON = 0.08, 0.3, 0.2
"""Belief in its best quote, and confidence, below which an answer becomes a question back. Of the dozen answers to
blind questions that lay a little above, nearly all were right; below it too few lie to call it measured. Where a
question goes on from the last one, confidence is said too low, for it is measured on questions that stand alone."""

DANGER, DANGER_MENDED, CERTAIN = 0.5, 0.35, 0.9
"""Belief in danger from which the safety card is shown without a rule: in general; where a text had to be mended in
`MUCH_MENDED` places and may mean worse than can be read; and where it is in no language of the pack, for harmless
questions in foreign ones reach .8, or its signs of danger are all explained. SAFETY.md has the figures."""

MUCH_MENDED = 2

PRIOR_TAKEN_OUT = 0.2
"""Power of a kind's share of the examples that its belief is divided by. The highest at full held-out accuracy;
advice and danger, of which few examples are needed, are then recognised far more often."""

RECALLED = 0.95
"""Belief in the intent that has an example in just the words typed."""

SURE_PART, MOST_PARTS = 0.45, 8
"""Confidence from which a part of an utterance counts as a question of its own, and how many are looked at."""

NEARBY = 0.25
"""Score by which an intent next to the last one is favoured in a question that goes on from it. It took 287 of 323
turns to 292; with .5 it is 291, and the last intent wins where the subject has changed."""

RANKED, POOLED, CHOICES = 12, 40, 3
"""Intents kept in the ranking (with the best of each kind), intents whose quotes are pooled, and choices offered."""

MOST_WORDS = 200
"""Words of one utterance that are read."""


def read(text: str, model: Model, phrases: PhraseTable) -> Utterance:
    """Clean, split, repair and normalise what was typed."""
    cleaned = clean(text)
    typed, names = split_words(cleaned)[:MOST_WORDS], find_names(cleaned)
    known = [model.knows(word) for word in typed]
    words: list[str] = []
    repairs = []
    for place, (word, is_known) in enumerate(zip(typed, known, strict=True)):
        meant = None if is_known or word in names else _repair(place, typed, words, model, phrases)
        if meant:
            repairs.append((word, meant))
        words += meant.split() if meant else [word]
    share = sum(known) / len(known) if known else 0.0
    return Utterance(cleaned, tuple(replace_phrases(words, phrases)), tuple(repairs), share)


def _repair(place: int, typed: Sequence[str], words: Sequence[str], model: Model, phrases: PhraseTable) -> str | None:
    """What was meant by an unknown word: what is near to it and fits between its neighbours, or None.

    `words` are those before it, repaired.
    """
    before = "".join(replace_phrases(words[-2:], phrases)[-1:])
    after = "".join(replace_phrases(typed[place + 1 : place + 3], phrases)[:1])
    return model.speller.repair(typed[place], lambda word: model.fit(before, replace_phrases([word], phrases), after))


def understand(
    utterance: Utterance,
    model: Model,
    wordings: Sequence[tuple[Sequence[str], float]] = (),
    near: Collection[str] = (),
    scores: Scores | None = None,
) -> Understanding:
    """Rank intents, kinds and quotes for an utterance. Probabilities of all intents sum to 1, so do those of kinds.

    `wordings` say the same in the light of a conversation, each with its share of the scores; `near` are the intents
    next to what was last spoken of. `scores` are those of the utterance's words, where they are known.
    """
    scores = scores or model.score(utterance.words)
    c = model.calibration
    intents, members = model.intents, model.members
    kinds = model.weigh_kinds(scores)
    if wordings or near:
        danger = kinds["urgent"]
        scores = _blend(scores, [(model.score(words), share) for words, share in wordings])
        drawn = [score + NEARBY * (i.name in near) for score, i in zip(scores.intents, intents, strict=True)]
        scores = replace(scores, intents=drawn)
        kinds = model.weigh_kinds(scores)
        if danger > kinds["urgent"]:  # Nothing said before makes it harmless.
            rest = (1 - danger) / (1 - kinds["urgent"])
            kinds = {kind: danger if kind == "urgent" else belief * rest for kind, belief in kinds.items()}
    beliefs = [0.0] * len(intents)
    for kind, belief in kinds.items():
        places = members[kind]
        shares = softmax([scores.intents[i] for i in places], c.intent_sharpness)
        for i, share in zip(places, shares, strict=True):
            beliefs[i] = belief * share
    known = model.recall(utterance.words)
    if known is not None:  # What an author wrote down is meant as it was written down, whatever else resembles it.
        beliefs = [(1 - RECALLED) * belief for belief in beliefs]
        beliefs[known] += RECALLED
        kinds = {k: (1 - RECALLED) * belief + RECALLED * (k == intents[known].kind) for k, belief in kinds.items()}
    order = sorted(range(len(intents)), key=beliefs.__getitem__, reverse=True)
    leaders = [max(places, key=beliefs.__getitem__) for places in members.values() if places]
    quoting = islice((i for i in order if intents[i].quotes), CHOICES)
    kept = sorted(sorted({*order[:RANKED], *leaders, *quoting}), key=beliefs.__getitem__, reverse=True)
    best = intents[order[0]].kind
    measures = model.measure(scores, order[0], best, kinds[best])
    return Understanding(
        ranked=tuple(Ranked(intents[i].name, scores.intents[i], beliefs[i]) for i in kept),
        kinds=kinds,
        quotes=_pool_quotes(model, beliefs, dict.fromkeys((*order[:POOLED], *leaders))),
        within=c.within.probability(measures) if c.within else 1.0,
        confidence=round(c.right.probability(measures) if c.right else beliefs[order[0]], 4),
    )


def _blend(scores: Scores, others: Sequence[tuple[Scores, float]]) -> Scores:
    """Scores with those of other wordings mixed in, each with its share; stems and pairs stay those of the first."""
    own = 1 - sum(share for _, share in others)
    intents, kinds = [own * score for score in scores.intents], [own * score for score in scores.kinds]
    for other, share in others:
        intents = [total + share * score for total, score in zip(intents, other.intents, strict=True)]
        kinds = [total + share * score for total, score in zip(kinds, other.kinds, strict=True)]
    return replace(scores, intents=intents, kinds=kinds)


def _pool_quotes(model: Model, beliefs: Sequence[float], places: Iterable[int]) -> tuple[tuple[Quote, float], ...]:
    """Quotes by the belief in all intents they answer: intents that overlap pool their votes."""
    pooled: dict[int, float] = {}
    answers = model.answers
    for place in places:
        belief = beliefs[place]
        for number, weight in zip(answers[place], PLACE_WEIGHTS, strict=False):
            pooled[number] = pooled.get(number, 0.0) + belief * weight
    ranked = sorted(sorted(pooled.items()), key=itemgetter(1), reverse=True)
    return tuple([(model.quotes[number], belief) for number, belief in ranked])


def decide(
    utterance: Utterance, meant: Understanding, model: Model, is_explained: bool = False, goes_on: bool = False
) -> Decision:
    """What to do: answer, ask back, decline, or show the safety card.

    `is_explained`: the utterance holds signs of danger, and for each of them what makes it harmless. `goes_on`: it was
    understood with the question before it.
    """
    intents = model.pack.intents
    danger = CERTAIN if is_explained else DANGER_MENDED if len(utterance.repairs) >= MUCH_MENDED else DANGER
    kind = _choose_kind(meant, model, danger)
    if is_wordless(utterance.text) or (meant.kinds["urgent"] < CERTAIN and is_foreign(utterance, model)):
        return Decision("unreadable")
    if kind != "urgent" and meant.within < model.calibration.threshold:
        kind = "out_of_scope"
    first = next((r.intent for r in meant.ranked if intents[r.intent].kind == kind), meant.ranked[0].intent)
    alarm = meant.kinds["urgent"] >= ALARM
    shared = {"intent": first, "confidence": meant.confidence, "alternatives": meant.ranked, "alarm": alarm}
    if kind == "answer" and not intents[first].quotes:
        kind = "smalltalk"  # An intent with a reply of its own has nothing to cite.
    if kind == "answer":
        if meant.quotes[0][1] < UNSURE or meant.confidence < (DOUBTFUL_GOING_ON if goes_on else DOUBTFUL):
            choices = tuple(r.intent for r in meant.ranked if intents[r.intent].quotes)[:CHOICES]
            if len(choices) > 1:
                return Decision("clarify", choices=choices, **shared)  # type: ignore[arg-type]
        quotes = choose_quotes(meant.quotes, model.sources.named(utterance.words))
        return Decision("answer", quotes=quotes, **shared)  # type: ignore[arg-type]
    if kind == "advice":
        # What may be danger is met with no article as if nothing were wrong.
        general = meant.quotes[:1] if not alarm and meant.kinds["answer"] > UNSURE else ()
        return Decision("advice", quotes=tuple(q for q, _ in general), **shared)  # type: ignore[arg-type]
    return Decision(kind, **shared)  # type: ignore[arg-type]


def is_foreign(utterance: Utterance, model: Model) -> bool:
    """Whether an utterance is in no language of the pack: too few of its words are known, for what kind they are."""
    keywords = len(utterance.words) > FEW_WORDS and not model.common.intersection(utterance.words)
    mended = utterance.known + len(utterance.repairs) / max(1, len(utterance.words))
    return mended < LEAST_KNOWN or (keywords and utterance.known < WELL_KNOWN)


def _choose_kind(meant: Understanding, model: Model, danger: float) -> IntentKind:
    """The kind with the most belief for its share of the examples: how many were written says little of visitors.

    Danger is chosen from a belief of `danger` on; where less is most likely, a kind that quotes nothing is.
    """
    if meant.kinds["urgent"] >= danger:
        return "urgent"
    shares = dict(zip(KIND_ORDER, model.calibration.kind_shares, strict=True))
    weighed = {k: meant.kinds[k] / shares[k] ** PRIOR_TAKEN_OUT for k in KIND_ORDER if shares[k]}
    best = max(weighed, key=weighed.__getitem__)
    if best == "urgent":
        declined: list[IntentKind] = [kind for kind in KIND_ORDER[1:3] if kind in weighed]  # out of scope, advice
        return max(declined, key=weighed.__getitem__, default=best)
    return best


def mend(utterance: Utterance) -> str:
    """The text as typed, with its repairs in place.

    >>> mend(Utterance("Ice adn heat?", ("ice", "and", "heat"), (("adn", "and"),)))
    'Ice and heat?'
    """
    text = utterance.text
    for typed, meant in utterance.repairs:
        text = re.sub(rf"\b{re.escape(typed)}\b", meant, text, flags=re.IGNORECASE)
    return text


def split_questions(text: str, joins: Sequence[str]) -> tuple[str, ...]:
    """The parts of a text that may be a question each: cut behind sentences, at commas and at the words that join.

    >>> split_questions("where do they work, and what ages do they treat? any side effects", ["and"])
    ('where do they work', 'what ages do they treat', 'any side effects')
    >>> split_questions("help with walking and balance", ["and"])
    ('help with walking and balance',)
    """
    words = "|".join(re.escape(join) for join in sorted(joins, key=len, reverse=True))
    marks = r"[?!.;]+(?:\s+|$)|,\s*|\s/\s"
    cuts = rf"(?:{marks}|\s)(?:{words})\s|{marks}" if words else marks
    parts = [part.strip() for part in re.split(cuts, text, flags=re.IGNORECASE) if part and part.strip()]
    return tuple(parts) if all(len(part.split()) > 1 for part in parts) else (text,)


def choose_quotes(pooled: tuple[tuple[Quote, float], ...], named: frozenset[str] = frozenset()) -> tuple[Quote, ...]:
    """The best quote, then those nearly as good, the other article's first; the rest is kept for "more".

    Where one article is `named`, its quotes come first; where several are, the best of each.
    """
    if len(named) == 1:
        most = pooled[0][1]
        pooled = tuple(sorted(pooled, key=lambda p: p[0].article not in named or p[1] < NAMED * most))
    best, most = pooled[0]
    close = [quote for quote, score in pooled[1:] if score >= CLEAR * most]
    others = pooled[1:] if len(named) > 1 else [(quote, most) for quote in close]
    other = next((quote for quote, _ in others if quote.article != best.article), None)
    return tuple(dict.fromkeys(q for q in (best, other, *close) if q))
