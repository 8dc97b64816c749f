from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot import Bot, cli
from conftest import CONTROL, PACKS, ROOT, Run


def test_ask_prints_the_answer_with_its_source(run: Run) -> None:
    done = run("ask", "do physical therapists use lasers?")
    text = done.stdout.decode()
    assert done.returncode == 0
    assert "Low-level laser therapy" in text
    assert "— Clearing, “Physical Therapy vs Occupational Therapy" in text
    assert not CONTROL & set(text)
    assert done.stderr == b""


def test_ask_json_is_the_reply_object(run: Run, bot: Bot) -> None:
    done = run("ask", "--json", "what shoes for grandma's balance")
    assert json.loads(done.stdout) == json.loads(json.dumps(bot.ask("what shoes for grandma's balance").to_dict()))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["ask", "do they use lasers?"], 0),
        (["ask", "i want to kill myself"], 0),
        (["ask", "should i stop my pills"], 0),
        (["ask", "hello"], 0),
        (["ask", "what does an hour cost"], 1),
        (["ask", "???"], 1),
        (["ask", ""], 1),
        (["ask"], 2),
        (["aks", "x"], 2),
        (["serve"], 2),
        (["--pack", str(PACKS / "tiny"), "check"], 0),
        (["--pack", "no/such/folder", "ask", "x"], 3),
        (["ask", "x", "--pack", str(ROOT / "tests")], 3),
        (["--pack", str(ROOT / "tests"), "check"], 1),
        (["eval", "no-such-file"], 2),
        (["--version"], 0),
        (["--help"], 0),
    ],
)
def test_exit_codes(run: Run, arguments: list[str], code: int) -> None:
    done = run(*arguments)
    assert done.returncode == code, done.stderr.decode()
    assert b"Traceback" not in done.stderr + done.stdout
    if code in (2, 3):
        assert done.stderr and not done.stdout


def test_a_broken_pack_is_named_by_place_on_standard_error(run: Run, pack: Path) -> None:
    path = pack / "intents" / "visiting.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("quote: Two people", "quote: Too people"), encoding="utf-8"
    )
    done = run("ask", "hello", "--pack", str(pack))
    assert done.returncode == 3
    assert done.stderr.decode().startswith(
        'intents/visiting.yaml:40:16: quote is in no article: "Too people at a time"'
    )
    assert "1 problem: this pack cannot be used" in done.stderr.decode()


@pytest.mark.parametrize(
    "junk", [b"\xff\xfe\x00\x9b31m\n", b"\x1b[31m\x1b[<0;1;1M\n", "😀\n".encode(), b"x" * 1_000_000 + b"\n", b"\x00\n"]
)
def test_junk_on_standard_input_is_answered_in_clean_text(run: Run, junk: bytes) -> None:
    done = run(stdin=junk)
    assert done.returncode == 0
    assert done.stderr == b""
    assert done.stdout.strip()
    assert not CONTROL & set(done.stdout.decode())


def test_piped_lines_are_one_session_with_a_blank_line_between(run: Run) -> None:
    done = run(stdin=b"do they use lasers\n\nwhere does it say that\n")
    text = done.stdout.decode()
    assert text.count("Low-level laser therapy") == 2
    assert "\n\nThat came from here:" in text


def test_a_reader_that_leaves_ends_it_quietly(run: Run) -> None:
    command = f"yes 'do they use lasers' | head -2000 | {sys.executable} -m bot | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, cwd=ROOT, timeout=120, check=False)
    assert done.stdout.strip()
    assert done.stderr == b""


def test_an_interrupt_ends_it_with_130(run: Run) -> None:
    # A shell's background job, as CI may be, ignores interrupts, and its children would inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    child = subprocess.Popen([sys.executable, "-m", "bot"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    signal.signal(signal.SIGINT, before)
    assert child.stdin and child.stdout
    child.stdin.write(b"hello\n")
    child.stdin.flush()
    child.stdout.readline()
    child.send_signal(signal.SIGINT)
    assert child.wait(20) == 130
    child.stdin.close()
    child.stdout.close()


