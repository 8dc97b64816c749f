"""An edit taken in at once: a model with what is new in its pack learned on top, until all is learned anew.

What was learned is kept; each new example moves the weights of its own features just so far that its intent and its
kind win by a margin, and those that stood against it as far the other way: the passive-aggressive update of Crammer et
al. (2006). A new intent starts from nothing but its examples. What was taken out of the pack is never answered with,
but is only unlearned by training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bot.features import extract, feature_key, text_key, weigh_concepts
from bot.lessons import examples_of, lesson_key
from bot.lexicon import Lexicon
from bot.model import ALARM, KIND_ORDER, Model
from bot.text import index_phrases, replace_phrases
from bot.types import Intent, Pack

__all__ = ["is_part_of", "patch"]

MARGIN, ROUNDS = 1.0, 8
"""By how much a new example's own intent should win, and how often all new examples are gone through."""

RARE = 5.0
"""How far below that of an unseen feature the idf of one may lie that is moved: one in half a per cent of the examples.
What is common stands in texts of every kind, and what all of them taught of danger must not yield to a few lines."""

MOST, LARGEST_SHARE = 1000, 0.02
"""New examples, and their share of the rest, up to which they are learned on top in seconds and nearly as well."""

FRESH = -1.0
"""The intercept of a new intent: about that of the others, which are right for few texts each."""


@dataclass(frozen=True)
class _Lesson:
    """A new text: its words, and the places of its intent and, among the kinds, of its kind."""

    words: tuple[str, ...]
    intent: int
    kind: int


def patch(model: Model, pack: Pack) -> Model | None:
    """The model for an edited pack: at once, and nearly as if it had been learned from it.

    None where that cannot be: too much is new, or the first of its kind, or so far taken for danger, which only all
    other examples together can tell it from. It takes about a second for some lines in a pack of 50,000;
    `learned_from` is "", as it was learned from neither.
    """
    fresh = _find_lessons(model, pack)
    if len(fresh) > min(MOST, LARGEST_SHARE * len(model.learned_keys)) or any(_is_unlike(model, x) for x in fresh):
        return None
    grown = _grow(_renumber(model, pack), [lesson.words for lesson in fresh])
    return _remember(_learn(grown, fresh), pack, fresh)


def is_part_of(model: Model, pack: Pack, taught: frozenset[int]) -> bool:
    """Whether a pack teaches all that a model learned and only examples besides: none is then to be forgotten.

    `taught` are its `lesson_keys`.
    """
    return (
        taught.issuperset(model.learned_keys)
        and model.pack.synonyms == pack.synonyms
        and model.pack.articles == pack.articles
        and model.lexicon.lines == pack.lexicon.encode()
    )


def _is_unlike(model: Model, lesson: _Lesson) -> bool:
    """Whether a lesson is of a kind that the model has not learned, or of danger to it and of another kind now."""
    kind, known = KIND_ORDER[lesson.kind], model.recall(lesson.words)
    was_harmless = known is not None and model.intents[known].kind != "urgent"
    if not model.members[kind]:
        return True
    return kind != "urgent" and not was_harmless and model.weigh_kinds(model.score(lesson.words))["urgent"] >= ALARM


def _find_lessons(model: Model, pack: Pack) -> list[_Lesson]:
    learned = set(model.learned_keys)
    phrases = index_phrases(pack.synonyms)
    return [
        _Lesson(tuple(replace_phrases(example.words, phrases)), place, KIND_ORDER.index(intent.kind))
        for place, intent in enumerate(pack.intents.values())
        for example in examples_of(intent)
        if lesson_key(intent, example) not in learned
    ]


def _array(values: Any) -> Any:
    """A model's array for NumPy."""
    return np.asarray(values)


def _renumber(model: Model, pack: Pack) -> Model:
    """The model with its classes in the order of the edited pack, which has the new ones still without weights."""
    place = {name: at for at, name in enumerate(pack.intents)}
    size, before = len(place), len(model.pack.intents)
    moved = [place.get(name, -1) for name in model.pack.intents] + [size + kind for kind in range(len(KIND_ORDER))]
    classes = np.array(moved)[_array(model.classes)]
    kept = classes >= 0
    ends = np.concatenate(([0], np.cumsum(kept)))[_array(model.starts)]
    intercepts = np.full(size + len(KIND_ORDER), FRESH)
    for old, new in enumerate(moved):
        if new >= 0:
            intercepts[new] = model.intercepts[old]
    owners = np.array(moved[:before])[_array(model.example_intents).astype(int)]
    return replace(
        model,
        pack=pack,
        classes=classes[kept],
        weights=_array(model.weights)[kept],
        starts=ends,
        intercepts=intercepts.tolist(),
        example_keys=_array(model.example_keys)[owners >= 0],
        example_intents=owners[owners >= 0],
        lexicon=Lexicon(pack.lexicon.encode()),
        mistakes=(),
        learned_from="",
    )


