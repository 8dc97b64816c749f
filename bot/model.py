"""The compiled model: a pack with what was learned from it, scored without scikit-learn or NumPy.

A feature's row holds its inverse document frequency and its few weights that matter, each for one class:
the intents in their order, then the kinds. Rows are found by binary search over sorted 32-bit keys, straight
in the bytes of the file (see store.py), so loading costs next to nothing.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property

from bot.errors import ModelError
from bot.features import BLOCK_WEIGHTS, extract, feature_key, text_key, weigh_concepts
from bot.lexicon import Lexicon
from bot.nouns import dataclass
from bot.sources import Sources
from bot.speller import Speller
from bot.text import PhraseTable, index_phrases
from bot.types import Intent, IntentKind, Pack, Quote

__all__ = [
    "ALARM",
    "KIND_ORDER",
    "VERSION",
    "Calibration",
    "Logistic",
    "Mistake",
    "Model",
    "Scores",
    "expand",
    "log_odds",
    "softmax",
]

VERSION = 43
"""Raised with every change of the file's form or of what is learned: older files are then rebuilt."""

KIND_ORDER: tuple[IntentKind, ...] = ("answer", "out_of_scope", "advice", "urgent", "smalltalk")


ALARM = 0.1
"""Belief in danger from which an answer opens on what to do if it is happening now, and a declined question is given no
general passage. Nearly all danger that neither a rule nor `DANGER` finds lies above, and 2 in 100 other questions."""

COMMONEST = 150

PAIR_PRIOR = 10.0
"""Pairs of words that each word is taken to have been seen in beyond those it was."""


def _sequence(one: str, other: str) -> str:
    """The name of the feature that says one word comes before another, or is the first or last."""
    return f"o{other}" if not one else f"e{one}" if not other else f"b{one} {other}"


@dataclass(frozen=True, slots=True)
class Logistic:
    """A probability from a few measures: logistic regression on them, standardised, and on their products."""

    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float

    def probability(self, measures: Sequence[float]) -> float:
        """0..1. `weights` first serve the measures, then their products in the order of `expand`."""
        terms = expand([(x - m) / s for x, m, s in zip(measures, self.means, self.scales, strict=True)])
        odds = self.intercept + sum(w * x for w, x in zip(self.weights, terms, strict=True))
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, odds))))


def log_odds(probability: float) -> float:
    """The natural logarithm of the odds, kept finite.

    >>> log_odds(0.5)
    0.0
    """
    kept = min(max(probability, 1e-9), 1 - 1e-9)
    return math.log(kept / (1 - kept))


def softmax(scores: Sequence[float], sharpness: float) -> list[float]:
    """Shares that sum to 1 and grow with the scores, the more so with more `sharpness`.

    >>> softmax([1.0, 1.0], 3.0)
    [0.5, 0.5]
    """
    top = max(scores, default=0.0)
    exp = math.exp
    odds = [exp(sharpness * (score - top)) for score in scores]
    total = sum(odds)
    return [value / total for value in odds]


