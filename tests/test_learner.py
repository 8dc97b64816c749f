from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.svm import LinearSVC

from bot.learner import ABSENT, SMALLEST_PART, make_machine

DRAW = np.random.default_rng(7)
TOPICS, WORDS = 12, 300


def write_texts(count: int) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Texts of ten words each, half of them from the tenth of all words that their topic prefers."""
    labels = DRAW.integers(TOPICS, size=count)
    favourites = DRAW.permutation(WORDS).reshape(TOPICS, -1)
    rows = []
    for label in labels:
        words = [*DRAW.choice(favourites[label], 3), *DRAW.integers(WORDS, size=7)]
        rows.append(np.bincount(words, minlength=WORDS))
    counts = np.array(rows, dtype=np.float32)
    return sparse.csr_matrix(counts / np.linalg.norm(counts, axis=1, keepdims=True)), labels * 10


MATRIX, LABELS = write_texts(4000)
WORTH = np.ones(4000, dtype=np.float32)
MARKS = DRAW.integers(1 << 62, size=4000, dtype=np.uint64)


@pytest.fixture(params=["every pair", "those that occur"], autouse=True)
def cells(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether every feature and class has a weight, or those alone that occur together, as in the largest packs."""
    if request.param == "those that occur":
        monkeypatch.setattr("bot.learner.MOST_CELLS", 0)


def count_right(machine, rows: np.ndarray) -> float:
    scores = (MATRIX[rows] @ machine.weights).toarray() + machine.intercepts
    return float((machine.classes[scores.argmax(axis=1)] == LABELS[rows]).mean())


def test_many_examples_are_told_apart_as_well_as_support_vectors_do() -> None:
    machine = make_machine(MATRIX, LABELS, MARKS, 4000)
    machine.learn(np.arange(3000), WORTH[:3000])
    rest = np.arange(3000, 4000)
    vectors = LinearSVC(random_state=0).fit(MATRIX[:3000], LABELS[:3000])
    assert count_right(machine, rest) > vectors.score(MATRIX[rest], LABELS[rest]) - 0.02
    assert 0.5 < count_right(machine, rest) < 1


def test_what_was_kept_apart_is_learned_beside_the_rest() -> None:
    machine = make_machine(MATRIX, LABELS, MARKS, 4000)
    machine.learn(np.arange(3000), WORTH[:3000])
    rest = np.arange(3000, 4000)
    before = count_right(machine, rest)
    machine.go_on(np.arange(4000), WORTH)
    assert count_right(machine, rest) > before + 0.02
    assert machine.beaten.mean() < 0.5


@pytest.mark.parametrize("examples", [100, 4000], ids=["few", "many"])
def test_a_class_without_examples_is_never_ahead(examples: int) -> None:
    machine = make_machine(MATRIX, LABELS, MARKS, examples)
    shown = np.flatnonzero(LABELS[:1000] != 0)
    machine.learn(shown, WORTH[shown])
    assert machine.intercepts[0] == ABSENT
    assert not machine.weights[:, 0].nnz
    assert count_right(machine, np.flatnonzero(LABELS == 0)) == 0
    machine.learn(np.arange(1000), WORTH[:1000])
    assert machine.intercepts[0] > ABSENT / 2


@pytest.mark.parametrize("examples", [100, 4000], ids=["few", "many"])
def test_learning_again_forgets_what_was_learned(examples: int) -> None:
    machine = make_machine(MATRIX, LABELS, MARKS, examples)
    machine.learn(np.arange(1000), WORTH[:1000])
    first = machine.weights.toarray()
    machine.learn(np.arange(1000, 2000), WORTH[:1000])
    assert not np.array_equal(machine.weights.toarray(), first)
    machine.learn(np.arange(1000), WORTH[:1000])
    assert np.array_equal(machine.weights.toarray(), first)


def test_two_classes_and_one_are_no_special_case() -> None:
    two = np.flatnonzero(np.isin(LABELS, [0, 10]))
    machine = make_machine(MATRIX[two], LABELS[two], MARKS[two], 4000)
    machine.learn(np.arange(len(two)), WORTH[two])
    scores = (MATRIX[two] @ machine.weights).toarray() + machine.intercepts
    assert (machine.classes[scores.argmax(axis=1)] == LABELS[two]).mean() > 0.9
    one = np.flatnonzero(LABELS == 0)
    machine = make_machine(MATRIX[one], LABELS[one], MARKS[one], 4000)
    machine.learn(np.arange(len(one)), WORTH[one])
    assert machine.classes.tolist() == [0]
    assert machine.intercepts.tolist() == [1.0]


def test_one_example_more_moves_little() -> None:
    """An author who adds a line finds what the pack knew as it was."""
    scores = []
    for shown in (np.arange(3000), np.delete(np.arange(3000), 17)):
        machine = make_machine(MATRIX[shown], LABELS[shown], MARKS[shown], 4000)
        machine.learn(np.arange(len(shown)), WORTH[shown])
        scores.append((MATRIX[3000:] @ machine.weights).toarray() + machine.intercepts)
    before, after = (each.argmax(axis=1) for each in scores)
    assert (before == after).mean() > 0.99
    assert 0 < np.abs(scores[0] - scores[1]).max() < 0.5


def test_weights_that_change_no_score_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = []
    for least in (0.0, SMALLEST_PART):
        monkeypatch.setattr("bot.learner.SMALLEST_PART", least)
        machine = make_machine(MATRIX, LABELS, MARKS, 4000)
        machine.learn(np.arange(3000), WORTH[:3000])
        kept.append((machine.weights.nnz, count_right(machine, np.arange(3000, 4000))))
    (every, right), (some, still_right) = kept
    assert some < 0.98 * every
    assert still_right > right - 0.005
