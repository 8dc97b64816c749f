"""Whether a stored model, whose check sum fits, is one that the bot can answer with: its header's form, and what
its parts say of each other.

Most numbers in its arrays are not looked at, nor are its texts read as signs, their index, wording or lexicon: that
would take longer than all the rest of a start.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from math import isfinite
from typing import Any

from bot.model import KIND_ORDER, Logistic, Model
from bot.nouns import dataclass
from bot.types import Pack, Passage, Quote, Span

__all__ = ["check_header", "check_model"]

MEASURES = 6
"""What `Model.measure` returns; `Logistic` weighs these and their products."""

STEEPEST, HIGHEST, COARSEST = 1e6, 100.0, 1e-3
"""What no fitted number, no score of an intent before a word is read, and no scale of weights comes near to."""


@dataclass(frozen=True)
class _Maybe:
    """A shape, or null in its place."""

    shape: Any


_SPAN = (int, int)
_QUOTE = (str, str, int, int, _Maybe(_SPAN))
_PASSAGE = (str, str, str, int, int, str, [_SPAN], _Maybe(_SPAN))
_FACTS = (str, str, str, _Maybe(str), _Maybe(str), str, str, str, _Maybe(str), str)
_ARTICLE = (*_FACTS, [str], str, [_PASSAGE], [(int, int, str, str)], int)
_INTENT = (str, str, str, [str], [_QUOTE], str, [str], str, str, str, int)
_LOGISTIC = _Maybe(([float], [float], [float], float))
_INDEX = _Maybe(({str: str}, [str]))
_HEADER = {
    "version": int,
    "fingerprint": str,
    "learned_from": str,
    "sizes": {str: int},
    "scale": float,
    "unknown_idf": float,
    "calibration": (float, float, float, [float], _LOGISTIC, _LOGISTIC, float, [(int, float, float)]),
    "mistakes": [(int, int, int, int, float, float, bool)],
    "vocabulary": str,
    "targets": str,
    "pack": {
        "name": str,
        "fingerprint": str,
        "articles": [_ARTICLE],
        "intents": [_INTENT],
        "synonyms": {str: str},
        "wording": {str: str},
        "talk": ({str: [str]}, *[[str]] * 6, *[[[str]]] * 3),
        "rules": [(str, str, [str], [str])],
        "rule_index": _INDEX,
        "talk_index": _INDEX,
        "cards": {str: str},
        "referral": _Maybe(_QUOTE),
        "first": [str],
    },
}
"""The header's shape: a tuple is a list of just these, a list one of any length, `{str: …}` an object of any names."""


def _check_shape(found: Iterable[Any], shape: Any) -> None:
    """Raise ValueError unless all values have a shape. They are looked at side by side: one by one takes ten times."""
    if shape in (bool, dict, int, list, str):
        if not {*map(type, found)} <= {shape}:
            raise ValueError(f"not all of type {shape.__name__}")
        return
    values = [*found]
    if shape is float:
        if not {*map(type, values)} <= {float, int} or not all(map(isfinite, values)):
            raise ValueError("not all are numbers")
    elif isinstance(shape, _Maybe):
        _check_shape((value for value in values if value is not None), shape.shape)
    elif isinstance(shape, list):
        _check_shape(values, list)
        _check_shape(chain.from_iterable(values), shape[0])
    elif isinstance(shape, tuple):
        _check_shape(values, list)
        if not {*map(len, values)} <= {len(shape)}:
            raise ValueError(f"not all of {len(shape)} parts")
        for column, part in zip(zip(*values, strict=True), shape, strict=bool(values)):
            _check_shape(column, part)
    else:
        _check_shape(values, dict)
        if str in shape:
            _check_shape(chain.from_iterable(value.values() for value in values), shape[str])
            return
        for name, part in shape.items():
            _check_shape((value[name] for value in values), part)


