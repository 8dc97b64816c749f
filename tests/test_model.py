from __future__ import annotations

import math
import os
import subprocess
import sys
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize
from Stemmer import Stemmer

from bot import Bot
from bot.errors import ModelError
from bot.examples import Machines
from bot.features import BLOCK_WEIGHTS, extract
from bot.folder import fingerprint
from bot.learner import FEW_PENALTY
from bot.lessons import examples_of
from bot.model import KIND_ORDER, Model
from bot.pack import load_pack
from bot.store import _ARRAYS, load_model, save_model
from bot.text import index_phrases, replace_phrases, split_words
from bot.train import train
from bot.vectors import hasten
from conftest import PACKS, ROOT

TINY = PACKS / "tiny"

QUESTIONS = ("can i leave the van in the garage", "may my sister visit", "should i take tablets", "zzz", "")


@pytest.fixture(scope="module")
def model(cache: Path) -> Model:
    return train(load_pack(TINY))


def test_served_scores_equal_scikit_learns_own(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train the same logistic regressions again with scikit-learn alone and compare their decision functions."""
    monkeypatch.setattr("bot.learner.SMALLEST_PART", 0.0)
    pack = load_pack(TINY)
    served = train(pack)
    stem = Stemmer("english", 0).stemWord
    table = index_phrases(pack.synonyms)

    def words_of(text: str) -> list[str]:
        return replace_phrases(split_words(text), table)

    def features(text: str) -> list[list[str]]:
        return list(extract(words_of(text), stem))

    said: list[str] = []
    texts, labels, kinds = [], [], []
    for i, intent in enumerate(pack.intents.values()):
        for text in [*(e.text for e in intent.examples), intent.question, intent.name.replace("_", " ")]:
            if text:
                said.append(text)
                texts.append(features(text))
                labels.append(i)
                kinds.append(KIND_ORDER.index(intent.kind))
    asked = [features(question) for question in QUESTIONS]
    blocks, wanted = [], []
    for b, weight in enumerate(BLOCK_WEIGHTS[:-1]):
        vectorizer = TfidfVectorizer(analyzer=list, sublinear_tf=True)
        blocks.append(vectorizer.fit_transform([t[b] for t in texts]) * math.sqrt(weight))
        wanted.append(vectorizer.transform([t[b] for t in asked]) * math.sqrt(weight))
        if b == 0:
            idf = dict(zip(vectorizer.get_feature_names_out(), vectorizer.idf_, strict=True))
    rarest = math.log((1 + len(texts)) / 2) + 1

    def concepts(text: str) -> dict[str, float]:
        found: Counter[str] = Counter()
        for word in words_of(text):
            for name, nearness in served.lexicon.concepts(word):
                found[name] += nearness * idf.get(f"s{stem(word)}", rarest)
        return found

    names = DictVectorizer()
    blocks.append(normalize(names.fit_transform(map(concepts, said))) * math.sqrt(BLOCK_WEIGHTS[-1]))
    wanted.append(normalize(names.transform(map(concepts, QUESTIONS))) * math.sqrt(BLOCK_WEIGHTS[-1]))
    assert blocks[-1].nnz, "the lexicon must have a say"
    matrix, queries = sparse.hstack(blocks, "csr"), sparse.hstack(wanted, "csr")
    rows = [i for i, kind in enumerate(kinds) if kind == 0]
    close = 0.1  # The served one stops short of the very optimum.
    by_intent, by_kind = (LogisticRegression(C=FEW_PENALTY, max_iter=5000, tol=1e-8) for _ in range(2))
    by_intent.fit(matrix[rows], np.array(labels)[rows])
    by_kind.fit(matrix, kinds)
    for question, expected, expected_kinds in zip(
        QUESTIONS, by_intent.decision_function(queries), by_kind.decision_function(queries), strict=True
    ):
        scores = served.score(replace_phrases(split_words(question), table))
        assert scores.intents[: len(expected)] == pytest.approx(expected, abs=close)
        assert [scores.kinds[kind] for kind in by_kind.classes_] == pytest.approx(expected_kinds, abs=close)


def test_what_is_served_was_learned_to_the_number(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The features of many texts at once, and the weights of many examples, as `Model.score` has them one by one."""
    seen: list[tuple[Any, Any]] = []

    class Watched(Machines):
        def join_weights(self) -> Any:
            seen.append((self._examples.matrix, super().join_weights()))
            return seen[-1][1]

    monkeypatch.setattr("bot.learner.FEW", 0)
    monkeypatch.setattr("bot.train.Machines", Watched)
    pack = load_pack(TINY)
    served = train(pack)
    ((matrix, weights),) = seen
    expected = (matrix @ weights).toarray() + np.asarray(served.intercepts)
    table = index_phrases(pack.synonyms)
    examples = [example for intent in pack.intents.values() for example in examples_of(intent)]
    assert len(examples) == len(expected) > 40
    for example, row in zip(examples, expected, strict=True):
        scores = served.score(replace_phrases(example.words, table))
        assert [*scores.intents, *scores.kinds] == pytest.approx(row, abs=2e-3)


def test_a_model_comes_back_from_its_file_as_it_was(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.model"
    save_model(model, path)
    back = load_model(path, model.pack.fingerprint)
    assert [p.name for p in path.parent.iterdir()] == ["a.model"]
    assert back.pack.articles == model.pack.articles
    assert back.pack.rules == model.pack.rules
    assert back.calibration == model.calibration
    for question in QUESTIONS:
        words = split_words(question)
        assert back.score(words).intents == pytest.approx(model.score(words).intents, abs=1e-6)


def test_training_twice_gives_the_same_bytes(model: Model, tmp_path: Path) -> None:
    save_model(model, tmp_path / "a")
    save_model(train(load_pack(TINY)), tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_neither_the_order_of_files_nor_the_number_of_threads_changes_a_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = Path(__file__).parent / "packs" / "broken" / "all_alike"
    save_model(train(load_pack(small)), tmp_path / "a")
    found = Path.glob
    monkeypatch.setattr(Path, "glob", lambda folder, pattern: iter(sorted(found(folder, pattern), reverse=True)))
    save_model(train(load_pack(small)), tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    for threads in ("1", "4"):
        cache = tmp_path / threads
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        surroundings = {**os.environ, "PATIENT_GUIDE_CACHE": str(cache), **dict.fromkeys(names, threads)}
        command = [sys.executable, "-m", "bot", "--pack", str(small), "ask", "roses"]
        subprocess.run(command, env=surroundings, cwd=ROOT, check=False, capture_output=True, timeout=120)
        (built,) = cache.glob("*.model")
        assert built.read_bytes() == (tmp_path / "a").read_bytes()


def test_a_damaged_or_foreign_file_is_refused(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "a.model"
    save_model(model, path)
    whole = path.read_bytes()
    bad = [b"", whole[:100], whole[:-1], whole[:500] + b"\x00" + whole[501:], b"\x80\x04pickle", whole + b" "]
    for body in bad:
        path.write_bytes(body)
        with pytest.raises(ModelError):
            load_model(path, model.pack.fingerprint)
    path.write_bytes(whole)
    with pytest.raises(ModelError, match="another pack"):
        load_model(path, "0" * 32)


def test_a_damaged_cache_is_rebuilt_and_an_edit_is_seen(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATIENT_GUIDE_CACHE", str(tmp_path / "cache"))
    before = Bot.load(pack).ask("is parking free")
    (stored,) = (tmp_path / "cache").iterdir()
    stored.write_bytes(b"junk")
    assert Bot.load(pack).ask("is parking free") == before
    assert load_model(stored, fingerprint(pack))
    path = pack / "intents" / "visiting.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("Hello. Ask me", "Hi. Ask me"), encoding="utf-8")
    assert Bot.load(pack).ask("hello").text.startswith("Hi.")


@pytest.mark.parametrize("more", range(8))
def test_the_numbers_of_a_stored_model_start_where_they_may_lie(model: Model, tmp_path: Path, more: int) -> None:
    """Else NumPy would copy all of them for every question."""
    path = tmp_path / "a.model"
    save_model(replace(model, pack=replace(model.pack, name="x" * more)), path)
    stored = load_model(path, model.pack.fingerprint)
    assert all(np.asarray(getattr(stored, name)).flags.aligned for name in _ARRAYS)


def test_a_change_of_wording_learns_nothing_anew(pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATIENT_GUIDE_CACHE", str(tmp_path / "cache"))
    Bot.load(pack)
    learned = []
    monkeypatch.setattr("bot.train.train", lambda pack, progress: learned.append(pack) or train(pack))
    path = pack / "intents" / "visiting.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("Hello. Ask me", "Hi. Ask me"), encoding="utf-8")
    assert Bot.load(pack).ask("hello").text.startswith("Hi.")
    assert not learned
    path.write_text(
        path.read_text(encoding="utf-8").replace("- hello", "- hello\n      - ahoy matey"), encoding="utf-8"
    )
    assert Bot.load(pack).ask("ahoy matey").text.startswith("Hi.")
    assert len(learned) == 1


def test_a_cache_that_cannot_be_written_is_done_without(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("PATIENT_GUIDE_CACHE", str(blocked))
    assert Bot.load(pack).ask("is parking free").kind == "answer"


def test_a_pack_of_replies_alone_without_corpus_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATIENT_GUIDE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "p" / "intents").mkdir(parents=True)
    (tmp_path / "p" / "intents" / "a.yaml").write_text(
        "intents:\n"
        "  - intent: lights_on\n    kind: smalltalk\n    reply: Lit.\n"
        "    examples: |\n      - lights on\n      - make it bright\n"
        "  - intent: lights_off\n    question: Dark?\n    examples: [lights off, make it dark]\n    reply: Dark.\n"
    )
    bot = Bot.load(tmp_path / "p")
    assert [bot.ask(q).intent for q in ("lights on", "make it dark")] == ["lights_on", "lights_off"]
    assert bot.ask("make it dark").text.startswith("Dark.")


def test_a_bot_that_stays_adds_up_to_the_same_bit(tiny: Bot) -> None:
    """NumPy's sums and Python's: nobody is told otherwise at a kiosk than at a prompt."""
    slow, fast = tiny.model, hasten(tiny.model)
    if type(slow) is type(fast):
        slow = Model(**{field.name: getattr(fast, field.name) for field in fields(fast)})
    assert type(slow) is Model
    for intent in fast.pack.intents.values():
        for text in (intent.question, *QUESTIONS):
            words = split_words(text)
            assert slow.score(words) == fast.score(words)
    assert hasten(fast) is fast


def test_a_model_that_came_with_the_program_is_found_where_nothing_can_be_written(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load_pack(pack)
    model = train(loaded)
    carried, blocked = tmp_path / "_models", tmp_path / "file"
    save_model(model, carried / f"{model.learned_from}-{loaded.fingerprint}.model")
    before = {path: path.read_bytes() for path in carried.iterdir()}
    blocked.write_text("not a folder")
    monkeypatch.setattr("bot.cache.CARRIED", carried)
    monkeypatch.setattr("bot.train.train", lambda *_: pytest.fail("it was learned anew"))
    monkeypatch.setenv("PATIENT_GUIDE_CACHE", str(blocked))
    assert Bot.load(pack).ask("is parking free").kind == "answer"
    assert {path: path.read_bytes() for path in carried.iterdir()} == before
