"""The compiled model: a pack with what was learned from it, scored without scikit-learn or NumPy.

One file holds a JSON header and plain arrays; it is never a pickle, so a hostile file can at worst be refused.
A feature's row holds its inverse document frequency and its few weights that matter, each for one class:
the intents in their order, then the kinds. Rows are found by binary search over sorted 32-bit keys, straight
in the bytes of the file, so loading costs next to nothing.
"""

from __future__ import annotations

import hashlib
import json
import math
from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from bot.errors import ModelError
from bot.features import BLOCK_WEIGHTS, extract, feature_key
from bot.speller import Speller
from bot.types import Article, Intent, LeftOut, Pack, Passage, Quote, Rule, Span

__all__ = ["KIND_ORDER", "VERSION", "Calibration", "Model", "load_model", "save_model"]

VERSION = 5
"""Raised with every change of the file's form or of what is learned: older files are then rebuilt."""

KIND_ORDER = ("answer", "out_of_scope", "advice", "urgent", "smalltalk")
_MAGIC = b"patient-guide model\n"
_ARRAYS: dict[str, Any] = {"keys": "I", "idf": "f", "starts": "I", "classes": "H", "weights": "h", "intercepts": "f"}


@dataclass(frozen=True, slots=True)
class Calibration:
    """Numbers fitted on held-out examples of the pack: raw scores to probabilities.

    The sharpnesses multiply scores before the softmax over a kind's intents and over the kinds; `slope` and `offset`
    turn the log odds of the best intent into the confidence (Platt 1999).
    """

    intent_sharpness: float
    kind_sharpness: float
    slope: float
    offset: float


@dataclass(frozen=True)
class Model:
    """All that serving needs. Arrays are read-only views; `scale` turns a stored weight into its value.

    `vocabulary` holds every word to be taken as it is typed, `targets` those that misspelt words are bent to.
    """

    pack: Pack
    keys: Sequence[int]
    idf: Sequence[float]
    starts: Sequence[int]
    classes: Sequence[int]
    weights: Sequence[int]
    intercepts: Sequence[float]
    scale: float
    vocabulary: tuple[str, ...]
    targets: tuple[str, ...]
    stems: dict[str, str]
    calibration: Calibration

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.vocabulary)

    @cached_property
    def _known_stems(self) -> frozenset[str]:
        return frozenset(self.stems.get(word, word) for word in self.vocabulary)

    def knows(self, word: str) -> bool:
        """Whether a word, or another form of it, stands in the examples, the articles or the synonyms."""
        return word in self._known or self._stemmer(word) in self._known_stems

    @cached_property
    def speller(self) -> Speller:
        return Speller(self.targets)

    @cached_property
    def _stemmer(self) -> Callable[[str], str]:
        import snowballstemmer  # noqa: PLC0415 (stems of known words are stored; most questions need no other)

        return snowballstemmer.stemmer("english").stemWord  # type: ignore[no-any-return]

    def stem(self, word: str) -> str:
        """The Snowball stem of a word."""
        return self.stems.get(word) or (word if word in self._known else self._stemmer(word))

    def score(self, words: Sequence[str]) -> tuple[list[float], list[float]]:
        """Raw scores of an utterance's words: one for each intent, in order, and one for each kind.

        Equal, within the stored weights' precision, to scikit-learn's decision functions for the same words.
        """
        totals = list(self.intercepts)
        for block, weight in zip(extract(words, self.stem), BLOCK_WEIGHTS, strict=True):
            rows = self._rows(block)
            length = math.sqrt(sum(value * value for _, value in rows))
            share = math.sqrt(weight) / length * self.scale if length else 0.0
            for row, value in rows:
                start, end = self.starts[row], self.starts[row + 1]
                factor = value * share
                for which, stored in zip(self.classes[start:end], self.weights[start:end], strict=True):
                    totals[which] += factor * stored
        return totals[: len(self.pack.intents)], totals[len(self.pack.intents) :]

    def _rows(self, block: list[str]) -> list[tuple[int, float]]:
        """Row and tf-idf value (sublinear term frequency) of each stored feature of a block."""
        counts: dict[str, int] = {}
        for feature in block:
            counts[feature] = counts.get(feature, 0) + 1
        keys, last, rows = self.keys, len(self.keys), []
        for feature, count in counts.items():
            key = feature_key(feature)
            row = bisect_left(keys, key)
            if row < last and keys[row] == key:
                tf = 1.0 if count == 1 else 1.0 + math.log(count)
                rows.append((row, tf * self.idf[row]))
        return rows


# --- the file ---------------------------------------------------------------------------------------


