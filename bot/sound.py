"""Whether a stored model, whose check sum fits, is one that the bot can answer with: its header's form, and what
its parts say of each other.

Most numbers in its arrays are not looked at, nor are its texts read as signs, wording or lexicon: that would take
longer than all the rest of a start.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from math import isfinite
from typing import Any

from bot.model import KIND_ORDER, Logistic, Model
from bot.types import Article, Intent, Quote, SignIndex, Span

__all__ = ["check_header", "check_model"]

MEASURES = 6
"""What `Model.measure` returns; `Logistic` weighs these and their products."""

STEEPEST, HIGHEST, COARSEST = 1e6, 100.0, 1e-3
"""What no fitted number, no score of an intent before a word is read, and no scale of weights comes near to."""


class _Either:
    def __init__(self, *forms: Any) -> None:
        self.forms = forms


_WORDS = [str]
_SPAN = (int, int)
_QUOTE = (str, str, int, int, _Either(None, _SPAN))
_PASSAGE = (str, str, str, int, int, str, [_SPAN], _Either(None, _SPAN))
_MAYBE = _Either(str, None)
_ARTICLE = (
    *(str, str, str, _MAYBE, _MAYBE, str, str, str, _MAYBE, str),
    *(_WORDS, str, [_PASSAGE], [(int, int, str, str)], int),
)
_INDEX = ({str: [int]}, [[[int]]])
_LOGISTIC = _Either(None, ([float], [float], [float], float))
_HEADER: dict[str, Any] = {
    "scale": float,
    "unknown_idf": float,
    "learned_from": str,
    "vocabulary": str,
    "targets": str,
    "calibration": (float, float, float, [float], _LOGISTIC, _LOGISTIC, float, [(int, float, float)]),
    "mistakes": [(int, int, int, int, float, float, bool)],
}
_PACK: dict[str, Any] = {
    "name": str,
    "articles": [_ARTICLE],
    "intents": [(str, str, str, [], [_QUOTE], str, _WORDS, str, str, str, int)],
    "synonyms": {str: str},
    "wording": {str: str},
    "talk": ({str: _WORDS}, *[_WORDS] * 6, *[[_WORDS]] * 3),
    "rules": [(str, str, _WORDS, _WORDS)],
    "rule_index": _INDEX,
    "talk_index": _INDEX,
    "cards": {str: str},
    "referral": _Either(None, _QUOTE),
    "first": _WORDS,
}


def check_header(header: dict[str, Any], behind: int) -> None:
    """Raise ValueError where a value of a header has not the form that `save_model` gave it.

    `behind` it stand so many bytes of arrays.
    """
    sizes = list(header["sizes"].values())
    if not _fits(sizes, [int]) or min(sizes) < 0 or sum(sizes) != behind:
        raise ValueError("its arrays are not as long as the header says")
    for part, forms in ((header, _HEADER), (header["pack"], _PACK)):
        for name, form in forms.items():
            if not _fits(part[name], form):
                raise ValueError(f"{name} has another form than it should have")


def _fits(value: Any, form: Any) -> bool:
    """Whether a value read from JSON has a form: a type, a list of one form, a tuple of forms, a table."""
    if form is float:
        return type(value) is float and isfinite(value)
    if isinstance(form, type) or form is None:
        return value is None if form is None else type(value) is form
    if isinstance(form, _Either):
        return any(_fits(value, one) for one in form.forms)
    if isinstance(form, dict):
        (inner,) = form.values()
        return type(value) is dict and _fits(list(value.values()), [inner])
    if type(value) is not list:
        return False
    if isinstance(form, tuple):
        return len(value) == len(form) and all(map(_fits, value, form))
    # Most are lists of these, or lists of lists of them: looked at together they take a third of the time.
    if not form or form[0] in (int, str):
        return set(map(type, value)) <= set(form)
    if isinstance(form[0], list):
        return set(map(type, value)) <= {list} and _fits(list(chain.from_iterable(value)), form[0])
    return all(_fits(item, form[0]) for item in value)


def check_model(model: Model) -> None:
    """Raise ValueError where parts of a model contradict each other."""
    pack, size = model.pack, len(model.keys)
    rows = len(model.idf) == size and len(model.starts) == size + 1 and model.starts[-1] == len(model.weights)
    if not rows or len(model.classes) != len(model.weights):
        raise ValueError("its arrays are not of one model")
    if len(model.example_keys) != len(model.example_intents):
        raise ValueError("its examples are not of one model")
    if len(model.intercepts) != len(pack.intents) + len(KIND_ORDER) or not pack.intents:
        raise ValueError("its intents are not those it learned")
    model.lexicon.lines.decode()
    _check_numbers(model)
    for intent in pack.intents.values():
        _check_intent(intent, model)
    for article in pack.articles.values():
        _check_article(article)
    if pack.referral:
        _check_quote(pack.referral, model)
    _check_names(pack.first, model)
    if not {"medical", *(rule.card for rule in pack.rules)} <= pack.cards.keys():
        raise ValueError("a safety card is missing")
    _check_index(pack.rule_index, [rule.when for rule in pack.rules])
    _check_index(pack.talk_index, list(pack.talk.follow_ups.values()))


def _check_index(index: SignIndex | None, lists: Sequence[Sequence[str]]) -> None:
    words, found = index or ({}, ())
    known = [*chain.from_iterable(words.values()), *(n for rows in found for row in rows for n in row[2:])]
    places = [(row[0], row[1]) for rows in found for row in rows if len(row) > 1]
    inside = not known or (min(known) >= 0 and max(known) < len(found))
    whole = len(places) == sum(map(len, found))
    if not (inside and whole and all(0 <= p < len(lists) and 0 <= n < len(lists[p]) for p, n in places)):
        raise ValueError("an index is not that of its signs")


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


def _check_intent(intent: Intent, model: Model) -> None:
    if intent.kind not in KIND_ORDER:
        raise ValueError(f"there is no kind {intent.kind!r}")
    if intent.kind == "urgent" and intent.card not in model.pack.cards:
        raise ValueError(f"there is no card {intent.card!r}")
    for quote in intent.quotes:
        _check_quote(quote, model)
    _check_names(intent.next, model)


def _check_names(names: Any, model: Model) -> None:
    if not all(name in model.pack.intents and model.pack.intents[name].quotes for name in names):
        raise ValueError("an intent leads to none")


def _check_quote(quote: Quote, model: Model) -> None:
    article = model.pack.articles.get(quote.article)
    if not article or not any(passage.id == quote.passage for passage in article.passages):
        raise ValueError("a quote names no passage")
    _check_span(Span(quote.start, quote.end), article)
    if quote.lead:
        _check_span(quote.lead, article)


def _check_article(article: Article) -> None:
    for day in filter(None, (article.published, article.review_by)):
        if [part.isdecimal() for part in day.split("-")] != [True] * 3 or not 1 <= int(day[5:7]) <= 12:
            raise ValueError(f"{day!r} is no date")
    for passage in article.passages:
        _check_span(Span(passage.start, passage.end), article)
        for sentence in passage.sentences:
            _check_span(sentence, article)


def _check_span(span: Span, article: Article) -> None:
    if not 0 <= span.start < span.end <= len(article.text):
        raise ValueError(f"a stretch lies outside of {article.id}")
