"""Articles: the header, the hash, and the cut into citable passages.

A quote is a slice of the article, never retyped, so that its attribution can be proved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.header import NONE, body_hash, find_changes, read_header, split_header
from bot.text import plain_marks
from bot.types import Article, LeftOut, Passage, PassageKind, Span
from bot.written import Problem

__all__ = ["lead_of", "parse_article", "read_article", "segment"]

MOST_CHANGES = 3
"""Changes of an article that are named one by one."""


def read_article(path: Path, shown: str) -> tuple[Article | None, list[Problem]]:
    """Read one file of `corpus/`; `shown` is its name in messages.

    Returns the article, or None, and every problem found in its header or body. One that was changed after its review
    is returned beside that problem, so that it can be told which quotes the change breaks.
    """
    try:
        raw = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [Problem(shown, 1, 1, f"byte {error.start} is not UTF-8", "save the file as UTF-8")]
    except OSError as error:
        return None, [Problem(shown, 1, 1, f"cannot be read: {error.strerror}", "check the file's rights")]
    return parse_article(raw, path.stem, shown)


def parse_article(raw: str, name: str, shown: str) -> tuple[Article | None, list[Problem]]:
    """The same for the text of a file, header and all; `name` is the article's id."""
    split = split_header(raw)
    if split is None:
        remedy = "put the lines title: … to sha256: … above the article, then a line of three dashes"
        return None, [Problem(shown, 1, 1, "no header: there is no line ---", remedy)]
    head, body = split
    header, problems = read_header(head, shown)
    if problems:
        return None, problems
    first_line = raw[: len(raw) - len(body)].count("\n") + 1
    if header["sha256"] != body_hash(body):
        problems.append(_name_changes(header, first_line, body, shown))
    article = _cut(name, header, body, first_line)
    if not article.passages:
        return None, [Problem(shown, first_line, 1, "the article holds no passage", "paste its text below the dashes")]
    return article, problems


def _name_changes(header: Mapping[str, str], first: int, body: str, shown: str) -> Problem:
    changes = find_changes(header.get("lines", ""), body, first)
    line = changes[0].line if changes else first
    what = ": " + "; ".join(str(change) for change in changes[:MOST_CHANGES]) if changes else ""
    what += f"; and {len(changes) - MOST_CHANGES} more" if len(changes) > MOST_CHANGES else ""
    remedy = f"restore the reviewed text, or have it reviewed and run: update article {shown}"
    return Problem(shown, line, 1, f"the article was changed after its review{what}", remedy)


def _cut(name: str, header: Mapping[str, str], body: str, first_line: int) -> Article:
    def value(key: str) -> str | None:
        found = header.get(key, "none")
        return None if found in NONE else found

    passages, left_out = segment(body, name, header["title"])
    return Article(
        id=name,
        title=header["title"],
        publisher=header["publisher"],
        published=value("published"),
        url=value("url"),
        retrieved=value("retrieved") or "",
        licence=header["licence"],
        interest=value("interest") or "",
        review_by=value("review_by"),
        sha256=header["sha256"],
        subjects=tuple(s.strip() for s in header.get("subjects", "").split(",") if s.strip()),
        text=body,
        passages=tuple(passages),
        left_out=tuple(left_out),
        first_line=first_line,
    )


# --- the cut ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Block:
    """A run of lines that belong together: a paragraph (its lines unwrapped) or one list item."""

    start: int
    end: int
    text: str
    bullet: bool = False

    @property
    def words(self) -> int:
        return len(self.text.split())


_BULLET = re.compile(r"\s*(?:[•‣▪●◦○∙·*–—-]|\(?\d{1,2}[.)]|[a-z][.)])\s+(?=\S)")
_RULE = re.compile(r"\s*(=+|-{3,}|\*{3,}|_{3,})\s*")
_SENTENCE_END = re.compile(r"[.!?…:;][\"'”’)\]]*$")
_MONTH = r"(?:Jan|Febr)uary|March|April|May|June|July|August|(?:Septem|Octo|Novem|Decem)ber"
_DAY = rf"(?:{_MONTH}) \d{{1,2}},? \d{{4}}|\d{{1,2}} (?:{_MONTH}) \d{{4}}|\d{{4}}-\d\d-\d\d|\d\d?/\d\d?/\d{{2,4}}"
_DATE = re.compile(rf"(?:(?:(?:first|last) )?(?:published|updated|posted|modified)\b.{{0,12}})?(?:{_DAY})\.?", re.I)
_LONGEST_HEADING = 14  # words
_LONGEST_ASIDE = 25  # words: a sentence or two

