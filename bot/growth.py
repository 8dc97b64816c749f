"""How the bot grows: made-up packs, each ten times as large as the last, and what each takes to learn and to ask."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from bot.bench import AS_USUAL, BUILD, run
from bot.folder import fingerprint
from bot.header import write_header
from bot.signs import find_ends, spell_ways
from bot.types import Pack

__all__ = ["SIZES", "Growth", "Size", "chart", "choose_words", "measure_growth", "write_pack"]


@dataclass(frozen=True, slots=True)
class Size:
    """How large a pack is."""

    examples: int
    intents: int
    passages: int

    def __str__(self) -> str:
        return f"{self.examples:,} examples, {self.intents:,} intents, {self.passages:,} passages"


SIZES = (Size(1_000, 50, 100), Size(10_000, 500, 10_000), Size(100_000, 5_000, 200_000))

WORDS, FAVOURITES = 20_000, 8
"""Different words of a made-up pack, and those that the examples of one intent share."""

PASSAGES_EACH, INTENTS_EACH, ASKED = 2_000, 200, 300
"""Passages in an article, intents in a file, questions asked."""

SERVE = """\
import json, sys, time
from pathlib import Path
from rapidfuzz import fuzz, process
from bot import Bot
from bot.store import load_model
model, fingerprint, questions, examples = sys.argv[1:]
start = time.perf_counter()
bot = Bot(load_model(Path(model), fingerprint))
opened = time.perf_counter() - start
texts = Path(questions).read_text().splitlines()
bot.ask(texts[0])
times = []
for text in texts:
    start = time.perf_counter()
    bot.ask(text)
    times.append(time.perf_counter() - start)
try:
    import resource
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
except ImportError:  # Windows does not tell.
    memory = 0
every = Path(examples).read_text().splitlines()
start = time.perf_counter()
for text in texts[:10]:
    process.extractOne(text, every, scorer=fuzz.token_sort_ratio)
