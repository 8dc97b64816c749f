"""Words to features: the four views of an utterance that training and serving share.

1. stems, and all unordered pairs of stems;  2. character n-grams inside words;
3. words and their bigrams;                  4. stem bigrams and stem pairs with one word between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from zlib import crc32

__all__ = ["BLOCKS", "BLOCK_WEIGHTS", "extract", "feature_key"]

BLOCKS = ("stems", "characters", "words", "sequences")
BLOCK_WEIGHTS = (0.7, 0.5, 0.3, 0.4)
"""Squared length of each block's vector. Chosen by cross-validation over the draft examples."""

_LONGEST_PAIRING = 40  # stems: what stands further apart than this in a rambling story is no pair


def extract(words: Sequence[str], stem: Callable[[str], str]) -> tuple[list[str], list[str], list[str], list[str]]:
    """The features of an utterance, block by block, repeated as often as they occur.

    >>> [len(block) for block in extract(["tie", "shoes"], str)]
    [3, 28, 3, 1]
    """
    stems = [stem(word) for word in words]
    return (
        [f"s{s}" for s in stems] + list(_pairs(stems)),
        [gram for word in words for gram in _grams(word)],
        [f"w{w}" for w in words] + [f"b{a} {b}" for a, b in pairwise(words)],
        [f"d{a} {b}" for a, b in pairwise(stems)] + [f"k{a} {b}" for a, b in zip(stems, stems[2:], strict=False)],
    )


def _pairs(stems: list[str]) -> Iterator[str]:
    unique = sorted(dict.fromkeys(stems[:_LONGEST_PAIRING]))
    for i, one in enumerate(unique):
        for other in unique[i + 1 :]:
            yield f"p{one} {other}"


def _grams(word: str) -> Iterator[str]:
    padded = f" {word} "
    for size in (2, 3, 4, 5):
        if len(padded) <= size:
            yield f"c{padded}"
            return
        for i in range(len(padded) - size + 1):
            yield f"c{padded[i : i + size]}"


def feature_key(feature: str) -> int:
    """The 32-bit key under which a feature is stored (feature hashing, Weinberger et al. 2009)."""
    return crc32(feature.encode())
