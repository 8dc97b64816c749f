"""The page behind `eval --report`: the figures drawn, and every failure told in plain words. One file, no network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from bot.engine import Bot
from bot.evaluate import BINS, Case, Figures, wilson
from bot.explain import find_nearest
from bot.render import shorten
from bot.text import split_words
from bot.types import Intent, Pack
from bot.understand import DANGER, DOUBTFUL

__all__ = ["draw_report", "tell_failure"]

KINDS = {
    "answerable": "the articles answer it",
    "not_emergency": "sounds dangerous, is harmless",
    "unanswerable": "close by, not in the articles",
    "oos": "something else altogether",
    "advice": "wants personal advice",
    "emergency": "danger",
    "smalltalk": "small talk",
    "multi": "several questions in one",
    "abuse": "junk",
    "in-scope": "of this pack",
    "left-out": "not of this pack",
    "turn-first": "first in a conversation",
    "turn": "later in a conversation",
}

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f23; --paper: #fff; --soft: #f1f3f5; --line: #c9ced4;
  --good: #1a7f5a; --bad: #b3261e; --plain: #2b5f9e }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --paper: #16181b; --soft: #22262b; --line: #454b52;
  --good: #58c79b; --bad: #ff8a80; --plain: #8ab4f8 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.5rem } h2 { font-size: 1.2rem; margin-top: 2rem }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .3rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top;
  overflow-wrap: normal }
td:first-child { min-width: 8rem }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
svg { width: 100%; max-width: 30rem; height: auto; display: block } svg text { fill: var(--ink); font-size: 11px }
.failure { background: var(--soft); border-left: 4px solid var(--bad); padding: .6rem .8rem; margin: .8rem 0 }
.failure h3 { margin: 0; font-size: 1rem } .failure p { margin: .3rem 0 } .dim { opacity: .8; font-size: .9rem }
blockquote { margin: .3rem 0; padding-left: .8rem; border-left: 2px solid var(--line) }
"""


def draw_report(bot: Bot, cases: Sequence[Case], figures: Figures, pack: Pack, file: str) -> str:
    """A whole HTML page about the `cases` of `file`. `pack` is the bot's, with its examples."""
    wrong = [case for case in cases if not case.is_right]
    parts = [
        f"<h1>{escape(pack.name)}: {len(cases) - len(wrong)} of {len(cases)} handled right</h1>",
        f"<p class=dim>Questions: {escape(file)}. Pack: {escape(pack.fingerprint[:12])}.</p>",
        _draw_kinds(figures),
        "<h2>Is it as sure as it is right?</h2>"
        "<p>Each dot is a group of answers. On the line, the bot was right as often as it said; below it, it was too "
        "sure of itself.</p>",
        _draw_reliability(figures),
        "<h2>How sure it was</h2><p>Answers by how sure the bot was: right ones below, wrong ones on top of them.</p>",
        _draw_histogram(figures),
        "<h2>If it only answered when it is surer</h2>",
        _draw_coverage(figures),
        "<h2>What is taken for what</h2>",
        *_draw_confusions(bot, figures, pack),
        f"<h2>What went wrong ({len(wrong)})</h2>",
        *(_draw_failure(bot, case, pack) for case in wrong),
    ]
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(pack.name)}: scores</title><style>{_STYLE}</style></head>"
    )
    return f"{head}<body><main>{''.join(parts)}</main></body></html>\n"


