"""The compiled model: a pack with what was learned from it, scored without scikit-learn or NumPy.

One file holds a JSON header and plain arrays; it is never a pickle, so a hostile file can at worst be refused.
A feature's row holds its inverse document frequency and its few weights that matter, each for one class:
the intents in their order, then the kinds. Rows are found by binary search over sorted 32-bit keys, straight
in the bytes of the file, so loading costs next to nothing.
"""

from __future__ import annotations

import hashlib
import json
import math
from array import array
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from zlib import crc32

from bot.errors import ModelError
from bot.features import BLOCK_WEIGHTS, extract, feature_key, text_key, weigh_concepts
from bot.lexicon import Lexicon
from bot.sources import Sources
from bot.speller import Speller
from bot.types import Article, Example, Intent, IntentKind, LeftOut, Pack, Passage, Quote, Rule, Span, Talk

__all__ = [
    "KIND_ORDER",
    "VERSION",
    "Calibration",
    "Logistic",
    "Mistake",
    "Model",
    "Scores",
    "examples_of",
    "expand",
    "learned_from",
    "lesson_key",
    "load_model",
    "log_odds",
    "save_model",
]

VERSION = 36
"""Raised with every change of the file's form or of what is learned: older files are then rebuilt."""

KIND_ORDER: tuple[IntentKind, ...] = ("answer", "out_of_scope", "advice", "urgent", "smalltalk")
_MAGIC = b"patient-guide model\n"
_ARRAYS: dict[str, Any] = {
    "example_keys": "Q",
    "learned_keys": "Q",
    "keys": "I",
    "idf": "f",
    "starts": "I",
    "intercepts": "f",
    "example_intents": "H",
    "classes": "H",
    "weights": "h",
}  # the widest first: each then starts where its numbers may lie


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
    """Raw scores of an utterance, by intent and by kind, and its stems and stem pairs: (row or -1, idf, is a pair)."""

    intents: list[float]
    kinds: list[float]
    stems: list[tuple[int, float, bool]]


@dataclass(frozen=True)
class Model:
    """All that serving needs. Arrays are read-only views; `scale` turns a stored weight into its value.

    `example_keys` are those of whole examples, each of one of `example_intents`; `learned_keys` those of `lesson_key`.
    `vocabulary` holds every word to be taken as it is typed, `targets` those that misspelt words are bent to.
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
    vocabulary: tuple[str, ...]
    targets: tuple[str, ...]
    calibration: Calibration
    lexicon: Lexicon
    learned_from: str
    mistakes: tuple[Mistake, ...] = ()

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.vocabulary)

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
    def members(self) -> dict[IntentKind, list[int]]:
        """The places of the intents of each kind."""
        intents = list(enumerate(self.pack.intents.values()))
        return {kind: [place for place, intent in intents if intent.kind == kind] for kind in KIND_ORDER}

    def knows(self, word: str) -> bool:
        """Whether a word is spelt so: in the pack or in the lexicon."""
        return word in self._known or word in self.lexicon

    @cached_property
    def common(self) -> frozenset[str]:
        """The pack's commonest words, which nearly every sentence in its language holds."""
        return frozenset(self.vocabulary[:COMMONEST])

    @cached_property
    def sources(self) -> Sources:
        return Sources(self.pack)

    @cached_property
    def speller(self) -> Speller:
        return Speller(self.targets, self.lexicon.words())

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
        stems: list[tuple[int, float, bool]] = []
        rows, values = [], []
        for block, feature, row, value in self.terms(words):
            if block == 0:
                stems.append((row, self.idf[row] if row >= 0 else self.unknown_idf, feature[0] == "p"))
            if row >= 0:
                rows.append(row)
                values.append(value)
        totals, size = self._add_up(rows, values), len(self.pack.intents)
        return Scores(totals[:size], totals[size:], stems)

    def _add_up(self, rows: Sequence[int], values: Sequence[float]) -> list[float]:
        """The intercepts, and to each the weights of its class in some rows, each row's times a value."""
        totals = [0.0] * len(self.intercepts)
        for row, value in zip(rows, values, strict=True):
            start, end = self.starts[row], self.starts[row + 1]
            for which, stored in zip(self.classes[start:end], self.weights[start:end], strict=True):
                totals[which] += value * stored
        return [total + intercept for total, intercept in zip(totals, self.intercepts, strict=True)]

    def terms(self, words: Sequence[str]) -> Iterator[tuple[int, str, int, float]]:
        """The features of an utterance's words: block, name, row (-1 where none is stored), factor of its weights."""
        for number, (block, weight) in enumerate(zip(extract(words, self.stem), BLOCK_WEIGHTS, strict=False)):
            counts: dict[str, int] = {}
            for feature in block:
                counts[feature] = counts.get(feature, 0) + 1
            rows = self._find_rows(counts)
            values = [
                (1.0 + math.log(n)) * self.idf[row] if row >= 0 else 0.0
                for row, n in zip(rows, counts.values(), strict=True)
            ]
            length = math.sqrt(sum(value * value for value in values))
            share = math.sqrt(weight) / length * self.scale if length else 0.0
            for feature, row, value in zip(counts, rows, values, strict=True):
                yield number, feature, row, value * share
        share = math.sqrt(BLOCK_WEIGHTS[2]) * self.scale
        concepts = weigh_concepts(words, self.lexicon, self.rarity)
        for (feature, value), row in zip(concepts.items(), self._find_rows(concepts), strict=True):
            yield 2, feature, row, value * share

    def _find_rows(self, features: Collection[str]) -> list[int]:
        """The row of each feature, or -1."""
        return [self._row(feature) for feature in features]

    def seen(self, feature: str) -> float:
        """In how many examples a feature occurs, nearly: 0 for one that is not stored."""
        row = self._row(feature)
        return 2 * math.exp(self.unknown_idf - self.idf[row]) - 1 if row >= 0 else 0.0

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

    def measure(self, scores: Scores, intent: int, kind: IntentKind, kind_belief: float) -> list[float]:
        """What tells whether the best intent, of its kind, is right.

        The odds of its kind; its odds among its kind's scores as they are; the share of the utterance's stems that no
        intent has; the share of its stems, and of stems and pairs, that speak for this intent (all shares by idf);
        the log of the number of stems.
        """
        total = {False: 1e-9, True: 1e-9}
        spoken = {False: 0.0, True: 0.0}
        unknown = 0.0
        for row, idf, pair in scores.stems:
            total[pair] += idf
            start, end = (self.starts[row], self.starts[row + 1]) if row >= 0 else (0, 0)
            if start == end:
                unknown += 0.0 if pair else idf
            elif (at := bisect_left(self.classes, intent, start, end)) < end and self.classes[at] == intent:
                spoken[pair] += idf * (self.weights[at] > 0)
        best = scores.intents[intent]
        rivals = sum(math.exp(scores.intents[place] - best) for place in self.members[kind])
        return [
            log_odds(kind_belief),
            log_odds(1 / rivals),
            unknown / total[False],
            spoken[False] / total[False],
            (spoken[False] + spoken[True]) / (total[False] + total[True]),
            math.log(1 + sum(not pair for _, _, pair in scores.stems)),
        ]


