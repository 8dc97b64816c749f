"""The examples of a pack as training sees them, and the machines that learn them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from bot.learner import ABSENT, Machine, make_machine
from bot.model import KIND_ORDER

__all__ = ["Examples", "Machines"]

LEAST = 60
"""Examples that an intent counts as having, at least: one that a clinic has just begun is not drowned by all others."""


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
class _Part:
    """A machine with the rows that it learns from, and the columns that occur in them."""

    rows: Any
    columns: Any
    machine: Machine


class Machines:
    """One machine over the kinds, and one over the intents of each. Classes are intents, and behind them kinds."""

    def __init__(self, examples: Examples) -> None:
        self._examples = examples
        count = len(examples.kinds)
        kinds = make_machine(examples.matrix, examples.kinds + examples.size, examples.marks, count)
        self._parts = [_Part(np.arange(count), np.arange(examples.matrix.shape[1]), kinds)]
        for kind in np.unique(examples.kinds):
            rows = np.flatnonzero(examples.kinds == kind)
            matrix = examples.matrix[rows]
            columns = np.flatnonzero(matrix.getnnz(axis=0))
            machine = make_machine(matrix[:, columns], examples.intents[rows], examples.marks[rows], count)
            self._parts.append(_Part(rows, columns, machine))

    def learn(self, chosen: Any) -> None:
        """Forget everything and learn the `chosen` rows, a mask."""
        worth = self._weigh(chosen)
        for part in self._parts:
            own = np.flatnonzero(chosen[part.rows])
            part.machine.learn(own, worth[part.rows[own]])

    def go_on(self) -> None:
        """Learn all rows, beside those that were learned."""
        worth = self._weigh(np.ones(len(self._examples.kinds), dtype=bool))
        for part in self._parts:
            part.machine.go_on(np.arange(len(part.rows)), worth[part.rows])

    def _weigh(self, chosen: Any) -> Any:
        """What each row counts for among the chosen."""
        intents, size = self._examples.intents, self._examples.size
        counts = np.bincount(intents[chosen], minlength=size)
        return np.maximum(LEAST / np.maximum(counts, 1), 1.0).astype(np.float32)[intents]

    def score(self, rows: Any) -> Any:
        """The scores of some rows, shape (rows, classes)."""
        matrix = self._examples.matrix[rows]
        scores = np.full((matrix.shape[0], self._examples.size + len(KIND_ORDER)), ABSENT)
        for part in self._parts:
            machine = part.machine
            scores[:, machine.classes] = (matrix[:, part.columns] @ machine.weights).toarray() + machine.intercepts
        return scores

    def cover(self, rows: Any) -> tuple[Any, Any, Any, Any]:
        """What `Model.measure` asks of the words of some rows.

        The share of their stems (by idf) that no intent has; for every intent, shape (rows, intents), the share of
        stems, and of stems and pairs, that speak for it; the log of the number of stems.
        """
        examples = self._examples
        columns, single = len(examples.idf), np.flatnonzero(~examples.pairs)
        present = (examples.matrix[rows][:, :columns] > 0).astype(np.float32)
        by_idf = present @ sparse.diags(examples.idf.astype(np.float32))
        stems = by_idf[:, single]
        total = np.asarray(stems.sum(axis=1)).ravel() + 1e-9
        whole = np.asarray(by_idf.sum(axis=1)).ravel() + examples.left_out[rows] + 1e-9
        seen = np.zeros(columns, dtype=bool)
        covered, covered_pairs = (np.zeros((len(rows), examples.size), dtype=np.float32) for _ in range(2))
        for part in self._parts:
            here = part.columns[part.columns < columns]
            weights = part.machine.weights[: len(here)]
            seen[here] |= weights.getnnz(axis=1) > 0
            if part.machine.classes[0] < examples.size:
                speaks = (weights > 0).astype(np.float32)
                alone = np.flatnonzero(~examples.pairs[here])
                classes = part.machine.classes
                covered[:, classes] = (by_idf[:, here[alone]] @ speaks[alone]).toarray() / total[:, None]
                covered_pairs[:, classes] = (by_idf[:, here] @ speaks).toarray() / whole[:, None]
        unknown = np.asarray(stems[:, np.flatnonzero(~seen[single])].sum(axis=1)).ravel() / total
        return unknown, covered, covered_pairs, np.log1p(np.asarray(present[:, single].sum(axis=1)).ravel())

    def find_beaten(self) -> Any:
        """The rows for which, when they were last learned, another intent or kind was ahead of their own."""
        beaten = np.zeros(len(self._examples.kinds), dtype=bool)
        for part in self._parts:
            beaten[part.rows] |= part.machine.beaten
        return np.flatnonzero(beaten)

    def join_weights(self) -> Any:
        """The weights of all machines, shape (features, classes), sparse, rows sorted by class."""
        parts = []
        for part in self._parts:
            found = part.machine.weights.tocoo()
            parts.append((part.columns[found.row], part.machine.classes[found.col], found.data))
        row, column, value = (np.concatenate(pieces) for pieces in zip(*parts, strict=True))
        shape = (self._examples.matrix.shape[1], self._examples.size + len(KIND_ORDER))
        weights = sparse.csr_matrix((value, (row, column)), shape)
        weights.sort_indices()
        return weights

    def join_intercepts(self) -> Any:
        """The intercepts of all classes."""
        intercepts = np.full(self._examples.size + len(KIND_ORDER), ABSENT)
        for part in self._parts:
            intercepts[part.machine.classes] = part.machine.intercepts
        return intercepts
