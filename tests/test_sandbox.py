"""Files are read in processes with limits: whatever a parser does, the file has a reason and the next one is read."""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pdfs import A4, Sheet, at, below, pdf, stream
from PIL import Image, ImageChops

from rag import documents
from rag.config import DocumentSettings
from rag.documents import Loaded, child, pdf_image, sandbox
from rag.documents.sandbox import PageImage, Sandbox, Stopped
from rag.errors import (
    DocumentError,
    EmptyDocument,
    EncryptedDocument,
    RagError,
    UnreadableDocument,
    UnsupportedFormat,
)
from rag.types import Box, Document

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")

# Readers that misbehave, put beside the others in the process that parses: it imports this when it starts.
READERS = """
import ctypes, os, signal, subprocess, sys, time, types
import rag.documents
from rag.documents.extract import Extract

def marked(data):  # says who runs, by a file without content
    open(os.path.join(data.decode(), f"{os.getpid()}.{os.getppid()}"), "w").close()

def spin(data):
    marked(data)
    while True:
        pass

def sleep(data):
    marked(data)
    time.sleep(600)

def breed(data):
    process = subprocess.Popen(["sleep", "600"])
    open(os.path.join(data.decode(), f"{process.pid}.0"), "w").close()
    time.sleep(600)

def hog(data):
    held = []
    while True:
        held.append(bytearray(50_000_000))

def quiet_hog(data):
    try:
        hog(data)
    except MemoryError:
        raise ValueError("Memory allocation failed : no memory left")

def crash(data):
    ctypes.string_at(0)

def abort_full(data):
    held = bytearray(700_000_000)
    os.abort()

def killed(data):
    os.kill(os.getpid(), signal.SIGKILL)

def parricide(data):
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(600)

def leave(data):
    os._exit(0)

def quit(data):
    sys.exit()

def loud(data):
    print("printed")
    print("complained", file=sys.stderr)
    os.write(1, b"written")
    return Extract(text=f"asked and got {sys.stdin.read()!r}")

def file(data):
    with open(os.path.join(data.decode(), "0"), "w") as stream:
        stream.write("x")

def inside(data):
    return Extract(text=" ".join([*sys.modules, *("$" + name for name in os.environ)]))

def limits(data):
    import resource
    names = ("CORE", "FSIZE", "NOFILE", "CPU", "AS")
    return Extract(text=" ".join(str(resource.getrlimit(getattr(resource, f"RLIMIT_{n}"))[0]) for n in names))

module = types.ModuleType("rag.documents.misbehaving")
module.__dict__.update({name: value for name, value in globals().items() if callable(value)})
sys.modules[module.__name__] = module
for name in [n for n, value in globals().items() if isinstance(value, types.FunctionType)]:
    rag.documents._READERS["." + name] = "misbehaving:" + name
"""

Write = Callable[[str, "bytes | str"], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, content: bytes | str) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return written


@pytest.fixture
def misbehaving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    """Gives the path of a file that a reader of this name reads; the file holds a folder for its marks."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(READERS)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    marks = tmp_path / "marks"
    marks.mkdir()

    def path(reader: str) -> Path:
        file = tmp_path / f"file.{reader}"
        file.write_text(str(marks))
        return file

    yield path
    for pid in pids(marks):
        assert not alive(pid)


def pids(marks: Path) -> list[int]:
    found = {int(pid) for mark in marks.iterdir() for pid in mark.name.split(".")}
    return sorted(found - {0, os.getpid()})


def alive(pid: int) -> bool:
    """Whether the process runs; given a second to end."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return False
        if state == "Z":  # ended; nobody has asked how
            return False
        time.sleep(0.01)
    return True


def wait_for_mark(marks: Path) -> None:
    for _ in range(1000):
        if any(marks.iterdir()):
            return
        time.sleep(0.01)
    raise AssertionError("the reader was not reached")


def rejection(box: Sandbox, path: Path) -> str:
    with pytest.raises(UnreadableDocument) as caught:
        box.load(path)
    assert caught.value.path == str(path)
    said = (remedy for reason, remedy in REMEDIES.items() if reason in caught.value.message)
    assert caught.value.remedy == next(said, "")
    return caught.value.message.removeprefix(f"{path}: ").rstrip(".")


SMALL = DocumentSettings(seconds=1, megabytes=256)


# What it gives