def loaded(*arguments: str, stdin: bytes = b"") -> set[str]:
    """The top-level modules that a command has imported by its end."""
    code = (
        "import sys, runpy\nsys.argv = ['bot', *sys.argv[1:]]\n"
        "try: runpy.run_module('bot', run_name='__main__')\nexcept SystemExit: pass\n"
        "rooms = {m for m in sys.modules if m[:4] == 'bot.'}\n"
        "print(*rooms | {m.partition('.')[0] for m in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], input=stdin, capture_output=True, cwd=ROOT, timeout=60, check=True
    )
    return set(done.stderr.decode().split())


def test_one_answer_imports_neither_scikit_learn_nor_numpy_nor_what_reads_a_pack(bot: Bot) -> None:
    modules = loaded("ask", "can they help me do up buttns")
    assert {"bot.engine", "rapidfuzz"} <= modules
    assert not modules & {"sklearn", "scipy", "numpy", "yaml", "prompt_toolkit", "bot.train", "bot.pack", "bot.vectors"}
    assert not loaded("ask", "can they help me do up buttons") & {"rapidfuzz", "dataclasses", "inspect", "datetime"}


def test_many_answers_import_numpy_and_nothing_that_learns(bot: Bot) -> None:
    for modules in (
        loaded(stdin=b"what is OT\n"),
        loaded("serve", "--jsonl", stdin=b'{"question": "what is OT"}\n'),
    ):
        assert {"bot.engine", "bot.vectors", "numpy"} <= modules
        assert not modules & {"sklearn", "scipy", "prompt_toolkit", "bot.train"}


def test_help_and_version_import_no_engine() -> None:
    for flag in ("--help", "--version"):
        assert not loaded(flag) & {"bot.engine", "bot.types", "rapidfuzz", "prompt_toolkit", "sklearn", "numpy", "yaml"}


def test_what_nobody_thought_of_ends_in_a_line_and_no_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("canaryqzx")

    monkeypatch.setattr(Bot, "load", fail)
    assert cli.main(["ask", "canaryqzx"]) == 70
    said = capsys.readouterr().err
    assert "RuntimeError" in said and "canaryqzx" not in said and "Traceback" not in said
    monkeypatch.setenv("PATIENT_GUIDE_DEBUG", "1")
    with pytest.raises(RuntimeError):
        cli.main(["ask", "x"])


def test_the_prompt_waits_for_no_engine() -> None:
    code = "import sys, bot.prompt, bot.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, timeout=60, check=True)
    modules = set(done.stdout.decode().split())
    assert "prompt_toolkit" in modules
    assert not modules & {"bot.engine", "bot.model", "bot.visit", "rapidfuzz", "sklearn", "numpy", "yaml", "shtab"}


def test_the_answer_is_the_same_bytes_on_every_run(run: Run) -> None:
    questions = ("pt or ot for buttns", "how do they differ", "what does it cost")
    for question in questions:
        outputs = {run("ask", "--json", question, env={"PYTHONHASHSEED": seed}).stdout for seed in ("0", "1", "77")}
        assert len(outputs) == 1


def test_topics_lists_questions_and_what_was_left_out(run: Run) -> None:
    text = run("topics", "--all").stdout.decode()
    assert text.count(": 0 passages that no intent reaches") == 2
    assert "    Do physical therapists use lasers?" in text
    assert "an image caption: therapist helping man lift dumbbell" in text
    assert "left out" not in run("topics").stdout.decode()


def test_sources_state_what_is_known_and_what_is_not(run: Run) -> None:
    text = run("sources").stdout.decode()
    assert "published  2025-10-21" in text
    assert "published  no date given" in text
    assert "address    not known" in text
    assert "promotes Clearing's own paid care" in text


def test_eval_prints_a_table_and_names_a_bad_line(run: Run, tmp_path: Path) -> None:
    rows = [
        {
            "id": 1,
            "q": "do they use lasers",
            "kind": "answerable",
            "gold": [{"doc": "clearing", "quote": "Low-level laser"}],
        },
        {
            "id": 2,
            "q": "do they use lasers",
            "kind": "answerable",
            "gold": [{"doc": "clearing", "quote": "By the 1950s"}],
        },
        {"id": 3, "q": "hello", "kind": "smalltalk", "gold": []},
    ]
    file = tmp_path / "q.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    figures = json.loads(run("eval", str(file), "--json").stdout)
    assert (figures["answerable"]["right"], figures["answerable"]["asked"]) == (1, 2)
    assert figures["smalltalk"]["share"] == 1
    file.write_text('{"q": "x", "kind": "smalltalk"}\n{"q": "y", "kind": "nonsense"}\n', encoding="utf-8")
    done = run("eval", str(file))
    assert done.returncode == 2
    assert f"{file}:2:1: not a labelled question: unknown kind 'nonsense'" in done.stderr.decode()


