"""Training: a pack in, a model out. With `calibrate`, the only rooms that import scikit-learn.

Each block of features becomes TF-IDF (sublinear counts, smoothed idf, rows of length one), the last one weights from
the lexicon; the blocks are weighted and joined. On them stand linear machines: one over the kinds, and within each kind
one over its intents, so that P(intent) = P(kind) * P(intent | kind). Beside one flat machine over all intents this is
as accurate and six times as fast to fit. Few examples are fitted by multinomial logistic regression, many by support
vectors, one class against the rest: on HWU64's test questions each is better by a point or two where it is used.
"""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import snowballstemmer
from rapidfuzz import process
from rapidfuzz.distance import OSA
from scipy import linalg, sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from bot.calibrate import Examples, calibrate
from bot.features import BLOCK_WEIGHTS, extract, feature_key, text_key, weigh_concepts
from bot.lexicon import Lexicon
from bot.model import KIND_ORDER, Model, learned_from, lesson_key, texts_of
from bot.text import index_phrases, replace_phrases, split_words
from bot.types import Pack

__all__ = ["train"]

KIND_PENALTY, INTENT_PENALTY, FEW_PENALTY = 1.0, 1.0, 30.0
"""C of the support vector machines for kinds and intents, and of the logistic regression; on held-out examples."""

FEW = 1500
"""Up to this many examples in a pack its machines are logistic regressions."""

ROUNDS = 6
"""Passes of the support vector solver over the examples; more brought nothing on held-out examples."""

ABSENT = -30.0
"""Score of a class without examples."""

MANY, OFTEN = 10000, 3
"""From so many examples on, a feature (single stems apart) must occur so often to count: the rest is half the model
and brings nothing."""

COMMON = 10
"""Occurrences, and times those of its neighbour, that make a word common enough for the neighbour to be a slip."""

SHORTEST_SLIP, LONG_SLIP = 3, 7

FREQUENT = 200
"""The most frequent words of a pack, which tell whether the lexicon is of its language."""

LEAST = 60
"""Examples that an intent counts as having, at least: one that a clinic has just begun is not drowned by all others."""

SMALLEST_WEIGHT = 0.03
"""Weights nearer to zero are dropped, at no cost in held-out accuracy."""


@dataclass(frozen=True)
class Block:
    """One view of all texts: names and idf of its features, and the matrix (texts, features), rows of length one."""

    names: list[str]
    idf: Any
    matrix: Any


Progress = Callable[[str, float], None]
Solver = Callable[[Any, Any, Any, float], tuple[Any, Any]]


