"""The chat over the sample reports, and browser tabs that are watched: every request, script and error of theirs."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serving import served

from rag.assistant import Assistant
from ui.collections import Collections
from ui.server import ChatServer

_TOLD = re.compile(r'"event_data":"[0-9a-f-]{36} 1"')  # the tab has said which it is: what it asks is kept from now on
SAMPLE = Path(__file__).parents[1] / "eval" / "suites" / "sample" / "documents"
PATIENCE = 30_000  # milliseconds that a condition may take on a busy machine


@contextmanager
def sample_chat(folder: Path, *, documents: Path = SAMPLE, **options: Any) -> Iterator[ChatServer]:
    """The chat over the sample reports with the real encoder and reader, beside a place for more collections."""
    with Assistant.open(folder / "sample", documents=documents) as assistant:
        assistant.load()
        with served(Collections(assistant, folder=folder), **options) as chat:
            yield chat


def ask(page: Any, question: str, *, fails: bool = False) -> None:
    """Type a question, press Enter, and wait until its answer is whole and, unless it fails, its evidence open."""
    before = page.locator("#chat .fn-question").count()
    page.fill("#question textarea", question)
    page.press("#question textarea", "Enter")
    page.locator("#chat .fn-question").nth(before).wait_for()
    settled(page)
    if fails:
        return
    opened = f"#evidence-head section[id^=source-{before + 1}-]", f"#evidence-text [id^=open-nearest-{before + 1}-]"
    page.wait_for_selector(", ".join((*opened, "#evidence-text :text('No passage comes near')")))


def settled(page: Any) -> None:
    """Wait until nothing is being answered."""
    page.wait_for_selector("#chat .fn-pending", state="detached")
    page.wait_for_selector("#stop:disabled", state="attached")


def give(page: Any, **files: str) -> None:
    """Add files, and wait for the report; `name_txt` is name.txt."""
    given = [
        {"name": ".".join(name.rsplit("_", 1)), "mimeType": "text/plain", "buffer": text.encode("utf-8")}
        for name, text in files.items()
    ]
    page.set_input_files("#upload input[type=file]", given)
    page.wait_for_selector("#report .fn-report", state="attached")


class Trap(socketserver.ThreadingTCPServer):
    """Stands in for every other host: a browser that reaches one comes here, as to its proxy, and is written down."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Caught)
        self.caught: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _Caught(socketserver.StreamRequestHandler):
    server: Trap

    def handle(self) -> None:
        self.server.caught.append(self.rfile.readline(1000).decode("latin-1").strip())
        self.wfile.write(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@contextmanager
def trap() -> Iterator[Trap]:
    with Trap() as opened:
        thread = threading.Thread(target=opened.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield opened
        finally:
            opened.shutdown()
            thread.join(10)


@dataclass(kw_only=True)
class Watched:
    """A browser context with a session of its own; `wrong` is all that a page of ours never does."""

    context: Any
    address: str
    trap: Trap
    wrong: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)  # every address that was requested

    def open(self, address: str | None = None) -> Any:
        """A tab with the page, once it can be used."""
        page = self.context.new_page()
        with page.expect_response(lambda answered: _TOLD.search(answered.request.post_data or "")):
            page.goto(address or self.address)
        page.wait_for_selector("#question textarea:enabled")
        return page

    def overlook_cut_streams(self) -> None:
        """Take out what Gradio itself notes of a stream that was cut by loading the page anew."""
        noted = ("console: AbortError", "console: Unexpected error Connection errored out")
        self.wrong[:] = [line for line in self.wrong if not line.startswith(noted)]

    def close(self) -> None:
        for page in self.context.pages:
            if (hits := page.evaluate("window.__hit || 0")) != 0:
                self.wrong.append(f"{hits} scripts of a payload ran")
        self.context.close()
        self.wrong += [f"reached another host: {line}" for line in self.trap.caught]

    def _watch(self, page: Any) -> None:
        page.on("dialog", lambda dialog: (self.wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("pageerror", lambda error: self.wrong.append(f"script error: {error}"))
        page.on("console", self._said)

    def _said(self, message: Any) -> None:
        if message.type == "error":
            self.wrong.append(f"console: {message.text}")

    def _requested(self, request: Any) -> None:
        self.asked.append(request.url)
        own = (f"{self.address}/", "data:", f"blob:{self.address}/")
        if not request.url.startswith(own):
            self.wrong.append(f"asked for {request.url}")


@contextmanager
def watched(browser: Any, address: str, *, width: int = 1280, height: int = 800, **options: Any) -> Iterator[Watched]:
    """A fresh browser context on the chat at `address`. Fails at its end where anything went wrong in it."""
    with trap() as opened:
        own = address.removeprefix("http://")
        context = browser.new_context(
            viewport={"width": width, "height": height}, proxy={"server": opened.url, "bypass": own}, **options
        )
        context.set_default_timeout(PATIENCE)
        seen = Watched(context=context, address=address, trap=opened)
        context.on("request", seen._requested)
        context.on("page", seen._watch)
        try:
            yield seen
        finally:
            seen.close()
        assert not seen.wrong, "\n".join(seen.wrong)