# --- the file ---------------------------------------------------------------------------------------


def learned_from(pack: Pack) -> str:
    """A hash of all that training looks at: packs that differ in nothing else share what was learned."""
    content = [
        VERSION,
        [[i.name, i.kind, i.question, [example.text for example in i.examples]] for i in pack.intents.values()],
        list(pack.synonyms.items()),
        [passage.text for article in pack.articles.values() for passage in article.passages],
        pack.lexicon,
    ]
    return hashlib.blake2b(json.dumps(content).encode(), digest_size=16).hexdigest()


def examples_of(intent: Intent) -> tuple[Example, ...]:
    """What an intent is learned from: its examples, then its question and its name, which patients do not type."""
    others = (intent.question, intent.name.replace("_", " "))
    return (*intent.examples, *(Example(text, intent.file, intent.line) for text in others if text))


def lesson_key(intent: Intent, example: Example) -> int:
    """The key of one thing learned: a text under an intent of its kind."""
    return text_key([intent.kind, intent.name, example.text])


def save_model(model: Model, path: Path) -> None:
    """Write the model whole beside `path`, then rename: no reader ever sees half a file. Raises OSError."""
    import os  # noqa: PLC0415
    import tempfile  # noqa: PLC0415 (only a build needs them)

    parts = {name: _to_bytes(code, getattr(model, name)) for name, code in _ARRAYS.items()}
    parts["lexicon"] = model.lexicon.lines
    header = {
        "version": VERSION,
        "fingerprint": model.pack.fingerprint,
        "learned_from": model.learned_from,
        "sizes": {name: len(part) for name, part in parts.items()},
        "scale": model.scale,
        "unknown_idf": model.unknown_idf,
        "calibration": _values(model.calibration),
        "mistakes": _values(model.mistakes),
        "vocabulary": " ".join(model.vocabulary),
        "targets": " ".join(model.targets),
        "pack": _pack_to_json(model.pack),
    }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    body = len(text).to_bytes(8, "little") + text + b"".join(parts.values())
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_MAGIC + _check_sum(body) + body)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _check_sum(body: bytes | memoryview) -> bytes:
    """What tells a whole file from a damaged one. It is no seal: who may write here may write anything."""
    return crc32(body).to_bytes(4, "little")


def _to_bytes(code: str, values: Any) -> bytes:
    same = isinstance(values, memoryview) and values.format == code
    return values.tobytes() if same else array(code, values).tobytes()