def train(pack: Pack, progress: Progress = lambda what, share: None) -> Model:
    """Fit a pack's model. The same pack gives the same model, to the byte, under the same library versions.

    `progress` is told what is being done and the share done, 0..1.
    """
    progress("reading examples", 0.0)
    names = list(pack.intents)
    phrases = index_phrases(pack.synonyms)
    rows = [
        (tuple(replace_phrases(split_words(text), phrases)), i, typed)
        for i, intent in enumerate(pack.intents.values())
        for text, typed in texts_of(intent)
    ]
    texts, intents = [words for words, _, _ in rows], np.array([i for _, i, _ in rows])
    typed = np.array([typed for _, _, typed in rows])
    kinds = np.array([KIND_ORDER.index(pack.intents[names[i]].kind) for i in intents])
    counts = _count_words(pack, texts)
    lexicon = Lexicon(pack.lexicon.encode())
    slips = _find_slips(counts, lexicon, pack.synonyms)
    texts = [tuple(slips.get(word, word) for word in words) for words in texts]
    counts = {word: count for word, count in counts.items() if word not in slips}
    stem = _stems(counts)
    grams = list(zip(*(extract(words, stem.__getitem__) for words in texts), strict=True))
    progress("weighing words", 0.1)
    blocks = _fit_tfidf(grams)
    rarity = dict(zip(blocks[0].names, blocks[0].idf, strict=True))
    blocks.append(_weigh_concepts(texts, lexicon, {word: rarity[f"s{stem[word]}"] for word in set().union(*texts)}))
    matrix = sparse.hstack([b.matrix * math.sqrt(w) for b, w in zip(blocks, BLOCK_WEIGHTS, strict=True)], format="csr")
    progress("learning intents", 0.2)
    weights, intercepts = _fit(matrix, intents, len(names), kinds)
    progress("measuring its own errors", 0.6)
    marks = np.array([text_key(words) for words in texts], dtype=np.uint64)
    starts = np.array([text_key([name]) % 1000 for name in names])
    rows_of = Examples(matrix, intents, kinds, typed, marks, starts, *_describe_stems(blocks[0], grams[0]))
    has_negatives = bool((kinds == KIND_ORDER.index("out_of_scope")).any())
    calibration, mistakes = calibrate(rows_of, _fit, (weights, intercepts), has_negatives)
    progress("storing", 0.95)
    return Model(
        pack=pack,
        vocabulary=tuple(counts),
        targets=tuple(w for w in counts if counts[w] > 1 or len(texts) < MANY or w in pack.synonyms),
        stems={word: stem[word] for word in counts if stem[word] != word},
        unknown_idf=_unknown_idf(len(texts)),
        calibration=calibration,
        mistakes=mistakes,
        lexicon=lexicon,
        learned_from=learned_from(pack),
        learned_keys=sorted(lesson_key(i, text) for i in pack.intents.values() for text, _ in texts_of(i)),
        **_remember(texts, intents),
        **_pack_weights(blocks, weights, intercepts),
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
    frequent = [word for word in list(counts)[:FREQUENT] if word.isalpha()]
    if sum(word in lexicon for word in frequent) < len(frequent) / 2:
        return {}
    known = [word for word, count in counts.items() if word in lexicon or count >= COMMON]
    common = [word for word in known if counts[word] >= COMMON]
    found = {}
    for word, count in counts.items():
        if len(word) >= SHORTEST_SLIP and word.isalpha() and word not in lexicon and word not in synonyms:
            long = len(word) >= LONG_SLIP  # A long word has few neighbours, so even a rare one must have been meant.
            near = process.extract(word, known if long else common, scorer=OSA.distance, score_cutoff=1, limit=None)
            far_commoner = (1 if long and count < COMMON else COMMON) * count
            meant = next(
                (
                    w
                    for w, _, _ in near
                    if w != word and counts[w] >= far_commoner and (len(word) > 3 or sorted(w) == sorted(word))
                ),
                None,
            )
            if meant:
                found[word] = meant
    for word, meant in found.items():
        while meant in found:  # A slip so common that it was taken for the word itself.
            meant = found[meant]  # noqa: PLW2901
        found[word] = meant
    return found


def _stems(words: Sequence[str] | dict[str, int]) -> dict[str, str]:
    stemmer = snowballstemmer.stemmer("english")
    return {word: stemmer.stemWord(word) for word in words}


def _same(features: list[str]) -> list[str]:
    return features


def _fit_tfidf(grams: Sequence[Sequence[list[str]]]) -> list[Block]:
    """The first three blocks; one without features, as of one-word examples, has no columns."""
    blocks = []
    for texts in grams:
        if names := _choose_features(texts):
            vectorizer = TfidfVectorizer(analyzer=_same, sublinear_tf=True, vocabulary=names)
            matrix = vectorizer.fit_transform(texts)
            blocks.append(Block(names, vectorizer.idf_, matrix))
        else:
            blocks.append(Block([], np.empty(0), sparse.csr_matrix((len(texts), 0))))
    return blocks


def _weigh_concepts(texts: Sequence[Sequence[str]], lexicon: Lexicon, rarity: Mapping[str, float]) -> Block:
    """The fourth block: its weights are not counted but read from the lexicon, so every idf is one."""
    rows = [weigh_concepts(words, lexicon, rarity.__getitem__) for words in texts]
    names = sorted({name for row in rows for name in row})
    place = {name: column for column, name in enumerate(names)}
    entries = [(i, place[name], weight) for i, row in enumerate(rows) for name, weight in row.items()]
    at, columns, weights = zip(*entries, strict=True) if entries else ((), (), ())
    matrix = sparse.csr_matrix((weights, (at, columns)), shape=(len(texts), len(names)), dtype=float)
    return Block(names, np.ones(len(names)), matrix)


def _choose_features(block: Sequence[list[str]]) -> list[str]:
    """The features worth keeping, sorted: of many examples, those that occur in several (a single stem in one)."""
    texts = Counter(feature for features in block for feature in set(features))
    least = OFTEN if len(block) >= MANY else 1
    return sorted(feature for feature, count in texts.items() if count >= least or feature[0] == "s")


def _remember(texts: Sequence[Sequence[str]], intents: Any) -> dict[str, Any]:
    """The keys of texts that stand under one intent alone, sorted, and these intents."""
    owners: dict[int, set[int]] = {}
    for words, intent in zip(texts, intents.tolist(), strict=True):
        owners.setdefault(text_key(words), set()).add(intent)
    only = sorted((key, *owned) for key, owned in owners.items() if len(owned) == 1)
    return {"example_keys": [key for key, _ in only], "example_intents": [intent for _, intent in only]}


def _unknown_idf(texts: int) -> float:
    """The smoothed idf of a feature that stands in one text: as rare as anything seen."""
    return math.log((1 + texts) / 2) + 1


def _describe_stems(block: Block, texts: Sequence[list[str]]) -> tuple[Any, Any, Any]:
    """The first block's columns: their idf, and which are pairs; and for each text the idf of its pairs left out."""
    pairs = np.array([name[0] == "p" for name in block.names])
    known = frozenset(block.names)
    left_out = [sum(feature not in known for feature in set(features)) for features in texts]
    return block.idf, pairs, np.array(left_out) * _unknown_idf(len(texts))


def _fit(matrix: Any, intents: Any, size: int, kinds: Any) -> tuple[Any, Any]:
    """Sparse weights (features, intents + kinds) and intercepts of all machines."""
    intercepts = np.full(size + len(KIND_ORDER), ABSENT, dtype=np.float32)
    solve = _fit_logistic if len(intents) <= FEW else _fit_support_vectors
    worth = np.maximum(LEAST / np.maximum(np.bincount(intents, minlength=size), 1), 1.0)[intents]
    columns = _fit_one(matrix, kinds + size, worth, solve, KIND_PENALTY, intercepts)
    for kind in np.unique(kinds):
        rows = np.flatnonzero(kinds == kind)
        columns |= _fit_one(matrix[rows], intents[rows], worth[rows], solve, INTENT_PENALTY, intercepts)
    empty = sparse.csr_matrix((1, matrix.shape[1]), dtype=np.float32)
    stacked = [columns.get(label, empty) for label in range(len(intercepts))]
    return sparse.vstack(stacked, format="csr").T.tocsr(), intercepts


def _fit_one(matrix: Any, labels: Any, worth: Any, solve: Solver, penalty: float, intercepts: Any) -> dict[int, Any]:
    """Fit one machine: the weights of each label as a sparse row, its intercept written in its place.

    `worth` is how much each row counts.
    """
    present = np.unique(labels)
    if len(present) == 1:
        intercepts[present] = 1.0
        return {}
    used = np.flatnonzero(matrix.getnnz(axis=0))
    coefficients, constants = solve(matrix[:, used], labels, worth, penalty)
    both = (-1, 1) if len(present) == 2 else (1,)  # For two classes scikit-learn keeps only the second's side.
    intercepts[present] = np.hstack([sign * constants for sign in both])
    found = {}
    for label, weights in zip(present, (sign * row for sign in both for row in coefficients), strict=True):
        large = np.flatnonzero(np.abs(weights) >= SMALLEST_WEIGHT)
        place = (np.zeros(len(large), dtype=int), used[large])
        found[int(label)] = sparse.csr_matrix((weights[large].astype(np.float32), place), shape=(1, matrix.shape[1]))
    return found


def _fit_support_vectors(matrix: Any, labels: Any, worth: Any, penalty: float) -> tuple[Any, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # ROUNDS is chosen, not a failure to converge.
        machine = LinearSVC(C=penalty, tol=0.1, max_iter=ROUNDS, random_state=0).fit(matrix, labels, worth)
    return machine.coef_, machine.intercept_


def _fit_logistic(matrix: Any, labels: Any, _: Any, __: float) -> tuple[Any, Any]:
    """Multinomial logistic regression, fitted on the Cholesky rows of the kernel: the same optimum, far smaller."""
    kernel = (matrix @ matrix.T).toarray()
    kernel[np.diag_indices(len(kernel))] += 1e-6
    rows = np.linalg.cholesky(kernel)
    machine = LogisticRegression(C=FEW_PENALTY, max_iter=200, tol=1e-3).fit(rows, labels)
    return (matrix.T @ linalg.solve_triangular(rows, machine.coef_.T, lower=True, trans="T")).T, machine.intercept_


def _pack_weights(blocks: list[Block], weights: Any, intercepts: Any) -> dict[str, Any]:
    """The arrays of `Model`: rows in the order of their keys; of two features with one key the first stays."""
    keys = np.array([feature_key(name) for block in blocks for name in block.names], dtype=np.uint32)
    idf = np.hstack([block.idf for block in blocks])
    keys, order = np.unique(keys, return_index=True)
    kept = weights[order]
    scale = float(np.abs(kept.data).max(initial=0.0)) / 32767 or 1.0
    return {
        "keys": keys.tolist(),
        "idf": idf[order].astype(np.float32).tolist(),
        "starts": kept.indptr.tolist(),
        "classes": kept.indices.tolist(),
        "weights": np.rint(kept.data / scale).astype(np.int16).tolist(),
        "intercepts": intercepts.tolist(),
        "scale": scale,
    }
