"""Training: a pack in, a model out. The only room that imports scikit-learn.

Each block of features becomes TF-IDF (sublinear counts, smoothed idf, rows of length one); the blocks are
weighted and joined. On them stand linear support vector machines, one class against the rest: one over the
kinds, and within each kind one over its intents, so that P(intent) = P(kind) * P(intent | kind). Beside one flat
machine over all intents this is as accurate and six times as fast to fit. Scores of held-out examples then say
what a score is worth.
"""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import snowballstemmer
from rapidfuzz import process
from rapidfuzz.distance import OSA
from scipy import sparse
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from bot.features import BLOCK_WEIGHTS, extract, feature_key
from bot.model import KIND_ORDER, Calibration, Model
from bot.text import index_phrases, replace_phrases, split_words
from bot.types import Pack

__all__ = ["train"]

KIND_PENALTY, INTENT_PENALTY = 1.0, 3.0
"""C of the support vector machines, chosen by cross-validation over the examples."""

ROUNDS = 4
"""Passes of the solver over the examples; more brought nothing on held-out examples."""

MANY = 3000
"""From this many examples on, a feature (single stems apart) must occur twice to count."""

COMMON = 10
"""Occurrences that make a word common enough for its near neighbour to be a slip."""

SHORTEST_SLIP = 5

SMALLEST_WEIGHT = 0.02
"""Weights nearer to zero are dropped, at no cost in held-out accuracy."""

FOLDS, HELD_OUT = 5, 2000
"""Examples are held out a fifth at a time, until this many have been scored."""

Progress = Callable[[str, float], None]


def train(pack: Pack, progress: Progress = lambda what, share: None) -> Model:
    """Fit a pack's model. The same pack gives the same model, to the byte, under the same library versions.

    `progress` is told what is being done and the share done, 0..1.
    """
    progress("reading examples", 0.0)
    names = list(pack.intents)
    phrases = index_phrases(pack.synonyms)
    rows = [
        (tuple(replace_phrases(split_words(text), phrases)), i)
        for i, intent in enumerate(pack.intents.values())
        for text in (
            *(e.text for e in intent.examples),
            *filter(None, [intent.question, intent.name.replace("_", " ")]),
        )
    ]
    texts, intents = [words for words, _ in rows], np.array([i for _, i in rows])
    kinds = np.array([KIND_ORDER.index(pack.intents[names[i]].kind) for i in intents])
    counts = _count_words(pack, texts)
    slips = _find_slips(counts) if len(texts) >= MANY else {}
    texts = [tuple(slips.get(word, word) for word in words) for words in texts]
    counts = {word: count for word, count in counts.items() if word not in slips}
    stem = _stems(counts)
    blocks = list(zip(*(extract(words, stem.__getitem__) for words in texts), strict=True))
    progress("weighing words", 0.1)
    vectorizers, matrix = _fit_tfidf(blocks)
    progress("learning intents", 0.2)
    weights, intercepts = _fit(matrix, intents, len(names), kinds)
    progress("measuring its own errors", 0.6)
    calibration = _calibrate(matrix, intents, kinds, len(names))
    progress("storing", 0.95)
    return Model(
        pack=pack,
        vocabulary=tuple(counts),
        targets=tuple(word for word in counts if counts[word] > 1 or len(texts) < MANY),
        stems={word: stem[word] for word in counts if stem[word] != word},
        calibration=calibration,
        **_pack_weights(vectorizers, weights, intercepts),
    )


def _count_words(pack: Pack, texts: Sequence[Sequence[str]]) -> dict[str, int]:
    """Every word of examples, articles and synonyms, most frequent first, ties by the alphabet."""
    counts = Counter(word for words in texts for word in words)
    for article in pack.articles.values():
        counts.update(word for passage in article.passages for word in split_words(passage.text))
    counts.update(word for phrase in pack.synonyms for word in split_words(phrase))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _find_slips(counts: dict[str, int]) -> dict[str, str]:
    """Typing slips in the examples, and what was meant: words that stand once, one edit from a common one.

    Short words are left alone: *loom* is no slip for *room*.
    """
    common = [word for word, count in counts.items() if count >= COMMON]
    rare = [word for word, count in counts.items() if count == 1 and len(word) >= SHORTEST_SLIP and word.isalpha()]
    found = {word: process.extractOne(word, common, scorer=OSA.distance, score_cutoff=1) for word in rare}
    return {word: near[0] for word, near in found.items() if near}


def _stems(words: Sequence[str] | dict[str, int]) -> dict[str, str]:
    stemmer = snowballstemmer.stemmer("english")
    return {word: stemmer.stemWord(word) for word in words}


def _same(features: list[str]) -> list[str]:
    return features


def _fit_tfidf(blocks: Sequence[Sequence[list[str]]]) -> tuple[list[TfidfVectorizer], Any]:
    """One vectorizer a block, and the weighted blocks side by side: shape (texts, features)."""
    vectorizers, parts = [], []
    for block, weight in zip(blocks, BLOCK_WEIGHTS, strict=True):
        if vocabulary := _choose_features(block):  # A pack of one-word examples has no sequences at all.
            vectorizers.append(TfidfVectorizer(analyzer=_same, sublinear_tf=True, vocabulary=vocabulary))
            parts.append(vectorizers[-1].fit_transform(block) * math.sqrt(weight))
    return vectorizers, sparse.hstack(parts, format="csr")