# Page furniture: what a page carries around its article. By the reason that authors are shown, what the whole block
# looks like; upper case counts only where a pattern asks for it with (?-i: ).
_SUBSCRIBE, _SOCIAL, _ELSEWHERE = "an invitation to subscribe", "a social media account", "a link to other pages"
_CAPTION = "an image caption"
_NAME = r"(?-i:(dr\.? |Dr\.? )?[A-Z][\w.'-]+(,? [A-Z][\w.'-]+){1,6})"
_FURNITURE: dict[str, tuple[str, ...]] = {
    "a link within the page": (r"(jump|skip) to\b.*", r"(table of )?contents?", r"(on|in) this (page|article)"),
    _SUBSCRIBE: (r".*\bnewsletters?\b.*", r"(subscribe|sign ?up|join us)\b.{0,40}!?", r".*\bin your inbox\b.*"),
    _SOCIAL: (
        r"(follow|find|like) us\b.*",
        r".*\b(follow us|social media)\b.*",
        r"(facebook|instagram|linkedin|threads|twitter|x|youtube|tiktok|pinterest)?( ?@\S+( and @\S+)*)?",
    ),
    "a byline": (
        rf"((medically|clinically) )?((written|reviewed|edited|posted) )?by:? {_NAME}",
        r"the (?-i:([A-Z]\w+ ){1,3}(Team|Staff|Editors))",
        r"author: .*",
    ),
    "a reading time": (r"\d+ ?-?min(ute)?s? read", r"reading time\b.*"),
    "a button": (r"(share|print|e-?mail|save|tweet)( this( \w+)?)?", r"copy link", r"back to top", r"click here\b.*"),
    _ELSEWHERE: (
        r"(.{0,30} )?(related|recommended) (stories|articles|reading|posts|topics)",
        r"(you (may|might) )?also like",
        r"(read|learn) more",
        r"more (stories|articles)\b.*",
    ),
    _CAPTION: (
        r"(photo|image|picture)s?:? (by|credit|courtesy of)\b.*",
        r"(photo|image|picture|credit|caption): .*",
        r"(?-i:[a-z])[^.!?:;]*",
    ),
    "a notice of the web site": (
        r"advertisement|sponsored\b.*",
        r".*\b(accept|uses?) (all )?cookies\b.*",
        r"privacy policy|terms of (use|service)",
    ),
    "a copyright line": (r"©.*", r"\(c\) .*", r"copyright .*", r".*\ball rights reserved\.?"),
    "a call to action": (r"(book|schedule|request) (an?|your) (appointment|visit|consultation|call)\b.{0,20}",),
    "a navigation line": (r".+ [>»] .+",),
}
_FURNITURE_PATTERNS = {
    reason: re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
    for reason, patterns in _FURNITURE.items()
}


def segment(text: str, name: str, title: str = "") -> tuple[list[Passage], list[LeftOut]]:
    r"""Cut an article into citable passages, one per paragraph or list item, and what is left out.

    Spans are character offsets into `text`, end exclusive; passages never overlap and none is empty.
    A heading becomes the `section` of what follows; a list item knows the sentence that leads into its list.

    >>> passages, left_out = segment("Try:\n\n  • Balance\n\nSubscribe today!", "a", "Exercises")
    >>> [(p.text, p.lead_in) for p in passages]
    [('Try:', None), ('Balance', Span(start=0, end=4))]
    >>> [(l.text, l.reason) for l in left_out]
    [('Subscribe today!', 'an invitation to subscribe')]
    """
    blocks = _blocks(text)
    reasons = _find_furniture(blocks, title)
    content = [i for i in range(len(blocks)) if i not in reasons]
    headings = {i for i in content[:-1] if _looks_like_heading(blocks[i])}
    reasons |= {i: "a heading with nothing under it" for i in content[-1:] if _looks_like_heading(blocks[i])}
    passages: list[Passage] = []
    section, lead_in = title, None
    for i in content:
        block = blocks[i]
        if i in headings:
            marks = len(block.text) - len(block.text.lstrip("#* "))
            section, lead_in = block.text.strip("#*= \t"), Span(block.start + marks, block.end)
        elif i not in reasons:
            passage = _to_passage(text, block, f"{name}-{len(passages) + 1}", section, lead_in)
            passages.append(passage)
            lead_in = lead_in if block.bullet else passage.sentences[-1]
    return passages, [LeftOut(blocks[i].start, blocks[i].end, blocks[i].text, reasons[i]) for i in sorted(reasons)]


