"""What a score is worth: probabilities and thresholds, fitted on held-out examples of the pack itself.

Each fold holds out a tenth of the examples. A pack without out-of-scope intents of its own also has a fifth of its
intents hidden whole in each fold: their examples stand in for what the pack knows nothing of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from bot.mistakes import find_mistakes
from bot.model import KIND_ORDER, Calibration, Logistic, Mistake, expand

__all__ = ["Examples", "calibrate"]

FOLDS, HELD_OUT, FITS = 10, 3000, 20
"""Examples are held out a tenth at a time, until this many have been scored or this many fits were made."""

HIDDEN = 5
"""One intent in so many is hidden whole from each fit."""

ENOUGH = 200
"""Held-out examples that a probability can be fitted on."""

LOST = 0.5
"""A threshold may cost this many right answers for each 1.5th power of the share that is wrong: one in eighty where a
twelfth is wrong, one in seventeen where a quarter is. Who errs more refuses more, and more than in proportion. Form and
number were set after seeing what is refused of HWU64's test questions, so figures on those are no blind estimate."""

BINS = 15

Fit = Callable[[Any, Any, int, Any], tuple[Any, Any]]


@dataclass(frozen=True)
class Examples:
    """Rows of training: features (texts, features), intents, kinds, and whether it is a thing that patients type.

    `marks` are a number for each row's text, `starts` one for each intent's name: by them rows are held out, so that
    an edit moves few. Of the stem columns, which come first: their idf, and which are pairs; for each row the idf of
    its pairs that have no column.
    """

    matrix: Any
    intents: Any
    kinds: Any
    typed: Any
    marks: Any
    starts: Any
    idf: Any
    pairs: Any
    left_out: Any

    @property
    def size(self) -> int:
        """The number of intents."""
        return len(self.starts)


@dataclass(frozen=True)
class _Held:
    """Held-out rows with what machines that have not seen them say: scores, and coverage for every intent."""

    rows: Any
    hidden: Any
    scores: Any
    unknown: Any
    covered: Any
    covered_pairs: Any
    stems: Any


def calibrate(
    examples: Examples, fit: Fit, machines: tuple[Any, Any], has_negatives: bool
) -> tuple[Calibration, tuple[Mistake, ...]]:
    """Fit both softmaxes by likelihood, then the probability that the best intent is right, then the threshold.

    Beside it come the examples that the pack is wrong about: left out, or by its `machines`, which have learned them.
    """
    counts = np.bincount(examples.kinds, minlength=len(KIND_ORDER))
    shares = tuple(float(count) / len(examples.kinds) for count in counts)
    if len(np.unique(examples.intents)) < 2 or np.bincount(examples.intents).max() < 2:
        return Calibration(intent_sharpness=3.0, kind_sharpness=3.0, top_sharpness=1.0, kind_shares=shares), ()
    held = _hold_out(examples, fit, hide=not has_negatives)
    beliefs, sharp = _fit_sharpness(examples, held)
    best = beliefs.argmax(axis=1)
    right = (best == examples.intents[held.rows]) & ~held.hidden
    measures = _measure(examples, held, sharp, best)
    confidence = _fit_probability(measures, right)
    reliability = _check_reliability(measures, right) if confidence else ()
    within, threshold = None, 0.0
    if not has_negatives and (within := _fit_probability(measures, ~held.hidden)):
        wrong = float((~right)[~held.hidden].mean())
        threshold = float(np.quantile([within.probability(row) for row in measures[right]], LOST * wrong**1.5))
    intent, kind, top = map(float, sharp)
    shown = np.flatnonzero(~held.hidden)
    mistakes = find_mistakes(
        examples, (held.rows[shown], beliefs[shown]), lambda rows: _believe(examples, rows, machines, sharp)
    )
    return Calibration(intent, kind, top, shares, confidence, within, threshold, reliability), mistakes


