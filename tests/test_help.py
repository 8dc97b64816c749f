"""Help that teaches: examples that can be run, the nearest word for a mistyped one, completion, and the manual."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from bot import cli
from bot.arguments import PROGRAM, build_parser, parse
from conftest import ROOT, Run, require

SCRIPT = ROOT / ".ci" / "build_manual.py"


def commands(called: str | None = None) -> dict[str, argparse.ArgumentParser]:
    parser = build_parser(PROGRAM, called=called)
    return next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction)).choices


def examples(parser: argparse.ArgumentParser) -> list[str]:
    return [line.strip() for line in (parser.epilog or "").splitlines()[1:]]


@pytest.mark.parametrize("name", ["", *commands()])
def test_every_command_explains_itself_with_examples_that_can_be_run(name: str) -> None:
    parser = commands()[name] if name else build_parser(PROGRAM)
    assert parser.description
    assert max(map(len, parser.description.splitlines())) < 80
    for action in parser._actions:
        assert action.help or action.metavar == "COMMAND", f"{action.dest} has no help"
    assert examples(parser)
    for example in examples(parser):
        call = re.split(r"  +| > ", example.rpartition("| ")[2])[0]
        words = shlex.split(call)
        assert words[0] == PROGRAM
        options = build_parser(PROGRAM).parse_args(words[1:])
        assert not name or options.parser.prog.endswith(name)
        room, _, run = options.run.partition(".")  # Found by name, and only when the command is called.
        assert callable(getattr(importlib.import_module(f"bot.{room}"), run))


@pytest.mark.parametrize("name", commands())
def test_a_call_makes_the_parser_of_its_command_alone(name: str) -> None:
    made = commands(name)
    assert list(made) == [name]
    assert made[name].format_help() == commands()[name].format_help()


def test_a_call_without_a_command_makes_none_and_an_unknown_one_all() -> None:
    assert not commands("")
    assert list(commands("aks")) == list(commands("--plain")) == list(commands())


def test_a_command_is_found_behind_its_pack_too(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []

    def build(program: str, is_brief: bool = False, called: str | None = None) -> argparse.ArgumentParser:
        asked.append(called)
        return build_parser(program, is_brief, called)

    monkeypatch.setattr("bot.arguments.build_parser", build)
    for call in ("ask x", "--pack a ask x", "--pack ask topics", "--pack a", ""):
        parse(PROGRAM, call.split())
    assert asked == ["ask", "ask", "topics", "", ""]


@pytest.mark.parametrize(
    ("arguments", "fact", "remedy"),
    [
        (["aks", "x"], "there is no command 'aks'", "did you mean ask?"),
        ([""], "there is no command ''", "use one of the 15, such as ask"),
        (["chekc"], "there is no command 'chekc'", "did you mean check?"),
        (["what is OT?"], "there is no command 'what is OT?'", 'python -m bot ask "what is OT?"'),
        (["ask", "x", "--jsn"], "'--jsn' cannot stand here", "did you mean --json?"),
        (["new", "inent", "x"], "'inent' cannot stand here", "did you mean intent?"),
        (["ask"], "required: question", "see python -m bot ask --help"),
        (["completion", "tcsh"], "'tcsh' cannot stand here", "use one of: bash, zsh, fish"),
        (["--watch", "nan"], "nan is no number of seconds", "see python -m bot --help"),
    ],
)
def test_what_is_mistyped_is_met_with_the_nearest(
    arguments: list[str], fact: str, remedy: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["bot"])
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    said = capsys.readouterr()
    first, second = said.err.splitlines()
    assert fact in first
    assert second.startswith("    -> ") and remedy in second
    assert not said.out


def test_the_installed_name_is_the_one_that_help_shows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/patient-guide"])
    with contextlib.suppress(SystemExit):
        cli.main(["--help"])
    assert "usage: patient-guide" in capsys.readouterr().out


# --- completion -------------------------------------------------------------------------------------


@pytest.fixture
def script(run: Run, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    shell = request.param
    require(shell)
    path = tmp_path / ("_" + PROGRAM if shell == "zsh" else PROGRAM)
    path.write_bytes(run("completion", shell).stdout)
    return path


def offered(command: list[str]) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert not done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("script", ["bash"], indirect=True)
def test_bash_completes(script: Path) -> None:
    def complete(*words: str) -> list[str]:
        array = " ".join(map(shlex.quote, words))
        function = re.search(r"complete -o \w+(?: -o \w+)* -F (\w+)", script.read_text())
        assert function
        code = f"COMP_WORDS=({array}); COMP_CWORD={len(words) - 1}; {function[1]}; echo ${{COMPREPLY[@]}}"
        return offered(["bash", "-c", f"source {script}; {code}"])

    assert complete(PROGRAM, "ex") == ["explain"]
    assert complete(PROGRAM, "new", "") == ["intent", "article", "pack"]
    assert complete(PROGRAM, "check", "--ag") == ["--against"]


@pytest.mark.parametrize("script", ["fish"], indirect=True)
def test_fish_completes(script: Path) -> None:
    def complete(line: str) -> list[str]:
        code = f"source {script}; complete -C {shlex.quote(line)}"
        done = subprocess.run(["fish", "-c", code], capture_output=True, text=True, timeout=30, check=True)
        return [line.partition("\t")[0] for line in done.stdout.splitlines()]

    assert complete(f"{PROGRAM} ex") == ["explain"]
    assert set(complete(f"{PROGRAM} new ")) >= {"intent", "article", "pack"}
    assert complete(f"{PROGRAM} check --ag") == ["--against"]
    assert complete(f"{PROGRAM} eval {ROOT}/READM") == [f"{ROOT}/README.md"]


@pytest.mark.parametrize("script", ["zsh"], indirect=True)
def test_zsh_completes(script: Path) -> None:
    # Completion in zsh needs a terminal, which its own zpty gives.
    code = (
        f"zmodload zsh/zpty; zpty z zsh -f -i; zpty -w z 'PS1=; fpath=({script.parent} $fpath); "
        'autoload -U compinit; compinit -u -D; zstyle ":completion:*" list-colors; echo rea""dy\'; '
        "zpty -r z out '*ready*'; "
        f"zpty -n -w z $'{PROGRAM} expl\\t'; sleep 1; zpty -r z out '*explain*'; print -r -- $out; zpty -d z"
    )
    done = subprocess.run(["zsh", "-f", "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert "explain" in done.stdout


# --- the manual -------------------------------------------------------------------------------------


@pytest.mark.skipif(not SCRIPT.exists(), reason="the checkout's .ci/ is not here")
def test_the_manual_is_made_of_what_help_shows() -> None:
    spec = importlib.util.spec_from_file_location("build_manual", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.write_manual(), "run: python .ci/build_manual.py"


def test_the_manual_can_be_read() -> None:
    require("man")
    page = ROOT / "bot" / f"{PROGRAM}.1"
    done = subprocess.run(
        ["man", "--warnings", "-l", str(page)], capture_output=True, text=True, timeout=30, check=True
    )
    assert not done.stderr
    text = re.sub(".\b", "", done.stdout)
    for name in commands():
        assert f"{PROGRAM} {name}" in text
    for heading in ("EXAMPLES", "EXIT STATUS", "ENVIRONMENT", "WHILE IT CHATS"):
        assert heading in text
