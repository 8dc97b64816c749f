"""Faults thrown at the cache, the disk, the clock and the process: the answer still comes, and is the same.

A few points of each by default; PATIENT_GUIDE_FAULTS=100 is the long run.
"""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from types import FrameType
from typing import Any

import pytest

from bot import Bot, Reply
from bot.cache import find_learned, obtain_model
from bot.errors import ModelError
from bot.folder import fingerprint
from bot.model import Model
from bot.pack import load_pack
from bot.session import Session
from bot.store import load_model, remove_parts, save_model
from bot.train import train
from conftest import PACKS, ROOT
from stored import DAMAGES, HOSTILE_ARRAYS, HOSTILE_HEADERS, Stored, put_classes_out_of_range

COUNT = int(os.environ.get("PATIENT_GUIDE_FAULTS", "3"))
TINY = PACKS / "tiny"
QUESTIONS = ("is parking free", "may my sister visit", "should i take tablets", "i cant breathe", "parking lot", "zzz")

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and special files are POSIX's")


@pytest.fixture(scope="module")
def model(cache: Path) -> Model:
    """The small pack's, with a small lexicon: a file of a few pages, of which every part is soon hit."""
    pack = load_pack(TINY)
    return train(replace(pack, lexicon="\n".join(pack.lexicon.split("\n")[::100])))


