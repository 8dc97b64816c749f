"""Follow-ups that name nothing themselves: "more", "why?", "say that again"; and asking back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.compose import Answer, Composer
from bot.model import Model
from bot.nouns import replace
from bot.offers import Offers
from bot.session import Session
from bot.types import Decision, Quote, Ranked, Reply, Utterance
from bot.understand import CHOICES, NAMED, choose_quotes, understand

__all__ = ["FollowUps"]

NEAREST = 4
"""Quotes beside an answer that may hold its reasons."""

FEWEST_CHOICES = 2
"""To ask back with; a pack that has fewer hands over to a person at once."""

MOST_ASKED_BACK = 2
"""Questions back in a row, after which a person is handed over to."""


class FollowUps:
    """Answers what can only be understood from the last answer."""

    def __init__(self, model: Model, composer: Composer, offers: Offers) -> None:
        self._model = model
        self._wording = model.pack.wording
        self._composer = composer
        self._offers = offers

    def answer(self, follow_up: str, session: Session, alarm: bool = False) -> Answer:
        """Carry out a follow-up; where there is nothing to follow up, ask what is meant.

        `alarm`: what was taken for one may be danger.
        """
        last, answer = session.last, session.answer
        if follow_up == "help":
            text = f"{self._wording['help']}\n\n{self._wording['emergency']}"
            return self._composer.smalltalk(Decision("smalltalk"), text, self._offers.first)
        if follow_up == "neither" and not session.unclear:
            return self._composer.smalltalk(Decision("smalltalk"), self._wording["anything_else"], self._offers.first)
        if follow_up == "neither" and last:
            ranked = tuple(Ranked(a.intent, 0.0, a.confidence) for a in last.alternatives)
            return self.ask_back(Decision("clarify", last.intent, alternatives=ranked), session)
        if follow_up == "repeat" and last:
            return Answer(last, offered=session.offered)
        if follow_up == "sources" and last and last.citations:
            return self._composer.sources_of(last)
        if answer is None:
            return self.ask_what(session, alarm)
        match follow_up:
            case "other_source":
                return self._ask_every_source(answer, session)
            case "plainer":
                return self._say_plainer(answer, session)
            case "why":
                return self._explain(answer, session)
        return self._say_more(answer, session)

    # --- asking back ---

    def ask_back(
        self, decision: Decision, session: Session, repairs: Sequence[tuple[str, str]] = (), wording: str = "clarify"
    ) -> Answer:
        """Ask which of the choices is meant; the second time in a row offer others, then hand over to a person."""
        if session.unclear >= MOST_ASKED_BACK:
            return self._composer.hand_over(self._offers.first)
        if session.unclear:
            wording = "clarify_again"
            other = (ranked.intent for ranked in decision.alternatives)
            beside = (near for name in self._offers.first for near in self._offers.neighbours(name))
            names = dict.fromkeys((*decision.choices, *other, *self._offers.first, *beside, *self._model.pack.intents))
            new = [name for name in names if self._offers.is_answerable(name) and name not in session.offered]
            decision = replace(decision, choices=tuple(new)[:CHOICES])
        if len(decision.choices) < FEWEST_CHOICES:
            return self._composer.hand_over(self._offers.first)
        return self._composer.clarify(decision, self._wording[wording], repairs)

    def ask_what(self, session: Session, alarm: bool = False) -> Answer:
        """Ask what a follow-up means that nothing came before, or nothing that it fits."""
        wording = "clarify" if session.last else "nothing_yet"
        return self.ask_back(Decision("clarify", choices=self._offers.at_hand, alarm=alarm), session, wording=wording)

    def ask_which(self, session: Session) -> Answer:
        """Ask what is meant by a place in no list, or in none that is so long."""
        choices = session.offered if len(session.offered) >= FEWEST_CHOICES else self._offers.at_hand
        if session.unclear >= MOST_ASKED_BACK or len(choices) < FEWEST_CHOICES:
            return self._composer.hand_over(self._offers.first)
        return self._composer.clarify(Decision("clarify", choices=choices), self._wording["clarify"])

    # --- from the last answer ---

    def _say_more(self, answer: Reply, session: Session) -> Answer:
        """What was not shown yet: first of the same answer, then of the questions next to it."""
        near = [self._model.pack.intents[name] for name in self._offers.neighbours(answer.intent)]
        return self._show_new([*session.waiting, *(q for intent in near for q in intent.quotes)], answer, session)

    def _explain(self, answer: Reply, session: Session) -> Answer:
        """What stands beside the last answer in its article: there its reasons are, if anywhere."""
        beside = self._offers.around(answer, session.subject)[:NEAREST]
        shown = [quote for quote in session.shown if any(map(quote.overlaps, answer.citations))][-1:]
        new = [quote for quote in beside if not any(map(quote.overlaps, session.shown))]
        decision = Decision("answer", answer.intent, answer.confidence, tuple(dict.fromkeys((*shown, *new))), parts=2)
        found = self._composer.answer(decision, self._offers.suggest(decision, None, session))
        return replace(found, waiting=session.waiting)

    def _show_new(self, quotes: Iterable[Quote], answer: Reply, session: Session) -> Answer:
        """Those of the quotes that were not shown yet."""
        new = tuple(dict.fromkeys(quote for quote in quotes if not any(map(quote.overlaps, session.shown))))
        decision = Decision("answer", answer.intent, answer.confidence, new)
        suggestions = self._offers.suggest(decision, None, session)
        if not new:
            return self._composer.smalltalk(decision, self._wording["no_more"], suggestions)
        return self._composer.answer(decision, suggestions)

    def _say_plainer(self, answer: Reply, session: Session) -> Answer:
        """The plainest quote of the last answer, and the word that there are no other words than the articles'."""
        cited = {(c.article, c.start) for c in answer.citations}
        shown = [quote for quote in session.shown if (quote.article, quote.start) in cited]
        plainest = min(shown, key=self._composer.plainness)
        decision = Decision("answer", answer.intent, answer.confidence, (plainest,))
        suggestions = self._offers.suggest(decision, None, session)
        return self._composer.answer(decision, suggestions, before=self._wording["plainer"])

    def _ask_every_source(self, answer: Reply, session: Session) -> Answer:
        """What each article says to the last question, or that only one says anything."""
        meant = understand(Utterance(" ".join(session.thread), session.thread, known=1.0), self._model)
        cited = {c.article for c in answer.citations}
        most = meant.quotes[0][1]
        if any(quote.article not in cited and belief >= NAMED * most for quote, belief in meant.quotes):
            quotes = choose_quotes(meant.quotes, frozenset(self._model.pack.articles))
            decision = Decision("answer", answer.intent, answer.confidence, quotes)
            return self._composer.answer(decision, self._offers.suggest(decision, meant, session))
        return self._composer.sources_of(answer, self._wording["sources" if len(cited) > 1 else "only_source"])