def _grow(model: Model, texts: Sequence[Sequence[str]]) -> Model:
    """The model with a row, still without weights, for each feature of the texts that it has none for."""
    new_words = dict.fromkeys(word for words in texts for word in words if word not in model.words)
    model = replace(
        model,
        vocabulary=" ".join((model.vocabulary, *new_words)),
        targets=" ".join((model.targets, *new_words)),
    )
    names = {name for words in texts for block in extract(words, model.stem) for name in block}
    names |= {name for words in texts for name in weigh_concepts(words, model.lexicon, list(map(model.rarity, words)))}
    keys, starts = _array(model.keys), _array(model.starts)
    idfs = {feature_key(name): 1.0 if name[0] == "k" else model.unknown_idf for name in sorted(names)}
    fresh = {key: idfs[key] for key in np.setdiff1d(list(idfs), keys).tolist()}
    at = np.searchsorted(keys, list(fresh)).astype(int)
    return replace(
        model,
        keys=_array(np.insert(keys, at, list(fresh))),
        idf=_array(np.insert(_array(model.idf).astype(float), at, list(fresh.values()))),
        starts=_array(np.insert(starts, at, starts[at])),
    )


def _learn(model: Model, lessons: Sequence[_Lesson]) -> Model:
    """The model with its weights moved until every lesson is known, or as far as some rounds go."""
    size = len(model.pack.intents)
    kinds = [KIND_ORDER.index(intent.kind) for intent in model.pack.intents.values()]
    present = sorted(set(kinds))
    vectors = [_read_features(model, lesson.words) for lesson in lessons]
    first = [model.score(lesson.words) for lesson in lessons]
    scores = [np.array([*s.intents, *s.kinds]) for s in first]
    change: dict[int, dict[int, float]] = {}
    for _ in range(ROUNDS):
        for lesson, vector, base in zip(lessons, vectors, scores, strict=True):
            now = base.copy()
            for row, value in vector.items():
                for which, weight in change.get(row, {}).items():
                    now[which] += value * weight
            mates = [place for place in range(size) if kinds[place] == lesson.kind]
            _correct(change, vector, now, lesson.intent, mates)
            _correct(change, vector, now, size + lesson.kind, [size + kind for kind in present])
    return _add_weights(model, change)


def _read_features(model: Model, words: Sequence[str]) -> dict[int, float]:
    """The rare features of a text by row, as `score` weighs them, the scale of stored weights left out."""
    vector: dict[int, float] = {}
    for _, _, row, value in model.terms(words):
        if row >= 0 and model.idf[row] >= model.unknown_idf - RARE:
            vector[row] = vector.get(row, 0.0) + value / model.scale
    return vector


def _correct(
    change: dict[int, dict[int, float]], vector: dict[int, float], scores: Any, own: int, among: Sequence[int]
) -> None:
    """Move the weights of one text's features until its own class wins by the margin over the best rival."""
    rivals = [which for which in among if which != own]
    rival = max(rivals, key=scores.__getitem__, default=None)
    loss = MARGIN - scores[own] + (scores[rival] if rival is not None else -MARGIN)
    if loss <= 0:
        return
    step = loss / (2 * sum(value * value for value in vector.values()) + 1e-9)
    for row, value in vector.items():
        moved = change.setdefault(row, {})
        moved[own] = moved.get(own, 0.0) + step * value
        if rival is not None:
            moved[rival] = moved.get(rival, 0.0) - step * value


def _add_weights(model: Model, change: dict[int, dict[int, float]]) -> Model:
    """The model with what was changed written into its rows; only those are touched."""
    starts = _array(model.starts)
    classes, weights = _array(model.classes), _array(model.weights) * model.scale
    lengths = np.diff(starts)
    pieces, at = [], 0
    for row in sorted(change):
        pieces.append((classes[at : starts[row]], weights[at : starts[row]]))
        at = starts[row + 1]
        merged = dict(zip(classes[starts[row] : at].tolist(), weights[starts[row] : at].tolist(), strict=True))
        for which, weight in change[row].items():
            merged[which] = merged.get(which, 0.0) + weight
        pieces.append((np.array(sorted(merged)), np.array([merged[which] for which in sorted(merged)])))
        lengths[row] = len(merged)
    pieces.append((classes[at:], weights[at:]))
    values = np.concatenate([values for _, values in pieces])
    scale = float(np.abs(values).max(initial=0.0)) / 32767 or 1.0
    return replace(
        model,
        classes=np.concatenate([which for which, _ in pieces]).astype(np.uint16).data,
        weights=np.rint(values / scale).astype(np.int16).data,
        starts=np.concatenate(([0], np.cumsum(lengths))).astype(np.uint32).data,
        keys=_array(model.keys).astype(np.uint32).data,
        idf=_array(model.idf).astype(np.float32).data,
        scale=scale,
    )


def _remember(model: Model, pack: Pack, lessons: Sequence[_Lesson]) -> Model:
    """The model with the new texts remembered whole; one that stands under another intent, too, for neither."""
    intents = list(pack.intents.values())
    phrases = index_phrases(pack.synonyms)
    owners = dict(zip(_array(model.example_keys).tolist(), _array(model.example_intents).tolist(), strict=True))
    for lesson in lessons:
        key = text_key(lesson.words)
        other = owners.get(key, lesson.intent)
        if other != lesson.intent and _has_text(intents[other], lesson.words, phrases):
            del owners[key]
        else:
            owners[key] = lesson.intent
    keys = sorted(owners)
    return replace(model, example_keys=keys, example_intents=[owners[key] for key in keys])


def _has_text(intent: Intent, words: tuple[str, ...], phrases: Any) -> bool:
    return any(tuple(replace_phrases(example.words, phrases)) == words for example in examples_of(intent))
