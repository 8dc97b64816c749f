"""Carrying questions and answers of another bot or a spreadsheet into a pack, as a file of its `intents/`.

An answer that stands in an article becomes a quote of it. Any other becomes a reply in words of its own, and a question
without an answer is out of scope until it has one; both are listed with all that could not be carried over.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bot.compose import MOST_WORDS
from bot.corpus import read_article
from bot.errors import PackError
from bot.folder import fingerprint
from bot.foreign import Row, read_foreign
from bot.intents import Content, QuoteDraft, read_content
from bot.new import write_new
from bot.nodes import Scalar
from bot.pack import load_pack
from bot.quotes import Finder, resolve
from bot.render import shorten
from bot.text import plain_marks, split_words, strip_controls
from bot.written import Problem

__all__ = ["Import", "plan_import", "tidy_line", "tidy_text", "write_import"]

LONGEST_NAME = 6
"""Words of a question that name an intent."""

SHORTEST_QUOTE = 3
"""Words of an answer from which standing in an article is no chance: "yes" and "in a car" are not quotes."""

LONGEST_STEM = 60
"""Characters of the file's name without its ending: with letters of four bytes, as many as any system takes."""

LONGEST_PHRASE = 400
"""Characters of a synonym's phrase: YAML has keys of up to 1024, escapes included."""


@dataclass(frozen=True, slots=True)
class Import:
    """A file of a pack before it is written: what it holds, and what was left out, changed or wants a look.

    Of its intents, `quoted` answer with a quote, `worded` in words of their own, and `unanswered` not at all.
    """

    path: Path
    text: str
    left_out: tuple[Problem, ...]
    examples: int
    synonyms: int
    quoted: int
    worded: int
    unanswered: int


@dataclass
class _Topic:
    """An intent on its way into the pack. `quote` is its answer as the quote of an article; `article` where need be."""

    name: Scalar | None
    questions: list[Scalar]
    answer: Scalar | None
    quote: QuoteDraft | None = None


@dataclass
class _Plan:
    """What has been settled so far; `names` and `seen` (examples by their words) are those of the pack, too.

    `numbers` counts how often each name was wanted.
    """

    names: set[str]
    seen: dict[tuple[str, ...], tuple[str, str, int]]
    numbers: dict[str, int] = field(default_factory=dict)
    topics: list[tuple[str, _Topic]] = field(default_factory=list)
    left_out: list[Problem] = field(default_factory=list)

    def leave(self, at: Scalar, rule: str, fact: str, remedy: str) -> None:
        self.left_out.append(at.problem(fact, remedy).warn(rule))


def plan_import(root: Path, file: Path) -> Import:
    """What taking `file` into the pack in `root` would write. Nothing is written.

    Raises PackError where the file cannot be read or holds nothing to import, where the pack has problems of its own,
    or already has a file of that name.
    """
    fingerprint(root)  # Raises where there is no pack.
    path = root / "intents" / f"{file.stem[:LONGEST_STEM]}.yaml"
    foreign = read_foreign(file)
    _refuse_existing(path)
    own = read_content((p, p.relative_to(root).as_posix()) for p in sorted((root / "intents").glob("**/*.y*ml")))
    plan = _Plan({draft.name.value for draft in own.intents}, _find_seen(own), left_out=list(foreign.left_out))
    for topic in _gather(foreign.rows, plan):
        _settle(topic, plan)
    _find_quotes(plan, _read_finder(root))
    synonyms = _choose_synonyms(foreign.synonyms, own.synonyms, plan)
    if not plan.topics and not synonyms:
        remedy = "look at what was left out; a file must hold questions, each with its answer if it has one"
        raise PackError([Problem(str(file), 1, 1, "the file holds nothing to import", remedy), *plan.left_out])
    _list_answers(plan)
    text = _write(file.name, plan.topics, synonyms)
    _prove(root, path, text)
    return _count(path, text, plan, len(synonyms))


def write_import(plan: Import) -> None:
    """Write the planned file; whole, then renamed. Raises PackError where one of that name stands, or none can."""
    _refuse_existing(plan.path)
    write_new(plan.path, plan.text)


