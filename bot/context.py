"""What an utterance means after what was said before: follow-ups, picks, and questions that go on from the last one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.nouns import dataclass
from bot.signs import SignLists
from bot.text import split_words
from bot.types import SignIndex, Talk

__all__ = ["Context", "Reading"]

SHORT = 5
"""Words, those that say nothing left out, up to which an utterance is taken to go on from the last one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """An utterance as the conversation makes it out.

    `words` are what is asked, what stands for another subject written out. Where it goes on from the last question
    (`is_open`), `filled` are its words with the subject spoken of in them, and `joined` those with the last question
    before them. `subjects` are the places of those it names; with `stands_in` it holds a word that stands for one.
    `swapped` is the subject of which it asks the last question anew. `is_lost`: it means something said before, and
    nothing was.
    """

    words: tuple[str, ...]
    is_open: bool = False
    filled: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    subjects: tuple[int, ...] = ()
    stands_in: bool = False
    swapped: int | None = None
    is_lost: bool = False


class Context:
    """How people go on talking, in the words of one pack. `index` is that of the signs of follow-ups."""

    def __init__(self, talk: Talk, publishers: Iterable[Sequence[str]] = (), index: SignIndex | None = None) -> None:
        self._talk = talk
        self._names = tuple(talk.follow_ups)
        self._follow_ups = SignLists(talk.follow_ups.values(), index)
        self._other = SignLists([talk.other])
        self._openers = sorted((tuple(opener.split()) for opener in talk.openers), key=len, reverse=True)
        self._fillers = frozenset(talk.fillers)
        self._publishers = [tuple(words) for words in publishers]
        self._subjects = [tuple(tuple(form.split()) for form in forms) for forms in talk.subjects]

    def find_follow_up(self, readings: Iterable[Sequence[str]]) -> str | None:
        """Which follow-up an utterance is, in any of its readings, or None."""
        found = [
            place
            for words in dict.fromkeys(map(tuple, readings))
            for place, sign in self._follow_ups.find_possible(words)
            if sign.whole.fullmatch(_spaced(words))
        ]
        return self._names[min(found)] if found else None

    def find_places(self, words: Sequence[str], count: int) -> tuple[int, ...]:
        """The places from 0 that an utterance names among `count` things, if it names nothing else.

        >>> context = Context(Talk({}, fillers=("the", "and"), places=(("one", "first"), ("two", "second"), ("last",))))
        >>> [context.find_places(text.split(), 3) for text in ("the second one", "2", "1 and last", "the heat")]
        [(1,), (1,), (0, 2), ()]
        """
        named: list[int] = []
        for at, word in enumerate(words):
            if word.isdecimal() and len(word) < 3:
                named.append(int(word) - 1)
            elif (place := self._place(word)) is not None:
                if not (place == 0 and named and at and self._place(words[at - 1]) is not None):  # "The second one"
                    named.append(count - 1 if place == len(self._talk.places) - 1 else place)
            elif word not in self._fillers and word not in self._talk.joins:
                return ()
        return tuple(dict.fromkeys(named)) if all(0 <= place < count for place in named) else ()

    def names_place(self, words: Sequence[str]) -> bool:
        """Whether an utterance names a place in some list, and says nothing else."""
        return bool(self.find_places([word for word in words if word.strip("0")], 99)) or list(words) == ["0"]

    def _place(self, word: str) -> int | None:
        return next((place for place, names in enumerate(self._talk.places) if word in names), None)

    def find_words(self, words: Sequence[str], offered: Sequence[str]) -> int | None:
        """The place of the only question offered that holds words of the utterance which no other one holds."""
        questions = [set(split_words(question)) for question in offered]
        said = {word for word in words if word not in self._fillers}
        hits = []
        for place, question in enumerate(questions):
            others = set().union(*(q for i, q in enumerate(questions) if i != place))
            if said & (question - others):
                hits.append(place)
        return hits[0] if len(hits) == 1 and said <= set().union(*questions) else None

    def subject(self, words: Sequence[str]) -> int | None:
        """The place of the only subject named in an utterance; None where none is, or several are."""
        named = self._named(words)
        return named[0] if len(named) == 1 else None

    def name(self, subject: int) -> str:
        """The first form of a subject's name."""
        return " ".join(self._subjects[subject][0])

    def names_publisher(self, words: Sequence[str]) -> bool:
        """Whether an utterance names the publisher of an article."""
        return any(_spaced(name) in _spaced(words) for name in self._publishers)

    def names_only_subjects(self, words: Sequence[str]) -> bool:
        """Whether an utterance names several subjects, and nothing else: "OT or PT?"."""
        return len(self._named(words)) > 1 and len(self._content(words)) < 2

    def joins_subjects(self, one: Sequence[str], other: Sequence[str]) -> bool:
        """Whether what stands on both sides of a join belongs together: "what do PTs" "OTs have in common"."""
        return self._ends_on(one) and self._begins_with(other)

    def _content(self, words: Sequence[str]) -> list[str]:
        return [w for w in self._without_subjects(self._strip(tuple(words))[0]) if w not in self._fillers]

    def _ends_on(self, words: Sequence[str]) -> bool:
        return any(_spaced(words).endswith(_spaced(form)) for forms in self._subjects for form in forms)

    def _begins_with(self, words: Sequence[str]) -> bool:
        return any(_spaced(words).startswith(_spaced(form)) for forms in self._subjects for form in forms)

    def _named(self, words: Sequence[str]) -> list[int]:
        text = _spaced(words)
        return [n for n, forms in enumerate(self._subjects) if any(_spaced(form) in text for form in forms)]

    def read(self, words: tuple[str, ...], thread: tuple[str, ...], subject: int | None) -> Reading:
        """An utterance after the question `thread`, while `subject` is spoken of."""
        possible = (sign.pattern for _, sign in self._other.find_possible(words))
        found = next((match for pattern in possible if (match := pattern.search(_spaced(words)))), None)
        if found:
            other = self._other_subject(thread, subject)
            if other is None:
                return Reading(words, is_lost=not self._says(words, found))
            text = _spaced(words)
            words = tuple(f"{text[: found.start()]}{self.name(other)}{text[found.end() - 1 :]}".split())
        core, has_opener = self._strip(words)
        if thread and self._means_every(core):
            return Reading((*thread, *(word for forms in self._subjects for word in forms[0])))
        named, rest = self._named(core), self._content(core)
        if thread and len(named) == 1 and not rest:
            return Reading(self._swap(thread, named[0]), subjects=tuple(named), swapped=named[0])
        filled = () if named else self._fill(words, thread, subject)
        stands_in = any(word in names for names in self._talk.stand_ins for word in words)
        goes_on = found is not None or has_opener or len(rest) <= SHORT or (stands_in)
        last = self._swap(thread, named[0]) if len(named) == len(self._named(thread)) == 1 else thread
        return Reading(
            words=words,
            is_open=goes_on and (bool(thread) or subject is not None),
            filled=filled,
            joined=last + words if last else (),
            subjects=tuple(named),
            stands_in=stands_in and bool(filled),
        )

    def _means_every(self, core: Sequence[str]) -> bool:
        """Whether words stand for all subjects, and say nothing else: "both sorts?"."""
        every = [word for word in core if word in self._talk.every]
        return bool(every) and all(word in self._fillers for word in core if word not in every)

    def _says(self, words: Sequence[str], found: re.Match[str]) -> bool:
        """Whether an utterance says anything beside the words found in it."""
        text = _spaced(words)
        left = (text[: found.start()] + text[found.end() - 1 :]).split()
        return any(word not in self._fillers for word in self._strip(tuple(left))[0])

    def _strip(self, words: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
        """The words behind the openers, and whether there were any."""
        core = words
        while opener := next((o for o in self._openers if core[: len(o)] == o), None):
            core = core[len(opener) :]
        return core, len(core) < len(words)

    def _other_subject(self, thread: tuple[str, ...], subject: int | None) -> int | None:
        spoken = self.subject(thread) if subject is None else subject
        if spoken is None or len(self._subjects) != 2:
            return None
        return 1 - spoken

    def _without_subjects(self, words: Sequence[str]) -> list[str]:
        text = _spaced(words)
        for forms in self._subjects:
            for form in sorted(forms, key=len, reverse=True):
                text = text.replace(_spaced(form), " ")
        return text.split()

    def _swap(self, thread: tuple[str, ...], to: int) -> tuple[str, ...]:
        """The last question, asked of another subject."""
        named = self._named(thread)
        if named == [to]:
            return thread
        if len(named) > 1:
            return self._subjects[to][0]
        text = _spaced(thread)
        if not named:
            return (*thread, *self._subjects[to][0])
        for old, new in zip(self._subjects[named[0]], self._subjects[to], strict=True):
            text = text.replace(_spaced(old), f" {'_'.join(new)} ")
        return tuple(text.replace("_", " ").split())

    def _fill(self, words: tuple[str, ...], thread: tuple[str, ...], subject: int | None) -> tuple[str, ...]:
        """The words with the subject in place of what stands in for it, or before them; else a publisher's name."""
        forms: Sequence[tuple[str, ...]] = self._subjects[subject] if subject is not None else ()
        if subject is None:
            publisher = next((name for name in self._publishers if _spaced(name) in _spaced(thread)), None)
            forms = [publisher] * len(self._talk.stand_ins) if publisher else ()
        for names, form in zip(self._talk.stand_ins, forms, strict=False):
            at = next((i for i, word in enumerate(words) if word in names), None)
            if at is not None:
                return (*words[:at], *form, *words[at + 1 :])
        return (*forms[0], *words) if forms else ()


def _spaced(words: Iterable[str]) -> str:
    return f" {' '.join(words)} "
