"""The examples of a pack as training sees them, and the machines that learn them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from bot.learner import ABSENT, make_machine
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


class Machines:
    """One machine over the kinds, and one over the intents of each. Classes are intents, and behind them kinds."""

    def __init__(self, examples: Examples) -> None:
        self._examples = examples
        count = len(examples.kinds)
        labels = [(np.arange(count), examples.kinds + examples.size)]
        for kind in np.unique(examples.kinds):
            rows = np.flatnonzero(examples.kinds == kind)
            labels.append((rows, examples.intents[rows]))
        self._parts = [
            (rows, make_machine(examples.matrix[rows], own, examples.marks[rows], count)) for rows, own in labels
        ]

    def learn(self, chosen: Any) -> None:
        """Forget everything and learn the `chosen` rows, a mask."""
        worth = self._weigh(chosen)
        for rows, machine in self._parts:
            own = np.flatnonzero(chosen[rows])
            machine.learn(own, worth[rows[own]])

    def go_on(self) -> None:
        """Learn all rows, beside those that were learned."""
        worth = self._weigh(np.ones(len(self._examples.kinds), dtype=bool))
        for rows, machine in self._parts:
            machine.go_on(np.arange(len(rows)), worth[rows])

    def _weigh(self, chosen: Any) -> Any:
        """What each row counts for among the chosen."""
        intents, size = self._examples.intents, self._examples.size
        counts = np.bincount(intents[chosen], minlength=size)
        return np.maximum(LEAST / np.maximum(counts, 1), 1.0).astype(np.float32)[intents]

    def score(self, rows: Any) -> Any:
        """The scores of some rows, shape (rows, classes)."""
        matrix = self._examples.matrix[rows]
        scores = np.full((matrix.shape[0], self._examples.size + len(KIND_ORDER)), ABSENT)
        for _, machine in self._parts:
            scores[:, machine.classes] = matrix @ machine.weights + machine.intercepts
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
        for _, machine in self._parts:
            weights = machine.weights[:columns]
            seen |= weights.any(axis=1)
            if machine.classes[0] < examples.size:
                speaks = (weights > 0).astype(np.float32)
                covered[:, machine.classes] = stems @ speaks[single] / total[:, None]
                covered_pairs[:, machine.classes] = by_idf @ speaks / whole[:, None]
        unknown = np.asarray(stems[:, np.flatnonzero(~seen[single])].sum(axis=1)).ravel() / total
        return unknown, covered, covered_pairs, np.log1p(np.asarray(present[:, single].sum(axis=1)).ravel())

    def find_beaten(self) -> Any:
        """The rows for which, when they were last learned, another intent or kind was ahead of their own."""
        beaten = np.zeros(len(self._examples.kinds), dtype=bool)
        for rows, machine in self._parts:
            beaten[rows] |= machine.beaten
        return np.flatnonzero(beaten)

    def join_weights(self) -> Any:
        """The weights of all machines, shape (features, classes), sparse, rows sorted by class."""
        parts = []
        for _, machine in self._parts:
            row, column = np.nonzero(machine.weights)
            parts.append((row, machine.classes[column], machine.weights[row, column]))
        row, column, value = (np.concatenate(pieces) for pieces in zip(*parts, strict=True))
        shape = (self._examples.matrix.shape[1], self._examples.size + len(KIND_ORDER))
        weights = sparse.csr_matrix((value, (row, column)), shape)
        weights.sort_indices()
        return weights

    def join_intercepts(self) -> Any:
        """The intercepts of all classes."""
        intercepts = np.full(self._examples.size + len(KIND_ORDER), ABSENT)
        for _, machine in self._parts:
            intercepts[machine.classes] = machine.intercepts
        return intercepts