def _hold_out(examples: Examples, fit: Fit, hide: bool) -> _Held:
    intents, size = examples.intents, examples.size
    parts: list[tuple[Any, ...]] = []
    done = 0
    for number in range(FITS):
        turn = number % FOLDS
        if turn == 0:
            fold = _deal_out(examples, number)
            draw = np.random.default_rng(number)
            hiding = draw.permutation(size) % HIDDEN if hide and size >= HIDDEN else np.full(size, -1)
        hidden = hiding[intents] == turn % HIDDEN
        out = (fold == turn) & examples.typed
        learn, rows = np.flatnonzero(~out & ~hidden), np.flatnonzero(out)
        weights, intercepts = fit(examples.matrix[learn], intents[learn], size, examples.kinds[learn])
        scores = (examples.matrix[rows] @ weights).toarray() + intercepts
        parts.append((rows, hidden[rows], scores, *_cover(examples, rows, weights)))
        done += len(rows)
        if done >= HELD_OUT:
            break
    return _Held(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _deal_out(examples: Examples, number: int) -> Any:
    """The fold of every row: dealt out intent by intent, so that each fold holds as even a share of it as can be."""
    mixed = (examples.marks ^ np.uint64(number)) * np.uint64(0x9E3779B97F4A7C15)
    order = np.lexsort((mixed, examples.intents))
    first = np.searchsorted(examples.intents[order], np.arange(examples.size))
    fold = np.empty(len(order), dtype=int)
    intents = examples.intents[order]
    fold[order] = (np.arange(len(order)) - first[intents] + examples.starts[intents]) % FOLDS
    return fold


def _cover(examples: Examples, rows: Any, weights: Any) -> tuple[Any, ...]:
    """For held-out rows: share of stems (by idf) that no intent has; for every intent, share of stems, and of stems and
    pairs, that speak for it; number of stems. As `Model.measure`.
    """
    columns = len(examples.idf)
    present = (examples.matrix[rows][:, :columns] > 0).astype(float)
    by_idf = present @ sparse.diags(examples.idf)
    speaks = weights[:columns, : examples.size] > 0
    seen = np.asarray(weights[:columns].getnnz(axis=1)) > 0
    single = ~examples.pairs
    stems = by_idf[:, single]
    total = np.asarray(stems.sum(axis=1)).ravel() + 1e-9
    whole = np.asarray(by_idf.sum(axis=1)).ravel() + examples.left_out[rows] + 1e-9
    unknown = np.asarray(stems[:, ~seen[single]].sum(axis=1)).ravel() / total
    covered = (stems @ speaks[single].astype(float)).toarray() / total[:, None]
    covered_pairs = (by_idf @ speaks.astype(float)).toarray() / whole[:, None]
    return unknown, covered, covered_pairs, np.log1p(np.asarray(present[:, single].sum(axis=1)).ravel())


def _measure(examples: Examples, held: _Held, sharp: Any, best: Any) -> Any:
    """As `Model.measure`, for all held-out rows and their best intents."""
    at = np.arange(len(best))
    kind_of = _kind_of(examples)
    scores = held.scores[:, : examples.size]
    rivals = np.exp(np.minimum(scores - scores[at, best][:, None], 50)) * (kind_of[None, :] == kind_of[best][:, None])
    kinds = np.exp(_log_softmax(_weigh_kinds(examples, held.scores, sharp)))
    columns = (
        _log_odds(kinds[at, kind_of[best]]),
        _log_odds(1 / rivals.sum(axis=1)),
        held.unknown,
        held.covered[at, best],
        held.covered_pairs[at, best],
        held.stems,
    )
    return np.column_stack(columns)


def _log_odds(probability: Any) -> Any:
    kept = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.log(kept / (1 - kept))


def _kind_of(examples: Examples) -> Any:
    """The kind of every intent, -1 for one without examples."""
    kinds = np.full(examples.size, -1)
    kinds[examples.intents] = examples.kinds
    return kinds


def _fit_sharpness(examples: Examples, held: _Held) -> tuple[Any, Any]:
    """The beliefs in every intent, shape (rows, intents), and the three sharpnesses that make them likeliest."""
    shown = np.flatnonzero(~held.hidden)
    wanted = examples.intents[held.rows[shown]]

    def loss(numbers: Any) -> float:
        beliefs = _log_beliefs(examples, held.scores[shown], np.exp(numbers))
        return -float(np.maximum(beliefs[np.arange(len(shown)), wanted], -30).mean())

    sharp = np.exp(minimize(loss, np.log([4.0, 2.0, 1.0]), method="Nelder-Mead", options={"maxfev": 80}).x)
    return np.exp(_log_beliefs(examples, held.scores, sharp)), sharp


def _log_beliefs(examples: Examples, scores: Any, sharp: Any) -> Any:
    """The logarithm of the belief in every intent, shape (rows, intents), from the scores of intents and kinds."""
    kind_of = _kind_of(examples)
    within = _log_softmax(_weigh_kinds(examples, scores, sharp))[:, kind_of]
    for kind in range(len(KIND_ORDER)):
        columns = np.flatnonzero(kind_of == kind)
        if len(columns):
            within[:, columns] += _log_softmax(sharp[0] * scores[:, columns])
    return within


def _believe(examples: Examples, rows: Any, machines: tuple[Any, Any], sharp: Any) -> Any:
    """The beliefs of machines in every intent for some rows, shape (rows, intents)."""
    weights, intercepts = machines
    return np.exp(_log_beliefs(examples, (examples.matrix[rows] @ weights).toarray() + intercepts, sharp))


def _weigh_kinds(examples: Examples, scores: Any, numbers: Any) -> Any:
    """The kinds' log odds: what their own machine says, and what the best of each kind's intents does."""
    kind_of = _kind_of(examples)
    weighed = numbers[1] * scores[:, examples.size :]
    for kind in np.unique(kind_of[kind_of >= 0]):
        weighed[:, kind] += numbers[2] * scores[:, : examples.size][:, kind_of == kind].max(axis=1)
    return weighed


def _log_softmax(scores: Any) -> Any:
    shifted = scores - scores.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _fit_probability(measures: Any, true: Any) -> Logistic | None:
    """Logistic regression on the measures and their products; None where there is too little to learn it from."""
    if len(true) < ENOUGH or not 0 < true.sum() < len(true):
        return None
    means, scales = measures.mean(axis=0), measures.std(axis=0) + 1e-9
    terms = np.array([expand(row) for row in (measures - means) / scales])
    machine = LogisticRegression(C=0.03, max_iter=500).fit(terms, true)
    means, scales, weights = (tuple(map(float, values)) for values in (means, scales, machine.coef_[0]))
    return Logistic(means, scales, weights, float(machine.intercept_[0]))


def _check_reliability(measures: Any, right: Any) -> tuple[tuple[int, float, float], ...]:
    """Confidence against truth in bins, each half of the rows judged by a fit on the other half."""
    said = np.zeros(len(right))
    half = np.random.default_rng(0).permutation(len(right)) % 2
    for judged in (0, 1):
        fitted = _fit_probability(measures[half != judged], right[half != judged])
        if fitted is None:
            return ()
        said[half == judged] = [fitted.probability(row) for row in measures[half == judged]]
    place = np.minimum((said * BINS).astype(int), BINS - 1)
    bins = ((said[place == b], right[place == b]) for b in range(BINS))
    return tuple((len(c), float(c.mean()), float(r.mean())) if len(c) else (0, 0.0, 0.0) for c, r in bins)