def test_a_file_is_read_as_it_is_without_the_sandbox(write: Write) -> None:
    files = {
        "a.txt": "Talks open in Riyadh\n\nExample News, 12 March 2025\n\nEnvoys met. \u202eNo\u202c date \U0001f600.",
        "b.html": "<title>The talks</title><article><h1>Opening</h1><p>Envoys met on Tuesday.</p></article>",
        "c.md": "---\ntitle: T\n---\n# Talks\n\nThey met.",
    }
    with Sandbox(DocumentSettings()) as box:
        for name, content in files.items():
            path = write(name, content)
            assert box.load(path) == documents.load(path)
            assert box.last_usage.seconds > 0
            assert 5_000_000 < box.last_usage.memory < 200_000_000


def test_an_error_comes_through_with_its_kind_path_reason_and_remedy(write: Write, tmp_path: Path) -> None:
    paths = [
        write("a.txt", ""),
        write("b.xyz", "x"),
        write("c.txt", b"\0\1\2" * 50),
        write("d.docx", bytes.fromhex("D0CF11E0A1B11AE1") + "EncryptedPackage".encode("utf-16-le")),
        tmp_path / "absent.txt",
        tmp_path,
        Path("null\0character.txt"),
    ]
    kinds = set()
    with Sandbox(DocumentSettings()) as box:
        for path in paths:
            with pytest.raises(DocumentError) as without:
                documents.load(path)
            with pytest.raises(DocumentError) as within:
                box.load(path)
            assert type(within.value) is type(without.value)
            assert vars(within.value) == vars(without.value)
            assert str(within.value) == str(without.value)
            kinds.add(type(within.value))
    assert kinds == {EmptyDocument, UnsupportedFormat, UnreadableDocument, EncryptedDocument}


def test_a_path_is_seen_from_where_the_caller_stands_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(DocumentSettings()) as box:
        for name in ("here", "there"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "a.txt").write_text(name)
            monkeypatch.chdir(tmp_path / name)
            assert box.load("a.txt").documents[0].text == name


TEXT = st.text(max_size=40)
NUMBER = st.integers(0, 10**12)
MAYBE = st.none() | TEXT
FLOAT = st.floats(allow_nan=False)
DOCUMENT = st.builds(
    Document,
    text=TEXT,
    path=TEXT,
    title=TEXT,
    sha256=TEXT,
    date=MAYBE,
    author=MAYBE,
    outlet=MAYBE,
    updated=MAYBE,
    pages=st.lists(NUMBER, max_size=3).map(tuple),
    parts=st.lists(st.tuples(NUMBER, TEXT), max_size=3).map(tuple),
    boxes=st.lists(st.builds(Box, NUMBER, NUMBER, FLOAT, FLOAT, FLOAT, FLOAT), max_size=3).map(tuple),
    headings=st.lists(st.tuples(NUMBER, NUMBER), max_size=3).map(tuple),
    gaps=st.lists(TEXT, max_size=3).map(tuple),
)


@given(st.builds(Loaded, TEXT, st.lists(DOCUMENT, max_size=3).map(tuple)))
def test_documents_travel_exactly(loaded: Loaded) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child, "load", lambda path: loaded)
        arrived = child.understood(child.answer("a.txt"))
    assert arrived == loaded
    assert [repr(document) for document in arrived.documents] == [repr(document) for document in loaded.documents]


@given(st.sampled_from([DocumentError, *DocumentError.__subclasses__()]), TEXT, TEXT, TEXT)
def test_errors_travel_exactly(kind: type[DocumentError], path: str, reason: str, remedy: str) -> None:
    def load(_: str) -> Loaded:
        raise kind(path, reason, remedy=remedy)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child, "load", load)
        with pytest.raises(kind) as caught:
            child.understood(child.answer("a.txt"))
    assert type(caught.value) is kind
    assert vars(caught.value) == vars(kind(path, reason, remedy=remedy))


# What parsers may do


LATE = "it took longer than 1 s to read"
FULL = "reading it needs more than 256 MB of memory"
REMEDIES = {LATE: "Split it, or raise documents.seconds in rag.toml.",
            " MB of memory": "Split it, or raise documents.megabytes in rag.toml.",
            "its parser crashed": "It may be damaged: open it in its program and save it anew."}  # fmt: skip


@pytest.mark.parametrize(
    ("reader", "reason"),
    [
        ("spin", LATE),
        ("sleep", LATE),
        ("breed", LATE),
        ("hog", FULL),
        ("quiet_hog", FULL),
        ("crash", "its parser crashed (SIGSEGV)"),
        ("leave", "its parser crashed (exit code 1)"),
        ("quit", "its parser crashed (exit code 1)"),
        ("killed", "the system ended the process that read it, as it does where memory runs out"),
        ("parricide", "the process that read it was ended from outside"),
        ("file", "it is damaged or not of the kind its suffix says ([Errno 27] File too large)"),
    ],
)
def test_whatever_a_parser_does_the_reason_says_so_and_the_next_file_is_read(
    misbehaving: Callable[[str], Path], write: Write, reader: str, reason: str
) -> None:
    good = write("good.txt", "They met.")
    began = time.monotonic()
    with Sandbox(SMALL) as box:
        assert box.load(good).documents[0].text == "They met."
        assert rejection(box, misbehaving(reader)) == reason
        assert box.load(good).documents[0].text == "They met."
    assert time.monotonic() - began < 5


