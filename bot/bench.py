"""How fast the bot is, beside what its parts and other ways would take: each figure a ratio within one run.

A machine is slow one minute and fast the next, so whole programs take turns, and what is compared was measured side by
side. The floors are Python, rapidfuzz, NumPy and prompt_toolkit by themselves; the baselines a bot as scikit-learn's
first page would have it, scikit-learn's own arithmetic on this bot's weights, and rapidfuzz over all examples.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from rapidfuzz import fuzz, process
from scipy import sparse
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from bot.cache import is_small
from bot.describe import describe
from bot.engine import Bot
from bot.features import BLOCK_WEIGHTS, extract, feature_key, feature_keys
from bot.lessons import learned_from
from bot.model import Model
from bot.session import Session
from bot.text import index_phrases, replace_phrases, split_words
from bot.train import read_texts
from bot.types import Pack

__all__ = ["AS_USUAL", "BUILD", "Figure", "Progress", "Run", "measure", "run", "tabulate", "to_json"]

ROUNDS = 9
"""Times that each program is started."""

QUESTIONS, TYPOS = 200, 2
"""Questions asked of an open bot; every how many of them is mistyped."""

SCANNED = 20
"""Questions for which all examples are scanned, which takes long."""

Progress = Callable[[str], None]

NAIVE = """\
import sys
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import linear_kernel
passages = [p for name in sys.argv[2:] for p in open(name, encoding="utf-8").read().split("\\n\\n") if p.strip()]
vectorizer = TfidfVectorizer(ngram_range=(1, 2))
matrix = vectorizer.fit_transform(passages)
print(passages[linear_kernel(vectorizer.transform([sys.argv[1]]), matrix)[0].argmax()])
"""
"""A bot as one would write it first: the passage that is nearest by TF-IDF."""


@dataclass(frozen=True)
class Figure:
    """One thing measured: its median, least and most in `unit`, and its ratio to what it is held `against`.

    `bound` is what the ratio should not exceed, or, with `is_floor`, not fall below; `limit` the same for the median,
    where one is promised; None where nothing is.
    """

    name: str
    unit: str
    median: float
    least: float
    most: float
    against: str
    ratio: float
    bound: float | None = None
    is_floor: bool = False
    limit: float | None = None

    @property
    def holds(self) -> bool:
        """Whether what was promised of it holds."""
        within = self.bound is None or (self.ratio >= self.bound if self.is_floor else self.ratio <= self.bound)
        return within and (self.limit is None or self.median <= self.limit)


def measure(root: Path, pack: Pack, bot: Bot, progress: Progress, questions: Sequence[str] = ()) -> Iterator[Figure]:
    """All figures of a pack, in the order of the table. `progress` is told what is being measured.

    `questions` are asked of the open bot; without them, some of the pack's own, every other one mistyped.
    """
    yield from _measure_programs(root, progress)
    yield from _measure_answers(pack, bot, progress, questions or choose_questions(pack))
    yield from _measure_build(root, pack, progress)


# --- whole programs ---------------------------------------------------------------------------------


LAUNCH = """\
import os, sys, time
quiet = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
start = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, used = os.wait4(child, 0)
print(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status) not in (0, 1))  # 1: it declined to answer, which takes as long.
"""
"""Starts a program and says what it took. A process is charged with the memory that its parent held when it started,
so the parent must be a small one."""


@dataclass(frozen=True)
class Run:
    """What one program took: seconds from its start, seconds of CPU, bytes of memory at most."""

    seconds: float
    cpu: float
    memory: float


AS_USUAL = {"PYTHONDONTWRITEBYTECODE": ""}
"""Python keeps what it compiled, as on a user's machine: a program that is compiled at every start measures that."""