def _to_passage(text: str, block: _Block, name: str, section: str, lead_in: Span | None) -> Passage:
    kind: PassageKind = "item" if block.bullet else "date" if _DATE.fullmatch(block.text) else "paragraph"
    sentences = tuple(split_sentences(text, block.start, block.end))
    slice_ = text[block.start : block.end]
    return Passage(name, kind, section, block.start, block.end, slice_, sentences, lead_in if block.bullet else None)


def _blocks(text: str) -> list[_Block]:
    """Paragraphs and list items, whether the paste kept its blank lines, wrapped its lines, or neither."""
    lines = [(m.start(), m[0]) for m in re.finditer(r"[^\r\n]+", text)]
    wrapped = _is_wrapped(text)
    blocks: list[_Block] = []
    last_end = -1
    for start, line in lines:
        if not line.strip() or _RULE.fullmatch(line):
            continue
        bullet = _BULLET.match(line)
        first = start + (bullet.end() if bullet else len(line) - len(line.lstrip()))
        end = start + len(line.rstrip())
        adjacent = last_end >= 0 and text[last_end:start].strip(" \t\xa0\r") == "\n"
        if adjacent and not bullet and blocks and _continues(blocks[-1], line, wrapped):
            blocks[-1] = _Block(
                blocks[-1].start, end, " ".join(text[blocks[-1].start : end].split()), blocks[-1].bullet
            )
        else:
            blocks.append(_Block(first, end, " ".join(text[first:end].split()), bool(bullet)))
        last_end = start + len(line)
    return blocks


def _is_wrapped(text: str) -> bool:
    """Whether the paste broke its paragraphs into short lines of about one width."""
    lines = [line for line in text.splitlines() if line.strip()]
    widest = max((len(line) for line in lines), default=0)
    runs = re.findall(r"[^\n]{40,}\n[^\S\n]*[^\s•*-][^\n]*", text)
    return widest <= 110 and len(runs) >= 3


def _continues(block: _Block, line: str, wrapped: bool) -> bool:
    unfinished = not _SENTENCE_END.search(block.text)
    if block.bullet:
        return line[:1].isspace() or (unfinished and line.lstrip()[:1].islower())
    if not wrapped:
        return unfinished and line.lstrip()[:1].islower()
    # In wrapped text only a full line runs on: a short one ends its paragraph or is a heading.
    return len(block.text) > 40 or line.lstrip()[:1].islower()


def _looks_like_heading(block: _Block) -> bool:
    text = block.text
    named = text.strip("#*= \t")  # Marks alone would head a section without a name.
    if block.bullet or not named or block.words > _LONGEST_HEADING or _DATE.fullmatch(text):
        return False
    marked = text.startswith("#") or (text.startswith("**") and text.endswith("**"))
    starts = text.lstrip("#*\"“‘' ")[:1]
    open_ended = not re.search(r"[.!,;:…][\"'”’)\]]*$", text)
    return marked or (open_ended and (starts.isupper() or starts.isdigit()))


def _bare(text: str) -> str:
    """A text as it is compared with a heading."""
    return plain_marks(text).casefold().strip("#* ")


def _find_furniture(blocks: list[_Block], title: str) -> dict[int, str]:
    """Index of each block that is page furniture, with the reason."""
    reasons: dict[int, str] = {}
    bare = [_bare(block.text) for block in blocks]
    last = {text: i for i, text in enumerate(bare)}
    at_title = next((i for i, text in enumerate(bare[:12]) if text == _bare(title)), 0)
    for i, block in enumerate(blocks):
        plain = plain_marks(block.text)
        short = block.words <= _LONGEST_ASIDE
        found = next((r for r, pattern in _FURNITURE_PATTERNS.items() if short and pattern.fullmatch(plain)), None)
        if found == _CAPTION and block.bullet:
            found = None  # An item may well begin in lower case and end without a stop.
        if found is None and i < at_title and short and not _DATE.fullmatch(block.text):
            found = "above the title"
        if found is None and last[bare[i]] > i and _looks_like_heading(block):
            found = "an entry of the table of contents"
        if (
            found is None
            and i
            and short
            and not _looks_like_heading(block)
            and reasons.get(i - 1) in (_SUBSCRIBE, _SOCIAL)
        ):
            found = "belongs to the box above it"
        if found:
            reasons[i] = found
    return reasons


_ABBREVIATION = re.compile(
    r"(?:\b(?:Drs?|Mrs?|Ms|Prof|St|Jr|Sr|vs|etc|e\.g|i\.e|cf|No|Fig|approx|Inc|Ltd|Ph\.D|M\.D|[A-Z]|a\.m|p\.m))\.$"
)
_BOUNDARY = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s+[\"'“‘(\[]?[A-Z0-9])")


