"""The README's transcript is what the bot says, and its Python runs. `README_UPDATE=1` writes the transcript anew."""

from __future__ import annotations

import os
import re
import shlex

import pytest

from bot import Bot, cli
from conftest import ROOT, Run

README = ROOT / "README.md"
SESSION = re.compile(r"```console\n\$ python -m bot ([^\n]*)\n(.*?)```", re.DOTALL)


def test_the_transcript_is_what_the_bot_says(run: Run) -> None:
    text = README.read_text(encoding="utf-8")

    def replay(match: re.Match[str]) -> str:
        said = run(*shlex.split(match[1])).stdout.decode()
        return f"```console\n$ python -m bot {match[1]}\n{said}```"

    replayed = SESSION.sub(replay, text)
    assert len(SESSION.findall(text)) >= 3
    if os.environ.get("README_UPDATE"):
        README.write_text(replayed, encoding="utf-8")
    assert replayed == text


def test_its_python_runs(bot: Bot, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})
    assert capsys.readouterr().out == "answer Clearing\n"


def test_it_names_every_command_and_no_other() -> None:
    text = README.read_text(encoding="utf-8")
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    parser_commands = {"ask", "serve", "check", "topics", "sources", "explain", "eval", "test", "update"}
    parser_commands |= {"new", "import", "stats"}
    named = set(re.findall(r"\| `python -m bot (\w+)", text))
    assert named == parser_commands
    for command in named:
        with pytest.raises(SystemExit) as ended:
            cli.main([command, "--help"])
        assert ended.value.code == 0
