"""The touch-screen page as a program sees it: the routes, what is let in, and what a visit remembers."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from html import unescape
from pathlib import Path

import httpx
import pytest

from bot import Bot
from bot.kiosk import visits as rules
from bot.kiosk.app import HERE, House, build_app
from bot.kiosk.guard import LONGEST_BODY, name_hosts
from bot.kiosk.pages import Pages
from bot.kiosk.visits import BURST, CARD, IDLE, LATE, MOST_VISITS, WARNED, Visits
from bot.pack import load_pack
from bot.session import Session
from conftest import PACKS, Hindered, Run
from screen import Screen, serve

SCRIPTS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}",
    "'; DROP TABLE visits;--",
    "<h1>hi",
]


@pytest.fixture(scope="module")
def screen(bot: Bot) -> Iterator[Screen]:
    with serve(bot) as served:
        yield served


@pytest.fixture
def visitor(screen: Screen) -> Iterator[httpx.Client]:
    with open_visit(screen) as client:
        yield client


@contextmanager
def open_visit(screen: Screen) -> Iterator[httpx.Client]:
    """What a browser is once it has opened the page."""
    with httpx.Client(base_url=screen.url, follow_redirects=True) as client:
        client.get("/")
        yield client


def ask(visitor: httpx.Client, question: str) -> str:
    """The text of the screen that answers."""
    return read(visitor.post("/ask", data={"question": question}))


def read(response: httpx.Response) -> str:
    said = re.search(r'<div id="said".*?>(.*)</main>', response.text, re.DOTALL)
    assert said, response.text
    return unescape(re.sub(r"<[^>]+>", "", said[1]))


def kind(response: httpx.Response) -> str:
    found = re.search(r'data-kind="(\w+)"', response.text)
    assert found
    return found[1]


# --- a visit ---


def test_a_question_is_answered_with_its_quotes_and_sources(visitor: httpx.Client, bot: Bot) -> None:
    said = ask(visitor, "cant do up my buttons since the stroke, is that PT or OT?")
    reply = bot.ask("cant do up my buttons since the stroke, is that PT or OT?")
    for citation in reply.citations:
        assert citation.quote in said and citation.publisher in said and citation.section in said
    assert reply.notice in said
    assert all(question in said for question in reply.suggestions)


def test_a_visit_goes_on_and_the_next_knows_nothing_of_it(visitor: httpx.Client, screen: Screen) -> None:
    ask(visitor, "what is occupational therapy")
    assert kind(visitor.post("/ask", data={"question": "and the other one?"})) == "answer"
    with open_visit(screen) as other:
        assert kind(other.post("/ask", data={"question": "and the other one?"})) == "clarify"


def test_each_kind_of_reply_has_its_screen(visitor: httpx.Client) -> None:
    questions = {
        "answer": "do they use lasers",
        "advice": "should i stop my blood thinner",
        "out_of_scope": "who won the world cup",
        "smalltalk": "thank you",
        "unreadable": "?!",
        "urgent": "my chest hurts and my arm is numb",
    }
    for wanted, question in questions.items():
        assert kind(visitor.post("/ask", data={"question": question})) == wanted
        visitor.post("/reset")


def test_the_choices_of_a_question_back_are_buttons_that_answer(visitor: httpx.Client) -> None:
    page = visitor.post("/ask", data={"question": "and the other one?"})
    assert kind(page) == "clarify"
    choices = [unescape(value) for value in re.findall(r'name="question" value="([^"]+)"', page.text)]
    assert len(choices) >= 2
    assert kind(visitor.post("/ask", data={"question": choices[0]})) == "answer"


def test_more_is_a_button_in_the_packs_own_words(visitor: httpx.Client, bot: Bot) -> None:
    first = ask(visitor, "what is occupational therapy")
    more = visitor.post("/ask", data={"question": bot.wording["say_more"]})
    assert kind(more) == "answer"
    assert re.findall(r"<blockquote>.*?</blockquote>", more.text, re.DOTALL)
    assert read(more).strip() != first.strip()


def test_every_button_of_the_welcome_leads_to_an_answer(visitor: httpx.Client, bot: Bot) -> None:
    welcome = visitor.get("/").text
    questions = {unescape(value) for value in re.findall(r'name="question" value="([^"]+)"', welcome)}
    assert questions == {question for topic in bot.topics() for question in topic.questions}
    for question in sorted(questions)[::10]:
        assert kind(visitor.post("/ask", data={"question": question})) == "answer"
        visitor.post("/reset")


def test_the_safety_card_is_all_there_is(visitor: httpx.Client, bot: Bot) -> None:
    page = visitor.post("/ask", data={"question": "my chest hurts and my arm is numb"})
    assert bot.ask("my chest hurts and my arm is numb").text in read(page).replace("\n\n", "\n")
    assert "blockquote" not in page.text and 'name="question"' not in page.text
    assert 'action="/reset"' in page.text


@pytest.mark.parametrize("words", ["bye", "Quit.", "goodbye then", "start over"])
def test_who_leaves_is_forgotten(visitor: httpx.Client, screen: Screen, words: str) -> None:
    ask(visitor, "do they use lasers")
    assert len(screen.house.visits._visits) >= 1
    token = visitor.cookies["patient_guide_visit"]
    assert kind(visitor.post("/ask", data={"question": words})) == "welcome"
    held = screen.house.visits.find(token)
    assert held is None or held.session.last is None
    assert "laser" not in read(visitor.get("/")).partition("Or touch")[0]


def test_start_over_forgets_at_once_and_ends_the_cookie(visitor: httpx.Client, screen: Screen) -> None:
    ask(visitor, "do they use lasers")
    token = visitor.cookies["patient_guide_visit"]
    assert kind(visitor.post("/reset")) == "welcome"
    assert visitor.cookies["patient_guide_visit"] != token
    assert screen.house.visits.find(token) is None
    assert kind(httpx.get(screen.url, cookies={"patient_guide_visit": token})) == "welcome"


def test_other_languages_are_told_whom_to_ask_each_marked_as_what_it_is(visitor: httpx.Client, bot: Bot) -> None:
    for page in (visitor.get("/"), visitor.post("/ask", data={"question": "¿dónde está el baño por favor"})):
        for line in bot.wording["other_languages"].splitlines():
            code, _, text = line.partition(": ")
            assert f'lang="{code}" dir="auto">{text}<' in page.text


def test_the_page_is_in_the_words_of_its_pack(tiny: Bot) -> None:
    with serve(tiny) as screen, open_visit(screen) as visitor:
        assert "<title>North Clinic</title>" in visitor.get("/").text
        assert "call 999" in ask(visitor, "is there a cafeteria")


# --- time ---


def test_who_does_nothing_is_asked_then_forgotten(visitor: httpx.Client, screen: Screen, bot: Bot) -> None:
    ask(visitor, "do they use lasers")
    for seconds, wanted in ((IDLE - 1, "answer"), (2, "still_here"), (WARNED, "welcome")):
        screen.ahead += seconds
        assert kind(visitor.get("/")) == wanted
    assert bot.wording["still_here"] not in read(visitor.get("/"))


def test_who_says_so_may_stay_as_long_as_they_like(visitor: httpx.Client, screen: Screen) -> None:
    ask(visitor, "do they use lasers")
    for _ in range(20):
        screen.ahead += IDLE + WARNED - 1
        assert kind(visitor.get("/")) == "still_here"
        assert kind(visitor.post("/stay")) == "answer"


def test_a_card_stands_two_minutes_before_the_clock_begins(visitor: httpx.Client, screen: Screen) -> None:
    visitor.post("/ask", data={"question": "my chest hurts and my arm is numb"})
    screen.ahead += CARD + IDLE - 1
    assert kind(visitor.get("/")) == "urgent"
    screen.ahead += 2
    assert kind(visitor.get("/")) == "still_here"


def test_a_page_without_a_script_looks_again_when_it_is_time(visitor: httpx.Client, screen: Screen) -> None:
    page = visitor.post("/ask", data={"question": "do they use lasers"}).text
    assert f'<meta http-equiv="refresh" content="{IDLE + 1}; url=/">' in page
    assert "refresh" not in httpx.get(screen.url).text


def test_the_house_forgets_though_nobody_comes_any_more(tiny: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.kiosk.app.FORGETS", 0.05)
    with serve(tiny) as screen, open_visit(screen) as visitor:
        ask(visitor, "where can i park")
        held = screen.house.visits._visits
        assert visitor.cookies["patient_guide_visit"] in held
        screen.ahead += IDLE + WARNED + LATE + 1
        for _ in range(100):
            if not held:
                break
            time.sleep(0.05)
        assert not held


def test_a_browser_without_cookies_is_answered_and_remembered_by_nobody(bot: Bot) -> None:
    with serve(bot) as screen:
        danger = httpx.post(f"{screen.url}/ask", data={"question": "my chest hurts and my arm is numb"})
        assert kind(danger) == "urgent" and not danger.cookies
        assert kind(httpx.post(f"{screen.url}/ask", data={"question": "and the other one?"})) == "clarify"
        assert not screen.house.visits._visits


def test_who_comes_with_an_ended_visit_begins_a_new_one(screen: Screen) -> None:
    with httpx.Client(base_url=screen.url, cookies={"patient_guide_visit": "ended"}) as visitor:
        response = visitor.post("/ask", data={"question": "do they use lasers"})
        assert response.status_code == 303 and response.cookies["patient_guide_visit"] != "ended"


# --- visits ---


def test_visits_are_bounded_in_number_and_the_untouched_go_first() -> None:
    now = [0.0]
    visits = Visits(lambda: now[0])
    tokens = []
    for _ in range(MOST_VISITS + 50):
        now[0] += 0.05
        token = visits.touch(None)
        assert token
        tokens.append(token)
        visits.touch(tokens[0])
    assert len(visits._visits) == MOST_VISITS
    assert visits.find(tokens[0]) and visits.find(tokens[-1]) and not visits.find(tokens[1])


def test_a_full_house_forgets_who_was_told_nothing_yet_before_the_others(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_VISITS", 3)
    visits, told = Visits(), bot.reply("do they use lasers", Session())[1]
    first, second, third = (visits.touch(None) or "" for _ in range(3))
    visits.keep(first, told)
    visits.keep(third, told)
    fourth = visits.touch(None) or ""
    assert [visits.find(token) is not None for token in (first, second, third, fourth)] == [True, False, True, True]
    visits.keep(fourth, told)
    fifth = visits.touch(None)
    assert not visits.find(first) and visits.find(fifth)  # Whoever comes is let in.


def test_an_answer_that_comes_after_the_end_of_its_visit_is_kept_nowhere(bot: Bot) -> None:
    visits = Visits()
    token = visits.touch(None)
    assert token
    visits.forget(token)
    visits.keep(token, bot.reply("do they use lasers", Session())[1])
    assert visits.find(token) is None


def test_a_visit_that_asks_too_fast_has_to_wait_a_little() -> None:
    now = [0.0]
    visits = Visits(lambda: now[0])
    token = visits.touch(None)
    asked = sum(visits.touch(token) is not None for _ in range(3 * BURST))
    assert asked == BURST - 1
    now[0] += 1.0
    assert visits.touch(token) == token and visits.touch(token) is None


def test_who_has_no_visit_shares_what_may_be_asked() -> None:
    visits = Visits(lambda: 0.0)
    begun = [visits.touch(None) for _ in range(2 * rules.BURST_OF_NEW)]
    assert sum(token is not None for token in begun) == rules.BURST_OF_NEW
    assert len(set(begun) - {None}) == rules.BURST_OF_NEW


def test_a_token_that_was_made_up_begins_a_visit_of_its_own() -> None:
    assert Visits().touch("mine") != "mine"


def test_too_fast_is_told_with_whom_to_call(visitor: httpx.Client, bot: Bot) -> None:
    codes = [visitor.post("/ask", data={"question": "hello"}).status_code for _ in range(BURST + 5)]
    assert codes[: BURST - 1] == [200] * (BURST - 1) and 429 in codes
    said = ask(visitor, "hello")
    assert bot.wording["too_fast"] in said and bot.wording["emergency"] in said


# --- what is let in ---


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1:1", "", "localhost", "[::1]"])
def test_a_foreign_name_is_refused(screen: Screen, host: str) -> None:
    response = httpx.get(screen.url, headers={"Host": host})
    assert response.status_code == 403


def test_it_is_asked_for_under_its_own_names(screen: Screen) -> None:
    for host in (f"127.0.0.1:{screen.port}", f"localhost:{screen.port}", f"LocalHost:{screen.port}"):
        assert httpx.get(screen.url, headers={"Host": host}).status_code == 200
    assert name_hosts("10.0.0.5", 80) >= {"10.0.0.5", "10.0.0.5:80", "localhost"}
    assert "[fd00::1]:8321" in name_hosts("fd00::1", 8321)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://127.0.0.1"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({}, 200),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/json"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
    ],
)
def test_only_its_own_page_may_ask(screen: Screen, headers: dict[str, str], code: int) -> None:
    fields = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    assert httpx.post(f"{screen.url}/ask", content=b"question=hi", headers=fields).status_code == code


def test_its_own_origin_may_ask(screen: Screen) -> None:
    assert httpx.post(f"{screen.url}/ask", data={"question": "hi"}, headers={"Origin": screen.url}).status_code == 200


def test_no_other_page_is_told_that_it_may_read(screen: Screen) -> None:
    for method in ("GET", "OPTIONS"):
        response = httpx.request(method, screen.url, headers={"Access-Control-Request-Method": "POST"})
        assert not [name for name in response.headers if name.startswith("access-control")]


PATHS = [
    "/",
    "/kiosk.css",
    "/kiosk.js",
    "/icon.svg",
    "/health",
    "/nowhere",
    "/ask",
    "/../../etc/passwd",
    "//",
    "/%2e%2e/",
]


@pytest.mark.parametrize("path", PATHS)
def test_every_response_is_locked_down(screen: Screen, path: str) -> None:
    response = httpx.get(f"{screen.url}{path}")
    assert response.status_code in (200, 404, 405)
    headers = response.headers
    assert headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers and "x-powered-by" not in headers


def test_a_refusal_is_locked_down_too(screen: Screen) -> None:
    refused = httpx.get(screen.url, headers={"Host": "evil.example"})
    assert refused.headers["cache-control"] == "no-store" and "evil" not in refused.text


@pytest.mark.parametrize(
    "path", ["/kiosk.py", "/screen.html", "/openapi.json", "/docs", "/.git/config", "/static", "/bot"]
)
def test_nothing_but_the_page_is_served(screen: Screen, path: str) -> None:
    assert httpx.get(f"{screen.url}{path}").status_code == 404


@pytest.mark.parametrize(
    "path", ["/../bot/kiosk/app.py", "/%2e%2e/%2e%2e/etc/passwd", "/kiosk.js/../../app.py", "/\\..\\app.py"]
)
def test_no_path_leads_to_the_disk(screen: Screen, path: str) -> None:
    with socket.create_connection(("127.0.0.1", screen.port)) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{screen.port}\r\n\r\n".encode())
        assert line.recv(12) == b"HTTP/1.1 404"


@pytest.mark.parametrize("question", SCRIPTS)
def test_a_question_is_never_shown_as_it_was_typed(visitor: httpx.Client, question: str) -> None:
    for response in (visitor.post("/ask", data={"question": question}), visitor.get("/")):
        assert response.status_code == 200
        assert question not in response.text and question not in unescape(response.text)


def test_too_much_is_refused_whether_it_says_so_or_not(screen: Screen) -> None:
    whole = b"question=" + b"a" * LONGEST_BODY
    assert httpx.post(f"{screen.url}/ask", content=whole, headers=FORM).status_code == 413
    assert httpx.post(f"{screen.url}/ask", content=iter([whole[:9], whole[9:]]), headers=FORM).status_code == 413
    assert httpx.post(f"{screen.url}/ask", content=whole[:LONGEST_BODY], headers=FORM).status_code == 200


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    "body", [b"", b"question", b"question=%ff%fe%00", b"q=1", b"&" * 5000, b"question=a&" * 5000, b"\xff\x00"]
)
def test_a_form_that_is_none_is_answered_like_an_empty_field(screen: Screen, body: bytes) -> None:
    assert httpx.post(f"{screen.url}/ask", content=body, headers=FORM).status_code == 200


def test_a_request_that_comes_too_slowly_is_ended(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.kiosk.guard.SLOWEST", 0.3)
    monkeypatch.setattr("bot.kiosk.server.SLOWEST_HEAD", 0.3)
    head = f"POST /ask HTTP/1.1\r\nHost: 127.0.0.1:{screen.port}\r\nContent-Type: {FORM['Content-Type']}\r\n"
    with (
        socket.create_connection(("127.0.0.1", screen.port)) as body,
        socket.create_connection(("127.0.0.1", screen.port)) as lines,
    ):
        body.sendall(f"{head}Content-Length: 20\r\n\r\nquest".encode())
        lines.sendall(head.encode())
        body.settimeout(5)
        lines.settimeout(5)
        assert body.recv(12) == b"HTTP/1.1 408"
        assert lines.recv(12) == b""  # Without a whole head there is nobody to tell.


def test_beyond_so_many_connections_one_is_closed_and_says_nothing(
    screen: Screen, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bot.kiosk.server.MOST_CONNECTIONS", 5)
    with ExitStack() as stack:
        lines = [stack.enter_context(socket.create_connection(("127.0.0.1", screen.port))) for _ in range(8)]
        lines[-1].settimeout(2)
        assert lines[-1].recv(1) == b""
    time.sleep(0.2)
    assert httpx.get(f"{screen.url}/health").status_code == 200
    assert capfd.readouterr() == ("", "")


def test_what_is_no_http_is_refused_with_all_the_same_headers(screen: Screen) -> None:
    with socket.create_connection(("127.0.0.1", screen.port)) as line:
        line.settimeout(5)
        line.sendall(b"HELLO\r\n\r\n")
        said = b"".join(iter(lambda: line.recv(1 << 16), b""))
    assert said.startswith(b"HTTP/1.1 400 ") and b"content-security-policy: default-src 'none'" in said


@pytest.mark.parametrize("name", ["Origin", "Sec-Fetch-Site", "Content-Type"])
def test_a_header_that_is_there_twice_is_refused(screen: Screen, name: str) -> None:
    own = {"Host": f"127.0.0.1:{screen.port}", "Content-Type": FORM["Content-Type"]}
    headers = [*own.items(), (name, own.get(name, "x")), (name, own.get(name, "x"))]
    assert httpx.post(f"{screen.url}/ask", content=b"question=hi", headers=headers).status_code == 400


def test_an_address_is_never_repeated(screen: Screen) -> None:
    response = httpx.get(f"{screen.url}/ask/?question=zanzibar")
    assert response.status_code == 404 and "zanzibar" not in response.text + str(response.headers)


def test_a_connection_serves_one_request(screen: Screen) -> None:
    with socket.create_connection(("127.0.0.1", screen.port)) as line:
        line.settimeout(5)
        request = f"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{screen.port}\r\n\r\n".encode()
        line.sendall(request + request)
        said = b"".join(iter(lambda: line.recv(1 << 16), b""))
    assert said.count(b"HTTP/1.1") == 1


def test_its_description_names_its_routes(bot: Bot) -> None:
    described = json.loads((HERE / "openapi.json").read_text())["paths"]
    routes = {(route.path, method.lower()) for route in build_app(House(), print).routes for method in route.methods}  # type: ignore[attr-defined]
    assert {(path, method) for path in described for method in described[path]} == {r for r in routes if r[1] != "head"}


# --- when the bot is not there ---


def test_while_a_pack_is_learned_a_card_says_whom_to_call() -> None:
    with serve(None) as screen:
        assert httpx.get(screen.url).status_code == 503
        screen.house.announce(load_pack(PACKS / "tiny"))
        page = httpx.get(screen.url)
        assert page.status_code == 200 and "999" in read(page) and kind(page) == "card"
        assert 'name="question"' not in page.text
        assert httpx.get(f"{screen.url}/health").status_code == 503
        assert httpx.post(f"{screen.url}/ask", data={"question": "hi"}).status_code == 303


def test_health_asks_a_question_that_nobody_counts(screen: Screen) -> None:
    response = httpx.get(f"{screen.url}/health")
    assert (response.status_code, response.json()) == (200, {"ready": True})


def test_what_goes_wrong_inside_shows_a_card_and_tells_nothing_of_the_question(tiny: Bot) -> None:
    def fail(text: str) -> None:
        raise ValueError(text)

    with serve(Hindered(tiny, fail)) as screen:
        page = httpx.post(f"{screen.url}/ask", data={"question": "my secret"})
        assert page.status_code == 503 and "999" in read(page)
        assert screen.complaints == ["a question was not answered: ValueError"]
        assert httpx.get(screen.url).status_code == 200


def test_a_screen_that_cannot_be_shown_sends_to_the_front_desk_and_logs_nothing(
    tiny: Bot, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> str:
        raise ValueError("my secret")

    with serve(tiny) as screen:
        monkeypatch.setattr(Pages, "welcome", fail)
        page = httpx.get(screen.url)
        assert page.status_code == 503 and "front desk" in page.text and "secret" not in page.text
        assert page.headers["cache-control"] == "no-store"
        assert screen.complaints == ["the page could not be shown: ValueError"]
    assert capfd.readouterr() == ("", "")


def test_what_holds_questions_up_is_told_by_health(tiny: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.kiosk.app.LONGEST_WAIT", 0.2)
    monkeypatch.setattr("bot.kiosk.app.THINKERS", 1)

    with serve(Hindered(tiny, lambda _: time.sleep(1.5))) as screen:
        assert httpx.get(f"{screen.url}/health").status_code == 200
        httpx.post(f"{screen.url}/ask", data={"question": "hi"}, timeout=5)
        assert httpx.get(f"{screen.url}/health").status_code == 503
        time.sleep(1.5)
        assert httpx.get(f"{screen.url}/health").status_code == 200


def test_an_answer_that_takes_too_long_is_given_up(tiny: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.kiosk.app.LONGEST_WAIT", 0.2)

    with serve(Hindered(tiny, lambda _: time.sleep(1))) as screen:
        assert httpx.post(f"{screen.url}/ask", data={"question": "hi"}, timeout=5).status_code == 503


def test_an_edited_pack_is_shown_in_its_new_words(tiny: Bot, bot: Bot) -> None:
    with serve(tiny) as screen:
        assert "North Clinic" in httpx.get(screen.url).text
        screen.house.bot = bot
        assert "Patient Guide" in httpx.get(screen.url).text


def test_a_language_line_without_a_code_is_shown_as_it_is(tiny: Bot) -> None:
    lines = "de: Am Empfang hilft man Ihnen.\n\nHelp: ask at the desk\nno colon"
    pack = replace(tiny.model.pack, wording={**tiny.wording, "other_languages": lines})
    listed = re.findall(r"<li(.*?)>(.*?)</li>", Pages(pack).welcome().partition("<template")[0])
    assert listed == [
        (' lang="de" dir="auto"', "Am Empfang hilft man Ihnen."),
        ("", "Help: ask at the desk"),
        ("", "no colon"),
    ]


# --- the command ---


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "{taken}"], "port {taken} of 127.0.0.1 cannot be used: "),
        (["--port", "70000"], "70000 is no port"),
        (["--host", "0.0.0.0"], "0.0.0.0 stands for every address"),
        (["--host", "kiosk.local"], "kiosk.local is no address"),
    ],
)
def test_a_place_where_it_cannot_be_is_refused_with_a_remedy(
    run: Run, screen: Screen, arguments: list[str], said: str
) -> None:
    ended = run("kiosk", *(word.format(taken=screen.port) for word in arguments))
    told = ended.stderr.decode()
    assert ended.returncode == 2 and ended.stdout == b""
    assert said.format(taken=screen.port) in told and "\n    -> " in told and "Traceback" not in told


def test_without_its_libraries_it_says_what_to_install(run: Run, tmp_path: Path) -> None:
    (tmp_path / "starlette.py").write_text("raise ModuleNotFoundError('no', name='starlette')")
    ended = run("kiosk", env={"PYTHONPATH": str(tmp_path)})
    assert ended.returncode == 2 and b"there is no starlette" in ended.stderr and b"'.[kiosk]'" in ended.stderr


def test_what_a_pack_says_is_text_and_never_markup(tiny: Bot) -> None:
    pack = replace(tiny.model.pack, name="<b>North", wording={**tiny.wording, "ask": "<i>Ask"})
    page = Pages(pack).welcome()
    assert "&lt;b&gt;North" in page and "&lt;i&gt;Ask" in page and "<b>" not in page and "<i>" not in page
