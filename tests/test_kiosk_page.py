"""The touch-screen page in a real browser: touch and keys, time, looks, and what it never does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from bot import Bot
from bot.kiosk.visits import CARD, IDLE, WARNED
from browser import launch
from conftest import Hindered
from screen import Screen, serve

DANGER = "my chest hurts and my arm is numb"
SCREENS = {
    "answer": "cant do up my buttons since the stroke, is that PT or OT?",
    "clarify": "and the other one?",
    "advice": "should i stop my blood thinner",
    "out_of_scope": "how much does a session cost",
    "smalltalk": "thank you",
    "unreadable": "?!",
    "urgent": DANGER,
}
STANDARDS = ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TARGETS = """[...document.querySelectorAll("button, summary, .push, #question")].filter((it) => it.checkVisibility())
    .map((it) => [it.innerText, ...(({x, width, height}) => [x, width, height])(it.getBoundingClientRect())])"""

NARROW, WIDE = {"width": 320, "height": 640}, {"width": 1080, "height": 1920}

VOICE = """
const spoken = [];
globalThis.spoken = spoken;
globalThis.voices = [{lang: "en-US", localService: LOCAL, name: "a voice"}];
const synthesis = {
  speaking: false,
  getVoices: () => globalThis.voices,
  addEventListener: () => {},
  speak(speech) { this.speaking = true; spoken.push(speech.text); speech.onstart?.(); },
  cancel() { this.speaking = false; },
};
Object.defineProperty(globalThis, "speechSynthesis", {value: synthesis});
globalThis.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = launch(playwright)
        expect.set_options(timeout=5000)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def screen(bot: Bot) -> Iterator[Screen]:
    with serve(bot) as served:
        yield served


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, screen: Screen) -> Iterator[Open]:
    """Open the page in a browser that refuses whatever does not lead to it; errors of its script fail the test."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def refuse(route: Route) -> None:
        wrong.append(f"asked for {route.request.url}")
        route.abort()

    def call(script: str = "", **how: Any) -> Page:
        context = browser.new_context(viewport=how.pop("viewport", WIDE), **how)
        contexts.append(context)
        context.route(lambda url: not url.startswith(screen.url), refuse)
        context.set_default_timeout(5000)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Failed to load" not in said.text else None)
        page.on("dialog", lambda dialog: wrong.append(f"a dialog: {dialog.message}"))
        if script:
            page.add_init_script(script)
        if how.get("java_script_enabled", True):
            page.clock.install()
        page.goto(screen.url)
        return page

    yield call
    for context in contexts:
        context.close()
    assert not wrong


def ask(page: Page, question: str) -> None:
    page.fill("#question", question)
    page.press("#question", "Enter")
    await_answer(page)


def await_answer(page: Page) -> None:
    expect(page.locator("body:not([aria-busy])")).to_have_count(1)
    expect(page.locator("#said > *").first).to_be_visible()


def kind(page: Page) -> str | None:
    return page.locator("body").get_attribute("data-kind")


def start_over(page: Page) -> None:
    page.get_by_role("button", name="Start over").click()
    expect(page.locator("body[data-kind=welcome] #question")).to_be_visible()
    page.wait_for_load_state()  # What is measured next is laid out by the style, which comes after the words.


# --- asking ---


def test_keys_alone_ask_read_and_go_on(open_page: Open, bot: Bot) -> None:
    page = open_page()
    page.keyboard.type("do they use lasers")  # Nothing was touched: letters go to the field.
    expect(page.locator("#question")).to_have_value("do they use lasers")
    page.keyboard.press("Enter")
    await_answer(page)
    assert bot.ask("do they use lasers").citations[0].quote in page.locator("#said").inner_text()
    expect(page.locator("#said h2")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="More about this")).to_be_focused()
    page.keyboard.press("Enter")
    await_answer(page)
    reached = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.innerText || document.activeElement.id"))
    assert {"question", "Ask", "Start over", "hide", "size-1", "contrast"} <= reached


def test_touch_alone_asks_from_a_topic_and_a_suggestion(open_page: Open, bot: Bot) -> None:
    page = open_page(has_touch=True)
    topic = bot.topics()[1]
    page.locator("main > div > details:not(.languages) summary").nth(1).tap()
    page.get_by_role("button", name=topic.questions[0], exact=True).tap()
    await_answer(page)
    reply = bot.ask(topic.questions[0])
    assert reply.citations[0].quote in page.locator("blockquote").first.inner_text()
    page.get_by_role("button", name=reply.suggestions[0], exact=True).tap()
    await_answer(page)
    assert bot.ask(reply.suggestions[0]).citations[0].quote in page.locator("#said").inner_text()
    page.fill("#question", DANGER)
    page.get_by_role("button", name="Ask", exact=True).tap()
    await_answer(page)
    assert kind(page) == "urgent"


def test_a_question_back_is_answered_by_touching_a_choice(open_page: Open) -> None:
    page = open_page()
    ask(page, SCREENS["clarify"])
    assert kind(page) == "clarify"
    page.locator(".offers button").first.click()
    await_answer(page)
    assert kind(page) == "answer"


def test_a_follow_up_goes_on_from_the_answer(open_page: Open) -> None:
    page = open_page()
    ask(page, "what is occupational therapy?")
    ask(page, "and the other one?")
    assert kind(page) == "answer"
    assert "physical therap" in page.locator("#said").inner_text().lower()


def test_a_tap_too_many_asks_once(open_page: Open) -> None:
    page = open_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    page.fill("#question", "do they use lasers")
    page.evaluate("for (let i = 0; i < 5; i++) document.querySelector('#ask button').click()")
    await_answer(page)
    assert asked.count("POST") == 1


def test_an_empty_field_asks_nothing(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Please type your question first.")
    assert kind(page) == "welcome"
    expect(page.locator("#question")).to_be_focused()


@pytest.mark.parametrize(
    "question", ["<img src=/x onerror=alert(1)>", "<script>alert(1)</script>", "javascript:alert(1)"]
)
def test_a_question_with_markup_is_only_a_question(open_page: Open, question: str) -> None:
    page = open_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    ask(page, question)
    assert page.locator("main img, main script").count() == 0
    assert {url.rpartition("/")[2] for url in asked} <= {"", "ask", "stay", "icon.svg"}


def test_nothing_is_fetched_but_the_page_itself(open_page: Open, screen: Screen) -> None:
    page = open_page()  # It refuses all other hosts, and fails if one was asked for.
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    ask(page, "do they use lasers")
    assert {url.removeprefix(screen.url) for url in asked} == {"/", "/ask", "/kiosk.css", "/kiosk.js", "/icon.svg"}


def test_without_a_script_it_asks_answers_and_forgets(open_page: Open, screen: Screen, bot: Bot) -> None:
    page = open_page(java_script_enabled=False)
    page.fill("#question", "do they use lasers")
    page.press("#question", "Enter")
    assert bot.ask("do they use lasers").citations[0].quote in page.locator("blockquote").inner_text()
    assert page.url == f"{screen.url}/"
    page.get_by_role("button", name="More about this").click()
    assert kind(page) == "answer"
    screen.ahead += IDLE + 1
    page.reload()
    page.get_by_role("button", name="I need more time").click()
    assert kind(page) == "answer"
    page.get_by_role("button", name="Start over").click()
    assert kind(page) == "welcome"
    page.go_back()
    assert kind(page) == "welcome" and page.input_value("#question") == ""
    assert page.locator("blockquote").count() == 0


def test_the_question_stands_above_its_answer_but_not_on_the_card_nor_on_paper(open_page: Open) -> None:
    page = open_page()
    ask(page, "do they use <b>lasers</b> $& {question}")
    expect(page.locator(".asked")).to_have_text("You asked: do they use <b>lasers</b> $& {question}")
    page.emulate_media(media="print")
    expect(page.locator(".asked")).not_to_be_visible()
    page.emulate_media(media="screen")
    ask(page, DANGER)
    expect(page.locator(".asked")).to_have_count(0)


def test_who_starts_over_before_the_answer_came_leaves_none_behind(browser: Browser, bot: Bot) -> None:
    may_answer = Event()

    with serve(Hindered(bot, lambda _: may_answer.wait(10))) as screen, browser.new_context(viewport=WIDE) as context:
        page = context.new_page()
        page.goto(screen.url)
        page.fill("#question", "do they use lasers")
        page.press("#question", "Enter")
        expect(page.locator("#told")).to_have_text("One moment, please.")
        page.get_by_role("button", name="Start over").click()
        expect(page.locator("body[data-kind=welcome] #question")).to_be_visible()
        may_answer.set()
        page.wait_for_timeout(300)
        page.reload()
        assert kind(page) == "welcome"
        ask(page, "more")
        assert kind(page) == "clarify"
        assert page.locator("blockquote").count() == 0


def test_what_could_not_be_reached_is_tried_again(open_page: Open, screen: Screen) -> None:
    page = open_page()
    tried: list[str] = []

    def lose(route: Route) -> None:
        tried.append(route.request.url)
        if len(tried) == 1:
            route.abort()
        else:
            route.fallback()

    page.route("**/ask", lose)
    page.fill("#question", "do they use lasers")
    page.press("#question", "Enter")
    for _ in range(4):
        page.clock.fast_forward(1000)
    await_answer(page)
    assert kind(page) == "answer" and len(tried) == 2


# --- time ---


def test_who_walks_away_in_the_middle_of_a_word_is_wiped(open_page: Open) -> None:
    page = open_page()
    page.fill("#question", "zanzibar")
    page.clock.fast_forward((IDLE - 1) * 1000)
    expect(page.locator("#idle")).not_to_be_visible()
    page.clock.fast_forward(2000)
    expect(page.locator("#idle")).to_be_visible()
    expect(page.get_by_role("button", name="I need more time")).to_be_focused()
    page.clock.fast_forward(WARNED * 1000)
    expect(page.locator("#idle")).not_to_be_visible()
    expect(page.locator("#question")).to_have_value("")


def test_the_warning_can_be_extended_without_limit(open_page: Open) -> None:
    page = open_page()
    ask(page, "do they use lasers")
    for way in ("button", "Escape", "Enter", "beside", "button"):
        page.clock.fast_forward((IDLE + 5) * 1000)
        expect(page.locator("#idle")).to_be_visible()
        if way == "button":
            page.get_by_role("button", name="I need more time").click()
        elif way == "beside":
            page.mouse.click(5, 5)
        else:
            page.keyboard.press(way)
        expect(page.locator("#idle")).not_to_be_visible()
        page.clock.fast_forward((IDLE - 5) * 1000)
        expect(page.locator("#idle")).not_to_be_visible()
        page.keyboard.press("Shift")
    assert kind(page) == "answer"


def test_after_the_wipe_nothing_brings_a_visit_back(open_page: Open, screen: Screen) -> None:
    page = open_page()
    page.get_by_role("radio", name="Largest").click()
    ask(page, "do they use lasers")
    token = page.context.cookies()[0]["value"]
    page.fill("#question", "zanzibar")
    page.clock.fast_forward((IDLE + 1) * 1000)
    page.clock.fast_forward((WARNED + 1) * 1000)
    expect(page.locator("body[data-kind=welcome] #question")).to_be_visible()
    for go in (page.go_back, page.go_forward, page.reload, lambda: page.goto(screen.url)):
        go()
        if page.url.startswith(screen.url):
            expect(page.locator("#question")).to_have_value("")
            assert page.locator("blockquote").count() == 0
            assert page.locator("#size-1").is_checked()
        assert "zanzibar" not in page.content()
    assert page.context.cookies()[0]["value"] != token


def test_leaving_the_page_empties_it(open_page: Open, screen: Screen) -> None:
    page = open_page()
    page.goto(f"{screen.url}/icon.svg")
    page.goto(screen.url)
    ask(page, "do they use lasers")
    start_over(page)
    page.fill("#question", "zanzibar")
    page.go_back()
    page.go_forward()
    expect(page.locator("#question")).to_have_value("")
    assert kind(page) == "welcome"


def test_the_card_is_a_whole_screen_and_stays_two_minutes(open_page: Open, bot: Bot) -> None:
    page = open_page(viewport={"width": 1280, "height": 800})
    ask(page, DANGER)
    card = page.get_by_role("alert")
    assert card.inner_text().split("\n\n") == bot.ask(DANGER).text.split("\n")
    assert page.locator("main").bounding_box()["height"] > 500  # type: ignore[index]
    assert page.locator("main button:visible, main input:visible").count() == 0
    expect(card.locator("h2")).to_be_focused()
    page.clock.fast_forward((CARD + IDLE - 1) * 1000)
    expect(page.locator("#idle")).not_to_be_visible()
    expect(card).to_be_visible()
    page.clock.fast_forward(2000)
    expect(page.locator("#idle")).to_be_visible()
    page.clock.fast_forward(WARNED * 1000)
    expect(page.locator("body[data-kind=welcome]")).to_have_count(1)


def test_nobody_is_asked_whether_they_are_there_who_never_came(open_page: Open) -> None:
    page = open_page()
    for _ in range(5):
        page.clock.fast_forward(IDLE * 1000)
    expect(page.locator("#idle")).not_to_be_visible()


def test_the_house_is_told_that_somebody_is_reading(open_page: Open, screen: Screen) -> None:
    page = open_page()
    ask(page, "do they use lasers")
    token = page.context.cookies()[0]["value"]
    screen.ahead += IDLE + WARNED - 5
    page.clock.fast_forward((IDLE - 5) * 1000)
    with page.expect_request("**/stay"):
        page.keyboard.press("Shift")
    for _ in range(100):
        visit = screen.house.visits.find(token)
        if visit and screen.house.visits.rest(visit) > IDLE - 5:
            break
        page.wait_for_timeout(50)
    screen.ahead += IDLE + WARNED - 5
    assert screen.house.visits.find(token)


# --- looks ---


def test_three_sizes_of_text_and_the_next_visitor_begins_anew(open_page: Open) -> None:
    page = open_page()
    sizes = []
    for name in ("Normal", "Large", "Largest"):
        page.get_by_role("radio", name=name, exact=True).click()
        sizes.append(page.evaluate("parseFloat(getComputedStyle(document.querySelector('#said p')).fontSize)"))
    assert sizes[0] >= 24 and sizes[0] * 1.25 <= sizes[1] and sizes[1] * 1.25 <= sizes[2]
    ask(page, "do they use lasers")
    assert page.locator("#size-3").is_checked()
    start_over(page)
    assert page.locator("#size-1").is_checked()


def test_no_text_is_small(open_page: Open) -> None:
    page = open_page(viewport=NARROW)
    smallest = """Math.min(...[...document.querySelectorAll("body *")].filter((e) => e.innerText && e.checkVisibility())
        .map((e) => parseFloat(getComputedStyle(e).fontSize)))"""
    for question in SCREENS.values():
        assert page.evaluate(smallest) >= 24
        ask(page, question)
        assert page.evaluate(smallest) >= 24
        start_over(page)


@pytest.mark.parametrize("width", [320, 1080, 1920, 3840])
def test_every_screen_fits_and_every_target_is_large(open_page: Open, width: int) -> None:
    page = open_page(viewport={"width": width, "height": max(width * 9 // 16, 568)})
    for question in ["", *SCREENS.values()]:
        if question:
            ask(page, question)
        for size in ("1", "3"):
            page.evaluate(f"find('size-{size}').checked = true")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            for name, x, targets_width, height in page.evaluate(TARGETS):
                assert targets_width >= 64 and height >= 64 and x >= 0 and x + targets_width <= width, name
        start_over(page)


SIZES = [(1280, 800), (1024, 768), (900, 700), (768, 1024), (1366, 660), (1920, 1080), (320, 640)]


@pytest.mark.parametrize("size", SIZES)
def test_the_bar_is_in_reach_and_covers_nothing_that_matters(open_page: Open, size: tuple[int, int]) -> None:
    width, height = size
    page = open_page(viewport={"width": width, "height": height})
    page.check("#size-3", force=True)
    bar = page.locator(".bar").bounding_box()
    assert bar and bar["y"] + bar["height"] == height and bar["height"] <= height / 4
    for _ in range(60):
        page.keyboard.press("Tab")
        box = page.evaluate(FOCUSED)
        is_bar = page.evaluate("document.activeElement.closest('.bar') !== null")
        is_in_sight = box["y"] >= -1 and box["y"] + box["height"] <= bar["y"]
        assert is_bar or is_in_sight or box["height"] > bar["y"] - 32, box
        if is_bar:
            break
    ask(page, DANGER)
    for line in page.locator(".card > *").all()[: 3 if width > 700 else 1]:
        shown = line.bounding_box()
        assert shown and shown["y"] + shown["height"] <= bar["y"]


FOCUSED = "(document.activeElement.closest('.push') ?? document.activeElement).getBoundingClientRect()"


@pytest.mark.parametrize("size", ["1", "3"])
def test_the_warning_fits_where_there_is_little_room(open_page: Open, size: str) -> None:
    page = open_page(viewport=NARROW)
    page.check(f"#size-{size}", force=True)
    page.fill("#question", "x")
    page.clock.fast_forward((IDLE + 1) * 1000)
    dialog = page.locator("#idle").bounding_box()
    assert dialog and dialog["x"] >= 0 and dialog["width"] <= 320
    assert dialog["y"] >= 0 and dialog["y"] + dialog["height"] <= 640
    assert "29 seconds" in page.locator("#idle").inner_text() or "30 seconds" in page.locator("#idle").inner_text()


def test_a_topic_opens_under_the_finger(open_page: Open) -> None:
    page = open_page(viewport={"width": 1280, "height": 800})
    page.locator("summary").nth(4).click()
    touched = page.locator("summary").nth(5)
    touched.scroll_into_view_if_needed()
    before = touched.bounding_box()
    touched.click()
    assert touched.bounding_box() == before


def find_faults(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": STANDARDS}).response
    assert "color-contrast-enhanced" in {rule["id"] for rule in found["passes"]}  # It looked, and for 7:1.
    return [f"{fault['id']}: {[node['html'] for node in fault['nodes']]}" for fault in found["violations"]]


@pytest.mark.parametrize("contrast", [False, True])
def test_no_screen_has_a_fault_that_axe_knows(open_page: Open, contrast: bool) -> None:
    page = open_page()
    faults = {}

    def look(name: str) -> None:
        page.evaluate(f"find('contrast').checked = {str(contrast).lower()}")
        faults[name] = find_faults(page)

    look("welcome")
    page.locator("summary").first.click()
    look("topic")
    for wanted, question in SCREENS.items():
        ask(page, question)
        assert kind(page) == wanted
        look(wanted)
        start_over(page)
    page.fill("#question", "x")
    look("typing")
    page.clock.fast_forward((IDLE + 1) * 1000)
    expect(page.locator("#idle")).to_be_visible()
    faults["warning"] = find_faults(page)
    page.keyboard.press("Escape")
    page.check("#hide", force=True)
    look("hidden")
    assert not {name: found for name, found in faults.items() if found}


def test_hide_hides_all_but_the_bar(open_page: Open) -> None:
    page = open_page()
    ask(page, "do they use lasers")
    page.get_by_role("checkbox", name="Hide").click()
    expect(page.locator("blockquote")).not_to_be_visible()
    expect(page.locator("#question")).not_to_be_visible()
    assert "laser" not in page.locator("body").aria_snapshot().lower()
    expect(page.get_by_role("button", name="Start over")).to_be_visible()
    page.get_by_role("checkbox", name="Hide").click()
    expect(page.locator("blockquote")).to_be_visible()


def test_paper_shows_the_answer_and_its_sources_alone(open_page: Open) -> None:
    page = open_page(script="globalThis.print = () => { globalThis.printed = true; }")
    ask(page, "do they use lasers")
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("globalThis.printed")
    page.check("#contrast", force=True)
    page.emulate_media(media="print")
    style = "getComputedStyle(document.querySelector('blockquote p')).color"
    assert page.evaluate(style) == "rgb(0, 0, 0)"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
    for hidden in (".bar", "#asking", "#look"):
        expect(page.locator(hidden)).not_to_be_visible()
    for shown in ("blockquote p", "blockquote footer", ".notice"):
        expect(page.locator(shown).first).to_be_visible()


def test_nothing_moves() -> None:
    from bot.kiosk.app import HERE  # noqa: PLC0415

    style = (HERE / "kiosk.css").read_text()
    assert not re.search(r"animation|transition|scroll-behavior|@keyframes", style)


def test_the_answer_is_told_to_who_cannot_see_it(open_page: Open, bot: Bot) -> None:
    page = open_page()
    region = page.locator("[aria-live=polite]")
    node = region.element_handle()
    ask(page, "do they use lasers")
    assert node and node.evaluate("(it) => it.isConnected")  # The same region is filled anew, or nothing is said.
    assert bot.ask("do they use lasers").citations[0].quote in region.inner_text()
    names = page.locator("body").aria_snapshot()
    for expected in ('textbox "Your question"', 'button "Start over"', 'radio "Largest"', 'checkbox "High contrast"'):
        assert expected in names


# --- voice ---


def test_it_reads_aloud_with_a_voice_of_this_machine(open_page: Open, bot: Bot) -> None:
    page = open_page(script=VOICE.replace("LOCAL", "true"))
    ask(page, "do they use lasers")
    page.get_by_role("button", name="Read it to me").click()
    assert bot.ask("do they use lasers").citations[0].quote in page.evaluate("spoken[0]")
    page.clock.fast_forward((IDLE + 10) * 1000)  # Who listens is there.
    expect(page.locator("#idle")).not_to_be_visible()
    page.get_by_role("button", name="Stop reading").click()
    assert page.evaluate("speechSynthesis.speaking") is False
    page.get_by_role("button", name="Read it to me").click()
    page.get_by_role("checkbox", name="Hide").click()  # Nor is what is hidden read out.
    assert page.evaluate("speechSynthesis.speaking") is False
    page.get_by_role("checkbox", name="Hide").click()
    page.get_by_role("button", name="Read it to me").click()
    start_over(page)
    assert page.evaluate("speechSynthesis.speaking") is False


@pytest.mark.parametrize("script", ["", VOICE.replace("LOCAL", "false")])
def test_it_offers_no_voice_that_it_lacks_or_that_a_network_has(open_page: Open, script: str) -> None:
    page = open_page(script=script)
    ask(page, "do they use lasers")
    expect(page.get_by_role("button", name="Read it to me")).to_have_count(0)


# --- when the house is gone ---


def test_a_card_stands_while_the_house_is_gone(browser: Browser, tiny: Bot) -> None:
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    page.clock.install()
    with serve(tiny) as screen:
        page.goto(screen.url)
        page.fill("#question", "zanzibar")
    page.press("#question", "Enter")
    card = page.get_by_role("alert")
    expect(card).to_contain_text("999")
    assert "zanzibar" not in page.content()
    assert not find_faults(page)
    page.clock.fast_forward(120_000)
    expect(card).to_be_visible()
    with serve(tiny, screen.port):
        page.clock.fast_forward(31_000)
        expect(page.locator("body[data-kind=welcome] #question")).to_be_visible()
    context.close()


def test_an_answer_that_fails_leaves_the_field_and_the_visit(browser: Browser, bot: Bot) -> None:
    fails: list[bool] = []

    def fail(_: str) -> None:
        if fails:
            raise MemoryError

    with serve(Hindered(bot, fail)) as screen, browser.new_context(viewport=WIDE) as context:
        page = context.new_page()
        page.goto(screen.url)
        ask(page, "what is occupational therapy?")
        fails.append(True)
        ask(page, "and the other one?")
        expect(page.locator("#said")).to_contain_text(bot.wording["out_of_order"])
        expect(page.locator("#said")).to_contain_text("911")
        fails.clear()
        ask(page, "and the other one?")
        assert kind(page) == "answer"


def test_the_card_of_a_house_that_is_gone_does_not_take_the_next_visit_with_it(browser: Browser, bot: Bot) -> None:
    with browser.new_context(viewport=WIDE) as context:
        page = context.new_page()
        page.clock.install()
        with serve(bot) as screen:
            page.goto(screen.url)
        page.fill("#question", "hello")
        page.press("#question", "Enter")
        page.clock.fast_forward(2000)
        expect(page.get_by_role("alert")).to_be_visible()
        with serve(bot, screen.port):
            page.get_by_role("button", name="Start over").click()
            expect(page.locator("body[data-kind=welcome] #question")).to_be_visible()
            ask(page, DANGER)
            for _ in range(20):
                page.clock.fast_forward(3000)
            assert kind(page) == "urgent"


def test_the_wipe_ends_in_a_card_where_the_house_is_gone(browser: Browser, tiny: Bot) -> None:
    with browser.new_context(viewport=WIDE) as context:
        page = context.new_page()
        page.clock.install()
        with serve(tiny) as screen:
            page.goto(screen.url)
            page.fill("#question", "zanzibar")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.clock.fast_forward((IDLE + 1) * 1000)
        page.clock.fast_forward((WARNED + 1) * 1000)
        for _ in range(5):
            page.clock.fast_forward(1000)
        expect(page.get_by_role("alert")).to_contain_text("999")
        assert "zanzibar" not in page.content()
        assert sum(url.endswith("/reset") for url in asked) == 2


def test_the_wipe_waits_for_a_house_that_is_slow(open_page: Open) -> None:
    page = open_page()
    asked: list[str] = []

    def delay(route: Route) -> None:
        asked.append(route.request.url)
        page.wait_for_timeout(1500)
        route.fallback()

    ask(page, "do they use lasers")
    page.route("**/reset", delay)
    page.clock.fast_forward((IDLE + 1) * 1000)
    page.clock.fast_forward((WARNED + 1) * 1000)
    expect(page.locator("body[data-kind=welcome] #question")).to_be_visible()
    assert len(asked) == 1


def test_a_page_whose_script_is_lost_is_wiped_all_the_same(browser: Browser, screen: Screen) -> None:
    with browser.new_context(viewport=WIDE) as context:
        page = context.new_page()
        page.route("**/kiosk.js", lambda route: route.abort())
        page.goto(screen.url)
        page.fill("#question", "do they use lasers")
        page.press("#question", "Enter")
        expect(page.locator("blockquote").first).to_be_visible()
        assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == f"{IDLE + 1}; url=/"


def test_a_machine_that_slept_wipes_when_it_wakes(open_page: Open) -> None:
    page = open_page()
    ask(page, "do they use lasers")
    page.evaluate("slept -= 8 * 3600 * 1000")  # The clock on the wall went on, the other stood.
    page.clock.fast_forward(1000)
    expect(page.locator("body[data-kind=welcome] #question")).to_be_visible()


def test_what_one_visitor_copied_the_next_cannot_paste(open_page: Open) -> None:
    page = open_page()
    page.fill("#question", "zanzibar")
    page.press("#question", "Control+A")
    page.press("#question", "Control+X")
    page.press("#question", "Control+C")
    start_over(page)
    page.focus("#question")
    page.press("#question", "Control+V")
    assert page.input_value("#question") == ""


def test_a_touch_beside_the_warning_touches_nothing_below_it(open_page: Open) -> None:
    page = open_page(has_touch=True)
    ask(page, "do they use lasers")
    over = page.get_by_role("button", name="Start over").bounding_box()
    page.clock.fast_forward((IDLE + 1) * 1000)
    expect(page.locator("#idle")).to_be_visible()
    assert over
    page.touchscreen.tap(over["x"] + 20, over["y"] + 20)
    expect(page.locator("#idle")).not_to_be_visible()
    page.wait_for_timeout(300)
    assert kind(page) == "answer"


def test_too_fast_is_told_and_takes_nothing_away(open_page: Open) -> None:
    page = open_page()
    ask(page, "do they use lasers")
    page.fill("#question", "and why")
    page.route("**/ask", lambda route: route.fulfill(status=429, body="<p>too fast"))
    page.press("#question", "Enter")
    expect(page.get_by_role("status")).to_contain_text("too fast for me")
    assert page.input_value("#question") == "and why" and kind(page) == "answer"


def test_an_edited_pack_is_there_for_the_next_visit(browser: Browser, tiny: Bot, bot: Bot) -> None:
    with serve(tiny) as screen, browser.new_context(viewport=WIDE) as context:
        page = context.new_page()
        page.goto(screen.url)
        screen.house.bot = bot
        ask(page, "what is occupational therapy?")
        page.get_by_role("button", name="Start over").click()
        expect(page.locator("h1")).to_have_text("Patient Guide")
        expect(page).to_have_title("Patient Guide")


def test_what_was_answered_before_the_house_was_gone_does_not_come_back(browser: Browser, bot: Bot) -> None:
    with serve(bot) as screen, browser.new_context(viewport=WIDE) as context:
        page = context.new_page()
        page.clock.install()
        page.goto(screen.url)
        ask(page, "do they use lasers")
        page.route("**/reset", lambda route: route.fulfill(status=503, body="Service Unavailable"))
        page.get_by_role("button", name="Start over").click()
        expect(page.get_by_role("alert")).to_be_visible()
        page.clock.fast_forward(10_000)
        expect(page.get_by_role("alert")).to_be_visible()
        page.unroute("**/reset")
        page.clock.fast_forward(31_000)
        expect(page.locator("body[data-kind=welcome] #question")).to_be_visible()


def test_a_browser_that_keeps_no_cookies_shows_the_card(browser: Browser, bot: Bot) -> None:
    with serve(bot) as screen, browser.new_context(viewport=WIDE) as context:
        page = context.new_page()
        page.goto(screen.url)
        context.clear_cookies()
        with page.expect_request("**/ask") as asked:
            ask(page, DANGER)
        assert "cookie" not in asked.value.all_headers()
        assert kind(page) == "urgent"


def test_while_a_pack_is_learned_the_page_waits_and_then_opens(browser: Browser, tiny: Bot) -> None:
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    page.clock.install()
    with serve(None) as screen:
        screen.house.announce(tiny.model.pack)
        page.goto(screen.url)
        expect(page.get_by_role("alert").first).to_be_visible()
        screen.house.bot = tiny
        page.clock.fast_forward(4000)
        expect(page.locator("body[data-kind=welcome] #question")).to_be_visible()
    context.close()
