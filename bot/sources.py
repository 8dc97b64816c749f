"""Which articles an utterance asks for: by their publishers' names, or all of them ("do both articles say so?")."""

from __future__ import annotations

from collections.abc import Sequence

from bot.signs import SignLists
from bot.text import PhraseTable, replace_phrases, split_words
from bot.types import Pack

__all__ = ["Sources"]


class Sources:
    """The publishers' names of a pack, and its signs for "all articles"."""

    def __init__(self, pack: Pack, phrases: PhraseTable) -> None:
        self.publishers = {
            name: tuple(replace_phrases(split_words(article.publisher), phrases))
            for name, article in pack.articles.items()
        }
        self._names = {name: f" {' '.join(words)} " for name, words in self.publishers.items()}
        self._all = SignLists([pack.talk.all_articles])

    def named(self, words: Sequence[str]) -> frozenset[str]:
        """The ids of the articles that are asked for; none where an utterance leaves it open."""
        text = f" {' '.join(words)} "
        if any(sign.pattern.search(text) for _, sign in self._all.find_possible(words)):
            return frozenset(self._names)
        return frozenset(name for name, publisher in self._names.items() if publisher in text)
