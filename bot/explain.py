"""Why the bot says what it says: every stage's value for one question, for the eyes of an author."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bot.engine import Bot, readings
from bot.errors import PackError
from bot.folder import shipped_root
from bot.model import ALARM
from bot.pack import load_pack
from bot.render import shorten
from bot.session import Session
from bot.text import index_phrases, replace_phrases, use_one_of
from bot.types import Intent, Pack, Reply
from bot.understand import DOUBTFUL, PRIOR_TAKEN_OUT, SURE_PART, UNSURE, decide, is_foreign, read, understand
from bot.written import Problem

__all__ = ["explain", "find_nearest"]

SHOWN = 5
"""Intents in the ranking, and features and example lines for the first two."""

_BLOCKS = {
    "s": "stem",
    "p": "stems",
    "c": "letters",
    "w": "word",
    "b": "words",
    "o": "opens on",
    "e": "ends on",
    "k": "concept",
}


def explain(bot: Bot, question: str, root: Path | None = None, expect: str = "", after: str = "") -> str:
    """A page about one question; `root` is the folder of the bot's pack, whose example lines are named.

    `expect` is the intent that should have won, `after` the question before it in a conversation. Raises PackError.
    """
    pack = load_pack(root or shipped_root())
    if expect and expect not in pack.intents:
        problem = Problem("--expect", 1, 1, f"there is no intent {expect!r}", use_one_of(expect, pack.intents))
        raise PackError([problem])
    session = bot.reply(after, Session())[1] if after else Session()
    return "\n".join(
        [
            *_sections(bot, question, pack, expect),
            *_tell_parts(bot, question),
            *(_tell_context(bot, question, session) if after else ()),
            "",
            f"reply        {_tell_reply(bot.reply(question, session)[0])}",
            *_suggest(bot, question, pack, expect),
        ]
    )


def _tell_parts(bot: Bot, question: str) -> Iterator[str]:
    if parts := bot.take_apart(question):
        yield ""
        yield f"parts        (each may be a question of its own, from a confidence of {SURE_PART} on)"
        for part, decision in parts:
            yield f"  {decision.confidence:6.3f}  {part.text} -> {decision.kind}, {decision.intent or 'no intent'}"


def _tell_context(bot: Bot, question: str, session: Session) -> Iterator[str]:
    reading = bot.read_after(question, session)
    yield ""
    yield f"goes on from {' '.join(session.thread) or 'nothing that stands on its own'}"
    yield f"  read as    {' '.join(reading.words)}"
    for what, words in (("filled in", reading.filled), ("joined", reading.joined)):
        if words:
            yield f"  {what:10} {' '.join(words)}"


def _tell_reply(reply: Reply) -> str:
    said = reply.citations[0].quote if reply.citations else reply.text
    return f"{reply.kind}, intent {reply.intent or 'none'}: {shorten(said)}"


def _suggest(bot: Bot, question: str, pack: Pack, expect: str) -> Iterator[str]:
    """What to change if the reply is wrong."""
    utterance = read(question, bot.model, index_phrases(pack.synonyms))
    meant = understand(utterance, bot.model)
    yield ""
    if bot.flags.look(readings(utterance)).rule:
        yield "if wrong     a red flag comes before every intent: unless: of its rule says what makes words harmless"
        return
    first = pack.intents[expect] if expect else None
    if first and first.name == meant.ranked[0].intent:
        yield f"if wrong     {first.name} is first: look at its quotes in {first.file}:{first.line}"
    elif first:
        yield f"to change    below examples: of {first.name} ({first.file}:{first.line}) add lines like this question,"
        yield f"             and move those of {meant.ranked[0].intent} that ask for {first.name}, as shown above"
    else:
        yield "if wrong     --expect INTENT shows what speaks for the intent that should have won, and what to write;"
        yield "             if none should have, write one: new intent NAME"


def _sections(bot: Bot, question: str, pack: Pack, expect: str) -> Iterator[str]:
    model, calibration = bot.model, bot.model.calibration
    utterance = read(question, model, index_phrases(pack.synonyms))
    yield f"typed        {utterance.text}"
    yield f"read as      {' '.join(utterance.words)}"
    for typed, meant in utterance.repairs:
        yield f"repaired     {typed} -> {meant}"
    foreign = ": no language of the pack" if is_foreign(utterance, model) else ""
    yield f"known        {utterance.known:.0%} of its words as typed{foreign}"
    if (known := model.recall(utterance.words)) is not None:
        yield f"remembered   {list(pack.intents)[known]} has an example in just these words"
    if named := model.sources.named(utterance.words):
        yield f"sources      {' and '.join(sorted(named))} named"
    seen = bot.flags.look(readings(utterance))
    flag = seen.rule
    raised = f"{flag.flag} raised" if flag else "all explained away" if seen.is_explained else "nothing seen"
    by = f", by “{seen.words}”" if seen.words else ""
    yield f"red flags    {len(pack.rules)} rules tried: {raised}{by}"
    meant_by = understand(utterance, model)
    yield ""
    yield f"kinds        (belief; the decision divides it by the kind's share of the examples to the {PRIOR_TAKEN_OUT})"
    for kind, belief in sorted(meant_by.kinds.items(), key=lambda item: -item[1]):
        yield f"  {belief:6.3f}  {kind}"
    yield ""
    yield f"intents      (belief, raw score; confidence in the first {meant_by.confidence:.2f})"
    for ranked in meant_by.ranked[:SHOWN]:
        yield f"  {ranked.probability:6.3f}  {ranked.score:+.3f}  {ranked.intent}"
    if len(meant_by.ranked) > 1:
        one, two = meant_by.ranked[:2]
        yield f"  margin {one.probability - two.probability:.3f} of {one.intent} over {two.intent}"
    first = [ranked.intent for ranked in meant_by.ranked]
    if expect and expect not in first:
        yield f"  {expect} is not among the first {len(first)}"
    for name in dict.fromkeys([*first[:2], *([expect] if expect else [])]):
        yield from _evidence(bot, utterance.words, pack.intents[name])
    yield ""
    yield f"quotes       (pooled belief; below {UNSURE}, or with confidence below {DOUBTFUL}, the bot asks back)"
    for quote, belief in meant_by.quotes[:SHOWN]:
        yield f"  {belief:6.3f}  {quote.article}: {shorten(pack.articles[quote.article].text[quote.start : quote.end])}"
    decision = decide(utterance, meant_by, model, seen.is_explained)
    yield ""
    if calibration.within:
        yield f"within       {meant_by.within:.3f} (the pack's business; refused below {calibration.threshold:.3f})"
    made = f"urgent, by the rule {flag.flag}" if flag else f"{decision.kind}, intent {decision.intent or 'none'}"
    made += (
        f"; danger is possible (belief {ALARM} or more), and the reply says what to do now" if decision.alarm else ""
    )
    yield f"decision     {made}"


def _evidence(bot: Bot, words: tuple[str, ...], intent: Intent) -> Iterator[str]:
    yield ""
    yield f"{intent.name} ({intent.file}:{intent.line})"
    for feature, value in bot.model.evidence(words, intent.name)[: 2 * SHOWN]:
        yield f"  {value:+.3f}  {_BLOCKS[feature[0]]} “{feature[1:].strip()}”"
    for place, text in find_nearest(bot, words, intent):
        yield f"  {place}: {text}"


def find_nearest(bot: Bot, words: tuple[str, ...], intent: Intent) -> list[tuple[str, str]]:
    """The example lines of an intent that share the rarest stems with an utterance: (file:line, text)."""
    phrases = bot.model.phrases
    weight = {f[1:]: bot.model.idf[row] for _, f, row, _ in bot.model.terms(words) if f[0] == "s" and row >= 0}
    scored = []
    for example in intent.examples:
        stems = {bot.model.stem(word) for word in replace_phrases(example.words, phrases)}
        shared = sum(value for stem, value in weight.items() if stem in stems)
        if shared:
            scored.append((-shared / (1 + len(stems)) ** 0.5, f"{example.file}:{example.line}", example.text))
    return [(place, text) for _, place, text in sorted(scored)[:3]]
