"""A small index, the chat served over it in a thread, and Chromium: what tests of serving share."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rag.assistant import Assistant
from ui.server import ChatServer

NEWS = {
    "riyadh.txt": "Delegations meet in Riyadh\n\nThe foreign ministers of both countries met in Riyadh on Tuesday. "
    "It was their first meeting in three years. Officials described the discussion as frank.\n",
    "port.txt": "Dockworkers end their strike\n\nDockworkers at the northern port returned to work on Monday. "
    "The union accepted a raise of four percent.\n",
}
HARVEST = "Harvest report\n\nThe valley harvested nine thousand tons of barley this summer.\n"
WHERE = "Where did the foreign ministers of both countries meet?"


@contextmanager
def opened(folder: Path, encoder: Any, **options: Any) -> Iterator[Assistant]:
    """An assistant over NEWS, whose files lie in `folder`."""
    reports = folder / "reports"
    reports.mkdir()
    for name, text in NEWS.items():
        (reports / name).write_text(text)
    with Assistant.open(folder / "index", documents=reports, encoder=encoder, **options) as assistant:
        assistant.load()  # not beside the test, where it would change which warnings are errors meanwhile
        yield assistant


@contextmanager
def served(assistant: Any, **options: Any) -> Iterator[ChatServer]:
    """The chat at a free port."""
    server, up = ChatServer(assistant, port=0, **options), threading.Event()
    thread = threading.Thread(target=server.run, kwargs={"ready": lambda url: up.set()}, daemon=True)
    thread.start()
    try:
        assert up.wait(30), "the chat did not come up"
        yield server
    finally:
        server.stop()
        thread.join(20)
    assert not thread.is_alive()


@contextmanager
def chromium() -> Iterator[Any]:
    """The installed browser, which sends nothing on its own account: not even what forms look like."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium: apt-get install chromium")
    sync = pytest.importorskip("playwright.sync_api")
    off = ("background-networking", "component-update", "sync", "quic", "gpu", "features=AutofillServerCommunication")
    with sync.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--no-first-run", *(f"--disable-{name}" for name in off)]
        launched = playwright.chromium.launch(executable_path=program, args=arguments)
        yield launched
        launched.close()
