"""What a score is worth: probabilities and thresholds, fitted on held-out examples of the pack itself.

Each fold holds out a tenth of the examples. A pack without out-of-scope intents of its own also has a fifth of its
intents hidden whole in each fold: their examples stand in for what the pack knows nothing of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from bot.examples import Examples, Machines
from bot.mistakes import find_mistakes
from bot.model import KIND_ORDER, Calibration, Logistic, Mistake, expand

__all__ = ["calibrate"]

MOST_SCORES = 12_000_000
"""Scores that are measured at once: of the examples held out from a pack of thousands of intents, some have to do."""

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

SHARPNESS = (0.01, 100.0)
"""Least and most by which scores are multiplied: of a small pack none may be wrong, and then no number is too large."""

BINS = 15


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
    examples: Examples, machines: Machines, progress: Callable[[str, float], None]
) -> tuple[Calibration, tuple[Mistake, ...]]:
    """Teach the machines all examples, and measure before what those are worth that have not seen some of them.

    Both softmaxes are fitted by likelihood, then the probability that the best intent is right, then the threshold.
    Beside it come the examples that the pack is wrong about: left out, or though they were learned.
    """
    everything = np.ones(len(examples.kinds), dtype=bool)
    counts = np.bincount(examples.kinds, minlength=len(KIND_ORDER))
    shares = tuple(float(count) / len(examples.kinds) for count in counts)
    if len(np.unique(examples.intents)) < 2 or np.bincount(examples.intents).max() < 2:
        machines.learn(everything)
        return Calibration(intent_sharpness=3.0, kind_sharpness=3.0, top_sharpness=1.0, kind_shares=shares), ()
    has_negatives = bool(counts[KIND_ORDER.index("out_of_scope")])
    progress("learning intents", 0.25)
    held = _hold_out(examples, machines, hide=not has_negatives)
    progress("measuring its own errors", 0.7)
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
    shown = np.flatnonzero(~held.hidden)
    left_out = (held.rows[shown], beliefs[shown])
    del held, beliefs  # They are as large as what is learned next.
    progress("learning what was kept apart", 0.8)
    if has_negatives:
        machines.go_on()
    else:
        machines.learn(everything)
    intent, kind, top = map(float, sharp)
    mistakes = find_mistakes(
        examples,
        left_out,
        machines.find_beaten(),
        lambda rows: np.exp(_log_beliefs(examples, machines.score(rows), sharp)),
    )
    return Calibration(intent, kind, top, shares, confidence, within, threshold, reliability), mistakes


def _hold_out(examples: Examples, machines: Machines, hide: bool) -> _Held:
    size = examples.size
    parts: list[tuple[Any, ...]] = []
    done = 0
    for number in range(FITS):
        turn = number % FOLDS
        if turn == 0:
            fold = _deal_out(examples, number)
            draw = np.random.default_rng(number)
            hiding = draw.permutation(size) % HIDDEN if hide and size >= HIDDEN else np.full(size, -1)
        hidden = hiding[examples.intents] == turn % HIDDEN
        out = (fold == turn) & examples.typed
        machines.learn(~out & ~hidden)
        rows = np.flatnonzero(out)
        rows = np.sort(rows[np.argsort(examples.marks[rows])][: MOST_SCORES // size])
        parts.append((rows, hidden[rows], machines.score(rows), *machines.cover(rows)))
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
    kind_of, wanted = _kind_of(examples), examples.intents[held.rows[shown]]
    scores = held.scores[shown]
    of_kinds, tops = scores[:, examples.size :], _find_tops(examples, scores)
    kinds = [np.flatnonzero(kind_of[wanted] == kind) for kind in range(len(KIND_ORDER))]
    groups = [(rows, scores[np.ix_(rows, np.flatnonzero(kind_of == kind))]) for kind, rows in enumerate(kinds)]
    own = scores[np.arange(len(shown)), wanted]

    def loss(numbers: Any) -> float:
        intent, kind, top = np.exp(numbers).tolist()
        beliefs = _log_softmax(kind * of_kinds + top * tops)[np.arange(len(shown)), kind_of[wanted]] + intent * own
        for rows, rivals in groups:
            if len(rows):
                beliefs[rows] -= _log_sum(intent * rivals)
        return -float(np.maximum(beliefs, -30).mean())

    start, bounds = np.log([4.0, 2.0, 1.0]), [np.log(SHARPNESS)] * 3
    sharp = np.exp(minimize(loss, start, method="Nelder-Mead", bounds=bounds, options={"maxfev": 80}).x)
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


def _weigh_kinds(examples: Examples, scores: Any, numbers: Any) -> Any:
    """The kinds' log odds: what their own machine says, and what the best of each kind's intents does."""
    return numbers[1] * scores[:, examples.size :] + numbers[2] * _find_tops(examples, scores)


def _find_tops(examples: Examples, scores: Any) -> Any:
    """The best score of each kind's intents, shape (rows, kinds), 0 for a kind without any."""
    kind_of = _kind_of(examples)
    tops = np.zeros((len(scores), len(KIND_ORDER)), dtype=scores.dtype)
    for kind in np.unique(kind_of[kind_of >= 0]):
        tops[:, kind] = scores[:, : examples.size][:, kind_of == kind].max(axis=1)
    return tops


def _log_softmax(scores: Any) -> Any:
    return scores - _log_sum(scores)[:, None]


def _log_sum(scores: Any) -> Any:
    """For each row, the logarithm of the sum of its exponentials."""
    top = scores.max(axis=1, keepdims=True)
    return np.log(np.exp(scores - top).sum(axis=1)) + top[:, 0]


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
