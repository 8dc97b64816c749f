"""Scoring labelled questions: which kinds are handled right, what is taken for what, what confidence is worth."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.engine import Bot
from bot.labelled import ORDER, Row, Talk, hits, judge, judge_turn, read_rows
from bot.model import Calibration
from bot.types import Reply

__all__ = ["Case", "Figures", "ask_all", "draw_reliability", "measure", "show", "to_json", "wilson"]

MAIN = ("answerable", "not_emergency", "unanswerable", "oos", "advice", "emergency", "smalltalk", "multi", "turn")
"""The nine kinds that the macro average is over, as far as a file holds them."""

ANSWERED = frozenset({"answerable", "not_emergency", "multi", "in-scope"})
DECLINED = frozenset({"unanswerable", "oos", "advice", "left-out"})
"""Kinds of which every answer is wrong."""

BINS = 10
"""Of confidence, in the reliability diagram and the histogram."""


@dataclass(frozen=True, slots=True)
class Case:
    """One labelled question with the reply to it. `before` is what was typed before it in its conversation.

    `wanted` is the intent that should have been understood: the likeliest of those that quote a gold.
    """

    row: Row
    reply: Reply
    is_right: bool
    wanted: str | None = None
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """What a file of labelled questions says of a bot.

    `kinds`: (kind, right, asked); `macro`: mean share over the main kinds; `bins`: for each tenth of confidence the
    mean confidence of the answers in it, how many were right, and how many wrong; `coverage`: (confidence, share of
    the questions to be answered that are answered from there on, share of these answers that is right);
    `confusions`: (wanted intent, understood intent, cases), the most frequent first.
    """

    kinds: tuple[tuple[str, int, int], ...]
    macro: float | None
    bins: tuple[tuple[float, int, int], ...]
    coverage: tuple[tuple[float, float, float], ...]
    confusions: tuple[tuple[str, str, tuple[Case, ...]], ...]


def ask_all(bot: Bot, file: Path, progress: Callable[[int, int], None] = lambda done, of: None) -> list[Case]:
    """Ask every question of a file, conversations turn by turn. Raises EvalError for a file that cannot be scored."""
    rows = list(read_rows(file, bot.articles))
    cases: list[Case] = []
    for number, row in enumerate(rows):
        progress(number, len(rows))
        cases += _ask_turns(bot, row) if isinstance(row, Talk) else [_ask(bot, row)]
    return cases


def _ask(bot: Bot, row: Row) -> Case:
    reply = bot.ask(row.question)
    return Case(row, reply, judge(row, reply, bot.articles), _find_wanted(bot, row, reply))


def _ask_turns(bot: Bot, talk: Talk) -> Iterator[Case]:
    session = bot.session()
    before: list[Reply] = []
    for number, row in enumerate(talk.turns):
        reply = session.ask(row.question)
        typed = tuple(turn.question for turn in talk.turns[:number])
        is_right = judge_turn(row, reply, before, bot.articles)
        yield Case(row, reply, is_right, _find_wanted(bot, row, reply), typed)
        before.append(reply)


def _find_wanted(bot: Bot, row: Row, reply: Reply) -> str | None:
    if row.intent:
        return row.intent
    ranked = [name for name in (reply.intent, *(a.intent for a in reply.alternatives)) if name in bot.intents]
    for name in dict.fromkeys((*ranked, *bot.intents)):
        intent = bot.intents[name] if name else None
        if intent and any(hits(bot.cite(intent.quotes[:place]), row.golds) for place in range(1, 3)):
            return name
    return None


def measure(cases: Sequence[Case]) -> Figures:
    """The figures of all cases together."""
    counts = {kind: [case.is_right for case in cases if case.row.kind == kind] for kind in ORDER}
    kinds = tuple((kind, sum(right), len(right)) for kind, right in counts.items() if right)
    main = [right / asked for kind, right, asked in kinds if kind in MAIN]
    return Figures(
        kinds=kinds,
        macro=sum(main) / len(main) if main else None,
        bins=_bin(cases),
        coverage=tuple(_cover(cases, tenth / 10) for tenth in range(10)),
        confusions=_confuse(cases),
    )


def _bin(cases: Sequence[Case]) -> tuple[tuple[float, int, int], ...]:
    answers = [case for case in cases if case.reply.kind == "answer"]
    places = [min(int(case.reply.confidence * BINS), BINS - 1) for case in answers]
    bins = []
    for place in range(BINS):
        inside = [case for case, at in zip(answers, places, strict=True) if at == place]
        said = sum(case.reply.confidence for case in inside) / len(inside) if inside else 0.0
        right = sum(case.is_right for case in inside)
        bins.append((said, right, len(inside) - right))
    return tuple(bins)


def _cover(cases: Sequence[Case], least: float) -> tuple[float, float, float]:
    wanted = [case for case in cases if case.row.kind in ANSWERED]
    answered = [
        case
        for case in cases
        if case.row.kind in ANSWERED | DECLINED and case.reply.kind == "answer" and case.reply.confidence >= least
    ]
    covered = sum(case.row.kind in ANSWERED for case in answered)
    right = sum(case.is_right for case in answered)
    return least, covered / len(wanted) if wanted else 0.0, right / len(answered) if answered else 1.0


def _confuse(cases: Sequence[Case]) -> tuple[tuple[str, str, tuple[Case, ...]], ...]:
    pairs: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        if not case.is_right and case.wanted and case.reply.intent and case.wanted != case.reply.intent:
            pairs.setdefault((case.wanted, case.reply.intent), []).append(case)
    frequent = sorted(pairs.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple((wanted, got, tuple(found)) for (wanted, got), found in frequent)


def wilson(right: int, asked: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927).

    >>> [round(x, 3) for x in wilson(8, 10)]
    [0.49, 0.943]
    """
    if not asked:
        return 0.0, 0.0
    z, share = 1.96, right / asked
    middle = share + z * z / (2 * asked)
    half = z * math.sqrt(share * (1 - share) / asked + z * z / (4 * asked * asked))
    scale = 1 + z * z / asked
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


