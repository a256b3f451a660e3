"""Hostile text wherever a page takes text, in Chromium: no request elsewhere, no script, no dialog."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import ask, watched
from conftest import StandInEncoder
from serving import opened, served
from stress import STRESS
from test_ui import PAYLOADS

from rag.assistant import Assistant
from ui import feedback
from ui.collections import Collections
from ui.server import ChatServer

pytestmark = [
    # Gradio leaves the handle of a temporary file to the garbage collector for every upload.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    # Gradio asks pandas for options that pandas gives up.
    pytest.mark.filterwarnings("ignore:.*(no_silent_downcasting|copy keyword).* is deprecated"),
]

# A script that runs is counted, and a dialog of its own would be seen as well.
HOSTILE = [payload.replace("alert(1)", "window.__hit=1;alert(1)").replace("\0", "") for payload in PAYLOADS]
ONE_LINE = [" ".join(payload.split()) for payload in HOSTILE]
# Each is in a document. Asking about one and choosing a collection take seconds: a third of them, or all.
CHOSEN = range(0, len(PAYLOADS), 1 if STRESS else 3)


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    folder = tmp_path_factory.mktemp("indexes")
    with opened(folder, StandInEncoder()) as assistant, served(Collections(assistant, folder=folder)) as chat:
        yield chat


def files() -> list[dict[str, Any]]:
    """One document for each payload, which stands in its text, title, author, outlet and file name."""
    made = []
    for number, payload in enumerate(ONE_LINE):
        said = f"The barley harvest of field {number} was {HOSTILE[number]} tons this summer."
        name = "".join(c for c in payload if c.isprintable() and c != "/")[:80]
        if number % 2:
            about = f"title: {json.dumps(payload)}\nauthor: {json.dumps(payload)}\noutlet: {json.dumps(payload)}"
            text, ending = f"---\n{about}\n---\n\n{said}\n", "md"
        else:
            escaped = html.escape(payload)
            head = f'<title>{escaped}</title><meta name="author" content="{escaped}">'
            head += f'<meta property="og:site_name" content="{escaped}">'
            text, ending = f"<html><head>{head}</head><body><p>{html.escape(said)}</p></body></html>", "html"
        buffer = text.encode("utf-8")
        made.append({"name": f"{number} {name}.{ending}", "mimeType": "text/plain", "buffer": buffer})
    return made


def letters(text: str) -> str:
    """Text without white space, and with one sign for whatever turns lines around or cannot be seen."""
    return "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cf", "Zl") else c for c in text if not c.isspace())


def test_hostile_documents_questions_and_names_are_letters_and_nothing_else(
    browser: Any, chat: ChatServer, tmp_path: Path
) -> None:
    folder = chat.assistant.index.folder
    with watched(browser, chat.url) as seen:
        page = seen.open()
        page.set_input_files("#upload input[type=file]", files())
        page.wait_for_selector("#report .fn-report", state="attached")
        uploaded = [one for one in chat.assistant.index.documents() if "/uploads/" in one.path]
        assert len(uploaded) == len(PAYLOADS)
        assert any("<script>" in one.title for one in uploaded)
        page.click("#report summary >> nth=0")
        for at, number in enumerate(CHOSEN):
            ask(page, f"How many tons was the barley harvest of field {number}? {ONE_LINE[number]}")
            assert letters(ONE_LINE[number]) in letters(page.locator("#chat .fn-question").nth(at).text_content())
            mark = page.locator("#chat .fn-answer").nth(at).locator("a.fn-mark").first
            mark.click()
            page.wait_for_selector("#evidence-title:focus")
        kept_right(page, lambda: [json.loads(line) for line in lines(folder / feedback.SUITE / "questions.jsonl")])
        if page.locator("#evidence-wrong").count():
            page.click("#evidence-wrong")
            page.get_by_text("Written down: source").wait_for()
        for name in ("<img src=x onerror=window.__hit=1>", *(one[:50] for one in ONE_LINE)):
            page.fill("#documents-words input, #documents-words textarea", name)
            page.wait_for_selector("#documents-found .fn-note")
        exported(page, tmp_path)
    kept, asked = html.unescape((tmp_path / "kept.html").read_text(encoding="utf-8")), [ONE_LINE[i] for i in CHOSEN]
    assert [payload for payload in asked if letters(payload) not in letters(kept)] == []
    alone(browser, tmp_path / "kept.html", says=asked)


def lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def kept_right(page: Any, written: Callable[[], list[Any]]) -> None:
    """Make a question of a suite of each answer, and wait until it is `written`."""
    for number in range(len(CHOSEN)):
        # One that was pressed has another label; what is told covers some of them.
        page.locator("#chat button[aria-label^=Right]").first.evaluate("button => button.click()")
        for _ in range(100):
            if len(written()) > number:
                break
            page.wait_for_timeout(30)
        assert len(written()) == number + 1, page.locator(".toast-body").all_inner_texts()
    kept = {letters(one["question"].partition("? ")[2]) for one in written()}
    assert kept >= {letters(ONE_LINE[number]) for number in CHOSEN}


def exported(page: Any, folder: Path) -> None:
    for button, ending in (("#export-html", "html"), ("#export-markdown", "md")):
        with page.expect_download() as downloading:
            page.click(button)
        downloading.value.save_as(folder / f"kept.{ending}")


def alone(browser: Any, file: Path, *, says: list[str]) -> None:
    """Open an exported conversation where every request but that of the file itself would be seen."""
    with watched(browser, "http://127.0.0.1:1") as opened:
        read = opened.context.new_page()
        read.goto(file.as_uri())
        shown = letters(read.inner_text("body"))
        assert [payload for payload in says if letters(payload) not in shown] == []
        assert opened.wrong == [f"asked for {file.as_uri()}"]
        opened.wrong.clear()


def test_a_hostile_name_of_a_collection_is_refused(browser: Any, chat: ChatServer) -> None:
    before = chat.collections.names()
    with watched(browser, chat.url) as seen:
        page = seen.open()
        page.click("#new-collection button >> nth=0")
        for payload in (ONE_LINE[number] for number in CHOSEN):
            page.fill("#collection-name input, #collection-name textarea", payload[:60])
            with page.expect_response(lambda answered: answered.request.method == "POST"):
                page.click("#collection-create")
            page.wait_for_selector("#report .fn-fault")
    assert chat.collections.names() == before


def test_a_collection_that_somebody_has_named_so_is_shown_as_letters(
    browser: Any, tmp_path: Path, encoder: StandInEncoder
) -> None:
    shelf, plain = tmp_path / "shelf", "<b>plain"
    names = [f"{number} {ONE_LINE[number].replace('/', '')[:60].strip()}" for number in CHOSEN]
    for name in names:
        Assistant.open(shelf / name, documents=[], encoder=encoder).close()
    with Assistant.open(shelf / plain, documents=[], encoder=encoder) as assistant:
        collections = Collections(assistant, folder=shelf)
        with served(collections) as chat, watched(browser, chat.url) as seen:
            page = seen.open()
            for name in names:
                page.click("#collection input")
                page.locator("[role=option]").nth(collections.names().index(name)).click()
                page.wait_for_timeout(100)
                assert letters(page.input_value("#collection input")) == letters(name)
            ask(page, "Who?")
            exported(page, tmp_path)
        collections.close()
    alone(browser, tmp_path / "kept.html", says=[names[-1]])


@pytest.mark.parametrize(
    ("content", "caught"),
    [
        ("<img src=http://foreign.example/1.png>", "reached another host: GET http://foreign.example/1.png HTTP/1.1"),
        ("<img src=x onerror=window.__hit=1>", "1 scripts of a payload ran"),
        ("<img src=x onerror=alert(7)>", "dialog: 7"),
    ],
)
def test_what_a_payload_could_do_is_caught(browser: Any, chat: ChatServer, content: str, caught: str) -> None:
    def shown() -> None:
        with watched(browser, chat.url) as seen:
            page = seen.context.new_page()
            page.set_content(content)
            page.wait_for_load_state("networkidle")

    with pytest.raises(AssertionError, match=re.escape(caught)):
        shown()