def check_header(header: dict[str, Any], behind: int) -> None:
    """Raise ValueError where a value of a header has not the form that `save_model` gave it.

    `behind` it stand so many bytes of arrays.
    """
    _check_shape([header], _HEADER)
    sizes = header["sizes"].values()
    if min(sizes) < 0 or sum(sizes) != behind:
        raise ValueError("its arrays are not as long as the header says")


def check_model(model: Model) -> None:
    """Raise ValueError where parts of a model contradict each other. What takes long to look through is left to use."""
    pack, rows = model.pack, len(model.keys)
    if not (
        len(model.idf) == rows == len(model.starts) - 1
        and model.starts[0] == 0
        and model.starts[rows] == len(model.classes) == len(model.weights)
        and len(model.intercepts) == len(pack.intents) + len(KIND_ORDER) > len(KIND_ORDER)
        and len(model.example_keys) == len(model.example_intents)
    ):
        raise ValueError("arrays that do not fit each other")
    _check_numbers(model)
    _check_names(pack)
    _check_dates(pack)


def _check_dates(pack: Pack) -> None:
    """Raise ValueError where an article bears what no answer can write out as a date."""
    for day in (day for article in pack.articles.values() for day in (article.published, article.review_by) if day):
        if [part.isdecimal() for part in day.split("-")] != [True] * 3 or not 1 <= int(day[5:7]) <= 12:
            raise ValueError(f"{day!r} is no date")


def _check_numbers(model: Model) -> None:
    c = model.calibration
    if not (0 < model.scale < COARSEST and 1 < model.unknown_idf < 100):
        raise ValueError("its weights have no scale")
    if not all(0 <= number < STEEPEST for number in (c.intent_sharpness, c.kind_sharpness, c.top_sharpness)):
        raise ValueError("its scores have no sharpness")
    if len(c.kind_shares) != len(KIND_ORDER) or not all(0 <= share <= 1 for share in c.kind_shares):
        raise ValueError("its kinds have no shares")
    if not all(-HIGHEST < number < HIGHEST for number in model.intercepts):
        raise ValueError("its intents have no weight")
    for logistic in filter(None, (c.right, c.within)):
        _check_logistic(logistic)


def _check_logistic(logistic: Logistic) -> None:
    numbers = (*logistic.means, *logistic.weights, *logistic.scales, logistic.intercept)
    lengths = tuple(map(len, (logistic.means, logistic.scales, logistic.weights)))
    fitted = max(map(abs, numbers)) < STEEPEST and min(map(abs, logistic.scales), default=0.0) > 0
    if lengths != (MEASURES, MEASURES, MEASURES * (MEASURES + 3) // 2) or not fitted:
        raise ValueError("its confidence was never fitted")


def _check_names(pack: Pack) -> None:
    """Raise ValueError where a pack names what it does not hold, or quotes what is not there."""
    intents, cards, texts = pack.intents, pack.cards, {name: article.text for name, article in pack.articles.items()}
    quotes = [*chain.from_iterable(intent.quotes for intent in intents.values()), *filter(None, [pack.referral])]
    spans: list[tuple[str, Passage | Quote | Span | None]] = [
        (a.text, span) for a in pack.articles.values() for p in a.passages for span in (p, *p.sentences, p.lead_in)
    ]
    spans += [(texts[quote.article], span) for quote in quotes for span in (quote, quote.lead)]
    answering = {name for name, intent in intents.items() if intent.quotes}
    asked_for = {intent.card for intent in intents.values() if intent.card or intent.kind == "urgent"}
    passages = {(article.id, passage.id) for article in pack.articles.values() for passage in article.passages}
    if not (
        all(0 <= span.start < span.end <= len(text) for text, span in spans if span)
        and passages.issuperset((quote.article, quote.passage) for quote in quotes)
        and answering >= {*pack.first, *chain.from_iterable(intent.next for intent in intents.values())}
        and {intent.kind for intent in intents.values()} <= {*KIND_ORDER}
        and cards.keys() >= {"medical", *(rule.card for rule in pack.rules), *asked_for}
    ):
        raise ValueError("a pack that names what it does not hold")