def save_model(model: Model, path: Path) -> None:
    """Write the model whole beside `path`, then rename: no reader ever sees half a file. Raises OSError."""
    import os  # noqa: PLC0415
    import tempfile  # noqa: PLC0415 (only a build needs them)

    parts = {name: array(code, getattr(model, name)).tobytes() for name, code in _ARRAYS.items()}
    header = {
        "version": VERSION,
        "fingerprint": model.pack.fingerprint,
        "sizes": {name: len(part) for name, part in parts.items()},
        "scale": model.scale,
        "calibration": [getattr(model.calibration, f.name) for f in fields(Calibration)],
        "vocabulary": " ".join(model.vocabulary),
        "targets": " ".join(model.targets),
        "stems": model.stems,
        "pack": _pack_to_json(model.pack),
    }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    body = len(text).to_bytes(8, "little") + text + b"".join(parts.values())
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_MAGIC + hashlib.sha256(body).digest() + body)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load_model(path: Path, fingerprint: str) -> Model:
    """Read a stored model of the pack with this fingerprint. Raises ModelError for anything else."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from None
    start = len(_MAGIC)
    if raw[:start] != _MAGIC or hashlib.sha256(memoryview(raw)[start + 32 :]).digest() != raw[start : start + 32]:
        raise ModelError(f"{path}: not a whole model file")
    size = int.from_bytes(raw[start + 32 : start + 40], "little")
    try:
        header = json.loads(raw[start + 40 : start + 40 + size])
        if header["version"] != VERSION or header["fingerprint"] != fingerprint:
            raise ModelError(f"{path}: of another pack or version")
        return _to_model(header, memoryview(raw)[start + 40 + size :])
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ModelError(f"{path}: {error}") from None


def _to_model(header: dict[str, Any], data: memoryview) -> Model:
    arrays: dict[str, Any] = {}
    at = 0
    for name, code in _ARRAYS.items():
        end = at + header["sizes"][name]
        arrays[name] = data[at:end].cast(code)
        at = end
    return Model(
        pack=_pack_from_json(header["pack"]),
        scale=header["scale"],
        vocabulary=tuple(header["vocabulary"].split(" ")),
        targets=tuple(header["targets"].split(" ")),
        stems=header["stems"],
        calibration=Calibration(*header["calibration"]),
        **arrays,
    )


def _values(thing: Any) -> list[Any]:
    """A dataclass as the list of its fields, those inside it too."""
    if isinstance(thing, (list, tuple)):
        return [_values(item) for item in thing]
    if hasattr(thing, "__dataclass_fields__"):
        return [_values(getattr(thing, name)) for name in thing.__dataclass_fields__]
    return thing  # type: ignore[no-any-return]


def _pack_to_json(pack: Pack) -> dict[str, Any]:
    """The pack without its examples, which serving does not need."""
    return {
        "name": pack.name,
        "fingerprint": pack.fingerprint,
        "articles": [_values(article) for article in pack.articles.values()],
        "intents": [[*_values(i)[:3], [], *_values(i)[4:]] for i in pack.intents.values()],
        "synonyms": dict(pack.synonyms),
        "wording": dict(pack.wording),
        "follow_ups": {name: list(phrases) for name, phrases in pack.follow_ups.items()},
        "rules": [_values(rule) for rule in pack.rules],
        "cards": dict(pack.cards),
        "referral": _values(pack.referral) if pack.referral else None,
        "first": list(pack.first),
    }


def _span(values: list[int] | None) -> Span | None:
    return Span(*values) if values else None


def _quote(values: list[Any]) -> Quote:
    article, passage, start, end, lead = values
    return Quote(article, passage, start, end, _span(lead))


def _article(values: list[Any]) -> Article:
    names = dict(zip(Article.__dataclass_fields__, values, strict=True))
    names["subjects"] = tuple(names["subjects"])
    names["passages"] = tuple(map(_passage, names["passages"]))
    names["left_out"] = tuple(LeftOut(*left) for left in names["left_out"])
    return Article(**names)


def _passage(values: list[Any]) -> Passage:
    names = dict(zip(Passage.__dataclass_fields__, values, strict=True))
    names["sentences"] = tuple(Span(*sentence) for sentence in names["sentences"])
    names["lead_in"] = _span(names["lead_in"])
    return Passage(**names)


def _intent(values: list[Any]) -> Intent:
    name, kind, question, _, quotes, reply, nexts, *rest = values
    return Intent(name, kind, question, (), tuple(map(_quote, quotes)), reply, tuple(nexts), *rest)


def _pack_from_json(data: dict[str, Any]) -> Pack:
    articles, intents = map(_article, data["articles"]), map(_intent, data["intents"])
    return Pack(
        name=data["name"],
        fingerprint=data["fingerprint"],
        articles={article.id: article for article in articles},
        intents={intent.name: intent for intent in intents},
        synonyms=data["synonyms"],
        wording=data["wording"],
        follow_ups={name: tuple(phrases) for name, phrases in data["follow_ups"].items()},
        rules=tuple(Rule(r[0], r[1], tuple(r[2]), tuple(r[3])) for r in data["rules"]),
        cards=data["cards"],
        referral=_quote(data["referral"]) if data["referral"] else None,
        first=tuple(data["first"]),
    )
