"""Hostile text wherever a page takes text, in Chromium: no request elsewhere, no script, no dialog."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import ask, watched
from conftest import StandInEncoder
from serving import opened, served
from test_ui import PAYLOADS

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


def test_hostile_documents_questions_and_names_are_letters_and_nothing_else(
    browser: Any, chat: ChatServer, tmp_path: Path
) -> None:
    with watched(browser, chat.url) as seen:
        page = seen.open()
        page.set_input_files("#upload input[type=file]", files())
        page.wait_for_selector("#report .fn-report", state="attached")
        uploaded = [one for one in chat.assistant.index.documents() if "/uploads/" in one.path]
        assert len(uploaded) == len(PAYLOADS)
        assert any("<script>" in one.title for one in uploaded)
        page.click("#report summary >> nth=0")
        for number in (4, 11, 16):
            ask(page, f"How many tons was the barley harvest of field {number}? {ONE_LINE[number]}")
        shown = page.locator("#chat a.fn-mark")
        assert shown.count() > 0
        for mark in range(shown.count()):
            shown.nth(mark).click()
            page.wait_for_selector("#evidence-title:focus")
        assert ONE_LINE[4] in page.locator("#chat .fn-question").first.inner_text()
        for name in ("<img src=x onerror=window.__hit=1>", ONE_LINE[11][:50]):
            page.fill("#documents-words input, #documents-words textarea", name)
            page.wait_for_selector("#documents-found .fn-note")
        for button, ending in (("#export-html", "html"), ("#export-markdown", "md")):
            with page.expect_download() as downloading:
                page.click(button)
            downloading.value.save_as(tmp_path / f"kept.{ending}")
    assert ONE_LINE[4] in html.unescape((tmp_path / "kept.html").read_text(encoding="utf-8"))
    with watched(browser, "http://127.0.0.1:1") as alone:
        read = alone.context.new_page()
        read.goto((tmp_path / "kept.html").as_uri())
        assert ONE_LINE[4] in read.inner_text("body")
        assert alone.wrong == [f"asked for {(tmp_path / 'kept.html').as_uri()}"]
        alone.wrong.clear()


@pytest.mark.parametrize("number", range(0, len(PAYLOADS), 8))
def test_a_hostile_name_of_a_collection_is_refused(browser: Any, chat: ChatServer, number: int) -> None:
    before = chat.collections.names()
    with watched(browser, chat.url) as seen:
        page = seen.open()
        page.click("#new-collection button >> nth=0")
        page.fill("#collection-name input, #collection-name textarea", ONE_LINE[number][:60])
        page.click("#collection-create")
        page.wait_for_selector("#report .fn-fault")
    assert chat.collections.names() == before


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