def test_a_crash_in_much_memory_is_put_down_to_memory(misbehaving: Callable[[str], Path]) -> None:
    with Sandbox(DocumentSettings(megabytes=1024)) as box:
        assert rejection(box, misbehaving("abort_full")).startswith("reading it needs more than 1,024 MB of memory")
        assert 700_000_000 < box.last_usage.memory < 1 << 30


def test_what_a_parser_prints_is_seen_nowhere_and_it_can_ask_nothing(
    misbehaving: Callable[[str], Path], capfd: pytest.CaptureFixture[str]
) -> None:
    with Sandbox(SMALL) as box:
        assert box.load(misbehaving("loud")).documents[0].text == "asked and got ''"
    assert capfd.readouterr() == ("", "")


def test_a_parser_has_the_limits_that_are_set(misbehaving: Callable[[str], Path]) -> None:
    with Sandbox(DocumentSettings(seconds=7, megabytes=300)) as box:
        limits = box.load(misbehaving("limits")).documents[0].text
    assert limits == f"0 0 64 7 {300 << 20}"


def test_the_process_that_parses_holds_no_model_and_no_secret(
    misbehaving: Callable[[str], Path], write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_LLM__API_KEY", "sk-secret")
    with Sandbox(SMALL) as box:
        box.load(write("a.html", "<p>They met.</p>"))
        held = box.load(misbehaving("inside")).documents[0].text.split()
    assert "trafilatura" in held  # imported for the first file, so that the next one finds it there
    assert not {"torch", "transformers", "llama_index", "sentence_transformers", "pydantic", "faiss"} & set(held)
    assert "$PATH" in held
    assert not [name for name in held if name.startswith("$RAG_")]


def test_modules_that_lie_beside_the_caller_are_not_run(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("json.py", "raise SystemExit('run')")
    write("trafilatura.py", "raise SystemExit('run')")
    monkeypatch.chdir(tmp_path)
    with Sandbox(SMALL) as box:
        assert box.load(write("a.html", "<p>They met.</p>")).documents[0].text == "They met."


def test_a_result_that_is_too_large_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_LARGEST_RESULT", 10)
    (results, writing), (requests, _) = os.pipe(), os.pipe()
    os.write(writing, b"x" * 10)
    os.write(writing, b"x")
    assert child._collected(results, requests, time.monotonic() + 10) == (b"", "large")
    reason, remedy = Sandbox(SMALL)._reason({"exit": -9, "cut": "large", "seconds": 1.0, "bytes": 0})
    assert (reason, remedy) == ("what it holds is too much to take in", "Split it.")


def test_a_file_that_becomes_a_pipe_holds_up_nobody(write: Write, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with Sandbox(SMALL) as box, pytest.MonkeyPatch.context() as patch:
        assert rejection(box, tmp_path / "pipe.txt") == "it is not an ordinary file"
        write("a.txt", "They met.")
        real = Path.stat
        patch.setattr(Path, "stat", lambda self, **given: real(tmp_path / "a.txt"))  # what it was a moment ago
        with pytest.raises(UnreadableDocument, match="it is not an ordinary file"):
            documents.load(tmp_path / "pipe.txt")


# Stopping and dying


def test_stop_ends_the_parser_at_once_and_the_next_file_is_read(
    misbehaving: Callable[[str], Path], write: Write, tmp_path: Path
) -> None:
    with Sandbox(DocumentSettings()) as box:
        for reader in ("spin", "breed"):
            path = misbehaving(reader)
            with pytest.raises(Stopped):
                box.load(path, stop=lambda: any((tmp_path / "marks").iterdir()))
            assert not any(map(alive, pids(tmp_path / "marks")))
            for mark in (tmp_path / "marks").iterdir():
                mark.unlink()
        assert box.load(write("a.txt", "They met."), stop=lambda: False).documents[0].text == "They met."


SCRIPT = """
import sys
from rag.config import DocumentSettings
from rag.documents.sandbox import Sandbox

sys.path.insert(0, {site!r})
with Sandbox(DocumentSettings()) as box:
    print(box.load({path!r}).documents[0].text)
"""


def test_a_script_needs_no_guard_for_its_main_part(write: Write, tmp_path: Path) -> None:
    script = write("script.py", SCRIPT.format(site=str(tmp_path), path=str(write("a.txt", "They met."))))
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("They met.\n", "")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_when_the_caller_dies_its_parsers_die(
    misbehaving: Callable[[str], Path], write: Write, tmp_path: Path, number: signal.Signals
) -> None:
    script = write("script.py", SCRIPT.format(site=str(tmp_path / "site"), path=str(misbehaving("sleep"))))
    caller = subprocess.Popen([sys.executable, script], stderr=subprocess.DEVNULL)
    wait_for_mark(tmp_path / "marks")
    caller.send_signal(number)
    assert caller.wait(timeout=10) != 0
    assert len(pids(tmp_path / "marks")) == 2  # the parser and the server
    assert not any(map(alive, pids(tmp_path / "marks")))


def test_a_server_that_was_killed_between_two_files_is_replaced(misbehaving: Callable[[str], Path]) -> None:
    with Sandbox(SMALL) as box:
        for _ in range(2):
            box.load(misbehaving("loud"))
            assert box._server is not None
            os.kill(box._server._process.pid, signal.SIGKILL)
            box._server._process.wait()
        assert box.load(misbehaving("loud")).documents[0].text == "asked and got ''"


def test_a_server_that_does_not_start_is_no_fault_of_the_file(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("import os; os._exit(1)")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    with Sandbox(SMALL) as box, pytest.raises(RagError, match=r"does not start\. Run .* -m rag\.documents\.child"):
        box.load(write("a.txt", "They met."))


def test_a_server_that_answers_nothing_is_given_up(
    misbehaving: Callable[[str], Path], write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "_GRACE", 0.3)
    with Sandbox(SMALL) as box:
        box.load(write("a.txt", "They met."))
        assert box._server is not None
        os.kill(box._server._process.pid, signal.SIGSTOP)
        assert rejection(box, write("b.txt", "They met.")) == LATE
        assert box.load(write("a.txt", "They met.")).documents[0].text == "They met."


# Without fork


def test_without_fork_each_file_has_a_process_of_its_own(
    misbehaving: Callable[[str], Path], write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "_FORKS", False)
    good = write("good.txt", "They met.")
    with Sandbox(SMALL) as box:
        assert box.load(good) == documents.load(good)
        assert rejection(box, misbehaving("sleep")) == LATE
        assert rejection(box, misbehaving("leave")) == "the process that read it was ended from outside"
        with pytest.raises(Stopped):
            box.load(misbehaving("sleep"), stop=lambda: any((tmp_path / "marks").iterdir()))
        assert box.load(good) == documents.load(good)


def test_importing_the_sandbox_is_light() -> None:
    code = "import json, sys; import rag.documents.sandbox; print(json.dumps([*sys.modules]))"
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    heavy = {"torch", "transformers", "llama_index", "pydantic", "numpy", "lxml", "trafilatura", "pypdfium2", "docx"}
    assert not heavy & set(json.loads(done.stdout))


# Drawing a page


LINES = [f"Line {number} says what happened." for number in range(1, 4)]


def shown(page: PageImage) -> Image.Image:
    return Image.open(io.BytesIO(page.webp)).convert("RGB")


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_is_drawn_as_it_is_shown_with_the_lines_marked_and_nothing_else(write: Write, turn: int) -> None:
    cropped = f"/MediaBox [0 0 595 842] /CropBox [50 100 500 700] /Rotate {turn}"
    path = write("a.pdf", pdf([Sheet("\n".join(below(100, 600, LINES, leading=40)), cropped)]))
    (read,) = documents.load(path).documents
    box = next(box for box in read.boxes if read.text[box.start : box.end] == LINES[1])
    with Sandbox(DocumentSettings()) as sandbox_:
        page = sandbox_.page(path, number=1, sha256=read.sha256)
        marked = shown(sandbox_.page(path, number=1, sha256=read.sha256, boxes=[box[2:]]))
    scale, plain = 110 / 72, shown(page)
    across, up = (450, 600) if turn % 180 == 0 else (600, 450)
    assert page[1:] == (across, up)
    assert plain.size == marked.size == (math.ceil(across * scale), math.ceil(up * scale))
    left, top, right, bottom = ImageChops.difference(plain, marked).point(lambda value: 255 * (value > 60)).getbbox()
    drawn = (left / scale, top / scale, right / scale, bottom / scale)
    assert drawn == pytest.approx(box[2:], abs=3.5)
    inside = plain.crop([round(edge * scale) for edge in box[2:]])
    assert inside.convert("L").getextrema()[0] < 90  # the box is where the words are
    assert words_in(path, box[2:], turn) == LINES[1]


def words_in(path: Path, place: tuple[float, ...], turn: int) -> str:
    """What pdfium itself finds in a place of the page as shown."""
    left, top, right, bottom = place
    corners = [(left, top), (right, bottom)]
    back = {
        0: lambda x, y: (50 + x, 700 - y), 90: lambda x, y: (50 + y, 100 + x),
        180: lambda x, y: (500 - x, 100 + y), 270: lambda x, y: (500 - y, 700 - x),
    }[turn]  # fmt: skip
    (x1, y1), (x2, y2) = (back(*corner) for corner in corners)
    opened = pypdfium2.PdfDocument(path)
    try:
        text = opened[0].get_textpage().get_text_bounded(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
    finally:
        opened.close()
    return text.strip()


def test_what_was_filled_into_a_form_is_drawn(write: Write) -> None:
    appearance = stream(b"0 0 0 rg 0 0 200 50 re f", "/Type /XObject /Subtype /Form /BBox [0 0 200 50]")
    field = "<< /Type /Annot /Subtype /Widget /FT /Tx /T (a) /V (x) /Rect [100 100 300 150] /F 4 /AP << /N 5 0 R >> >>"
    file = pdf(
        [Sheet("", f"{A4} /Annots [6 0 R]")], objects=[appearance, field], catalog="/AcroForm << /Fields [6 0 R] >>"
    )
    path = write("a.pdf", file)
    with Sandbox(DocumentSettings()) as sandbox_:
        page = shown(sandbox_.page(path, number=1, sha256=hashlib.sha256(file).hexdigest()))
    assert max(page.getpixel((200 * 110 // 72, (842 - 125) * 110 // 72))) < 60


def test_why_a_page_is_not_drawn_is_said_and_the_next_is_drawn(write: Write, tmp_path: Path) -> None:
    good = pdf([Sheet(at(100, 700, "They met."))])
    cases = [
        (good, 2, "", "its page cannot be drawn"),
        (good, 0, "", "its page cannot be drawn"),
        (b"no PDF", 1, "", "its page cannot be drawn"),
        (good, 1, "0" * 64, "it has changed since it was indexed"),
        (None, 1, "", "it cannot be read: No such file or directory"),
        (pdf([Sheet(at(1, 1, "x"), "/MediaBox [0 0 0 0] /CropBox [9 9 9 9]")]), 1, "", None),
        (pdf([Sheet(at(1, 1, "x"), "/MediaBox [0 0 14400 1]")]), 1, "", None),
    ]
    with Sandbox(DocumentSettings()) as box:
        for content, number, sha256, reason in cases:
            path = tmp_path / "absent.pdf" if content is None else write("a.pdf", content)
            sha256 = sha256 or hashlib.sha256(content or b"").hexdigest()
            if reason is None:
                assert max(shown(box.page(path, number=number, sha256=sha256)).size) <= 1600
                continue
            with pytest.raises(UnreadableDocument) as caught:
                box.page(path, number=number, sha256=sha256)
            assert caught.value.message == f"{path}: {reason}"
        assert box.load(write("a.txt", "They met.")).documents[0].text == "They met."


def test_a_page_that_takes_too_long_is_given_up(write: Write) -> None:
    noise = " ".join(f"{x % 595} {x * 7 % 842} m {x * 3 % 595} {x * 11 % 842} l S" for x in range(400))
    form = stream(noise.encode(), "/Type /XObject /Subtype /Form /BBox [0 0 595 842]")
    tower = [form]
    for level in range(6):  # each draws the one below it 30 times
        resources = (
            f"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /XObject << /X {5 + level} 0 R >> >>"
        )
        tower.append(stream(b"/X Do " * 30, resources))
    file = pdf([Sheet("/X Do", A4, "/XObject << /X 11 0 R >>")], objects=tower)
    path, sha256 = write("a.pdf", file), hashlib.sha256(file).hexdigest()
    with Sandbox(DocumentSettings(seconds=1)) as box:
        with pytest.raises(UnreadableDocument, match="it took longer than 1 s to read"):
            box.page(path, number=1, sha256=sha256)
        assert box.load(write("a.txt", "They met.")).documents[0].text == "They met."


def test_an_image_of_a_page_is_small_whatever_is_on_it() -> None:
    noise = Image.frombytes("RGB", (1600, 1600), random.Random(1).randbytes(1600 * 1600 * 3))
    assert len(pdf_image._encoded(noise)) <= 290_000