def run(command: Sequence[str], env: Mapping[str, str] | None = None) -> Run:
    surroundings = {**os.environ, **AS_USUAL, **(env or {})}
    if not hasattr(os, "wait4"):  # Windows tells nothing but the time.
        start = time.perf_counter()
        done = subprocess.run(command, env=surroundings, capture_output=True, stdin=subprocess.DEVNULL, check=False)
        if done.returncode not in (0, 1):
            raise RuntimeError("a program that was measured failed")
        return Run(time.perf_counter() - start, 0.0, 0.0)
    launch = [sys.executable, "-c", LAUNCH, *command]
    done = subprocess.run(launch, env=surroundings, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise RuntimeError("a program that was measured failed")  # Its time would be that of its failure.
    seconds, cpu, memory = map(float, done.stdout.split())
    return Run(seconds, cpu, memory * (1 if sys.platform == "darwin" else 1024))


def _await_prompt(command: Sequence[str]) -> Run:
    """Until a program has drawn a prompt in a terminal of its own, and asked where the cursor is, as it does first."""
    import pty  # noqa: PLC0415 (there is none on Windows)

    start = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(AS_USUAL, TERM="xterm-256color")
        os.execv(command[0], list(command))
    shown = b""
    with suppress(OSError):
        while b"\x1b[6n" not in shown and (some := os.read(terminal, 4096)):
            shown += some
    seconds = time.perf_counter() - start
    os.kill(child, 9)
    os.close(terminal)
    os.waitpid(child, 0)
    return Run(seconds, 0.0, 0)


def _measure_programs(root: Path, progress: Progress) -> Iterator[Figure]:
    python, bot = [sys.executable], [sys.executable, "-m", "bot", "--pack", str(root)]
    articles = sorted(map(str, (root / "corpus").glob("*.txt")))
    question = "cant do up my buttons since the stroke"
    programs = {
        "python": [*python, "-c", "pass"],
        "import rapidfuzz": [*python, "-c", "import rapidfuzz"],
        "import numpy": [*python, "-c", "import numpy"],
        "import prompt_toolkit": [*python, "-c", "import prompt_toolkit"],
        "--help": [*bot, "--help"],
        "ask": [*bot, "ask", question],
        "ask, mistyped": [*bot, "ask", "cant do up my buttns since the strok"],
    }
    if articles:
        programs["a naive scikit-learn bot"] = [*python, "-c", NAIVE, question, *articles]
    runs: dict[str, list[Run]] = defaultdict(list)
    for number in range(ROUNDS + 1):
        progress(f"starting programs … {number}/{ROUNDS}")
        for name, command in programs.items():
            runs[name].append(run(command))
        if os.name == "posix":
            runs["prompt"].append(_await_prompt(bot))
    for taken in runs.values():
        del taken[0]  # It found nothing in the disk's memory.
    for name, against, bound, is_floor in (
        ("python", "python", None, False),
        ("import rapidfuzz", "python", None, False),
        ("import numpy", "python", None, False),
        ("--help", "python", 3.5, False),
        ("ask", "import rapidfuzz", 2.5, False),
        ("ask, mistyped", "import rapidfuzz", None, False),
        ("a naive scikit-learn bot", "ask", 10.0, True),
        ("prompt", "import prompt_toolkit", 1.5, False),
    ):
        if runs[name]:
            one, other = ([1000 * run.seconds for run in runs[which]] for which in (name, against))
            yield _compare(f"start: {name}", "ms", one, other, against, bound, is_floor)
    if peak := [run.memory / 1e6 for run in runs["ask"] if run.memory]:
        bare = [run.memory / 1e6 for run in runs["python"]]
        above = max(peak) - max(bare)
        yield Figure("memory: ask", "MB", statistics.median(peak), min(peak), max(peak), "python", _ratio(peak, bare))
        yield Figure(
            "memory: ask, above bare Python", "MB", above, above, above, "python", above / max(bare), limit=60.0
        )


def _compare(
    name: str,
    unit: str,
    taken: Sequence[float],
    other: Sequence[float],
    against: str,
    bound: float | None = None,
    is_floor: bool = False,
) -> Figure:
    middle = statistics.median(taken)
    return Figure(name, unit, middle, min(taken), max(taken), against, _ratio(taken, other), bound, is_floor)


def _ratio(taken: Sequence[float], other: Sequence[float]) -> float:
    """The median of the ratios of what was measured side by side."""
    return statistics.median(one / two for one, two in zip(taken, other, strict=True))


# --- an open bot ------------------------------------------------------------------------------------


def choose_questions(pack: Pack) -> list[str]:
    """Questions to ask: the pack's own tests, and examples of it; every other one mistyped. Always the same ones."""
    draw = Random(0)
    tests = [turn.ask for test in pack.tests for turn in test.turns]
    examples = [example.text for intent in pack.intents.values() for example in intent.examples]
    chosen = [*tests, *draw.sample(examples, min(len(examples), QUESTIONS))][:QUESTIONS]
    return [_mistype(text, draw) if number % TYPOS else text for number, text in enumerate(chosen)]


def _mistype(text: str, draw: Random) -> str:
    """A text with two neighbouring letters of its longest word swapped."""
    word = max(text.split(), key=len, default="")
    at = draw.randrange(max(1, len(word) - 1))
    return text.replace(word, word[:at] + word[at : at + 2][::-1] + word[at + 2 :], 1)


def _measure_answers(pack: Pack, bot: Bot, progress: Progress, questions: Sequence[str]) -> Iterator[Figure]:
    progress("asking an open bot")
    phrases = index_phrases(pack.synonyms)
    words = [replace_phrases(split_words(question), phrases) for question in questions]
    _ask_all(bot, questions)
    answers = [1000 * seconds for _ in range(3) for seconds in _time_each(lambda q: bot.reply(q, Session()), questions)]
    progress("asking scikit-learn with the same weights")
    predict = _build_pipeline(pack, bot.model)
    for text in words:
        served, own = bot.model.score(text), predict(text)
        if not np.allclose([*served.intents, *served.kinds], own, atol=0.02):
            raise RuntimeError("scikit-learn's scores are not those that are served")
    scored = [1000 * seconds for seconds in _time_each(bot.model.score, words)]
    predicted = [1000 * seconds for seconds in _time_each(predict, words)]
    progress("scanning all examples with rapidfuzz")
    examples = [example.text for intent in pack.intents.values() for example in intent.examples]
    scanned = [
        1000 * seconds
        for seconds in _time_each(
            lambda q: process.extractOne(q, examples, scorer=fuzz.token_sort_ratio), questions[:SCANNED]
        )
    ]
    middle, most = statistics.median(answers), max(answers)
    p99 = statistics.quantiles(answers, n=100)[98]
    scan = statistics.median(scanned)
    yield Figure("answer: p50", "ms", middle, min(answers), most, "a rapidfuzz scan", middle / scan, limit=2.0)
    yield Figure("answer: p99", "ms", p99, p99, most, "a rapidfuzz scan", p99 / scan, limit=8.0)
    yield _compare("scikit-learn's transform and predict", "ms", predicted, scored, "the same here", 3.0, is_floor=True)
    progress("asking with 4 threads")
    alone, together = zip(*(_race(bot, questions[: QUESTIONS // 4]) for _ in range(ROUNDS)), strict=True)
    yield _compare("answer: 4 threads at once", "s", together, alone, "one after the other", 1.1)


def _time_each(do: Callable[[str], object] | Callable[[list[str]], object], things: Sequence[object]) -> list[float]:
    taken = []
    for thing in things:
        start = time.perf_counter()
        do(thing)  # type: ignore[arg-type]
        taken.append(time.perf_counter() - start)
    return taken


def _ask_all(bot: Bot, questions: Sequence[str]) -> None:
    for question in questions:
        bot.reply(question, Session())


def _race(bot: Bot, questions: Sequence[str]) -> tuple[float, float]:
    """Seconds for four times the questions: by one thread, and by four at once."""
    start = time.perf_counter()
    for _ in range(4):
        _ask_all(bot, questions)
    alone = time.perf_counter() - start
    start = time.perf_counter()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: _ask_all(bot, questions), range(4)))
    return alone, time.perf_counter() - start


def _build_pipeline(pack: Pack, model: Model) -> Callable[[list[str]], Any]:
    """Scikit-learn's own way from words to the scores of all intents and kinds, with the model's weights."""
    read = read_texts(pack)
    blocks = describe(read.texts, {word: model.stem(word) for word in read.counts}, model.lexicon, model.unknown_idf)
    keys = np.asarray(model.keys)
    names = [[name for name in block.names if _has(keys, name)] for block in blocks]
    rows = [np.searchsorted(keys, feature_keys(some)) for some in names]
    weights = sparse.csr_matrix(
        (np.asarray(model.weights) * model.scale, np.asarray(model.classes), np.asarray(model.starts)),
        shape=(len(keys), len(model.intercepts)),
    )
    vectorizers = []
    for number, (some, at) in enumerate(zip(names[:2], rows[:2], strict=True)):
        analyzer = lambda words, number=number: extract(words, model.stem)[number]  # noqa: E731
        vectorizer = TfidfVectorizer(analyzer=analyzer, sublinear_tf=True, vocabulary=some)
        vectorizer.idf_ = np.asarray(model.idf)[at]
        vectorizers.append(vectorizer)
    concepts = DictVectorizer().fit([dict.fromkeys(names[2], 1.0)])
    parts = [weights[at] * np.sqrt(share) for at, share in zip(rows, BLOCK_WEIGHTS, strict=True)]
    parts[2] = parts[2][np.searchsorted(names[2], concepts.get_feature_names_out())]
    joined = sparse.vstack(parts, format="csr")
    intercepts = np.asarray(model.intercepts)

    def predict(words: list[str]) -> Any:
        blocks = [vectorizer.transform([words]) for vectorizer in vectorizers]
        found: dict[str, float] = {}
        for word in words:
            for name, nearness in model.lexicon.concepts(word):
                found[f"k{name}"] = found.get(f"k{name}", 0.0) + nearness * model.rarity(word)
        blocks.append(normalize(concepts.transform([found])))
        return (sparse.hstack(blocks, format="csr") @ joined).toarray()[0] + intercepts

    return predict


def _has(keys: Any, name: str) -> bool:
    at = np.searchsorted(keys, feature_key(name))
    return bool(at < len(keys) and keys[at] == feature_key(name))


# --- the build --------------------------------------------------------------------------------------


BUILD = """\
import sys
from pathlib import Path
from bot.store import save_model
from bot.pack import load_pack
from bot.train import train
save_model(train(load_pack(Path(sys.argv[1]))), Path(sys.argv[2]))
"""
"""Learns a pack as a first start does, whatever models lie about."""


def _measure_build(root: Path, pack: Pack, progress: Progress) -> Iterator[Figure]:
    progress("building the model")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cache" / f"{learned_from(pack)}-{pack.fingerprint}.model"
        floor = run([sys.executable, "-c", "import sklearn.svm"])
        built = run([sys.executable, "-c", BUILD, str(root), str(file)])
        size = file.stat().st_size / 1e6
        files = sum(path.stat().st_size for path in root.glob("intents/**/*") if path.is_file()) / 1e6
        for name, unit, one, other, against, limit in (
            ("build: CPU", "s", built.cpu, floor.cpu, "import sklearn.svm", 15.0),
            ("build: memory", "MB", built.memory / 1e6, floor.memory / 1e6, "import sklearn.svm", 600.0),
            ("model file", "MB", size, files, "the pack's files", 15.0),
        ):
            if one:  # Windows tells neither CPU nor memory.
                yield Figure(name, unit, one, one, one, against, one / other, limit=limit)
        if built.cpu and not is_small(pack):
            progress("asking after an edit")
            taken = _ask_after_an_edit(root, pack, file.parent)
            yield _compare("edit: CPU of the next ask", "s", [taken.cpu], [built.cpu], "build: CPU", 0.3)


def _ask_after_an_edit(root: Path, pack: Pack, cache: Path) -> Run:
    """What an answer takes when a line was added to one file of a pack whose model is in `cache`."""
    copy = cache.parent / "pack"
    for name in ("corpus", "intents"):
        if (root / name).is_dir():
            shutil.copytree(root / name, copy / name)
    last = next(intent for intent in pack.intents.values() if intent.examples).examples[-1]
    path = copy / last.file
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines.insert(last.line, lines[last.line - 1].replace(last.text, f"{last.text}, please tell me"))
    path.write_text("".join(lines), encoding="utf-8")
    command = [sys.executable, "-m", "bot", "--pack", str(copy), "ask", f"{last.text}, please tell me"]
    return run(command, {"PATIENT_GUIDE_CACHE": str(cache)})


# --- what is printed --------------------------------------------------------------------------------


def tabulate(figures: Sequence[Figure]) -> Iterator[str]:
    """The lines of a table: each figure with its spread, its ratio, and what was promised of either."""
    rows = [("", "median", "least to most", "ratio", "to", "promised", "")]
    for figure in figures:
        promise = [] if figure.bound is None else [f"{'≥' if figure.is_floor else '≤'} {figure.bound:g} ×"]
        promise += [] if figure.limit is None else [f"≤ {figure.limit:g} {figure.unit}"]
        rows.append(
            (
                figure.name,
                f"{_round(figure.median)} {figure.unit}",
                f"{_round(figure.least)} to {_round(figure.most)}",
                f"{_round(figure.ratio)} ×",
                figure.against,
                " ".join(promise),
                "" if not promise else "holds" if figure.holds else "BROKEN",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()


def _round(number: float) -> str:
    """Three digits of a number: enough to compare, and no more than can be measured."""
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def to_json(figures: Sequence[Figure]) -> str:
    """All figures as a JSON object, to compare two versions with."""
    rows = [{**asdict(figure), "holds": figure.holds} for figure in figures]
    return json.dumps({"python": sys.version.split()[0], "platform": sys.platform, "figures": rows}, indent=2)