# --- for a terminal, for a program ------------------------------------------------------------------


def show(figures: Figures, calibration: Calibration) -> str:
    """The figures as a page of text."""
    lines = [f"{'':14}  right  asked  share  95 % interval"]
    for kind, right, asked in figures.kinds:
        low, high = wilson(right, asked)
        lines.append(f"{kind:14} {right:6} {asked:6} {right / asked:6.3f}  {low:.3f}–{high:.3f}")
    if figures.macro is not None:
        lines.append(f"{'macro':14} {'':6} {'':6} {figures.macro:6.3f}  over the main kinds")
    if any(covered for _, covered, _ in figures.coverage):
        lines += ["", "confidence from  answered  of these right"]
        lines += [f"{least:15.1f} {covered:9.3f} {right:15.3f}" for least, covered, right in figures.coverage]
    if figures.confusions:
        lines += ["", "taken for another (wanted -> understood)"]
        lines += [f"  {len(cases):3}  {wanted} -> {got}" for wanted, got, cases in figures.confusions[:10]]
    return "\n".join([*lines, "", draw_reliability(calibration)])


def draw_reliability(calibration: Calibration) -> str:
    """The reliability diagram of the pack's own held-out examples: what confidence was said, what share was right."""
    count = sum(n for n, _, _ in calibration.reliability)
    lines = [f"confidence on {count} held-out examples of the pack: expected calibration error {calibration.error:.3f}"]
    for n, said, right in calibration.reliability:
        if n:
            lines.append(f"  said {said:.2f}  right {right:.2f}  {'#' * round(40 * right):40} {n:5}")
    return "\n".join(lines)


def to_json(figures: Figures, calibration: Calibration) -> dict[str, Any]:
    """The figures as plain values, the kinds at the top."""
    kinds = {
        kind: {"right": right, "asked": asked, "share": round(right / asked, 4), "interval": wilson(right, asked)}
        for kind, right, asked in figures.kinds
    }
    pairs = Counter({f"{wanted} -> {got}": len(cases) for wanted, got, cases in figures.confusions})
    return {
        **kinds,
        "macro": figures.macro,
        "coverage": [dict(zip(("from", "answered", "right"), row, strict=True)) for row in figures.coverage],
        "confusions": dict(pairs.most_common()),
        "calibration_error": round(calibration.error, 4),
    }