@pytest.fixture(scope="module")
def whole(model: Model, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "a.model"
    save_model(model, path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def answers(model: Model) -> list[Reply]:
    """What is answered without a fault."""
    return ask(Bot(model))


@pytest.fixture
def folder(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own. Learning anew gives the same bytes (see test_model.py), and so need not take its time."""
    monkeypatch.setenv("PATIENT_GUIDE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("bot.train.train", lambda pack, progress: model)
    monkeypatch.setattr("bot.pack.load_pack", lambda root: model.pack if root == TINY else load_pack(root))
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


@pytest.fixture
def place(model: Model, folder: Path) -> Path:
    """Where the model of the small pack is looked for."""
    return folder / f"{model.learned_from}-{fingerprint(TINY)}.model"


@pytest.fixture(params=range(COUNT))
def draw(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(f"{request.node.originalname} {request.param}")


@pytest.fixture(params=range(-(-COUNT // 3)))
def rare(request: pytest.FixtureRequest) -> random.Random:
    """A draw for what takes seconds."""
    return random.Random(f"{request.node.originalname} {request.param}")


def ask(bot: Bot) -> list[Reply]:
    return [bot.ask(question) for question in QUESTIONS]


def assert_answers(answers: list[Reply]) -> None:
    """Both a bot that stays and one for a single question answer as without the fault."""
    for stays in (False, True):
        assert ask(Bot.load(TINY, stays=stays)) == answers


def others_than_models(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".model")


# --- a stored model that is damaged, or was made to do harm --------------------------------------------


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_file_is_refused_and_learned_anew(
    damage: Callable[[bytes, random.Random], bytes],
    draw: random.Random,
    whole: bytes,
    place: Path,
    answers: list[Reply],
) -> None:
    place.write_bytes(damage(whole, draw))
    with pytest.raises(ModelError):
        load_model(place, fingerprint(TINY))
    assert_answers(answers)
    assert place.read_bytes() == whole
    assert [path.name for path in place.parent.iterdir()] == [place.name]


@pytest.mark.parametrize("spoil", HOSTILE_HEADERS, ids=lambda spoil: spoil.__name__)
def test_a_hostile_header_under_a_right_check_sum_is_refused_and_learned_anew(
    spoil: Callable[[Stored, random.Random], object],
    draw: random.Random,
    whole: bytes,
    place: Path,
    answers: list[Reply],
) -> None:
    stored = Stored.read(whole)
    spoil(stored, draw)
    place.write_bytes(stored.write())
    with pytest.raises(ModelError):
        load_model(place, fingerprint(TINY))
    assert_answers(answers)
    assert place.read_bytes() == whole


@pytest.mark.parametrize("stays", [False, True], ids=["once", "stays"])
@pytest.mark.parametrize("spoil", HOSTILE_ARRAYS, ids=lambda spoil: spoil.__name__)
def test_hostile_numbers_under_a_right_check_sum_change_no_answer(
    spoil: Callable[[Stored, random.Random], object],
    stays: bool,
    draw: random.Random,
    whole: bytes,
    place: Path,
    answers: list[Reply],
) -> None:
    stored = Stored.read(whole)
    spoil(stored, draw)
    place.write_bytes(stored.write())
    assert ask(Bot.load(TINY, stays=stays)) == answers
    assert_answers(answers)


def test_what_a_pack_that_was_edited_takes_over_is_looked_through(
    pack: Path, model: Model, whole: bytes, folder: Path, answers: list[Reply], draw: random.Random
) -> None:
    stored = Stored.read(whole)
    draw.choice(HOSTILE_ARRAYS)(stored, draw)
    path = pack / "intents" / "visiting.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("Hello. Ask", "Hi. Ask"), encoding="utf-8")
    (folder / f"{model.learned_from}-{fingerprint(TINY)}.model").write_bytes(stored.write())
    assert find_learned(model.learned_from) is None
    assert [reply.text for reply in ask(Bot.load(pack))] == [reply.text for reply in answers]


@pytest.mark.parametrize("stays", [False, True], ids=["once", "stays"])
def test_what_failed_in_use_is_learned_anew_once(
    stays: bool, model: Model, whole: bytes, place: Path, answers: list[Reply], monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: list[object] = []
    monkeypatch.setattr("bot.train.train", lambda pack, progress: learned.append(pack) or model)
    stored = Stored.read(whole)
    put_classes_out_of_range(stored, random.Random(1))
    first = place.with_name(f"0{place.name}")  # It is found before the one that takes its place.
    first.write_bytes(stored.write())
    for _ in range(2):
        assert ask(Bot.load(TINY, stays=stays)) == answers
    assert len(learned) == 1
    assert [path.name for path in place.parent.iterdir()] == [place.name]


def test_what_goes_wrong_with_a_model_learned_anew_is_raised(
    folder: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: list[object] = []
    bot = Bot.load(TINY)
    monkeypatch.setattr("bot.train.train", lambda pack, progress: learned.append(pack) or model)
    monkeypatch.setattr("bot.engine.understand", lambda *_, **__: 1 // 0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            bot.ask(QUESTIONS[0])
    assert len(learned) == 1


def put_folder(place: Path) -> None:
    place.mkdir()
    (place / "in it").touch()


def put_pipe(place: Path) -> None:
    os.mkfifo(place)


def put_socket(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as door:
        os.chdir(place.parent)  # A socket's name may not be long.
        door.bind(place.name)


def put_endless_device(place: Path) -> None:
    place.symlink_to("/dev/zero")


def put_link_to_itself(place: Path) -> None:
    place.symlink_to(place)


def put_link_to_nothing(place: Path) -> None:
    place.symlink_to(place.parent / "nothing")


def put_huge_file(place: Path) -> None:
    with place.open("wb") as file:
        file.truncate(1 << 42)


def put_file_without_rights(place: Path) -> None:
    place.touch(mode=0)


@posix
@pytest.mark.parametrize(
    "put",
    [
        put_folder,
        put_pipe,
        put_socket,
        put_endless_device,
        put_link_to_itself,
        put_link_to_nothing,
        put_huge_file,
        put_file_without_rights,
    ],
    ids=lambda put: put.__name__,
)
def test_what_is_no_file_stops_nobody(
    put: Callable[[Path], None], place: Path, answers: list[Reply], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.parent)
    put(place)
    assert_answers(answers)
    assert others_than_models(place.parent) == []


# --- a disk, a home and a clock that fail --------------------------------------------------------------


def test_a_disk_that_is_full_at_any_byte_leaves_nothing_behind(
    folder: Path, whole: bytes, answers: list[Reply], draw: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = draw.randrange(len(whole))

    class Full:
        def __init__(self, file: Any) -> None:
            self._file = file

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        def __getattr__(self, name: str) -> Any:
            return getattr(self._file, name)

        def write(self, body: bytes) -> int:
            self._file.write(body[:room])
            raise OSError(errno.ENOSPC, "No space left on device")

    opened: list[str] = []

    def open_full(path: Path, *arguments: Any, **named: Any) -> Full:
        opened.append(path.name)
        return Full(open(path, *arguments, **named))

    monkeypatch.setattr("bot.store.open", open_full, raising=False)
    assert_answers(answers)
    assert opened
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("step", ["open", "fsync", "replace", "scandir", "mkdir", "utime", "urandom"])
def test_a_disk_that_fails_at_any_step_leaves_nothing_behind(
    step: str, folder: Path, answers: list[Reply], draw: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = draw.choice([errno.ENOSPC, errno.EIO, errno.EROFS, errno.EACCES, errno.EDQUOT])
    failed: list[object] = []
    does = getattr(os, step)

    def fail(*arguments: Any, **named: Any) -> Any:
        if step not in ("fsync", "urandom") and not str(arguments[0]).startswith(str(folder)):
            return does(*arguments, **named)
        failed.append(arguments)
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(f"os.{step}", fail)
        assert_answers(answers)
        assert_answers(answers)
    assert failed
    assert others_than_models(folder) == []


@posix
@pytest.mark.parametrize("where", ["/dev/null/x", "/proc/x", "/" + "x" * 5000, "/x" * 3000])
def test_a_cache_that_can_be_nowhere_is_done_without(
    where: str, folder: Path, answers: list[Reply], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATIENT_GUIDE_CACHE", where)
    assert_answers(answers)


def test_who_has_no_home_is_answered_and_gets_none(
    folder: Path, answers: list[Reply], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PATIENT_GUIDE_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert_answers(answers)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_clock_that_goes_back_costs_no_model_and_no_answer(
    folder: Path, place: Path, answers: list[Reply], draw: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = time.time()
    for number in range(30):
        other = folder / f"{number}-0.model"
        other.touch()
        when = start + draw.uniform(-1e9, 1e9)
        os.utime(other, (when, when))
    monkeypatch.setattr("bot.cache.time.time", lambda: start - draw.uniform(0, 1e9))
    assert_answers(answers)
    assert place.exists()
    assert len(list(folder.iterdir())) >= 20


# --- processes at once, killed and interrupted ---------------------------------------------------------


def start(folder: Path, *arguments: str, prelude: str = "") -> subprocess.Popen[bytes]:
    """The bot on the small pack as a process of its own, `prelude` run before it."""
    lines = ("import os, signal, sys", "from bot.__main__ import main", prelude, "code = main()")
    code = "\n".join((*lines, "getattr(signal, 'alarm', int)(0)", "sys.exit(code)"))
    environment = {**os.environ, "PATIENT_GUIDE_CACHE": str(folder)}
    # A shell's background job, as CI may be, ignores interrupts, and its children would inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [sys.executable, "-c", code, "--pack", str(TINY), *arguments],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    finally:
        signal.signal(signal.SIGINT, before)


def finish(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out.decode(), "\n".join(x for x in err.decode().splitlines() if "Getting ready" not in x)


def raise_after(number: int, seconds: float) -> str:
    """A prelude that sends the process a signal of its own after some time."""
    act = f"signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), {int(number)}))"
    return f"{act}; signal.setitimer(signal.ITIMER_REAL, {seconds})"


ASK = ("ask", QUESTIONS[0], "--json")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, float, float]:
    """A cache that a process filled, what it answered, and how many seconds it took with a build and without."""
    folder = tmp_path_factory.mktemp("built")
    seconds = []
    for _ in range(2):
        begun = time.perf_counter()
        code, out, err = finish(start(folder, *ASK))
        seconds.append(time.perf_counter() - begun)
        assert (code, err) == (0, "")
    return folder, out, seconds[0], seconds[1]


def test_two_processes_that_build_at_once_both_answer(
    built: tuple[Path, str, float, float], tmp_path: Path, rare: random.Random
) -> None:
    one = start(tmp_path, *ASK)
    time.sleep(rare.uniform(0, 0.1))
    other = start(tmp_path, *ASK)
    assert finish(one) == finish(other) == (0, built[1], "")
    assert others_than_models(tmp_path) == []
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [path.read_bytes() for path in built[0].iterdir()]


@posix
def test_a_build_that_is_killed_is_made_good_by_the_next_start(
    built: tuple[Path, str, float, float], tmp_path: Path, rare: random.Random
) -> None:
    killed = start(tmp_path, *ASK)
    with suppress(subprocess.TimeoutExpired):
        killed.wait(rare.uniform(0, built[2]))
    killed.kill()
    killed.communicate()
    assert finish(start(tmp_path, *ASK)) == (0, built[1], "")
    assert others_than_models(tmp_path) == []


KILL_AT_LINE = """
import sys, os, signal
from pathlib import Path
from bot import store
model = store.load_model(Path(sys.argv[1]), sys.argv[2])
left = int(sys.argv[4])
def count(frame, event, value):
    global left
    if frame.f_code is store.save_model.__code__ and event == "line":
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
    return count
sys.settrace(count)
store.save_model(model, Path(sys.argv[3]))
"""


@posix
def test_a_writer_killed_at_any_line_leaves_a_whole_model_or_none(
    whole: bytes, place: Path, tmp_path: Path, answers: list[Reply], draw: random.Random
) -> None:
    source = tmp_path / "a.model"
    source.write_bytes(whole)
    command = [sys.executable, "-c", KILL_AT_LINE, str(source), fingerprint(TINY), str(place), str(draw.randrange(40))]
    subprocess.run(command, cwd=ROOT, check=False, capture_output=True, timeout=60)
    if place.exists():
        assert place.read_bytes() == whole
    assert_answers(answers)
    assert others_than_models(place.parent) == []


def lines_of_save(model: Model, path: Path, fail_at: int) -> int:
    """Save a model, interrupted at one of its lines; how many it went through."""
    passed = 0

    def count(frame: FrameType, event: str, value: object) -> Any:
        nonlocal passed
        if frame.f_code is not save_model.__code__:
            return None
        if event == "line":
            passed += 1
            if passed == fail_at:
                raise KeyboardInterrupt
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        save_model(model, path)
    finally:
        sys.settrace(before)
    return passed


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # A file that nobody could close.
def test_a_writer_interrupted_at_any_line_leaves_no_part(model: Model, whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cache" / "a.model"
    for line in range(1, lines_of_save(model, tmp_path / "other" / "a.model", 0) + 1):
        with pytest.raises(KeyboardInterrupt):
            lines_of_save(model, path, line)
        assert not path.parent.exists() or others_than_models(path.parent) == []
        if path.exists():
            assert path.read_bytes() == whole


WRITE_SLOWLY = """
import os, sys
from pathlib import Path
from bot import store
def wait(handle):
    print("writing", flush=True)
    sys.stdin.read()
os.fsync = wait
store.save_model(store.load_model(Path(sys.argv[1]), sys.argv[2]), Path(sys.argv[3]))
"""


@posix
@pytest.mark.parametrize("is_killed", [False, True], ids=["finished", "killed"])
def test_what_another_process_is_writing_stays_until_it_ends(
    is_killed: bool, folder: Path, place: Path, answers: list[Reply]
) -> None:
    obtain_model(TINY, lambda what, share: None)
    target = folder / "other.model"
    command = [sys.executable, "-c", WRITE_SLOWLY, str(place), fingerprint(TINY), str(target)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout and writer.stdout.readline() == b"writing\n"
        (part,) = others_than_models(folder)
        when = time.time() + (1e6 if is_killed else -1e6)  # No clock has a say.
        os.utime(folder / part, (when, when))
        assert_answers(answers)
        assert others_than_models(folder) == [part]
        if is_killed:
            writer.kill()
        writer.communicate()
    assert others_than_models(folder) == [part] * is_killed
    assert_answers(answers)
    assert others_than_models(folder) == []
    assert target.exists() != is_killed
    assert is_killed or target.read_bytes() == place.read_bytes()


@posix
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_start_while_another_stores_its_model_takes_nothing_away(
    step: str, folder: Path, place: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    does = getattr(os, step)

    def tidy_up_first(*arguments: Any) -> None:
        remove_parts(folder)
        seen.append(others_than_models(folder))
        does(*arguments)

    monkeypatch.setattr(f"os.{step}", tidy_up_first)
    obtain_model(TINY, lambda what, share: None)
    assert [len(names) for names in seen] == [1]
    assert place.read_bytes() == whole
    assert others_than_models(folder) == []


def choose_start(built: tuple[Path, str, float, float], empty: Path, draw: random.Random) -> tuple[Path, float]:
    """A cache that holds the model or one that does not, and the seconds that a start with it takes."""
    is_built = draw.random() < 0.5
    return built[0] if is_built else empty, built[2 + is_built]


@posix
def test_an_interrupt_at_any_moment_of_ask_ends_cleanly(
    built: tuple[Path, str, float, float], tmp_path: Path, draw: random.Random
) -> None:
    folder, seconds = choose_start(built, tmp_path, draw)
    code, out, err = finish(start(folder, *ASK, prelude=raise_after(signal.SIGINT, draw.uniform(1e-4, seconds))))
    assert (code, err) in ((130, ""), (0, ""))
    assert out in ("", built[1])
    assert code == 130 or out == built[1]
    assert others_than_models(folder) == []


@posix
def test_an_interrupt_at_any_moment_of_serve_ends_cleanly(
    built: tuple[Path, str, float, float], tmp_path: Path, draw: random.Random
) -> None:
    folder, seconds = choose_start(built, tmp_path, draw)
    after = raise_after(signal.SIGINT, draw.uniform(1e-4, 1.5 * seconds))
    door = start(folder, "serve", "--jsonl", prelude=after)
    assert door.stdin and door.stdout and door.stderr
    with suppress(BrokenPipeError):
        for number in range(200):
            door.stdin.write(json.dumps({"id": number, "question": QUESTIONS[number % 6]}).encode() + b"\n")
        door.stdin.flush()
    out, err = door.stdout.read(), door.stderr.read().decode()
    assert door.wait(20) == 130
    assert "Traceback" not in err and "went wrong" not in err and "ignored" not in err
    for line in out.split(b"\n")[:-1]:
        assert json.loads(line)
    assert others_than_models(folder) == []
    with suppress(BrokenPipeError):
        door.stdin.close()
    door.stdout.close()
    door.stderr.close()


def test_thirty_two_threads_on_one_bot_are_answered_as_one_is(model: Model, draw: random.Random) -> None:
    bot, together = Bot(model), Barrier(32)
    lists = [draw.sample(QUESTIONS, len(QUESTIONS)) for _ in range(32)]

    def talk(questions: list[str], bot: Bot) -> list[Reply]:
        visit = bot.session()
        return [visit.ask(question) for question in questions]

    def talk_at_once(questions: list[str]) -> list[Reply]:
        together.wait(20)
        return talk(questions, bot)

    with ThreadPoolExecutor(32) as threads:
        said = list(threads.map(talk_at_once, lists))
    alone = Bot(model)
    assert said == [talk(questions, alone) for questions in lists]


def test_threads_take_turns(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    bot, inside, most = Bot(model), [], []
    answer = bot._reply

    def watch(text: str, session: Session) -> tuple[Reply, Session]:
        inside.append(text)
        most.append(len(inside))
        time.sleep(0.005)  # Long enough for any other thread to come in.
        try:
            return answer(text, session)
        finally:
            inside.pop()

    monkeypatch.setattr(bot, "_reply", watch)
    with ThreadPoolExecutor(8) as threads:
        assert len(list(threads.map(bot.ask, QUESTIONS * 4))) == len(most) == 4 * len(QUESTIONS)
    assert set(most) == {1}


@pytest.fixture(autouse=True)
def _no_part_in_the_common_cache(cache: Path) -> Iterator[None]:
    yield
    assert not list(cache.glob("*.part"))
