"""What a pack can answer, and from what: the pages behind `topics` and `sources`."""

from __future__ import annotations

from bot.quotes import find_topics, unreached
from bot.render import shorten
from bot.types import Article, Pack

__all__ = ["list_passages", "list_sources", "list_topics"]


def list_topics(pack: Pack, everything: bool = False) -> str:
    """The questions of the pack's intents under the article and section that answers each best.

    `everything` adds the passages no intent reaches, and what the segmenter left out and why.
    """
    lines: list[str] = []
    last = ""
    for topic in find_topics(pack):
        if topic.article != last:
            lines += [f"{topic.publisher}: {topic.title}", ""] if topic.article else []
            last = topic.article
        heading = f"  {topic.section}" if topic.article else "Other"
        lines += [heading, *(f"    {question}" for question in topic.questions), ""]
    if everything:
        for article in pack.articles.values():
            lines += _list_gaps(pack, article)
    return "\n".join(lines).rstrip()


def _list_gaps(pack: Pack, article: Article) -> list[str]:
    missed = [passage for where, passage in unreached(pack) if where is article]
    lines = [f"{article.publisher}: {len(missed)} passages that no intent reaches"]
    lines += [f"    {shorten(passage.text)}" for passage in missed]
    lines += [f"{article.publisher}: {len(article.left_out)} parts left out"]
    lines += [f"    {left.reason}: {shorten(left.text)}" for left in article.left_out]
    return [*lines, ""]


def list_passages(article: Article) -> str:
    """How an article is cut: its passages under their sections, and what no answer may quote, and why."""
    lines = []
    for section in dict.fromkeys(passage.section for passage in article.passages):
        found = [passage for passage in article.passages if passage.section == section]
        lines += [section, *(f"  {passage.id}  {shorten(passage.text)}" for passage in found), ""]
    if article.left_out:
        lines += ["Left out, and never quoted:"]
        lines += [f"  {left.reason}: {shorten(left.text)}" for left in article.left_out]
    return "\n".join(lines).rstrip()


def list_sources(pack: Pack, for_visitors: bool = False) -> str:
    """Each article with all that its header states; `for_visitors`, without what only its keeper needs."""
    pages = []
    for a in pack.articles.values():
        facts = {
            "publisher": a.publisher,
            "published": a.published or "no date given",
            "address": a.url or "not known",
            "retrieved": a.retrieved or "not known",
            "licence": a.licence,
            "interest": a.interest or "none stated",
            "sha256": a.sha256,
        }
        if for_visitors:
            facts = {name: facts[name] for name in ("publisher", "published", "address", "interest")}
        pages.append("\n".join([a.title, *(f"  {name:10} {value}" for name, value in facts.items())]))
    return "\n\n".join(pages)
