"""Linear machines that tell classes apart: each class has a weight for every feature, and the highest sum wins.

Few examples are fitted by multinomial logistic regression, many of few classes by support vectors, one class against
the rest. That takes longer the more classes there are; many of many classes are therefore fitted by passes over them
that move weights wherever a class does not win by a margin: a tenth of the time for a hundredth of the accuracy.
"""

from __future__ import annotations

import math
import warnings
from typing import Any, Protocol

import numpy as np
from scipy import linalg, sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

__all__ = ["ABSENT", "Machine", "make_machine"]

FEW, FEW_PENALTY = 1500, 30.0
"""Examples up to which the fit is a logistic regression, and its C; on held-out examples."""

FEW_CLASSES, PENALTY, ROUNDS = 8, 1.0, 15
"""Classes up to which the fit is one of support vectors, its C, and the passes of its solver; on held-out examples.
With 6 passes it is as good, half a second faster, and moved by a line of the pack that has nothing to do with it."""

ABSENT = -30.0
"""Score of a class without examples."""

SMALLEST_PART = 0.009
"""Weights are dropped that add less to a score, times the usual value of their feature: two thirds of all, half of what
there is to do for a question. With .006, .009 and .012, 928, 930 and 924 of 1,016 blind questions are handled right. A
plain limit that does as much costs a point."""

ROWS_AT_ONCE = 8192
"""Features whose weights are written down together: all at once would take as much memory again."""

MARGIN, RIVALS, BATCH = 1.0, 3, 256
"""By how much an example's own class should win, over how many of the classes that come nearest; about how many
examples move the weights together."""

PASSES, RATE, LAST_PASSES, LAST_RATE = 2, 0.5, 3, 0.4
"""Passes over all examples, and the rate of learning, which falls to nothing over them; passes that go on, over those
examples alone that are not won by the margin, and the rate of each, which falls to nothing, too."""

START, TEMPER = 4.0, 0.25
"""What the differences of the classes' centres are multiplied with to begin; power of what has moved a feature so far
that its rate is divided by. All of these were chosen on held-out examples of the shipped pack."""


MOST_CELLS = 30_000_000
"""Features times classes up to which every pair of them has a weight. Of more, those have one that occur together: it
takes five times as long, and the memory grows with the examples alone."""


class Machine(Protocol):
    """Sorted `classes`, `weights` (features, classes; sparse), `intercepts` (classes), and which rows were `beaten`:
    for them another class was ahead when they were last looked at.
    """

    classes: Any
    weights: Any
    intercepts: Any
    beaten: Any

    def learn(self, rows: Any, worth: Any) -> None:
        """Forget everything and learn these rows; `worth`, of the same length, is how much each counts."""

    def go_on(self, rows: Any, worth: Any) -> None:
        """Learn these rows, which hold all that were learned before."""


def make_machine(matrix: Any, labels: Any, marks: Any, examples: int) -> Machine:
    """A machine for the rows of a sparse matrix and their labels, one that suits a pack of so many examples.

    `marks` are a number for each row's text: they say what is learned when, so that an edit moves little.
    """
    if examples <= FEW:
        return _Regression(matrix, labels)
    is_rough = 1 < len(np.unique(labels)) <= FEW_CLASSES
    return _SupportVectors(matrix, labels) if is_rough else _Margins(matrix, labels, marks)