def _choose_features(block: Sequence[list[str]]) -> list[str]:
    """The features worth keeping, sorted: of many examples, those that occur in two (a single stem in one)."""
    texts = Counter(feature for features in block for feature in set(features))
    least = 2 if len(block) >= MANY else 1
    return sorted(feature for feature, count in texts.items() if count >= least or feature[0] == "s")


def _fit(matrix: Any, intents: Any, size: int, kinds: Any) -> tuple[Any, Any]:
    """Sparse weights (features, intents + kinds) and intercepts of all machines; no examples score -1."""
    intercepts = np.full(size + len(KIND_ORDER), -1.0, dtype=np.float32)
    columns = _fit_one(matrix, kinds + size, KIND_PENALTY, intercepts)
    for kind in np.unique(kinds):
        rows = np.flatnonzero(kinds == kind)
        columns |= _fit_one(matrix[rows], intents[rows], INTENT_PENALTY, intercepts)
    empty = sparse.csr_matrix((1, matrix.shape[1]), dtype=np.float32)
    stacked = [columns.get(label, empty) for label in range(len(intercepts))]
    return sparse.vstack(stacked, format="csr").T.tocsr(), intercepts


def _fit_one(matrix: Any, labels: Any, penalty: float, intercepts: Any) -> dict[int, Any]:
    """Fit one machine: the weights of each label as a sparse row, its intercept written in its place."""
    present = np.unique(labels)
    if len(present) == 1:
        intercepts[present] = 1.0
        return {}
    used = np.flatnonzero(matrix.getnnz(axis=0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # ROUNDS is chosen, not a failure to converge.
        machine = LinearSVC(C=penalty, tol=0.1, max_iter=ROUNDS, random_state=0).fit(matrix[:, used], labels)
    both = (-1, 1) if len(present) == 2 else (1,)  # For two classes scikit-learn keeps only the second's side.
    intercepts[present] = np.hstack([sign * machine.intercept_ for sign in both])
    found = {}
    for label, weights in zip(present, (sign * row for sign in both for row in machine.coef_), strict=True):
        large = np.flatnonzero(np.abs(weights) >= SMALLEST_WEIGHT)
        place = (np.zeros(len(large), dtype=int), used[large])
        found[int(label)] = sparse.csr_matrix((weights[large].astype(np.float32), place), shape=(1, matrix.shape[1]))
    return found


def _pack_weights(vectorizers: list[TfidfVectorizer], weights: Any, intercepts: Any) -> dict[str, Any]:
    """The arrays of `Model`: rows in the order of their keys; of two features with one key the first stays."""
    keys = np.array([feature_key(f) for v in vectorizers for f in v.get_feature_names_out()], dtype=np.uint32)
    idf = np.hstack([v.idf_ for v in vectorizers])
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


# --- what a score is worth --------------------------------------------------------------------------


def _calibrate(matrix: Any, intents: Any, kinds: Any, size: int) -> Calibration:
    """Fit both softmaxes by the likelihood of held-out examples, then the confidence by whether the best intent won."""
    held, scores = _score_held_out(matrix, intents, kinds, size)
    if not len(held):
        return Calibration(intent_sharpness=3.0, kind_sharpness=3.0, slope=1.0, offset=0.0)
    intents, kinds = intents[held], kinds[held]
    kind_of = np.full(size, -1)
    kind_of[intents] = kinds

    def log_beliefs(numbers: Any) -> Any:
        within = _log_softmax(numbers[1] * scores[:, size:])[:, kind_of]
        for kind in np.unique(kind_of):
            columns = np.flatnonzero(kind_of == kind)
            within[:, columns] += _log_softmax(numbers[0] * scores[:, columns]) if kind >= 0 else -np.inf
        return within

    def loss(numbers: Any) -> float:
        return -float(log_beliefs(np.exp(numbers))[np.arange(len(held)), intents].mean())

    sharp = np.exp(minimize(loss, np.log([4.0, 2.0]), method="Nelder-Mead", options={"maxfev": 50}).x)
    beliefs = log_beliefs(sharp)
    best, right = beliefs.max(axis=1), beliefs.argmax(axis=1) == intents
    if right.all() or not right.any():
        return Calibration(float(sharp[0]), float(sharp[1]), 1.0, 0.0)
    odds = best - np.log(-np.expm1(np.minimum(best, -1e-9)))
    platt = LogisticRegression(C=1e6).fit(odds[:, None], right)
    return Calibration(float(sharp[0]), float(sharp[1]), float(platt.coef_[0, 0]), float(platt.intercept_[0]))


def _log_softmax(scores: Any) -> Any:
    shifted = scores - scores.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _score_held_out(matrix: Any, intents: Any, kinds: Any, size: int) -> tuple[Any, Any]:
    """Rows held out, and their scores by machines that have not seen them."""
    folds = min(FOLDS, int(np.bincount(intents).max()))
    if folds < 2:
        return np.array([], dtype=int), np.zeros((0, size + len(KIND_ORDER)))
    # Dealt out intent by intent, so that every fold holds as even a share of each as can be.
    shuffled = np.random.default_rng(0).permutation(len(intents))
    fold = np.empty(len(intents), dtype=int)
    fold[shuffled[np.argsort(intents[shuffled], kind="stable")]] = np.arange(len(intents)) % folds
    rows: list[Any] = []
    scores: list[Any] = []
    for number in range(folds):
        learn, hold = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        weights, intercepts = _fit(matrix[learn], intents[learn], size, kinds[learn])
        rows.append(hold)
        scores.append((matrix[hold] @ weights).toarray() + intercepts)
        if sum(map(len, rows)) >= HELD_OUT:
            break
    return np.concatenate(rows), np.concatenate(scores)