# --- figures ----------------------------------------------------------------------------------------


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already; what starts with a digit stands right."""

    def cell(tag: str, text: str) -> str:
        return f"<{tag}{' class=n' if text[:1].isdigit() else ''}>{text}</{tag}>"

    lines = ["".join(cell("td", text) for text in row) for row in rows]
    titles = "".join(f"<th{' class=n' if place else ''}>{text}</th>" for place, text in enumerate(head))
    return f"<div class=wide><table><tr>{titles}</tr><tr>{'</tr><tr>'.join(lines)}</tr></table></div>"


def _draw_kinds(figures: Figures) -> str:
    rows = []
    for kind, right, asked in figures.kinds:
        low, high = wilson(right, asked)
        name = f"{escape(kind)} <span class=dim>{escape(KINDS.get(kind, ''))}</span>"
        share = f"{right / asked:.0%} <span class=dim>({100 * low:.0f}–{100 * high:.0f})</span>"
        rows.append((name, f"{right} of {asked}", share))
    if figures.macro is not None:
        rows.append(("<b>mean of the main kinds</b>", "", f"{figures.macro:.1%}"))
    return _table(("kind of question", "right", "share (95 % interval)"), rows)


def _frame(label: str, shapes: Iterable[str], below: str) -> str:
    """A drawing of 0..1 by 0..1 on 300 by 200 units, the axis below it named."""
    ticks = "".join(
        f'<text x="{40 + 30 * n}" y="218" text-anchor="middle">{n * 10}</text>'
        f'<text x="34" y="{204 - 20 * n}" text-anchor="end">{n * 10}</text>'
        for n in range(0, 11, 2)
    )
    box = '<path d="M40 0V200H340" fill="none" stroke="var(--line)"/>'
    return (
        f'<svg viewBox="0 -6 350 244" role="img" aria-label="{escape(label)}">{box}{ticks}{"".join(shapes)}'
        f'<text x="190" y="234" text-anchor="middle">{escape(below)}</text></svg>'
    )


def _draw_reliability(figures: Figures) -> str:
    most = max((right + wrong for _, right, wrong in figures.bins), default=0)
    shapes = ['<path d="M40 200L340 0" stroke="var(--line)" stroke-dasharray="4"/>']
    for said, right, wrong in figures.bins:
        if count := right + wrong:
            x, y, size = 40 + 300 * said, 200 - 200 * right / count, 3 + 6 * (count / most) ** 0.5
            title = f"{count} answers: said {said:.0%}, right {right / count:.0%}"
            shapes.append(
                f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{size:.1f}" fill="var(--plain)"><title>{title}</title></circle>'
            )
    label = "Reliability: how sure the bot was against how often it was right"
    return _frame(label, shapes, "how sure it was, %   (upwards: how often it was right, %)")


def _draw_histogram(figures: Figures) -> str:
    most = max((right + wrong for _, right, wrong in figures.bins), default=0) or 1
    shapes = []
    for place, (_, right, wrong) in enumerate(figures.bins):
        x, low, high = 42 + 300 / BINS * place, 200 * right / most, 200 * wrong / most
        width = 300 / BINS - 4
        title = f"<title>{place * 10} to {place * 10 + 10} %: {right} right, {wrong} wrong</title>"
        shapes.append(f'<g>{title}<rect x="{x:.0f}" y="{200 - low:.1f}" width="{width:.0f}" height="{low:.1f}" ')
        shapes.append(f'fill="var(--good)"/><rect x="{x:.0f}" y="{200 - low - high:.1f}" width="{width:.0f}" ')
        shapes.append(f'height="{high:.1f}" fill="var(--bad)"/></g>')
    drawn = _frame(
        "Histogram of confidence, right and wrong", shapes, f"how sure it was, %   (100 upwards: {most} answers)"
    )
    rows = [
        (f"{place * 10} to {place * 10 + 10} %", str(right), str(wrong))
        for place, (_, right, wrong) in enumerate(figures.bins)
        if right + wrong
    ]
    return drawn + "<details><summary>in numbers</summary>" + _table(("sure", "right", "wrong"), rows) + "</details>"


def _draw_coverage(figures: Figures) -> str:
    rows = [(f"{least:.0%}", f"{covered:.0%}", f"{right:.0%}") for least, covered, right in figures.coverage]
    return _table(("sure at least", "questions it would still answer", "of these answers right"), rows)


def _draw_confusions(bot: Bot, figures: Figures, pack: Pack) -> Iterator[str]:
    if not figures.confusions:
        yield "<p>Nothing.</p>"
    for wanted, got, cases in figures.confusions:
        yield f"<h3>{_name(pack, wanted)}, taken for {_name(pack, got)} ({len(cases)})</h3>"
        for name in (wanted, got):
            words = tuple(split_words(" ".join(case.row.question for case in cases)))
            lines = find_nearest(bot, words, pack.intents[name]) if name in pack.intents else []
            yield f"<p>Examples of {_name(pack, name)} nearest to these questions:</p>" + _list_lines(lines)


def _list_lines(lines: Sequence[tuple[str, str]]) -> str:
    if not lines:
        return "<p class=dim>none shares a word with it</p>"
    return "".join(
        f"<blockquote>“{escape(shorten(text, 160))}” <span class=dim>{escape(place)}</span></blockquote>"
        for place, text in lines
    )


def _name(pack: Pack, name: str | None) -> str:
    intent = pack.intents.get(name or "")
    return f"“{escape(intent.question or intent.name.replace('_', ' '))}”" if intent else "nothing"


# --- failures ---------------------------------------------------------------------------------------


def _draw_failure(bot: Bot, case: Case, pack: Pack) -> str:
    before = "".join(f"<p class=dim>before: {escape(shorten(text, 120))}</p>" for text in case.before[-3:])
    told = "".join(f"<p>{text}</p>" for text in tell_failure(bot, case, pack))
    title = f"{escape(case.row.name)} ({escape(case.row.kind)}): {escape(shorten(case.row.question, 300))}"
    return f"<section class=failure><h3>{title}</h3>{before}{told}</section>"


def tell_failure(bot: Bot, case: Case, pack: Pack) -> Iterator[str]:
    """Why a question was not handled right, and what could be done about it: sentences of HTML, in plain words."""
    reply, row = case.reply, case.row
    if reply.repairs:
        mended = ", ".join(f"“{escape(typed)}” as “{escape(meant)}”" for typed, meant in reply.repairs)
        yield f"It read {mended}."
    yield _tell_what_was_done(case, pack)
    words = tuple(split_words(row.question))
    if reply.intent and reply.intent in pack.intents:
        yield "These of its examples are nearest:" + _list_lines(find_nearest(bot, words, pack.intents[reply.intent]))
    if case.wanted:
        yield from _tell_wanted(bot, case, pack.intents[case.wanted], words)
    elif row.golds:
        article = bot.articles[row.golds[0][0]]
        quote = article.text[row.golds[0][1].start : row.golds[0][1].end]
        yield f"It should have quoted: <q>{escape(shorten(quote, 200))}</q>"
        yield "No intent leads there first or second. To mend it: add this passage under answer: of an intent."
    else:
        yield _tell_remedy(case)


def _tell_what_was_done(case: Case, pack: Pack) -> str:
    reply = case.reply
    sure = f"{reply.confidence:.0%} sure"
    taken = f"It took this for {_name(pack, reply.intent)} ({sure})"
    match reply.kind:
        case "answer":
            quoted = f": <q>{escape(shorten(reply.citations[0].quote, 160))}</q>" if reply.citations else ""
            return f"{taken} and quoted{quoted}"
        case "clarify":
            return f"{taken}, less than the {DOUBTFUL:.0%} it needs, or could not tell what was meant. It asked back."
        case "out_of_scope":
            return f"{taken}, which the articles do not answer, and said so."
        case "advice":
            return f"{taken}, a wish for personal advice, and declined."
        case "urgent":
            return f"It saw danger ({escape(str(reply.intent))}) and showed the safety card."
        case "unreadable":
            return "It could not read this: too few of its words are known."
    return f"{taken} and answered with small talk."


def _tell_wanted(bot: Bot, case: Case, wanted: Intent, words: tuple[str, ...]) -> Iterator[str]:
    name = f"“{escape(wanted.question or wanted.name)}”"
    ranks = [case.reply.intent, *(a.intent for a in case.reply.alternatives)]
    if case.reply.intent == wanted.name:
        if case.reply.kind == "answer":
            yield f"It understood {name}, but the passage that was wanted does not stand among the first two it quotes."
            yield f"To mend it: move that passage up under answer: in {escape(wanted.file)}, line {wanted.line}."
        else:
            yield f"It thought of {name}, which was right, but was not sure enough to answer."
            yield f"To mend it: {_add_examples(wanted)}"
        return
    place = (
        f"came {ranks.index(wanted.name) + 1} in its ranking" if wanted.name in ranks else "was not among its first six"
    )
    yield f"Wanted was {name}, which {place}. Its nearest examples:" + _list_lines(find_nearest(bot, words, wanted))
    yield f"To mend it: {_add_examples(wanted)}"


def _add_examples(intent: Intent) -> str:
    return (
        f"add a few other ways of asking this (not this very question) to the examples in {escape(intent.file)}, "
        f"line {intent.line}."
    )


def _tell_remedy(case: Case) -> str:
    match case.row.kind:
        case "emergency":
            return (
                f"It should have shown a safety card: no rule saw a sign, and its belief in danger stayed below "
                f"{DANGER:.0%}. To mend it: add a sign to the safety rules, and examples to an urgent intent."
            )
        case "oos" | "unanswerable" | "left-out":
            return (
                "The articles do not answer this. To mend it: add such questions to the examples of an intent of "
                "kind out_of_scope."
            )
        case "advice":
            return (
                "It should have declined. To mend it: add such questions to the examples of an intent of kind advice."
            )
        case "smalltalk":
            return "To mend it: add such words to the examples of an intent of kind smalltalk."
        case "turn" | "turn-first" if case.row.expects:
            return f"Expected was one of: {escape(', '.join(case.row.expects))}. Look at intents/conversation.yaml."
    return "It should not have been answered, and no card shown. Add such questions to the kind they belong to."