def split_sentences(text: str, start: int, end: int) -> Iterator[Span]:
    """The sentences of `text[start:end]`; joined where it is not sure that one ends, so no quote is cut short.

    >>> [(s.start, s.end) for s in split_sentences("Ask Dr. Li. It helps.", 0, 21)]
    [(0, 11), (12, 21)]
    """
    first = start
    for boundary in _BOUNDARY.finditer(text, start, end):
        if _ABBREVIATION.search(text[first : boundary.end()].rstrip("\"'”’)]")):
            continue
        yield Span(first, boundary.end())
        first = boundary.end() + len(text[boundary.end() : end]) - len(text[boundary.end() : end].lstrip())
    if first < end:
        yield Span(first, end)


# --- what a quote leans on --------------------------------------------------------------------------

_PRONOUN = re.compile(
    r"(?:They|Them|Their|Theirs|These|Those|This|That|It|Its|He|She|His|Her|Such|Others?|Another|The same|Neither|Each)"
    r"\b(?!['’]s \w+ that\b| is \w+ that\b| (?:article|page|guide|leaflet|information)\b)"
)
_CONNECTIVE = re.compile(
    r"(?:But|However|(?:After|Before) (?:this|that)|So(?! that)"
    r"|Instead|Though|Although|Yet|Still|Also|And|Or|Nor|Then|Therefore|Thus|Hence"
    r"|Otherwise|Besides|Moreover|Furthermore|Similarly|Likewise|Nevertheless|Nonetheless|Meanwhile|For example"
    r"|For instance|In addition|In contrast|As a result|On the other hand|Rather(?! than)|Because of (?:this|that))\b"
)
_FARTHEST = 3  # sentences a lead may reach back


def lead_of(article: Article, passage: Passage, start: int) -> Span | None:
    """The stretch to show before the sentence at `start`, or None where that sentence stands alone.

    A list item is led by the sentence that introduces its list; a sentence that opens on a pronoun or a
    connective by the one before it, and by as many more as it takes to name what the pronoun means; one that
    names none of the article's `subjects` by the nearest earlier one of its paragraph that does.
    """
    if passage.lead_in is not None:
        first = _chain(article, passage.lead_in, _sentences_before(article, passage, passage.lead_in.start))
        return Span(first[-1].start if first else passage.lead_in.start, passage.lead_in.end)
    sentence = next(s for s in passage.sentences if s.start == start)
    chain = _chain(article, sentence, _sentences_before(article, passage, start))
    return Span(chain[-1].start, chain[0].end) if chain else None


def _chain(article: Article, sentence: Span, before: list[Span]) -> list[Span]:
    """The sentences that `sentence` leans on, nearest first."""
    chain: list[Span] = []
    opening, connective = article.text[sentence.start : sentence.end], True
    while len(chain) < min(_FARTHEST, len(before)):
        if not (_PRONOUN.match(opening) or (connective and _CONNECTIVE.match(opening))):
            break
        chain.append(before[len(chain)])
        opening, connective = article.text[chain[-1].start : chain[-1].end], False
    if _names_subject(article, [sentence, *chain]):
        return chain
    for reach in range(len(chain) + 1, min(_FARTHEST, len(before)) + 1):
        if _names_subject(article, before[reach - 1 : reach]):
            return before[:reach]
        if re.search(r"\n\s*\n", article.text[before[reach - 1].start : sentence.start]):
            break  # One sentence of the paragraph above may name it; further up it is another matter.
    return chain


def _names_subject(article: Article, sentences: list[Span]) -> bool:
    """Whether one of the sentences names a subject (or the article declares none to name)."""
    text = "\n".join(article.text[s.start : s.end] for s in sentences)
    # An abbreviation such as OT must stand as it is, alone or in the plural; other names may run on.
    patterns = (rf"\b{re.escape(s)}s?\b" if s.isupper() else rf"(?i)\b{re.escape(s)}" for s in article.subjects)
    return not article.subjects or any(re.search(pattern, text) for pattern in patterns)


def _sentences_before(article: Article, passage: Passage, start: int) -> list[Span]:
    """Sentences of the same section's paragraphs that end before `start`, nearest first; one with its list whole."""
    within = [p for p in article.passages if p.section == passage.section]
    ends = {item.lead_in: item.end for item in within if item.lead_in and item.end <= start}
    paragraphs = [s for p in within if p.kind == "paragraph" for s in p.sentences if s.end <= start]
    return [Span(s.start, ends.get(s, s.end)) for s in reversed(paragraphs)]
