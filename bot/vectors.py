"""The model's sums by NumPy: ten times as fast, for a bot that stays. A single question does without."""

from __future__ import annotations

import datetime  # noqa: F401 (NumPy's C code imports it too, and makes another error of an interrupt that comes then)
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from bot.errors import ModelError
from bot.features import feature_keys
from bot.model import Model
from bot.signs import SignLists

__all__ = ["hasten"]


def hasten(model: Model) -> Model:
    """The same model, its scores added up by NumPy, to the same bit. Raises ModelError where its numbers cannot be."""
    if isinstance(model, _Vectors):
        return model
    if not _is_sound(model):
        raise ModelError("a stored model whose numbers do not fit each other")
    pack = model.pack
    SignLists([rule.when for rule in pack.rules], pack.rule_index).check()
    SignLists(pack.talk.follow_ups.values(), pack.talk_index).check()
    return _Vectors(*[getattr(model, name) for name in model.__match_args__])


def _is_sound(model: Model) -> bool:
    """Whether every row is in order and leads to what there is."""
    keys, starts = np.asarray(model.keys), np.asarray(model.starts)
    known, learned = np.asarray(model.example_keys, np.uint64), np.asarray(model.learned_keys, np.uint64)
    return bool(
        (keys[:-1] < keys[1:]).all()
        and (starts[:-1] <= starts[1:]).all()
        and (known[:-1] < known[1:]).all()
        and (learned[:-1] <= learned[1:]).all()
        and np.max(model.classes, initial=0) < len(model.intercepts)
        and np.max(model.example_intents, initial=0) < len(model.pack.intents)
        and np.isfinite(model.idf).all()
        and model.lexicon.is_text()
    )


class _Vectors(Model):
    @cached_property
    def _stored(self) -> tuple[Any, ...]:
        starts = np.asarray(self.starts).astype(np.intp)
        return starts[:-1], np.diff(starts), *map(np.asarray, (self.classes, self.weights, self.intercepts))

    @cached_property
    def _keys(self) -> Any:
        return np.append(np.asarray(self.keys), np.uint32(0))  # So that what lies behind all keys is looked at, too.

    def _find_rows(self, features: Collection[str]) -> list[int]:
        wanted = np.array(feature_keys(features), dtype=np.uint32)
        rows = self._keys[:-1].searchsorted(wanted)
        return np.where(self._keys[rows] == wanted, rows, -1).tolist()  # type: ignore[no-any-return]

    def _add_up(self, rows: Sequence[int], values: Sequence[float]) -> list[float]:
        starts, lengths, classes, weights, intercepts = self._stored
        chosen = np.array(rows, dtype=np.intp)
        length = lengths.take(chosen)
        before = length.cumsum() - length  # As many weights stand in the rows before each.
        at = (starts.take(chosen) - before).repeat(length)
        at += np.arange(len(at))
        parts = np.array(values, dtype=float).repeat(length)
        parts *= weights.take(at)
        return (np.bincount(classes.take(at), parts, len(intercepts)) + intercepts).tolist()  # type: ignore[no-any-return]
