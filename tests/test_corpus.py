from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.corpus import lead_of, read_article, segment, split_sentences
from bot.types import Article

HERE = Path(__file__).parent
ROOT = HERE.parent
SHIPPED = ("clearing", "evergreenhealth")


def load(name: str) -> Article:
    article, problems = read_article(ROOT / "corpus" / f"{name}.txt", name)
    assert article is not None, problems
    return article


def cut(name: str, title: str) -> tuple[Article, str]:
    text = (HERE / "articles" / f"{name}.txt").read_text(encoding="utf-8")
    passages, left_out = segment(text, name, title)
    return Article(name, title, "", None, None, "", "", "", None, "", (), text, tuple(passages), tuple(left_out)), text


def leads(article: Article) -> dict[str, str]:
    """The lead of every sentence that has one, white space flattened."""
    found = {}
    for passage in article.passages:
        for sentence in passage.sentences:
            lead = lead_of(article, passage, sentence.start)
            if lead:
                key = " ".join(article.text[sentence.start : sentence.end].split())
                found[key] = " ".join(article.text[lead.start : lead.end].split())
    return found


# --- the two articles that ship ---


@pytest.mark.parametrize("name", SHIPPED)
def test_every_passage_is_a_slice_and_none_overlap(name: str) -> None:
    article = load(name)
    end = -1
    for passage in article.passages:
        assert passage.text == article.text[passage.start : passage.end]
        assert passage.text.strip() == passage.text != ""
        assert passage.start >= end
        end = passage.end
        assert passage.sentences[0].start == passage.start
        assert passage.sentences[-1].end == passage.end


@pytest.mark.parametrize("name", SHIPPED)
def test_every_word_of_an_article_is_a_passage_a_heading_or_left_out(name: str) -> None:
    article = load(name)
    covered = [(p.start, p.end) for p in article.passages] + [(x.start, x.end) for x in article.left_out]
    rest = "".join(c if not any(s <= i < e for s, e in covered) else "\n" for i, c in enumerate(article.text))
    headings = {line.strip("• \xa0") for line in rest.splitlines()} - {""}
    assert headings == {p.section for p in article.passages}


def test_page_furniture_is_left_out_with_its_reason() -> None:
    left_out = {x.text: x.reason for name in SHIPPED for x in load(name).left_out}
    assert left_out["therapist helping man lift dumbbell"] == "an image caption"
    assert left_out["Well Together Newsletter"] == "an invitation to subscribe"
    assert left_out["Instagram @evergreenhealth"] == "a social media account"
    assert left_out["The Clearing Team"] == "a byline"
    assert left_out["Jump To Section"] == "a link within the page"
    assert left_out["Sign up for our newsletter"] == "an invitation to subscribe"
    assert left_out["Your Well Together Related Stories"] == "a link to other pages"
    assert len(left_out) == 16


def test_date_and_disclaimer_stay_citable() -> None:
    texts = {p.text: p for name in SHIPPED for p in load(name).passages}
    assert texts["Published on October 21, 2025"].kind == "date"
    assert any(text.startswith("This article is for informational purposes only") for text in texts)


def test_a_sentence_that_leans_on_another_is_led_by_it() -> None:
    found = leads(load("clearing")) | leads(load("evergreenhealth"))
    assert found["Heat or cold therapy"] == "Popular exercises prescribed by physical therapists include:"
    assert found["Vision or cognitive conditions that impact your daily life"].startswith("You may benefit from occ")
    assert found["They now work in schools, gyms, spas, sports settings and even homes."].startswith("So that they")
    assert found["Their treatment plans help patients avoid surgery."].startswith("So physical therapists use")
    both = found["They also reduce the risk of becoming addicted to pain medications such as opioids."]
    assert both.startswith("So physical therapists") and both.endswith("help patients avoid surgery.")
    assert found["But as a new emphasis on human rights emerged in the 1800s, it spurred on the advent of asylums."]
    # Nothing in the sentence says which therapy; the one before it does.
    assert "physical therapists" in found[next(t for t in found if t.startswith("Patients may need to learn"))]


@pytest.mark.parametrize("name", SHIPPED)
def test_no_sentence_is_shown_without_what_it_leans_on(name: str) -> None:
    article = load(name)
    found = leads(article)
    opens = ("They ", "These ", "Those ", "Their ", "But ", "However", "Instead", "Others ", "Though ", "It can")
    for passage in article.passages:
        for sentence in passage.sentences:
            text = " ".join(article.text[sentence.start : sentence.end].split())
            if passage.kind == "item" or text.startswith(opens):
                assert text in found, text


