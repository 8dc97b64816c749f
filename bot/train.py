"""Training: a pack in, a model out. With `describe`, `learner` and `calibrate`, all that imports scikit-learn.

On the blocks of features, weighted and joined, stand linear machines: one over the kinds, and within each kind one over
its intents, so that P(intent) = P(kind) * P(intent | kind). Beside one flat machine over all intents this is as
accurate and six times as fast to fit. A tenth of the examples is kept from them at first, to measure what their scores
are worth; then they learn it too.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from rapidfuzz.distance import OSA
from scipy import sparse
from Stemmer import Stemmer
from threadpoolctl import threadpool_limits

from bot.calibrate import calibrate
from bot.describe import MANY, Block, describe
from bot.examples import Examples, Machines
from bot.features import BLOCK_WEIGHTS, feature_keys, text_key
from bot.lessons import examples_of, learned_from, lesson_keys
from bot.lexicon import Lexicon
from bot.model import KIND_ORDER, Model
from bot.text import index_phrases, replace_phrases, split_words
from bot.types import Pack

__all__ = ["Texts", "read_texts", "train"]

COMMON = 10
"""Occurrences, and times those of its neighbour, that make a word common enough for the neighbour to be a slip."""

SHORTEST_SLIP, LONG_SLIP = 3, 7

FREQUENT = 200
"""The most frequent words of a pack, which tell whether the lexicon is of its language."""

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Texts:
    """What a pack teaches: the words of each text, slips mended, its intent's place, and whether patients type it.

    `counts` are all its words, the most frequent first, with how often they occur.
    """

    texts: list[tuple[str, ...]]
    intents: Any
    typed: Any
    counts: dict[str, int]
    lexicon: Lexicon


def read_texts(pack: Pack) -> Texts:
    """All that a pack has to teach."""
    phrases = index_phrases(pack.synonyms)
    rows = [
        (tuple(replace_phrases(example.words, phrases)), i, place < len(intent.examples))
        for i, intent in enumerate(pack.intents.values())
        for place, example in enumerate(examples_of(intent))
    ]
    texts = [words for words, _, _ in rows]
    counts, lexicon = _count_words(pack, texts), Lexicon(pack.lexicon.encode())
    slips = _find_slips(counts, lexicon, pack.synonyms)
    return Texts(
        texts=[
            tuple(slips.get(w, w) for w in words) if not slips.keys().isdisjoint(words) else words for words in texts
        ],
        intents=np.array([i for _, i, _ in rows]),
        typed=np.array([typed for _, _, typed in rows]),
        counts={word: count for word, count in counts.items() if word not in slips},
        lexicon=lexicon,
    )


def train(pack: Pack, progress: Progress = lambda what, share: None) -> Model:
    """Fit a pack's model. The same pack gives the same model, to the byte, under the same library versions.

    `progress` is told what is being done and the share done, 0..1.
    """
    with threadpool_limits(1):  # Its products are small: several threads would take turns, and a fifth more time.
        return _train(pack, progress)


def _train(pack: Pack, progress: Progress) -> Model:
    progress("reading examples", 0.0)
    read = read_texts(pack)
    texts, intents, counts, lexicon = read.texts, read.intents, read.counts, read.lexicon
    names = list(pack.intents)
    kinds = np.array([KIND_ORDER.index(pack.intents[names[i]].kind) for i in intents])
    stem = dict(zip(counts, Stemmer("english", 0).stemWords(list(counts)), strict=True))
    progress("weighing words", 0.2)
    unknown_idf = _unknown_idf(len(texts))
    marks = [text_key(words) for words in texts]
    blocks = describe(texts, stem, lexicon, unknown_idf)
    matrix = _join(blocks)
    blocks = [replace(block, matrix=None) for block in blocks]  # Each is as large as all the rest.
    examples = Examples(
        matrix=matrix,
        intents=intents,
        kinds=kinds,
        typed=read.typed,
        marks=np.array(marks, dtype=np.uint64),
        starts=np.array([text_key([name]) % 1000 for name in names]),
        idf=blocks[0].idf,
        pairs=np.array([name[0] == "p" for name in blocks[0].names]),
        left_out=blocks[0].left_out * unknown_idf,
    )
    machines = Machines(examples)
    calibration, mistakes = calibrate(examples, machines, progress)
    progress("storing", 0.95)
    return Model(
        pack=pack,
        vocabulary=" ".join(counts),
        targets=" ".join(w for w in counts if counts[w] > 1 or len(texts) < MANY or w in pack.synonyms),
        unknown_idf=unknown_idf,
        calibration=calibration,
        mistakes=mistakes,
        lexicon=lexicon,
        learned_from=learned_from(pack),
        learned_keys=lesson_keys(pack),
        **_remember(marks, intents),
        **_pack_weights(blocks, machines),
    )


def _count_words(pack: Pack, texts: Sequence[Sequence[str]]) -> dict[str, int]:
    """Every word of examples, articles and synonyms, most frequent first, ties by the alphabet."""
    counts = Counter(word for words in texts for word in words)
    for article in pack.articles.values():
        counts.update(word for passage in article.passages for word in split_words(passage.text))
    counts.update(word for phrase in pack.synonyms for word in split_words(phrase))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _find_slips(counts: dict[str, int], lexicon: Lexicon, synonyms: Mapping[str, str]) -> dict[str, str]:
    """Typing slips in the examples, and what was meant: words not in the lexicon, one edit from a far commoner one.

    Where the lexicon is of another language than the pack, nothing is.
    """
    spelt = frozenset(lexicon.words())
    frequent = [word for word in list(counts)[:FREQUENT] if word.isalpha()]
    if sum(word in spelt for word in frequent) < len(frequent) / 2:
        return {}
    near = _index_neighbours(word for word, count in counts.items() if word in spelt or count >= COMMON)
    found = {}
    for word, count in counts.items():
        if len(word) >= SHORTEST_SLIP and word.isalpha() and word not in spelt and word not in synonyms:
            long = len(word) >= LONG_SLIP  # A long word has few neighbours, so even a rare one must have been meant.
            least = max((1 if long and count < COMMON else COMMON) * count, 0 if long else COMMON)
            meant = next(
                (w for w in near(word) if counts[w] >= least and (len(word) > 3 or sorted(w) == sorted(word))), None
            )
            if meant:
                found[word] = meant
    for word, meant in found.items():
        while meant in found:  # A slip so common that it was taken for the word itself.
            meant = found[meant]  # noqa: PLW2901
        found[word] = meant
    return found


def _index_neighbours(words: Iterable[str]) -> Callable[[str], list[str]]:
    """Finds the words that are one edit from another, in their order: both then share a form without one letter.

    The symmetric deletions of Garbe's SymSpell (2012): an index in place of a comparison with every word.
    """
    order: dict[str, int] = {}
    forms: dict[str, list[str]] = {}
    for word in words:
        order[word] = len(order)
        for form in _shorten(word):
            forms.setdefault(form, []).append(word)

    def find(word: str) -> list[str]:
        near = {other for form in _shorten(word) for other in forms.get(form, ())}
        return sorted((w for w in near if OSA.distance(w, word, score_cutoff=1) == 1), key=order.__getitem__)

    return find


def _shorten(word: str) -> set[str]:
    """A word, and the word without each of its letters."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _remember(marks: Sequence[int], intents: Any) -> dict[str, Any]:
    """The keys of texts that stand under one intent alone, sorted, and these intents."""
    owners: dict[int, set[int]] = {}
    for mark, intent in zip(marks, intents.tolist(), strict=True):
        owners.setdefault(mark, set()).add(intent)
    only = sorted((key, *owned) for key, owned in owners.items() if len(owned) == 1)
    return {"example_keys": [key for key, _ in only], "example_intents": [intent for _, intent in only]}