class _Margins:
    """The hinge loss of many classes (Crammer and Singer 2001), shared by an example's nearest rivals.

    Weights move for small batches of examples, each feature's at a rate of its own that falls with all that moved it
    (after Duchi, Hazan and Singer 2011). They begin at the classes' centres (Rocchio 1971), which spares a pass.
    """

    def __init__(self, matrix: Any, labels: Any, marks: Any) -> None:
        self.matrix, self._usual, self._marks = matrix, _find_usual(matrix), marks
        self.classes, self.labels = np.unique(labels, return_inverse=True)
        self.beaten = np.ones(len(labels), dtype=bool)
        self._doubtful = np.ones(len(labels), dtype=bool)

    def learn(self, rows: Any, worth: Any) -> None:
        size = len(self.classes)
        present = np.bincount(self.labels[rows], minlength=size) > 0
        self.intercepts = np.where(present, 0.0, ABSENT).astype(np.float32)
        self._moved = np.full(self.matrix.shape[1], 0.1, dtype=np.float32)
        self._shifted = np.ones(size, dtype=np.float32)
        self._doubtful[:] = True
        table = self._lay_out(rows)
        table.begin(_find_centres(self.matrix[rows], self.labels[rows], size))
        if size == 1:
            self.intercepts[:] = 1.0
        for number in range(PASSES if size > 1 else 0):
            left = PASSES - number
            self._study(table, rows, worth, number, (RATE * left / PASSES, RATE * (left - 1) / PASSES))
        self.weights = table.prune(self._usual)

    def go_on(self, rows: Any, worth: Any) -> None:
        table = self._lay_out(rows)
        table.add(self.weights)
        for number in range(LAST_PASSES if len(self.classes) > 1 else 0):
            left = np.flatnonzero(self._doubtful[rows])
            self._study(table, rows[left], worth[left], PASSES + number, (LAST_RATE, 0.0))
        self.weights = table.prune(self._usual)

    def _lay_out(self, rows: Any) -> _Table | _Pairs:
        shape = (self.matrix.shape[1], len(self.classes))
        return (
            _Table(shape) if shape[0] * shape[1] <= MOST_CELLS else _Pairs(self.matrix[rows], self.labels[rows], shape)
        )

    def _deal(self, rows: Any, number: int) -> tuple[Any, Any]:
        """An order of some rows for pass `number`, and where in it each batch ends: one row more moves one batch."""
        count = 1 << max(0, round(math.log2(max(len(rows), 1) / BATCH)))
        mixed = _mix(self._marks[rows] + np.uint64(number))
        batches = mixed % np.uint64(count)
        return np.lexsort((mixed, batches)), np.cumsum(np.bincount(batches.astype(int), minlength=count)).tolist()

    def _study(self, table: _Table | _Pairs, rows: Any, worth: Any, number: int, rates: tuple[float, float]) -> None:
        """Pass `number`, over `rows`, the rate falling from the first of `rates` to the second."""
        order, ends = self._deal(rows, number)
        rows, worth = rows[order], worth[order]
        size, matrix, labels = len(self.classes), self.matrix[rows], self.labels[rows]
        rivals = min(RIVALS, size - 1)
        for start, end in zip([0, *ends[:-1]], ends, strict=True):
            batch, own = matrix[start:end], labels[start:end]
            at = np.arange(len(own))
            rate = rates[0] + (rates[1] - rates[0]) * start / max(len(rows), 1)
            loss = table.score(batch) + self.intercepts
            loss -= (loss[at, own] - MARGIN)[:, None]
            loss[at, own] = 0.0
            near = np.argpartition(loss, size - rivals, axis=1)[:, size - rivals :]
            losses = np.maximum(loss[at[:, None], near], 0.0)
            worst, total = losses.max(axis=1), losses.sum(axis=1)
            self._doubtful[rows[start:end]] = worst > 0
            self.beaten[rows[start:end]] = worst > MARGIN
            steps = np.minimum(worst, 1.0) * worth[start:end]
            pull = np.column_stack([losses * (steps / np.maximum(total, 1e-9))[:, None], -steps]).astype(np.float32)
            towards = np.column_stack([near, own])
            row = np.repeat(at, np.diff(batch.indptr))
            moves = worst[row] > 0
            row, column, value = row[moves], batch.indices[moves], batch.data[moves]
            np.add.at(self._moved, column, (pull**2).sum(axis=1)[row] * value**2)
            change = pull[row] * (rate * value / self._moved[column] ** TEMPER)[:, None]
            table.subtract((column.astype(np.int64)[:, None] * size + towards[row]).ravel(), change.ravel())
            shift = np.bincount(towards.ravel(), weights=pull.ravel(), minlength=size).astype(np.float32)
            self._shifted += shift**2
            self.intercepts -= rate * shift / np.sqrt(self._shifted)


