"""A visit at a terminal: a line goes in, and what is said to it comes out. Knows no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from heapq import nlargest

from rapidfuzz import fuzz, process

from bot.context import Context
from bot.engine import Answers, Bot, greet
from bot.session import Session
from bot.text import clean, fold, split_words
from bot.topics import list_sources, list_topics
from bot.types import Block

__all__ = ["COMMANDS", "Visit", "says_goodbye"]

COMMANDS = ("/help", "/topics", "/sources", "/why", "/more", "/reset", "/plain", "/quit")

NEAR = 60
"""Likeness, of 100, from which a mistyped command is taken for one of them."""

FEWEST_TYPED, OFFERED = 3, 5
"""Letters from which questions are offered while they are typed, and how many."""

MOST_COMPLETED = 100
"""Letters beyond which nothing is offered: no question is as long, and reading it would hold up the keys."""

LIKE = 62
"""Likeness, of 100, from which a question is offered."""

SAME_WORD = 60
"""Likeness, of 100, below which two words are not the same one misspelt."""


class Visit:
    """One visit. `is_plain`: plain lines are asked for. `has_restarted`: the last line began the visit anew."""

    def __init__(self, bot: Answers, is_plain: bool = False) -> None:
        self._bot = bot
        self._session = Session()
        self._silent: Bot | None = None
        self.is_plain = is_plain
        self.has_restarted = False
        self._commands: dict[str, Callable[[], tuple[Block, ...]]] = {
            "/help": lambda: self._say("commands", *([] if self.is_plain else ["keys"]), "emergency"),
            "/topics": lambda: _by_paragraph(list_topics(bot.model.pack)),
            "/sources": lambda: _by_paragraph(list_sources(bot.model.pack, for_visitors=True)),
            "/why": self._tell_why,
            "/more": lambda: self._ask("more"),
            "/reset": lambda: self._begin("restarted"),
            "/plain": self._switch_plain,
        }

    @property
    def wording(self) -> Mapping[str, str]:
        """The words of the pack as it is now."""
        return self._bot.model.pack.wording

    @property
    def fingerprint(self) -> str:
        """Of the pack as it is now."""
        return self._bot.model.pack.fingerprint

    @property
    def questions(self) -> list[str]:
        """What the pack knows to answer."""
        return [i.question for i in self._bot.model.pack.intents.values() if i.kind == "answer" and i.question]

    @property
    def status(self) -> str:
        """One quiet line on what this is."""
        pack = self._bot.model.pack
        return pack.wording["status"].format(clinic=pack.name, articles=len(pack.articles))

    def greet(self) -> tuple[Block, ...]:
        """What a visit opens with."""
        return (*self._begin("welcome"), *self._say("hint"))

    def part(self) -> tuple[Block, ...]:
        """What a visit ends with; a card that was just shown is the last to be seen of it."""
        last = self._session.last
        card = last.blocks if last and last.kind == "urgent" else ()
        return (*self._say("goodbye"), *card)

    def complete(self, typed: str) -> list[str]:
        """The questions that a line may be meant to become, likest first, or the commands that begin so."""
        line = fold(clean(typed)).strip(" ?")
        if line.startswith("/"):
            return [command for command in COMMANDS if command.startswith(line)]
        if not FEWEST_TYPED <= len(line) <= MOST_COMPLETED or self._may_be_danger(typed):
            return []
        liking = {question: _compare(line, fold(question).strip(" ?")) for question in self.questions}
        likest = nlargest(OFFERED, liking, key=lambda question: liking[question])
        return [question for question in likest if liking[question] >= LIKE]

    def hear(self, typed: str) -> tuple[Block, ...] | None:
        """What is said to a line; None where the visitor leaves."""
        self.has_restarted = False
        word = fold(clean(typed)).strip(" .!")
        if word == "/quit" or says_goodbye(word.removeprefix("/"), self.wording):
            return None
        if word.startswith("/") and " " not in word:
            return self._obey(word)
        if self._find_follow_up(typed) == "help":
            return self._obey("/help")
        heard = self._ask(typed)
        # Whoever is told goodbye, in whatever words it was said, has left.
        return None if heard[0].text == self.wording["goodbye"] else heard

    def reads_on(self, typed: str) -> bool:
        """Whether a line asks for the next page."""
        return typed.strip() in ("", "/more") or self._find_follow_up(typed) == "more"

    def _find_follow_up(self, typed: str) -> str | None:
        return Context(self._bot.model.pack.talk).find_follow_up([split_words(clean(typed))])

    def _ask(self, question: str) -> tuple[Block, ...]:
        reply, self._session = self._bot.reply(question, self._session)
        self.has_restarted = self._session.last is None
        return reply.blocks

    def _obey(self, command: str) -> tuple[Block, ...]:
        if command in self._commands:
            return self._commands[command]()
        if self._may_be_danger(command):  # Who means "/stroke" needs no lesson in commands.
            return self._ask(command)
        near = process.extractOne(command, COMMANDS, processor=lambda name: name[1:], score_cutoff=NEAR)
        if not near:
            return self._say("no_command")
        return (Block("words", self.wording["nearest_command"].format(command=near[0])),)

    def _may_be_danger(self, typed: str) -> bool:
        """Whether a line would be met with what to do in danger: nothing may then lead the visitor elsewhere."""
        if not self._silent or self._silent.model is not self._bot.model:
            self._silent = Bot(self._bot.model)  # What is not asked yet is not counted.
        reply = self._silent.ask(typed)
        return reply.kind == "urgent" or reply.blocks[0].text == self.wording["if_now"]

    def _say(self, *keys: str) -> tuple[Block, ...]:
        return tuple(Block("words", self.wording[key]) for key in keys)

    def _begin(self, key: str) -> tuple[Block, ...]:
        """Forget the visit so far."""
        words = self.wording[key]
        if key == "welcome":  # Of the others, none may hold a name, and so none is filled.
            words = words.format(clinic=self._bot.model.pack.name)
        reply, self._session = greet(self._bot.model, words)
        self.has_restarted = True
        return reply.blocks

    def _switch_plain(self) -> tuple[Block, ...]:
        self.is_plain = not self.is_plain
        return self._say("made_plain" if self.is_plain else "unmade_plain")

    def _tell_why(self) -> tuple[Block, ...]:
        """How the last question was read, in the visitor's words and the pack's."""
        pack = self._bot.model.pack
        self._session = self._session.move(pack.fingerprint, pack.intents)  # It may have been edited since.
        last = self._session.last
        if last is None:
            return self._say("nothing_yet")
        if last.kind == "urgent":
            return last.blocks
        return tuple(Block("words", text) for text in self._explain())

    def _explain(self) -> Iterator[str]:
        last, intents, wording = self._session.last, self._bot.model.pack.intents, self.wording
        assert last
        if last.repairs:
            yield "\n".join(wording["read_as"].format(typed=t, understood=u) for t, u in last.repairs)
        if last.kind == "answer" and last.intent:
            meant = wording["meant"].format(question=intents[last.intent].question)
            yield f"{meant}\n{wording['sure'].format(percent=round(100 * last.confidence))}"
        else:
            yield wording["not_meant"]
        others = [a.question for a in last.alternatives if intents[a.intent].kind == "answer"]
        if others:
            yield "\n".join([wording["could_mean"], *(f"- {question}" for question in others)])


def says_goodbye(typed: str, wording: Mapping[str, str]) -> bool:
    """Whether a line is one of the words with which a pack lets its visitors leave."""
    word = fold(clean(typed)).strip(" .!")
    return bool(word) and word in (fold(part).strip(" .!") for part in wording["leave"].split(","))


def _by_paragraph(text: str) -> tuple[Block, ...]:
    return tuple(Block("words", paragraph) for paragraph in text.split("\n\n"))


def _compare(typed: str, question: str) -> float:
    """How like a question is to the beginning of one that is typed with slips, of 100: word by word, and as it stands.

    Of the shipped questions, begun with a slip every 15 letters or told in two of their words, .97 are among the five
    likest; by rapidfuzz's `partial_ratio` alone .95, by `WRatio` .74.
    """
    words = typed.split()
    others = question.split() or [""]
    likest = [max(fuzz.ratio(word, other) for other in others) for word in words[:-1]]
    # The last word may be half typed.
    likest.append(max(fuzz.ratio(words[-1], other[: len(words[-1]) + 1]) for other in others))
    known = (len(word) * like for word, like in zip(words, likest, strict=True) if like >= SAME_WORD)
    by_word = sum(known) / sum(map(len, words))
    return (by_word + fuzz.partial_ratio(typed, question)) / 2
