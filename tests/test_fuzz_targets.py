"""What a fuzzer runs for hours by hand (see fuzz/run.py), for some seconds: its corpus, and mutations of it."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.targets import HERE, TARGETS, draw_edit, find_seeds

short = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
SEEDS = {name: [seed.read_bytes() for seed in find_seeds(name)] for name in TARGETS}


def mutated(target: str) -> st.SearchStrategy[bytes]:
    """Any bytes, or a seed with a stretch of it replaced by bytes or by a stretch of another."""
    seeds = st.sampled_from(SEEDS[target])

    def splice(seed: bytes, other: bytes, at: int, gone: int, new: bytes | None) -> bytes:
        start = at % (len(seed) + 1)
        from_other = at // 7 % (len(other) + 1)
        return seed[:start] + (other[from_other : from_other + 60] if new is None else new) + seed[start + gone :]

    some = st.none() | st.binary(max_size=12)
    places = st.integers(0, 1 << 14)
    return st.binary(max_size=120) | st.builds(splice, seeds, seeds, places, st.integers(0, 60), some)


@pytest.mark.parametrize(
    ("target", "seed"),
    [(t, s) for t in TARGETS for s in find_seeds(t)],
    ids=lambda v: v.name if isinstance(v, Path) else v,
)
def test_nothing_of_the_corpus_breaks_a_promise(target: str, seed: Path) -> None:
    TARGETS[target](seed.read_bytes())


@settings(short, max_examples=150)
@given(mutated("text"))
def test_any_bytes_are_read_as_words(data: bytes) -> None:
    TARGETS["text"](data)


@settings(short, max_examples=200)
@given(mutated("sign"))
def test_any_line_is_a_sign_or_told_why_not(data: bytes) -> None:
    TARGETS["sign"](data)


@settings(short, max_examples=80)
@given(mutated("intents"))
def test_any_file_of_intents_loads_or_is_told_where_it_is_wrong(data: bytes) -> None:
    TARGETS["intents"](data)


@settings(short, max_examples=100)
@given(mutated("article"))
def test_any_article_is_cut_into_slices_or_told_where_it_is_wrong(data: bytes) -> None:
    TARGETS["article"](data)


@settings(short, max_examples=40)
@given(mutated("model"))
def test_any_stored_model_is_refused_or_answers(data: bytes) -> None:
    TARGETS["model"](data)


@settings(short, max_examples=80)
@given(st.lists(st.integers(0, 1 << 32), min_size=1, max_size=3))
def test_any_edit_of_a_stored_model_is_refused_or_answers(seeds: list[int]) -> None:
    TARGETS["model"]("\n".join(draw_edit(random.Random(seed)) for seed in seeds).encode())


@settings(short, max_examples=100)
@given(mutated("json"))
def test_any_line_through_the_json_door_gets_one_back(data: bytes) -> None:
    TARGETS["json"](data)


def test_where_there_is_no_fuzzer_the_script_says_what_to_install() -> None:
    code = "import runpy, sys; sys.modules['atheris'] = None; runpy.run_path(sys.argv[1])"
    command = [sys.executable, "-c", code, str(HERE / "run.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "pip install" in done.stderr and "Traceback" not in done.stderr