def expand(measures: Sequence[float]) -> list[float]:
    """Measures and all their products of two, squares included.

    >>> expand([2, 3])
    [2, 3, 4, 6, 9]
    """
    products = [x * y for i, x in enumerate(measures) for y in measures[i:]]
    return [*measures, *products]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Numbers fitted on held-out examples of the pack: what a score is worth.

    `intent_sharpness` multiplies scores before the softmax over a kind's intents; before the one over the kinds,
    `kind_sharpness` multiplies their own scores and `top_sharpness` those of each kind's best intent. `kind_shares`
    are the kinds' shares of the examples, in `KIND_ORDER`. `right` gives the probability that the best intent is
    right. `within` gives the probability that the utterance is any of the pack's business, and `threshold` the least
    of it that is answered: both for a pack without out-of-scope intents of its own, which else tell. `reliability`
    holds, for 15 bins of confidence on held-out examples, how many there were, their mean confidence, and the share
    that was right.
    """

    intent_sharpness: float
    kind_sharpness: float
    top_sharpness: float
    kind_shares: tuple[float, ...] = ()
    right: Logistic | None = None
    within: Logistic | None = None
    threshold: float = 0.0
    reliability: tuple[tuple[int, float, float], ...] = ()

    @property
    def error(self) -> float:
        """Expected calibration error: the mean gap between confidence and share right, by examples."""
        total = sum(count for count, _, _ in self.reliability)
        return sum(count * abs(said - was) for count, said, was in self.reliability) / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Mistake:
    """An example that the pack takes for another intent's: both by place, with `belief` in the other and in its `own`.

    `nearest` is the other intent's example most like it, and `is_near` where the two are nearly the same.
    """

    intent: int
    example: int
    other: int
    nearest: int
    own: float
    belief: float
    is_near: bool


@dataclass(frozen=True, slots=True)
class Scores:
    """Raw scores of an utterance, by intent and by kind; its stems and their pairs, each as its row (or -1) and idf."""

    intents: list[float]
    kinds: list[float]
    stems: list[tuple[int, float]]
    pairs: list[tuple[int, float]]


@dataclass(frozen=True, eq=False)  # Nobody compares millions of weights.
class Model:
    """All that serving needs. Arrays are read-only views; `scale` turns a stored weight into its value.

    `example_keys` are those of whole examples, each of one of `example_intents`; `learned_keys` those of `lesson_key`.
    `vocabulary` holds every word to be taken as it is typed, `targets` those that misspelt words are bent to, each the
    commonest first and joined by spaces: few questions need them apart, and a start then makes one string of each.
    """

    pack: Pack
    keys: Sequence[int]
    idf: Sequence[float]
    starts: Sequence[int]
    classes: Sequence[int]
    weights: Sequence[int]
    intercepts: Sequence[float]
    example_keys: Sequence[int]
    learned_keys: Sequence[int]
    example_intents: Sequence[int]
    scale: float
    unknown_idf: float
    vocabulary: str
    targets: str
    calibration: Calibration
    lexicon: Lexicon
    learned_from: str
    mistakes: tuple[Mistake, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether all was learned together, and nothing on top of the rest (see patch.py)."""
        return bool(self.learned_from)

    @cached_property
    def words(self) -> frozenset[str]:
        """The pack's words: all of `vocabulary`."""
        return frozenset(self.vocabulary.split(" "))

    @cached_property
    def quotes(self) -> tuple[Quote, ...]:
        """Every quote that answers an intent, in the order of the articles."""
        every = {quote for intent in self.pack.intents.values() for quote in intent.quotes}
        return tuple(sorted(every, key=lambda quote: (quote.article, quote.start, quote.end)))

    @cached_property
    def answers(self) -> tuple[tuple[int, ...], ...]:
        """For each intent, in their order, the places of its quotes among `quotes`."""
        place = {quote: number for number, quote in enumerate(self.quotes)}
        return tuple(tuple(place[quote] for quote in intent.quotes) for intent in self.pack.intents.values())

    @cached_property
    def intents(self) -> tuple[Intent, ...]:
        """The pack's intents in their order, by which scores and beliefs are told apart."""
        return tuple(self.pack.intents.values())

    @cached_property
    def members(self) -> dict[IntentKind, list[int]]:
        """The places of the intents of each kind."""
        return {kind: [n for n, intent in enumerate(self.intents) if intent.kind == kind] for kind in KIND_ORDER}

    def knows(self, word: str) -> bool:
        """Whether a word is spelt so: in the pack or in the lexicon."""
        return word in self.lexicon or word in self.words  # In this order: the second has to be made.

    @cached_property
    def common(self) -> frozenset[str]:
        """The pack's commonest words, which nearly every sentence in its language holds."""
        return frozenset(self.vocabulary.split(" ", COMMONEST)[:COMMONEST])

    @cached_property
    def sources(self) -> Sources:
        return Sources(self.pack, self.phrases)

    @cached_property
    def phrases(self) -> PhraseTable:
        """The pack's synonyms, made ready for reading."""
        return index_phrases(self.pack.synonyms)

    @cached_property
    def speller(self) -> Speller:
        return Speller(self.targets.split(" "), self.lexicon.words())

    @cached_property
    def _stemmer(self) -> Callable[[str], str]:
        from Stemmer import Stemmer  # noqa: PLC0415

        return Stemmer("english", 0).stemWord  # type: ignore[no-any-return]  # 0: it remembers no word.

    def stem(self, word: str) -> str:
        """The Snowball stem of a word."""
        return self._stemmer(word)

    def recall(self, words: Sequence[str]) -> int | None:
        """The place of the only intent that has an example in just these words, or None."""
        key = text_key(words)
        at = bisect_left(self.example_keys, key)
        return self.example_intents[at] if at < len(self.example_keys) and self.example_keys[at] == key else None

    def score(self, words: Sequence[str]) -> Scores:
        """Raw scores of an utterance's words, each list in the order of the pack's intents and of `KIND_ORDER`.

        Equal, within the stored weights' precision, to scikit-learn's decision functions for the same words.
        """
        blocks = self._weigh(words)
        rows = [row for _, block, _ in blocks for row in block if row >= 0]
        values = [value for _, block, factors in blocks for row, value in zip(block, factors, strict=True) if row >= 0]
        totals, size = self._add_up(rows, values), len(self.intents)
        if not math.isfinite(sum(totals)):
            raise ModelError("scores that are no numbers")
        idf, unknown = self.idf, self.unknown_idf
        about = [(row, idf[row] if row >= 0 else unknown) for row in blocks[0][1]]
        alone = sum(name[0] == "s" for name in blocks[0][0])
        return Scores(totals[:size], totals[size:], about[:alone], about[alone:])

    def _add_up(self, rows: Sequence[int], values: Sequence[float]) -> list[float]:
        """The intercepts, and to each the weights of its class in some rows, each row's times a value."""
        totals = [0.0] * len(self.intercepts)
        for row, value in zip(rows, values, strict=True):
            start, end = self.starts[row], self.starts[row + 1]
            if end > len(self.classes) or not 0 <= end - start <= len(totals):  # A row has a class once, or not at all.
                raise ModelError("rows that are not in order")
            for which, stored in zip(self.classes[start:end], self.weights[start:end], strict=True):
                totals[which] += value * stored
        return [total + intercept for total, intercept in zip(totals, self.intercepts, strict=True)]

    def terms(self, words: Sequence[str]) -> Iterator[tuple[int, str, int, float]]:
        """The features of an utterance's words: block, name, row (-1 where none is stored), factor of its weights."""
        for number, (names, rows, values) in enumerate(self._weigh(words)):
            for name, row, value in zip(names, rows, values, strict=True):
                yield number, name, row, value

    def _weigh(self, words: Sequence[str]) -> list[tuple[Collection[str], list[int], list[float]]]:
        """For each block of features: their names, rows and factors, as `terms` gives them."""
        idf = self.idf
        features = extract(words, self.stem)
        counted = [Counter(block) for block in features]
        found = self._find_rows([name for counts in counted for name in counts])
        blocks: list[tuple[Collection[str], list[int], list[float]]] = []
        for counts, weight in zip(counted, BLOCK_WEIGHTS, strict=False):
            rows, found = found[: len(counts)], found[len(counts) :]
            values = [
                (idf[row] if n == 1 else (1.0 + math.log(n)) * idf[row]) if row >= 0 else 0.0
                for row, n in zip(rows, counts.values(), strict=True)
            ]
            length = math.sqrt(sum([value * value for value in values]))
            share = math.sqrt(weight) / length * self.scale if length else 0.0
            blocks.append((counts, rows, [value * share for value in values]))
        place = dict(zip(*blocks[0][:2], strict=True))
        rarity = [idf[row] if (row := place[stem]) >= 0 else self.unknown_idf for stem in features[0][: len(words)]]
        share = math.sqrt(BLOCK_WEIGHTS[2]) * self.scale
        concepts = weigh_concepts(words, self.lexicon, rarity)
        return [*blocks, (concepts, self._find_rows(concepts), [value * share for value in concepts.values()])]

    def _find_rows(self, features: Collection[str]) -> list[int]:
        """The row of each feature, or -1."""
        return [self._row(feature) for feature in features]

    def seen(self, feature: str) -> float:
        """In how many examples a feature occurs, nearly: 0 for one that is not stored."""
        row = self._row(feature)
        return max(0.0, 2 * math.exp(self.unknown_idf - self.idf[row]) - 1) if row >= 0 else 0.0

    def fit(self, before: str, meaning: Sequence[str], after: str) -> float:
        """The log-likelihood of words that mean one typed word, between two others: by word pairs, smoothed by words.

        The interpolation of Jelinek and Mercer (1980) in Dirichlet's form: `PAIR_PRIOR` unseen pairs are shared out.
        """
        texts = 2 * math.exp(self.unknown_idf - 1) - 1

        def given(one: str, other: str, known: str, unknown: str) -> float:
            share = (self.seen(f"w{unknown}") + 0.5) / texts if unknown else 1.0
            times = self.seen(f"w{known}") if known else texts
            return math.log((self.seen(_sequence(one, other)) + PAIR_PRIOR * share) / (times + PAIR_PRIOR))

        first, last = meaning[0], meaning[-1]
        return given(before, first, before, first) + given(last, after, last, after)

    def rarity(self, word: str) -> float:
        """The inverse document frequency of a word's stem."""
        row = self._row(f"s{self.stem(word)}")
        return self.idf[row] if row >= 0 else self.unknown_idf

    def evidence(self, words: Sequence[str], intent: str) -> list[tuple[str, float]]:
        """What each feature adds to an intent's score, the largest first; the name without its block's letter."""
        wanted = list(self.pack.intents).index(intent)
        found = []
        for _, feature, row, value in self.terms(words):
            start, end = (self.starts[row], self.starts[row + 1]) if row >= 0 else (0, 0)
            pairs = zip(self.classes[start:end], self.weights[start:end], strict=True)
            found += [(feature, value * stored) for which, stored in pairs if which == wanted]
        return sorted(found, key=lambda pair: -abs(pair[1]))

    def _row(self, feature: str) -> int:
        key = feature_key(feature)
        row = bisect_left(self.keys, key)
        return row if row < len(self.keys) and self.keys[row] == key else -1

    def weigh_kinds(self, scores: Scores) -> dict[IntentKind, float]:
        """The belief in each kind: by its own score and that of the best of its intents."""
        c = self.calibration
        tops = [max(map(scores.intents.__getitem__, self.members[kind]), default=0.0) for kind in KIND_ORDER]
        weighed = [c.kind_sharpness * s + c.top_sharpness * t for s, t in zip(scores.kinds, tops, strict=True)]
        return dict(zip(KIND_ORDER, softmax(weighed, 1.0), strict=True))

    def measure(self, scores: Scores, intent: int, kind: IntentKind, kind_belief: float) -> list[float]:
        """What tells whether the best intent, of its kind, is right.

        The odds of its kind; its odds among its kind's scores as they are; the share of the utterance's stems that no
        intent has; the share of its stems, and of stems and pairs, that speak for this intent (all shares by idf);
        the log of the number of stems.
        """
        stems, stems_spoken, unknown = self._cover(scores.stems, intent)
        pairs, pairs_spoken, _ = self._cover(scores.pairs, intent)
        best = scores.intents[intent]
        rivals = sum([math.exp(scores.intents[place] - best) for place in self.members[kind]])
        return [
            log_odds(kind_belief),
            log_odds(1 / rivals),
            unknown / stems,
            stems_spoken / stems,
            (stems_spoken + pairs_spoken) / (stems + pairs),
            math.log(1 + len(scores.stems)),
        ]

    def _cover(self, features: Sequence[tuple[int, float]], intent: int) -> tuple[float, float, float]:
        """Of some features, the idf of all together, of those that speak for an intent, and of those that none has."""
        starts, classes, weights = self.starts, self.classes, self.weights
        total, spoken, unknown = 1e-9, 0.0, 0.0
        for row, idf in features:
            total += idf
            start, end = (starts[row], starts[row + 1]) if row >= 0 else (0, 0)
            if start == end:
                unknown += idf
            elif (at := bisect_left(classes, intent, start, end)) < end and classes[at] == intent:
                spoken += idf * (weights[at] > 0)
        return total, spoken, unknown
