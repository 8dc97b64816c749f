"""The model's sums by NumPy: ten times as fast, for a bot that stays. A single question does without."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from bot.features import feature_key
from bot.model import Model

__all__ = ["hasten"]


def hasten(model: Model) -> Model:
    """The same model, its scores added up by NumPy, to the same bit."""
    if isinstance(model, _Vectors):
        return model
    return _Vectors(**{field.name: getattr(model, field.name) for field in fields(model)})


@dataclass(frozen=True)
class _Vectors(Model):
    @cached_property
    def _stored(self) -> tuple[Any, ...]:
        return tuple(map(np.asarray, (self.starts, self.classes, self.weights, self.intercepts)))

    @cached_property
    def _keys(self) -> Any:
        return np.asarray(self.keys)

    def _find_rows(self, features: Collection[str]) -> list[int]:
        wanted = np.fromiter(map(feature_key, features), dtype=np.uint32, count=len(features))
        rows = np.minimum(np.searchsorted(self._keys, wanted), max(len(self._keys) - 1, 0))
        return np.where(self._keys[rows] == wanted, rows, -1).tolist() if len(self._keys) else [-1] * len(features)

    def _add_up(self, rows: Sequence[int], values: Sequence[float]) -> list[float]:
        starts, classes, weights, intercepts = self._stored
        first = starts[np.array(rows, dtype=np.intp)].astype(np.intp)
        lengths = starts[np.array(rows, dtype=np.intp) + 1].astype(np.intp) - first
        before = np.cumsum(lengths) - lengths  # As many weights stand in the rows before each.
        at = np.arange(lengths.sum()) + np.repeat(first - before, lengths)
        parts = np.repeat(np.array(values, dtype=float), lengths) * weights[at]
        return (np.bincount(classes[at], parts, len(intercepts)) + intercepts).tolist()  # type: ignore[no-any-return]
