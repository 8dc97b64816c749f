"""Training: a pack in, a model out. The only room that imports scikit-learn.

Each block of features becomes TF-IDF (sublinear counts, smoothed idf, rows of length one), the blocks are
weighted and joined, and two linear support vector machines are fitted on them, one against the rest: over the
intents and over their kinds. Scores of held-out examples then say what a score is worth.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import snowballstemmer
from scipy import sparse
from scipy.optimize import minimize
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from bot.features import BLOCK_WEIGHTS, extract, feature_key
from bot.model import KIND_ORDER, Calibration, Model
from bot.text import index_phrases, replace_phrases, split_words
from bot.types import Pack

__all__ = ["train"]

PENALTY = 3.0
"""C of the support vector machines, chosen by cross-validation over the draft examples."""

SMALLEST_WEIGHT = 0.02
"""Weights nearer to zero are dropped: nine in ten, at no cost in held-out accuracy."""

FOLDS = 3
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
        for text in (*(e.text for e in intent.examples), *filter(None, [intent.question, intent.name.replace("_", " ")]))
    ]
    texts, intents = [words for words, _ in rows], np.array([i for _, i in rows])
    kinds = np.array([KIND_ORDER.index(pack.intents[names[i]].kind) for i in intents])
    counts = _count_words(pack, texts)
    stem = _stems(counts)
    blocks = list(zip(*(extract(words, stem.__getitem__) for words in texts), strict=True))
    progress("weighing words", 0.1)
    vectorizers, matrix = _fit_tfidf(blocks)
    progress("learning intents", 0.2)
    weights, intercepts = _fit(matrix, intents, len(names), kinds)
    progress("measuring its own errors", 0.45)
    calibration = _calibrate(matrix, intents, kinds, len(names), lambda share: progress("measuring its own errors", 0.45 + share / 2))
    progress("storing", 0.98)
    targets = [w for w in counts if counts[w] > 1 or len(texts) < 1000]
    return Model(
        pack=pack,
        vocabulary=tuple(counts),
        targets=tuple(targets),
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


def _stems(words: Sequence[str] | dict[str, int]) -> dict[str, str]:
    stemmer = snowballstemmer.stemmer("english")
    return {word: stemmer.stemWord(word) for word in words}


def _same(features: list[str]) -> list[str]:
    return features


def _fit_tfidf(blocks: Sequence[Sequence[list[str]]]) -> tuple[list[TfidfVectorizer], Any]:
    """One vectorizer a block, and the weighted blocks side by side: shape (texts, features)."""
    vectorizers, parts = [], []
    for block, weight in zip(blocks, BLOCK_WEIGHTS, strict=True):
        if any(block):  # A pack of one-word examples has no sequences at all.
            vectorizers.append(TfidfVectorizer(analyzer=_same, sublinear_tf=True))
            parts.append(vectorizers[-1].fit_transform(block) * math.sqrt(weight))
    return vectorizers, sparse.hstack(parts, format="csr")


def _fit(matrix: Any, intents: Any, size: int, kinds: Any) -> tuple[Any, Any]:
    """Weights (features, intents + kinds) and intercepts of both machines."""
    weights = np.zeros((matrix.shape[1], size + len(KIND_ORDER)), dtype=np.float32)
    intercepts = np.full(size + len(KIND_ORDER), -1.0, dtype=np.float32)
    for labels, offset in ((intents, 0), (kinds, size)):
        present = np.unique(labels)
        if len(present) == 1:
            intercepts[offset + present[0]] = 1.0
            continue
        machine = LinearSVC(C=PENALTY, tol=0.1, random_state=0).fit(matrix, labels)
        two = len(present) == 2
        coefficients = np.vstack([-machine.coef_, machine.coef_]) if two else machine.coef_
        constants = np.hstack([-machine.intercept_, machine.intercept_]) if two else machine.intercept_
        weights[:, offset + present] = coefficients.T
        intercepts[offset + present] = constants
    return weights, intercepts


def _pack_weights(vectorizers: list[TfidfVectorizer], weights: Any, intercepts: Any) -> dict[str, Any]:
    """The arrays of `Model`: rows in the order of their keys; of two features with one key the first stays."""
    keys = np.array([feature_key(f) for v in vectorizers for f in v.get_feature_names_out()], dtype=np.uint32)
    idf = np.hstack([v.idf_ for v in vectorizers])
    keys, order = np.unique(keys, return_index=True)
    weights = np.where(np.abs(weights[order]) < SMALLEST_WEIGHT, 0, weights[order])
    scale = float(np.abs(weights).max()) / 32767 or 1.0
    kept = sparse.csr_matrix(np.rint(weights / scale).astype(np.int16))
    return {
        "keys": keys.tolist(),
        "idf": idf[order].astype(np.float32).tolist(),
        "starts": kept.indptr.tolist(),
        "classes": kept.indices.tolist(),
        "weights": kept.data.tolist(),
        "intercepts": intercepts.tolist(),
        "scale": scale,
    }


# --- what a score is worth --------------------------------------------------------------------------


def _calibrate(matrix: Any, intents: Any, kinds: Any, size: int, progress: Callable[[float], None]) -> Calibration:
    """Fit the softmax by the likelihood of held-out examples' intents, then the confidence by whether they won."""
    folds = min(FOLDS, int(np.bincount(intents).max()))
    if folds < 2 or len(np.unique(intents)) < 2:
        return Calibration(sharpness=3.0, kind_share=0.5, slope=1.0, offset=0.0)
    scores = np.zeros((len(intents), size + len(KIND_ORDER)), dtype=np.float32)
    splitter = StratifiedKFold(folds, shuffle=True, random_state=0)
    for done, (learn, hold) in enumerate(splitter.split(matrix, _stratify(intents, folds))):
        weights, intercepts = _fit(matrix[learn], intents[learn], size, kinds[learn])
        scores[hold] = matrix[hold] @ weights + intercepts
        progress((done + 1) / folds)
    kind_of = np.zeros(size, dtype=int)
    kind_of[intents] = kinds

    def log_likelihood(numbers: Any) -> Any:
        joint = numbers[0] * (scores[:, :size] + numbers[1] * scores[:, size:][:, kind_of])
        joint -= joint.max(axis=1, keepdims=True)
        return joint - np.log(np.exp(joint).sum(axis=1, keepdims=True))

    def loss(numbers: Any) -> float:
        return -float(log_likelihood(numbers)[np.arange(len(intents)), intents].mean())

    found = minimize(loss, [3.0, 0.5], method="Nelder-Mead", options={"maxfev": 60})
    sharpness, share = max(0.1, float(found.x[0])), max(0.0, float(found.x[1]))
    joint = log_likelihood([sharpness, share])
    best = joint.max(axis=1)
    right = joint.argmax(axis=1) == intents
    odds = best - np.log(-np.expm1(np.minimum(best, -1e-9)))
    if right.all() or not right.any():
        return Calibration(sharpness, share, 1.0, 0.0)
    platt = LogisticRegression(C=1e6).fit(odds[:, None], right)
    return Calibration(sharpness, share, float(platt.coef_[0, 0]), float(platt.intercept_[0]))


def _stratify(intents: Any, folds: int) -> Any:
    """Intents with fewer examples than folds share one stratum, which scikit-learn would else complain of."""
    rare = np.bincount(intents)[intents] < folds
    return np.where(rare, -1, intents)
