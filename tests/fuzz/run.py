"""Fuzz one target for a while, guided by coverage: python tests/fuzz/run.py TARGET [SECONDS] [--keep FOLDER]

New inputs that reach further go to a temporary folder; `--keep` names another. What breaks a promise is written beside
them, its name beginning with crash-: make it small, mend the bot, and put it into tests/fuzz/corpus/TARGET.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

try:
    import atheris
except ModuleNotFoundError:
    sys.exit("atheris is not installed\n    -> on Linux, with Python 3.11 to 3.13: python -m pip install '.[dev,fuzz]'")

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

with atheris.instrument_imports(include=["bot"]):
    from fuzz.targets import TARGETS, draw_edit, find_seeds


def main() -> None:
    parser = argparse.ArgumentParser(description="Fuzz one target, guided by coverage.")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("seconds", nargs="?", type=int, default=1800)
    parser.add_argument("--keep", type=Path, help="a folder for new inputs that reach further")
    options = parser.parse_args()
    target, kept = TARGETS[options.target], options.keep or Path(tempfile.mkdtemp(prefix="fuzz-"))
    kept.mkdir(parents=True, exist_ok=True)
    seeds = find_seeds(options.target)
    for seed in seeds:  # Also what is loaded late is then loaded, and no longer counts as slow.
        target(seed.read_bytes())
    print(f"New inputs and crashes go to {kept}", flush=True)
    limits = [f"-max_total_time={options.seconds}", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1"]
    arguments = [sys.argv[0], *limits, "-max_len=4096", f"-artifact_prefix={kept}/", str(kept)]
    mutator = {"custom_mutator": mutate_edits} if options.target == "model" else {}
    atheris.Setup([*arguments, *{str(seed.parent) for seed in seeds}], target, **mutator)
    atheris.Fuzz()


def mutate_edits(data: bytes, most: int, seed: int) -> bytes:
    """Another few edits of a model: single bytes changed would seldom be one."""
    chance = random.Random(seed)
    lines = data.split(b"\n")
    match chance.randrange(4):
        case 0:
            return bytes(atheris.Mutate(data, most))
        case 1 if len(lines) > 1:
            lines.pop(chance.randrange(len(lines)))
        case 2:
            lines = lines[:1]
    lines.insert(chance.randint(0, len(lines)), draw_edit(chance).encode())
    return b"\n".join(lines)[:most]


if __name__ == "__main__":
    main()
