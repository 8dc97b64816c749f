"""The README's transcripts are what the bot says, and its Python runs. `README_UPDATE=1` writes them anew."""

from __future__ import annotations

import os
import re
import shlex

import pytest

from bot import Bot, cli
from conftest import ROOT, Run

README = ROOT / "README.md"
VISIT = re.compile(r"```console\n\$ python -m bot\n\n(.*?)```", re.DOTALL)
SESSION = re.compile(r"```console\n\$ python -m bot ([^\n]*)\n(.*?)```", re.DOTALL)


def test_the_transcript_is_what_the_bot_says(run: Run) -> None:
    text = README.read_text(encoding="utf-8")

    def replay(match: re.Match[str]) -> str:
        said = run(*shlex.split(match[1])).stdout.decode()
        return f"```console\n$ python -m bot {match[1]}\n{said}```"

    replayed = SESSION.sub(replay, text)
    assert SESSION.findall(text)
    if os.environ.get("README_UPDATE"):
        README.write_text(replayed, encoding="utf-8")
    assert replayed == text


def test_the_visit_is_what_the_terminal_shows(bot: Bot) -> None:
    pytest.importorskip("pty", reason="no pseudo-terminals on this system")
    from terminal import Terminal  # noqa: PLC0415

    text = README.read_text(encoding="utf-8")
    visit = VISIT.search(text)
    assert visit
    typed = re.findall(r"^> (.+)$", visit[1], re.MULTILINE)
    assert len(typed) >= 5
    with Terminal(rows=60) as terminal:
        terminal.wait_for("Not medical advice")
        terminal.settle()
        for line in typed[:-1]:
            terminal.ask(line)
        terminal.type(f"{typed[-1]}\r")
        assert terminal.code() == 0
        said = terminal.scrollback.strip()
    replayed = text.replace(visit[1], f"{said}\n")
    if os.environ.get("README_UPDATE"):
        README.write_text(replayed, encoding="utf-8")
    assert replayed == text


def test_its_python_runs(bot: Bot, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in (block for block in blocks if "input(" not in block):  # See test_api.py.
        exec(compile(block, "README.md", "exec"), {})
    assert capsys.readouterr().out == "answer Clearing\n"


def test_it_names_every_command_and_no_other() -> None:
    text = README.read_text(encoding="utf-8")
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    parser_commands = {"ask", "serve", "check", "topics", "sources", "explain", "eval", "test", "update", "kiosk"}
    parser_commands |= {"new", "import", "stats", "completion", "bench"}
    named = set(re.findall(r"\| `python -m bot (\w+)", text))
    assert named == parser_commands
    for command in named:
        with pytest.raises(SystemExit) as ended:
            cli.main([command, "--help"])
        assert ended.value.code == 0
