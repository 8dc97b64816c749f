"""What a pack is wrong about in its own examples: those it takes for another intent's, though told whose they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.model import Mistake

if TYPE_CHECKING:
    from bot.examples import Examples

__all__ = ["find_mistakes"]

BY_CHANCE, SURE = 20.0, 0.75
"""Held-out examples are named where the belief in another intent is so high that, were it so for all of them, no more
than these would be wrong by chance; and never below the second number, from which those are, too, that were learned."""

LIKE = 0.75
"""Cosine of two intents' examples, as the machines see them, from which they collide where one is mistaken."""

AT_ONCE = 4000
"""Rows that are scored together: what is held of them is as wide as the pack has intents."""


def find_mistakes(
    examples: Examples, left_out: tuple[Any, Any], beaten: Any, believe: Callable[[Any], Any]
) -> tuple[Mistake, ...]:
    """Every mistake, the surest first, each example once.

    `left_out` are rows with the beliefs in every intent of machines that have not seen them; `believe` gives those of
    the machines that have, for rows: for the `beaten`, as no other can be a mistake.
    """
    rows, beliefs = left_out
    found = [*_find_unconvinced(examples, beaten, believe), *_find_lost(examples, rows, beliefs)]
    first: dict[tuple[int, int], Mistake] = {}
    for mistake in sorted(found, key=lambda m: (m.own - m.belief, m.intent, m.example)):
        first.setdefault((mistake.intent, mistake.example), mistake)
    return tuple(first.values())


def _find_lost(examples: Examples, rows: Any, beliefs: Any) -> Iterator[Mistake]:
    sure = max(SURE, 1 - BY_CHANCE / max(len(rows), 1))
    own, other, which = _compare(beliefs, examples.intents[rows])
    for at in np.flatnonzero(other >= sure):
        yield _describe(examples, rows[at], which[at], own[at], other[at])


def _find_unconvinced(examples: Examples, beaten: Any, believe: Callable[[Any], Any]) -> Iterator[Mistake]:
    typed = beaten[examples.typed[beaten]]
    for start in range(0, len(typed), AT_ONCE):
        rows = typed[start : start + AT_ONCE]
        own, other, which = _compare(believe(rows), examples.intents[rows])
        for at in np.flatnonzero(other >= SURE):
            mistake = _describe(examples, rows[at], which[at], own[at], other[at])
            if mistake.is_near:
                yield mistake


def _compare(beliefs: Any, wanted: Any) -> tuple[Any, Any, Any]:
    """For each row the belief in its own intent, that in the best other one, and which it is."""
    at = np.arange(len(wanted))
    own = beliefs[at, wanted].copy()
    others = beliefs.copy()
    others[at, wanted] = -1.0
    which = others.argmax(axis=1)
    return own, others[at, which], which


def _describe(examples: Examples, row: Any, other: Any, own: Any, belief: Any) -> Mistake:
    """A mistake, with the other intent's example that is most like it."""
    first, last = np.searchsorted(examples.intents, [other, other + 1])
    mates, one = examples.matrix[first:last], examples.matrix[row]
    vector = np.zeros(mates.shape[1], dtype=np.float32)
    vector[one.indices] = one.data
    lengths = np.sqrt(np.add.reduceat(mates.data**2, mates.indptr[:-1]))
    likeness = np.where(examples.typed[first:last], mates @ vector / (lengths * np.linalg.norm(one.data) + 1e-9), -1.0)
    intent = int(examples.intents[row])
    return Mistake(
        intent=intent,
        example=int(row - np.searchsorted(examples.intents, intent)),
        other=int(other),
        nearest=int(likeness.argmax()),
        own=float(own),
        belief=float(belief),
        is_near=bool(likeness.max() >= LIKE),
    )