def _refuse_existing(path: Path) -> None:
    if path.exists():
        remedy = "rename the file to import, or remove the older one"
        raise PackError([Problem(str(path), 1, 1, "the pack already has a file of this name", remedy)])


def _prove(root: Path, path: Path, text: str) -> None:
    """Try the file on a copy of the pack. Raises PackError with every problem, as that of the pack or of the file."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / root.resolve().name
        try:
            for part in ("corpus", "intents"):
                if (root / part).is_dir():
                    shutil.copytree(root / part, copy / part)
            (copy / "intents" / path.name).write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            fact = f"the pack cannot be read whole: {error}"
            raise PackError([Problem(str(root), 1, 1, fact, "check the rights on its files")]) from None
        try:
            load_pack(copy)
        except PackError as error:
            is_new = any(problem.file == f"intents/{path.name}" for problem in error.problems)
            fact = "the new file would break the pack" if is_new else "the pack has problems of its own"
            first = Problem(str(root), 1, 1, f"{fact}, so nothing was imported", "mend what stands below first")
            raise PackError([first, *error.problems]) from None


def _count(path: Path, text: str, plan: _Plan, synonyms: int) -> Import:
    topics = [topic for _, topic in plan.topics]
    quoted = sum(topic.quote is not None for topic in topics)
    unanswered = sum(topic.answer is None for topic in topics)
    return Import(
        path=path,
        text=text,
        left_out=tuple(sorted(plan.left_out)),
        examples=sum(len(topic.questions) for topic in topics),
        synonyms=synonyms,
        quoted=quoted,
        worded=len(topics) - quoted - unanswered,
        unanswered=unanswered,
    )


# --- texts ------------------------------------------------------------------------------------------

# Halves of characters and the two that are none: Unicode text may hold them, YAML may not.
_UNWRITABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")


def tidy_text(text: str) -> str:
    r"""A text as a pack can hold it: every line end a line feed, and nothing that a terminal would obey.

    >>> tidy_text("Yes.\r\nBring a \x1b[1mcard\x1b[0m. ")
    'Yes.\nBring a card.'
    """
    return _UNWRITABLE.sub("", strip_controls("\n".join(text.splitlines()))).strip()


def tidy_line(text: str) -> str:
    r"""The same on one line, with single spaces: an example is one.

    >>> tidy_line(" may I \n park here?")
    'may I park here?'
    """
    return " ".join(tidy_text(text).split())


# --- from rows to intents ---------------------------------------------------------------------------


def _find_seen(own: Content) -> dict[tuple[str, ...], tuple[str, str, int]]:
    found = ((draft.name.value, example) for draft in own.intents for example in draft.examples)
    return {example.words: (name, example.file, example.line) for name, example in found}


def _gather(rows: Iterable[Row], plan: _Plan) -> Iterable[_Topic]:
    """Rows of one name as one topic; and so those of one answer, where they have no name or theirs has several."""
    tidied = [
        Row(
            row.question.here(tidy_line(row.question.value)),
            row.name.here(text) if row.name and (text := tidy_line(row.name.value)) else None,
            row.answer.here(text) if row.answer and (text := tidy_text(row.answer.value)) else None,
        )
        for row in rows
    ]
    answers: dict[str, dict[str, None]] = {}
    for row in tidied:
        if row.name and row.answer:
            answers.setdefault(row.name.value, {})[row.answer.value] = None
    several = {name for name, texts in answers.items() if len(texts) > 1}
    _list_several(tidied, several, plan)
    topics: dict[tuple[str, ...], _Topic] = {}
    for row in tidied:
        name = row.name if row.name and row.name.value not in several else None
        group = row.name.value if row.name else ""
        said = row.answer.value if row.answer else ""
        own = (group,) if name else (group, said) if said else (group, said, *split_words(row.question.value))
        topic = topics.setdefault(own, _Topic(name, [], row.answer))
        topic.questions.append(row.question)
        topic.answer = topic.answer or row.answer
    return topics.values()


def _list_several(rows: Iterable[Row], several: set[str], plan: _Plan) -> None:
    first: dict[str, Scalar] = {}
    for row in rows:
        if row.name and row.name.value in several:
            first.setdefault(row.name.value, row.name)
    for name in first.values():
        fact = f"{shorten(name.value)!r} has several answers, so each is an intent, named by its first question"
        plan.leave(name, "several", fact, "give questions that ask for the same the same answer")


def _settle(topic: _Topic, plan: _Plan) -> None:
    """Give a topic the questions that are its alone, and a name that nothing else has."""
    wanted = topic.name or topic.questions[0].here("_".join(split_words(topic.questions[0].value)[:LONGEST_NAME]))
    name = re.sub(r"\W+", "_", wanted.value).strip("_") or "question"
    free = _free_name(name, plan)
    asked, topic.questions = topic.questions, []
    topic.questions = [question for question in asked if _is_new(question, free, plan)]
    if not topic.questions:
        fact = f"nothing is left of the intent {shorten(wanted.value)!r}: none of its questions could be taken"
        plan.leave(wanted, "lost", fact, "see what is said of its questions; their answer is not taken either")
        return
    if topic.name and free != wanted.value:
        reason = "the name is taken" if free != name else "a name has letters, digits and _"
        plan.leave(wanted, "renamed", f"{shorten(wanted.value)!r} became {free}: {reason}", "rename it if you like")
    plan.names.add(free)
    plan.topics.append((free, topic))


def _free_name(name: str, plan: _Plan) -> str:
    while True:
        number = plan.numbers[name] = plan.numbers.get(name, 0) + 1
        free = f"{name}_{number}" if number > 1 else name
        if free not in plan.names:
            return free


def _is_new(question: Scalar, name: str, plan: _Plan) -> bool:
    """Whether no intent has a question in these words; listed where one has."""
    words = tuple(split_words(question.value))
    if not words:
        fact = f"this question holds no word: {shorten(question.value)!r}"
        plan.leave(question, "empty", fact, "write what patients say")
        return False
    here = (name, question.file, question.line)
    other, file, line = first = plan.seen.setdefault(words, here)
    if first is here:
        return True
    fact, remedy = f"this question is asked twice, first in line {line}", "nothing is lost: it was taken once"
    if other != name:
        fact, remedy = f"this question stands under {other} ({file}:{line})", "it stays there: choose who answers it"
    plan.leave(question, "twice", f"{fact}: {shorten(question.value)!r}", remedy)
    return False


# --- answers and synonyms ---------------------------------------------------------------------------


def _read_finder(root: Path) -> Finder:
    read = (read_article(path, path.name)[0] for path in sorted((root / "corpus").glob("*.txt")))
    return Finder({article.id: article for article in read if article})


def _find_quotes(plan: _Plan, finder: Finder) -> None:
    # Finder compiles a pattern for each answer; that it stands nowhere, as most do, is seen ten times as fast here.
    texts = [_flatten(article.text) for article in finder.articles.values()]
    for _, topic in plan.topics:
        flat = _flatten(topic.answer.value) if topic.answer else ""
        if topic.answer and flat.count(" ") + 1 >= SHORTEST_QUOTE and any(flat in text for text in texts):
            topic.quote = _find_quote(topic.answer, finder, plan)


def _flatten(text: str) -> str:
    return " ".join(plain_marks(text).split())


def _find_quote(answer: Scalar, finder: Finder, plan: _Plan) -> QuoteDraft | None:
    """An answer that stands in an article as a quote of it, or None where it cannot be quoted."""
    articles = list(dict.fromkeys(article.id for article, _ in finder.find(answer.value)))
    # Where several articles hold it, one of them must be named; the first is as good as any.
    quote = QuoteDraft(answer, answer.here(articles[0]) if len(articles) > 1 else None)
    problems: list[Problem] = []
    is_found = resolve(quote, finder, problems) is not None
    plan.left_out += [problem.warn("quote") for problem in problems]
    return quote if is_found else None


def _list_answers(plan: _Plan) -> None:
    """List the intents that somebody should look at before a patient does."""
    worded = [(name, topic.answer) for name, topic in plan.topics if topic.answer and not topic.quote]
    for name, answer in worded:
        if len(answer.value.split()) > MOST_WORDS:
            fact = f"the answer of {name} has {len(answer.value.split())} words; a reply should have {MOST_WORDS}"
            plan.leave(answer, "long", fact, "shorten it in the new file")
        if found := re.search(r"[{}][^{}]*\}?", answer.value):
            fact = f"the answer of {name} holds braces, which patients would see: {shorten(found[0])!r}"
            plan.leave(answer, "braces", fact, "write out in the new file what should stand there")
    if worded:
        many = "1 intent answers" if len(worded) == 1 else f"these {len(worded)} intents answer"
        fact = f"{many} in words of {'its' if len(worded) == 1 else 'their'} own, not in a quote"
        names = shorten(", ".join(name for name, _ in worded), 500)
        at = worded[0][1].problem(fact, "have somebody qualified read them", names)
        plan.left_out.append(at.warn("worded", *(name for name, _ in worded)))
    for name, topic in plan.topics:
        if not topic.answer:
            plan.leave(topic.questions[0], "unanswered", f"{name} has no answer, so it is out of scope", ANSWER_IT)


def _choose_synonyms(pairs: Iterable[tuple[Scalar, Scalar]], own: dict[str, str], plan: _Plan) -> dict[str, str]:
    """Phrases and their meanings that the pack does not have; one that contradicts another is listed."""
    known = {tuple(split_words(phrase)): meaning for phrase, meaning in own.items()}
    chosen: dict[str, str] = {}
    for phrase, meaning in pairs:
        typed, meant = tidy_line(phrase.value), tidy_line(meaning.value)
        words = tuple(split_words(typed))
        if not words or not split_words(meant) or len(typed) > LONGEST_PHRASE:
            fact = f"no synonym: {shorten(typed)!r} for {shorten(meant)!r}"
            plan.leave(phrase, "synonym", fact, "write a word or a few for each")
        elif words not in known:
            known[words] = chosen[typed] = meant
        elif split_words(known[words]) != split_words(meant):
            fact = f"{shorten(typed)!r} is read as {shorten(known[words])!r}, so not as {shorten(meant)!r}"
            plan.leave(phrase, "synonym", fact, "the first is kept: a phrase has one meaning")
    # Rasa lists a meaning among its own synonyms.
    return {typed: meant for typed, meant in chosen.items() if split_words(typed) != split_words(meant)}


# --- the file ---------------------------------------------------------------------------------------

ANSWER_IT = "to have it answered, take out the line kind: and add answer: with a quote, or reply:"
"""What to do with an intent that came without an answer."""


def _write(source: str, topics: Iterable[tuple[str, _Topic]], synonyms: dict[str, str]) -> str:
    lines = [f"# Imported from {tidy_line(source)}.", ""]
    blocks = [line for name, topic in topics for line in _write_topic(name, topic)]
    lines += ["intents:", *blocks] if blocks else []
    lines += ["synonyms:"] if synonyms else []
    lines += [f"  {_quote(typed)}: {_quote(meant)}" for typed, meant in synonyms.items()]
    return "\n".join([*lines, ""])


def _write_topic(name: str, topic: _Topic) -> Iterator[str]:
    question = topic.questions[0].value
    if not topic.answer:
        yield f"  # No answer came with this: {ANSWER_IT}."
    yield f"  - intent: {_quote(name)}"
    if not topic.answer:
        yield "    kind: out_of_scope"
    yield f"    question: {_quote(question[0].upper() + question[1:])}"
    yield "    examples: |"
    yield from (f"      - {example.value}" for example in topic.questions)
    if topic.quote:
        yield "    answer:"
        yield f"      - quote: {_quote(topic.quote.text.value)}"
        if topic.quote.article:
            yield f"        article: {_quote(topic.quote.article.value)}"
    elif topic.answer:
        # Braces name a number of the clinic in the texts of a pack, unless they are doubled.
        yield f"    reply: {_quote(topic.answer.value.replace('{', '{{').replace('}', '}}'))}"


def _quote(text: str) -> str:
    """A text on one line of YAML: as it is where that is safe, else in double quotes.

    >>> print(_quote("Where is it?"), _quote("Yes: here #1"))
    Where is it? "Yes: here #1"
    """
    is_plain = re.fullmatch(r"[^\W_][^\n\t]*", text) and not re.search(r":(\s|$)|\s#", text)
    return text if is_plain else json.dumps(text, ensure_ascii=False)
