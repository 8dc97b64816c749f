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
from sklearn.svm import LinearSVC

__all__ = ["ABSENT", "Machine", "make_machine"]

FEW, FEW_PENALTY = 1500, 30.0
"""Examples up to which the fit is a logistic regression, and its C; on held-out examples."""

FEW_CLASSES, PENALTY, ROUNDS = 8, 1.0, 6
"""Classes up to which the fit is one of support vectors, its C, and the passes of its solver; on held-out examples."""

ABSENT = -30.0
"""Score of a class without examples."""

SMALLEST_PART = 0.006
"""Weights are dropped that add less to a score, times the usual value of their feature: half of all, a third of what
there is to do for a question, at no cost in held-out accuracy. A plain limit that does as much costs a point."""

ROWS_AT_ONCE = 8192
"""Features whose weights are looked at together: all at once would take as much memory again."""

MARGIN, RIVALS, BATCH = 1.0, 3, 256
"""By how much an example's own class should win, over how many of the classes that come nearest; about how many
examples move the weights together."""

PASSES, RATE, LAST_PASSES, LAST_RATE = 2, 0.5, 3, 0.4
"""Passes over all examples, and the rate of learning, which falls to nothing over them; passes that go on, over those
examples alone that are not won by the margin, and the rate of each, which falls to nothing, too."""

START, TEMPER = 4.0, 0.25
"""What the differences of the classes' centres are multiplied with to begin; power of what has moved a feature so far
that its rate is divided by. All of these were chosen on held-out examples of the shipped pack."""


class Machine(Protocol):
    """Sorted `classes`, `weights` (features, classes), `intercepts` (classes), and which rows were `beaten`: for them
    another class was ahead when they were last looked at.
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
        self.weights = _differences(self.matrix[rows], self.labels[rows], size)
        self.weights *= START
        self.intercepts = np.where(present, 0.0, ABSENT).astype(np.float32)
        self._moved = np.full(self.matrix.shape[1], 0.1, dtype=np.float32)
        self._shifted = np.ones(size, dtype=np.float32)
        self._doubtful[:] = True
        if size == 1:
            self.intercepts[:] = 1.0
            return
        for number in range(PASSES):
            left = PASSES - number
            self._study(rows, worth, number, (RATE * left / PASSES, RATE * (left - 1) / PASSES))
        _drop_small(self.weights, self._usual)

    def go_on(self, rows: Any, worth: Any) -> None:
        for number in range(LAST_PASSES if len(self.classes) > 1 else 0):
            left = np.flatnonzero(self._doubtful[rows])
            self._study(rows[left], worth[left], PASSES + number, (LAST_RATE, 0.0))
        _drop_small(self.weights, self._usual)

    def _deal(self, rows: Any, number: int) -> tuple[Any, Any]:
        """An order of some rows for pass `number`, and where in it each batch ends: one row more moves one batch."""
        count = 1 << max(0, round(math.log2(max(len(rows), 1) / BATCH)))
        mixed = _mix(self._marks[rows] + np.uint64(number))
        batches = mixed % np.uint64(count)
        return np.lexsort((mixed, batches)), np.cumsum(np.bincount(batches.astype(int), minlength=count)).tolist()

    def _study(self, rows: Any, worth: Any, number: int, rates: tuple[float, float]) -> None:
        """Pass `number`, over `rows`, the rate falling from the first of `rates` to the second."""
        order, ends = self._deal(rows, number)
        rows, worth = rows[order], worth[order]
        size, matrix, labels = len(self.classes), self.matrix[rows], self.labels[rows]
        flat = self.weights.reshape(-1)
        rivals = min(RIVALS, size - 1)
        for start, end in zip([0, *ends[:-1]], ends, strict=True):
            batch, own = matrix[start:end], labels[start:end]
            at = np.arange(len(own))
            rate = rates[0] + (rates[1] - rates[0]) * start / max(len(rows), 1)
            loss = batch @ self.weights + self.intercepts
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
            np.subtract.at(flat, (column.astype(np.int64)[:, None] * size + towards[row]).ravel(), change.ravel())
            shift = np.bincount(towards.ravel(), weights=pull.ravel(), minlength=size).astype(np.float32)
            self._shifted += shift**2
            self.intercepts -= rate * shift / np.sqrt(self._shifted)


def _differences(matrix: Any, labels: Any, size: int) -> Any:
    """How the centre of each class, of length one, differs from that of all: (features, size)."""
    one = sparse.csr_matrix((np.ones(len(labels), np.float32), (np.arange(len(labels)), labels)), (len(labels), size))
    centres = (matrix.T @ one).toarray(order="C")
    middle = centres.sum(axis=1)
    lengths = np.maximum(np.linalg.norm(centres, axis=0), 1e-9)
    centres /= lengths
    centres -= (middle / max(float(np.linalg.norm(middle)), 1e-9))[:, None]
    centres[:, lengths <= 1e-9] = 0.0
    return centres


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
        self.weights = np.zeros((self.matrix.shape[1], size), dtype=np.float32)
        self.intercepts = np.full(size, ABSENT)
        present = np.searchsorted(self.classes, np.unique(self.labels[rows]))
        if len(present) < 2:
            self.intercepts[present] = 1.0
            return
        weights, intercepts = self._fit(self._choose(rows).astype(float), self.labels[rows], worth)
        both = [-1, 1] if len(present) == 2 else [1]  # For two classes scikit-learn keeps only the second's side.
        self.weights[:, present] = np.hstack([sign * weights for sign in both])
        self.intercepts[present] = np.hstack([sign * intercepts for sign in both])
        _drop_small(self.weights, self._usual)

    def go_on(self, rows: Any, worth: Any) -> None:
        self.learn(rows, worth)
        scores = self.matrix @ self.weights + self.intercepts
        self.beaten = self.classes[scores.argmax(axis=1)] != self.labels

    def _choose(self, rows: Any) -> Any:
        """The rows of the matrix; all of them need no copy."""
        return self.matrix if len(rows) == len(self.labels) else self.matrix[rows]

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
    """The mean value of each feature where it occurs, shape (features, 1)."""
    counts = np.maximum(np.bincount(matrix.indices, minlength=matrix.shape[1]), 1)
    return (np.asarray(matrix.sum(axis=0)).ravel() / counts).astype(np.float32)[:, None]


def _drop_small(weights: Any, usual: Any) -> None:
    for start in range(0, len(weights), ROWS_AT_ONCE):
        some, their = weights[start : start + ROWS_AT_ONCE], usual[start : start + ROWS_AT_ONCE]
        some[np.abs(some) * their < SMALLEST_PART] = 0.0