class _Table:
    """A weight for every feature and class, of a shape (features, classes)."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._values = np.zeros(shape, dtype=np.float32)

    def begin(self, centres: Any) -> None:
        """Begin with how the centres of the classes differ from that of all."""
        middle = np.asarray(centres.sum(axis=1), dtype=np.float32)
        self.add(centres * np.float32(START))
        present = np.flatnonzero(np.diff(centres.tocsc().indptr))
        self._values[:, present] -= START * middle / max(float(np.linalg.norm(middle)), 1e-9)

    def add(self, weights: Any) -> None:
        """Add sparse weights."""
        for start in range(0, len(self._values), ROWS_AT_ONCE):
            self._values[start : start + ROWS_AT_ONCE] += weights[start : start + ROWS_AT_ONCE].toarray()

    def score(self, batch: Any) -> Any:
        return batch @ self._values

    def subtract(self, places: Any, change: Any) -> None:
        """Subtract a change at places: the number of a feature times that of all classes, plus that of a class."""
        np.subtract.at(self._values.reshape(-1), places, change)

    def prune(self, usual: Any) -> Any:
        """The weights that matter (see `_drop_small`), sparse."""
        return _prune(self._values, usual)


class _Pairs:
    """The same with a weight only for those features and classes that occur together in some rows."""

    def __init__(self, matrix: Any, labels: Any, shape: tuple[int, int]) -> None:
        own = np.repeat(labels, np.diff(matrix.indptr))
        self._places = np.unique(matrix.indices.astype(np.int64) * shape[1] + own)
        starts = np.searchsorted(self._places, np.arange(shape[0] + 1) * shape[1])
        values = np.zeros(len(self._places), dtype=np.float32)
        self._weights = sparse.csr_matrix((values, (self._places % shape[1]).astype(np.int32), starts), shape)

    def begin(self, centres: Any) -> None:
        self.add(centres * np.float32(START))

    def add(self, weights: Any) -> None:
        column = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
        self.subtract(column * weights.shape[1] + weights.indices, -weights.data)

    def score(self, batch: Any) -> Any:
        return (batch @ self._weights).toarray()

    def subtract(self, places: Any, change: Any) -> None:
        at = np.minimum(np.searchsorted(self._places, places), len(self._places) - 1)
        there = self._places[at] == places
        np.subtract.at(self._weights.data, at[there], change[there])

    def prune(self, usual: Any) -> Any:
        return _drop_small(self._weights, usual)


def _find_centres(matrix: Any, labels: Any, size: int) -> Any:
    """The centre of each class, of length one: (features, size), sparse."""
    one = sparse.csr_matrix((np.ones(len(labels), np.float32), (np.arange(len(labels)), labels)), (len(labels), size))
    return normalize(matrix.T @ one, axis=0).tocsr()


def _mix(numbers: Any) -> Any:
    """Numbers of 64 bits so mixed that neighbours lie anywhere (Steele, Lea and Flood's SplitMix, 2014)."""
    numbers = numbers * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        numbers = (numbers ^ (numbers >> np.uint64(shift))) * np.uint64(factor)
    return numbers ^ (numbers >> np.uint64(31))


class _Fitted:
    """A machine whose weights scikit-learn finds, all examples at once: to go on is to learn anew."""

    def __init__(self, matrix: Any, labels: Any) -> None:
        self.matrix, self._usual = matrix, _find_usual(matrix)
        self.labels, self.classes = labels, np.unique(labels)
        self.beaten = np.ones(len(labels), dtype=bool)

    def learn(self, rows: Any, worth: Any) -> None:
        size = len(self.classes)
        found = np.zeros((self.matrix.shape[1], size), dtype=np.float32)
        self.weights, self.intercepts = sparse.csr_matrix(found), np.full(size, ABSENT)
        present = np.searchsorted(self.classes, np.unique(self.labels[rows]))
        if len(present) < 2:
            self.intercepts[present] = 1.0
            return
        weights, intercepts = self._fit(self._choose(rows), self.labels[rows], worth)
        both = [-1, 1] if len(present) == 2 else [1]  # For two classes scikit-learn keeps only the second's side.
        found[:, present] = np.hstack([sign * weights for sign in both])
        self.intercepts[present] = np.hstack([sign * intercepts for sign in both])
        self.weights = _prune(found, self._usual)

    def go_on(self, rows: Any, worth: Any) -> None:
        self.learn(rows, worth)
        scores = (self.matrix @ self.weights).toarray() + self.intercepts
        self.beaten = self.classes[scores.argmax(axis=1)] != self.labels

    def _choose(self, rows: Any) -> Any:
        """The rows of the matrix, in scikit-learn's precision; where all of them stand is not copied."""
        some = self.matrix if len(rows) == len(self.labels) else self.matrix[rows]
        return sparse.csr_matrix((some.data.astype(float), some.indices, some.indptr), some.shape)

    def _fit(self, matrix: Any, labels: Any, worth: Any) -> tuple[Any, Any]:
        """Weights (features, classes) and intercepts."""
        raise NotImplementedError


class _SupportVectors(_Fitted):
    def _fit(self, matrix: Any, labels: Any, worth: Any) -> tuple[Any, Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # ROUNDS is chosen, not a failure to converge.
            machine = LinearSVC(C=PENALTY, tol=0.1, max_iter=ROUNDS, random_state=0).fit(matrix, labels, worth)
        return machine.coef_.T, machine.intercept_


class _Regression(_Fitted):
    """Multinomial logistic regression, fitted on the Cholesky rows of the kernel: the same optimum, far smaller."""

    def _fit(self, matrix: Any, labels: Any, _: Any) -> tuple[Any, Any]:
        kernel = (matrix @ matrix.T).toarray()
        kernel[np.diag_indices(len(kernel))] += 1e-6
        lower = np.linalg.cholesky(kernel)
        machine = LogisticRegression(C=FEW_PENALTY, max_iter=200, tol=1e-3).fit(lower, labels)
        return matrix.T @ linalg.solve_triangular(lower, machine.coef_.T, lower=True, trans="T"), machine.intercept_


def _find_usual(matrix: Any) -> Any:
    """The mean value of each feature where it occurs."""
    counts = np.maximum(np.bincount(matrix.indices, minlength=matrix.shape[1]), 1)
    return (np.asarray(matrix.sum(axis=0)).ravel() / counts).astype(np.float32)


def _drop_small(weights: Any, usual: Any) -> Any:
    """Sparse weights without those that change no score."""
    weights.data[np.abs(weights.data) * np.repeat(usual, np.diff(weights.indptr)) < SMALLEST_PART] = 0.0
    weights.eliminate_zeros()
    return weights


def _prune(weights: Any, usual: Any) -> Any:
    """The same of a dense array."""
    parts = [slice(start, start + ROWS_AT_ONCE) for start in range(0, len(weights), ROWS_AT_ONCE)]
    return sparse.vstack([_drop_small(sparse.csr_matrix(weights[part]), usual[part]) for part in parts], format="csr")