def load_model(path: Path, fingerprint: str, learned: str | None = None) -> Model:
    """Read a stored model of the pack with this fingerprint, or one that learned from the same as `learned`.

    Raises ModelError for anything else.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from None
    start, body = len(_MAGIC), memoryview(raw)[len(_MAGIC) + 4 :]
    if raw[:start] != _MAGIC or _check_sum(body) != raw[start : start + 4]:
        raise ModelError(f"{path}: not a whole model file")
    size = int.from_bytes(body[:8], "little")
    try:
        header = json.loads(bytes(body[8 : 8 + size]))
        is_wanted = header["fingerprint"] == fingerprint if learned is None else header["learned_from"] == learned
        if header["version"] != VERSION or not is_wanted:
            raise ModelError(f"{path}: of another pack or version")
        return _to_model(header, body[8 + size :])
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ModelError(f"{path}: {error}") from None


def _to_model(header: dict[str, Any], data: memoryview) -> Model:
    arrays: dict[str, Any] = {}
    at = 0
    for name, code in _ARRAYS.items():
        end = at + header["sizes"][name]
        arrays[name] = data[at:end].cast(code)
        at = end
    return Model(
        pack=_pack_from_json(header["pack"]),
        scale=header["scale"],
        vocabulary=tuple(header["vocabulary"].split(" ")),
        targets=tuple(header["targets"].split(" ")),
        unknown_idf=header["unknown_idf"],
        calibration=_calibration(header["calibration"]),
        mistakes=tuple(Mistake(*values) for values in header["mistakes"]),
        learned_from=header["learned_from"],
        lexicon=Lexicon(bytes(data[at : at + header["sizes"]["lexicon"]])),
        **arrays,
    )


def _calibration(values: list[Any]) -> Calibration:
    names = dict(zip(Calibration.__dataclass_fields__, values, strict=True))
    for name in ("right", "within"):
        if names[name]:
            means, scales, weights, intercept = names[name]
            names[name] = Logistic(tuple(means), tuple(scales), tuple(weights), intercept)
    names["kind_shares"] = tuple(names["kind_shares"])
    names["reliability"] = tuple(map(tuple, names["reliability"]))
    return Calibration(**names)


def _values(thing: Any) -> list[Any]:
    """A dataclass as the list of its fields, those inside it too."""
    if isinstance(thing, (list, tuple)):
        return [_values(item) for item in thing]
    if hasattr(thing, "__dataclass_fields__"):
        return [_values(getattr(thing, name)) for name in thing.__dataclass_fields__]
    return thing  # type: ignore[no-any-return]


def _pack_to_json(pack: Pack) -> dict[str, Any]:
    """The pack without its examples, which serving does not need, and its lexicon, which is stored apart."""
    return {
        "name": pack.name,
        "fingerprint": pack.fingerprint,
        "articles": [_values(article) for article in pack.articles.values()],
        "intents": [_values(replace(intent, examples=())) for intent in pack.intents.values()],
        "synonyms": dict(pack.synonyms),
        "wording": dict(pack.wording),
        "talk": [{k: list(v) for k, v in pack.talk.follow_ups.items()}, *_values(pack.talk)[1:]],
        "rules": [_values(rule) for rule in pack.rules],
        "sign_index": dict(pack.sign_index),
        "cards": dict(pack.cards),
        "referral": _values(pack.referral) if pack.referral else None,
        "first": list(pack.first),
    }


def _span(values: list[int] | None) -> Span | None:
    return Span(*values) if values else None


def _quote(values: list[Any]) -> Quote:
    article, passage, start, end, lead = values
    return Quote(article, passage, start, end, _span(lead))


def _article(values: list[Any]) -> Article:
    names = dict(zip(Article.__dataclass_fields__, values, strict=True))
    names["subjects"] = tuple(names["subjects"])
    names["passages"] = tuple(map(_passage, names["passages"]))
    names["left_out"] = tuple(LeftOut(*left) for left in names["left_out"])
    return Article(**names)


def _passage(values: list[Any]) -> Passage:
    names = dict(zip(Passage.__dataclass_fields__, values, strict=True))
    names["sentences"] = tuple(Span(*sentence) for sentence in names["sentences"])
    names["lead_in"] = _span(names["lead_in"])
    return Passage(**names)


def _intent(values: list[Any]) -> Intent:
    name, kind, question, _, quotes, reply, nexts, *rest = values
    return Intent(name, kind, question, (), tuple(map(_quote, quotes)), reply, tuple(nexts), *rest)


def _talk(values: list[Any]) -> Talk:
    names = dict(zip(Talk.__dataclass_fields__, values, strict=True))
    names["follow_ups"] = {name: tuple(signs) for name, signs in names["follow_ups"].items()}
    for name in ("other", "all_articles", "joins", "openers", "fillers", "every"):
        names[name] = tuple(names[name])
    for name in ("places", "subjects", "stand_ins"):
        names[name] = tuple(map(tuple, names[name]))
    return Talk(**names)


def _pack_from_json(data: dict[str, Any]) -> Pack:
    articles, intents = map(_article, data["articles"]), map(_intent, data["intents"])
    return Pack(
        name=data["name"],
        fingerprint=data["fingerprint"],
        articles={article.id: article for article in articles},
        intents={intent.name: intent for intent in intents},
        synonyms=data["synonyms"],
        wording=data["wording"],
        talk=_talk(data["talk"]),
        rules=tuple(Rule(r[0], r[1], tuple(r[2]), tuple(r[3])) for r in data["rules"]),
        sign_index=data["sign_index"],
        cards=data["cards"],
        referral=_quote(data["referral"]) if data["referral"] else None,
        first=tuple(data["first"]),
    )