# --- articles of other shapes ---


def test_a_wrapped_markdown_leaflet() -> None:
    article, _ = cut("wrapped", "After Your Hip Operation")
    assert [p.section for p in article.passages] == (
        ["After Your Hip Operation"] + ["Moving safely"] * 5 + ["Getting help"] * 2
    )
    assert article.passages[0].text.startswith("You will stand up") and article.passages[0].text.endswith(
        "twice a day."
    )
    assert "lower than your hip" in article.passages[3].text
    found = leads(article)
    assert found["Do not cross your legs"] == "For the first six weeks:"
    assert found["Call the ward on weekdays."] == "Getting help"
    # A contrast with a list is led by the whole list, never by "For the first six weeks:" alone.
    assert found["However, you may turn over with a pillow between your knees."].endswith("- Sleep on your back")
    assert not any(sentence.startswith("Friday") for sentence in found)
    assert {x.reason for x in article.left_out} == {
        *("a navigation line", "a byline", "a reading time", "a button", "a copyright line")
    }


def test_a_dense_paste_without_blank_lines() -> None:
    article, _ = cut("dense", "Walking frames")
    assert [(p.kind, p.section) for p in article.passages] == [
        ("date", "WALKING FRAMES"),
        ("paragraph", "WALKING FRAMES"),
        ("paragraph", "Choosing a frame"),
        ("paragraph", "Choosing a frame"),
        ("paragraph", "Looking after it"),
    ]
    assert leads(article)["Those without wheels are steadier on carpet."].startswith("Frames with two wheels")
    assert [x.text for x in article.left_out if x.reason == "an entry of the table of contents"] == [
        "Choosing a frame",
        "Looking after it",
    ]


def test_a_blog_post_with_boxes() -> None:
    article, _ = cut("blog", "Does Knitting Count as Exercise?")
    assert [p.text for p in article.passages if p.kind == "item"] == ["Thick needles", "Soft wool"]
    assert article.passages[1].section == "Is it for everyone?"
    assert {x.text for x in article.left_out} >= {
        *("Example Clinic Stories", "By Mary Example", "Get a story like this every week.", "Follow us on Facebook")
    }


# --- sentences, headers, tampering ---


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("See Dr. Li at 9 a.m. Bring shoes. Why? Because!", ["See Dr. Li at 9 a.m. Bring shoes.", "Why?", "Because!"]),
        (
            "It costs 2.50 now, i.e. little. (Really.) “Yes.” No",
            ["It costs 2.50 now, i.e. little.", "(Really.)", "“Yes.”", "No"],
        ),
        ("One\nline. Two", ["One\nline.", "Two"]),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert [text[s.start : s.end] for s in split_sentences(text, 0, len(text))] == sentences


@given(st.text(alphabet="ab .!?\n•-AB:", max_size=300))
def test_segmenting_anything_keeps_the_slice_invariant(text: str) -> None:
    passages, left_out = segment(text, "x", "A")
    for p in passages:
        assert text[p.start : p.end] == p.text.strip() == p.text != ""
    spans = sorted([(p.start, p.end) for p in passages] + [(x.start, x.end) for x in left_out])
    assert all(first[1] <= second[0] for first, second in pairwise(spans))


def test_a_changed_article_is_refused(pack: Path) -> None:
    path = pack / "corpus" / "visiting.txt"
    path.write_bytes(path.read_bytes().replace(b"two hours", b"ten hours"))
    article, problems = read_article(path, "corpus/visiting.txt")
    assert article is not None  # So that its quotes can still be looked for.
    assert [(p.line, p.fact[:40]) for p in problems] == [(11, "the article was changed after its review")]


def test_every_fault_of_a_header_is_named(pack: Path) -> None:
    path = pack / "corpus" / "visiting.txt"
    text = (
        path.read_text(encoding="utf-8").replace("published: 2024-05-01", "published: May").replace("url: none\n", "")
    )
    path.write_text(
        text.replace("title:", "tilte:").replace("licence: The", "licence: A\nlicence: The"), encoding="utf-8"
    )
    _, problems = read_article(path, "corpus/visiting.txt")
    facts = [p.fact for p in problems]
    assert "unknown key 'tilte'" in facts
    assert "published is not a date: 'May'" in facts
    assert "licence is given twice" in facts
    assert {"the header has no title", "the header has no url"} <= set(facts)