scan = (time.perf_counter() - start) / 10
times.sort()
print(json.dumps([opened, times[len(times) // 2], times[len(times) * 99 // 100], memory, scan]))
"""
"""Opens a model and asks it questions; prints seconds and bytes."""


@dataclass(frozen=True, slots=True)
class Growth:
    """One thing measured of every size, and what it may be at the largest."""

    name: str
    unit: str
    values: tuple[float, ...]
    limit: float | None = None

    @property
    def holds(self) -> bool:
        """Whether what was promised of it holds."""
        return self.limit is None or self.values[-1] <= self.limit

    def find_exponents(self, sizes: Sequence[Size]) -> list[float]:
        """From each size to the next: 1 where it grows as the examples do, 2 where it does as their square."""
        steps = zip(pairwise(self.values), pairwise(size.examples for size in sizes), strict=True)
        return [
            math.log(max(after, 1e-9) / max(before, 1e-9)) / math.log(more / fewer)
            for (before, after), (fewer, more) in steps
        ]


def choose_words(pack: Pack) -> list[str]:
    """Words for made-up packs, the commonest first: those of a pack's lexicon that are in none of its signs."""
    lines = (line.partition(":")[0] for line in pack.lexicon.split("\n"))
    flags = pack.rule_index[0] if pack.rule_index else {}
    ends = find_ends(flags)
    words = [w for w in lines if len(w) > 3 and w.isalpha() and spell_ways([w], ends).isdisjoint(flags)]
    random.Random(1).shuffle(words)
    return words[:WORDS]


def write_pack(root: Path, size: Size, words: Sequence[str]) -> list[str]:
    """Write a made-up pack of a size; returns its examples.

    Words are as frequent as in real texts (Zipf 1949). An intent's examples share a few favourites; each intent quotes
    one sentence.
    """
    chance, draw = random.Random(size.examples), np.random.default_rng(size.examples)
    shares = 1 / np.arange(1, len(words) + 1)
    common = iter(draw.choice(words, 24 * size.passages + 5 * size.examples, p=shares / shares.sum()).tolist())

    def say(count: int) -> str:
        return " ".join(next(common) for _ in range(count))

    for folder in ("corpus", "intents"):
        (root / folder).mkdir(parents=True)
    quotes: list[tuple[str, str]] = []
    for first in range(0, size.passages, PASSAGES_EACH):
        name, paragraphs = f"article{first}", []
        for number in range(first, min(first + PASSAGES_EACH, size.passages)):
            quotes.append((name, f"{say(12).capitalize()} number {number}."))
            paragraphs.append(f"{quotes[-1][1]} {say(12).capitalize()}.")
        about = {"title": name, "publisher": name, "licence": "made up"}
        others = dict.fromkeys(("published", "url", "retrieved", "interest", "review_by"), "none")
        body = "\n\n".join([name, *paragraphs]) + "\n"
        (root / "corpus" / f"{name}.txt").write_text(write_header({**about, **others}, body), encoding="utf-8")
    examples: list[str] = []
    for first in range(0, size.intents, INTENTS_EACH):
        lines = ["intents:"]
        for number in range(first, min(first + INTENTS_EACH, size.intents)):
            favourites = chance.sample(words, FAVOURITES)
            article, quote = chance.choice(quotes)
            lines += [f"  - intent: topic_{number}", f"    question: What of {' '.join(favourites[:3])}?"]
            lines += ["    answer:", f'      - {{article: {article}, quote: "{quote}"}}', "    examples: |"]
            for _ in range(size.examples // size.intents):
                examples.append(f"{' '.join(chance.sample(favourites, 3))} {say(5)}")
                lines.append(f"      - {examples[-1]}")
        (root / "intents" / f"topics{first}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return examples


def measure_growth(
    words: Sequence[str], progress: Callable[[str], None], sizes: Sequence[Size] = SIZES
) -> Iterator[Growth]:
    """What packs of these sizes take, measure by measure. `progress` is told what is being done."""
    rows = []
    for size in sizes:
        progress(f"{size}: writing")
        with tempfile.TemporaryDirectory() as folder:
            rows.append(_measure(Path(folder), size, words, progress))
    build, memory, file, opened, held, median, p99, scan = zip(*rows, strict=True)
    yield Growth("build: CPU", "s", build)
    yield Growth("build: memory", "MB", memory)
    yield Growth("model file", "MB", file)
    yield Growth("opening it", "ms", opened)
    yield Growth("memory, open", "MB", held)
    yield Growth("answer: p50", "ms", median)
    yield Growth("answer: p99", "ms", p99, limit=50.0)
    yield Growth("a rapidfuzz scan", "ms", scan)


def _measure(folder: Path, size: Size, words: Sequence[str], progress: Callable[[str], None]) -> tuple[float, ...]:
    root, model = folder / "pack", folder / "a.model"
    examples = write_pack(root, size, words)
    progress(f"{size}: learning")
    built = run([sys.executable, "-c", BUILD, str(root), str(model)])
    progress(f"{size}: asking")
    asked = random.Random(2).sample(examples, ASKED)
    mistyped = [text if number % 2 else _mistype(text) for number, text in enumerate(asked)]
    texts = []
    for name, lines in (("asked", mistyped), ("every", examples)):
        texts.append(folder / name)
        texts[-1].write_text("\n".join(lines), encoding="utf-8")
    command = [sys.executable, "-c", SERVE, str(model), fingerprint(root), *map(str, texts)]
    said = subprocess.run(command, env={**os.environ, **AS_USUAL}, stdout=subprocess.PIPE, check=True).stdout
    opened, median, p99, memory, scan = json.loads(said)
    file = model.stat().st_size / 1e6
    return built.cpu, built.memory / 1e6, file, 1000 * opened, memory / 1e6, 1000 * median, 1000 * p99, 1000 * scan


def _mistype(text: str) -> str:
    """The text with a letter left out of its longest word."""
    longest = max(text.split(), key=len)
    return text.replace(longest, longest[:2] + longest[3:], 1)


# --- what is printed --------------------------------------------------------------------------------

PLACES = 16
"""Characters for each tenfold."""


def chart(growths: Sequence[Growth], sizes: Sequence[Size] = SIZES) -> Iterator[str]:
    """The measures as lines of a table, and of a plot on a logarithmic scale."""
    width = max(len(growth.name) + len(growth.unit) + 2 for growth in growths)
    yield from (f"{number}  {size}" for number, size in enumerate(sizes, 1))
    yield ""
    heads = "".join(f"{number:>10}" for number in range(1, len(sizes) + 1))
    yield f"{'':{width}}{heads}   exponents      promised"
    for growth in growths:
        values = "".join(f"{_round(value):>10}" for value in growth.values)
        exponents = ", ".join(f"{exponent:.2f}" for exponent in growth.find_exponents(sizes))
        verdict = "holds" if growth.holds else "BROKEN"
        promised = f"≤ {growth.limit:g} {growth.unit}  {verdict}" if growth.limit else ""
        yield f"{growth.name + ', ' + growth.unit:{width}}{values}   {exponents:13}  {promised}".rstrip()
    yield ""
    tenfolds = range(round(math.log10(sizes[-1].examples / sizes[0].examples)) + 2)
    yield f"{'':{width}}  " + "".join(f"{f'{10**tenfold:,} ×':{PLACES}}" for tenfold in tenfolds).rstrip()
    for growth in growths:
        line = [" "] * (PLACES * len(tenfolds) + 1)
        for number, value in enumerate(growth.values, 1):
            at = round(PLACES * math.log10(max(value, 1e-9) / max(growth.values[0], 1e-9)))
            line[min(max(at, 0), len(line) - 1)] = str(number)
        yield f"{growth.name:{width}}  {''.join(line)}".rstrip()


def _round(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