def _unknown_idf(texts: int) -> float:
    """The smoothed idf of a feature that stands in one text: as rare as anything seen."""
    return math.log((1 + texts) / 2) + 1


def _join(blocks: Sequence[Block]) -> Any:
    """The matrices of all blocks side by side, weighted."""
    parts = [block.matrix * np.float32(math.sqrt(w)) for block, w in zip(blocks, BLOCK_WEIGHTS, strict=True)]
    return sparse.hstack(parts, format="csr")


def _pack_weights(blocks: list[Block], machines: Machines) -> dict[str, Any]:
    """The arrays of `Model`: rows in the order of their keys; of two features with one key the first stays."""
    keys = np.array(feature_keys(name for block in blocks for name in block.names), dtype=np.uint32)
    idf = np.hstack([block.idf for block in blocks])
    keys, order = np.unique(keys, return_index=True)
    kept = machines.join_weights()[order]
    scale = float(np.abs(kept.data).max(initial=0.0)) / 32767 or 1.0
    return {
        "keys": keys.astype(np.uint32).data,
        "idf": idf[order].astype(np.float32).data,
        "starts": kept.indptr.astype(np.uint32).data,
        "classes": kept.indices.astype(np.uint16).data,
        "weights": np.rint(kept.data / scale).astype(np.int16).data,
        "intercepts": machines.join_intercepts().astype(np.float32).data,
        "scale": scale,
    }