def test_a_first_build_shows_progress_and_an_answer_needs_no_home(tmp_path: Path, run: Run) -> None:
    home = {"PATIENT_GUIDE_CACHE": str(tmp_path / "new"), "HOME": "/nonexistent"}
    done = run("--pack", str(PACKS / "tiny"), "ask", "is parking free", env=home)
    assert done.returncode == 0
    assert b"Getting ready" in done.stderr
    assert b"two hours" in done.stdout
    again = run("--pack", str(PACKS / "tiny"), "ask", "is parking free", env=home)
    assert (again.stderr, again.stdout) == (b"", done.stdout)
    if os.geteuid() != 0:
        lost = run("--pack", str(PACKS / "tiny"), "ask", "is parking free", env={"PATIENT_GUIDE_CACHE": "/proc/none"})
        assert lost.stdout == done.stdout


def test_explain_shows_every_stage(run: Run) -> None:
    text = run("explain", "do they use ultrasoond").stdout.decode()
    for stage in (
        "typed        do they use ultrasoond",
        "repaired     ultrasoond -> ultrasound",
        "red flags    ",
        "nothing seen",
        "decision     ",
    ):
        assert stage in text
    assert "decision     answer, intent ultrasound" in text
    assert "intents/physical-therapy/exercises-and-treatments.yaml:" in text
    assert "urgent, by the rule suicide" in run("explain", "i want to kill myself").stdout.decode()


def test_explain_tells_what_to_change_and_reads_parts_and_context(run: Run) -> None:
    wrong = run("explain", "do they use ultrasoond", "--expect", "laser_therapy").stdout.decode()
    assert "laser_therapy (intents/physical-therapy/exercises-and-treatments.yaml:" in wrong
    assert "to change    below examples: of laser_therapy" in wrong
    assert "reply        answer, intent ultrasound" in wrong
    assert "margin" in wrong
    several = run("explain", "what ages do they treat and do they use lasers").stdout.decode()
    assert "do they use lasers -> answer, laser_therapy" in several
    going_on = run("explain", "and OT?", "--after", "what is physical therapy").stdout.decode()
    assert "goes on from what is physical therapy" in going_on
    assert "reply        answer, intent what_is_ot" in going_on
    nobody = run("explain", "hello", "--expect", "laser_therpy")
    assert (nobody.returncode, b"did you mean laser_therapy?" in nobody.stderr) == (2, True)


def test_a_missing_library_is_named_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "yaml.py").write_text("raise ModuleNotFoundError(\"No module named 'yaml'\", name='yaml')")
    surroundings = {**os.environ, "PYTHONPATH": str(tmp_path), "PATIENT_GUIDE_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "bot", "ask", "hello"]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, env=surroundings, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.decode().startswith("yaml is not installed\n    -> ")


def test_check_names_examples_that_are_questions_of_a_test(run: Run, pack: Path, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    turns = '{"turns": [{"q": "May I bring my litle sister in to see grandad?"}]}'
    questions.write_text('{"q": "where do I leave my car??"}\n' + turns + '\n{"q": "do you sell tea"}\n')
    found = run("--pack", str(pack), "check", "--against", str(questions))
    said = found.stderr.decode()
    assert found.returncode == 1
    assert "visiting.yaml:12:9: " in said
    assert "asks the same as this example of parking_place" in said
    assert "may i bring my little sister to see grandad" in said
    assert "tea" not in said
    clean = tmp_path / "clean.jsonl"
    clean.write_text('{"q": "do you sell tea"}\n')
    assert run("--pack", str(pack), "check", "--against", str(clean)).returncode == 0
    clean.write_text("not json\n")
    broken = run("--pack", str(pack), "check", "--against", str(clean))
    assert broken.returncode == 2
    assert "clean.jsonl:1:1: not a question" in broken.stderr.decode()


@pytest.mark.parametrize("seconds", ["-1", "nan", "inf", "soon"])
def test_no_bot_looks_for_edits_at_a_rate_that_is_none(run: Run, seconds: str) -> None:
    done = run("serve", "--jsonl", f"--watch={seconds}")
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
