"""axe-core finds nothing serious or critical on any state of the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe import findings
from browser import SAMPLE, ask, give, watched
from conftest import StandInEncoder
from serving import WHERE, opened, served

from ui.collections import Collections
from ui.server import ChatServer

PRISONER = "Who described the exchange as a good morning in a bad year?"
UNKNOWN = "Who won the chess tournament in Reykjavik?"

pytestmark = [
    # Gradio leaves the handle of a temporary file to the garbage collector for every upload.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    # Gradio asks pandas for options that pandas gives up.
    pytest.mark.filterwarnings("ignore:.*(no_silent_downcasting|copy keyword).* is deprecated"),
]


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    folder = tmp_path_factory.mktemp("indexes")
    with opened(folder, StandInEncoder()) as assistant:
        assistant.index.update(SAMPLE / "prisoners-cross-at-perrin-ford.pdf")
        with served(Collections(assistant, folder=folder)) as chat:
            yield chat


def states(page: Any) -> Iterator[str]:
    """Bring the page into one state after another."""
    page.wait_for_selector("#chat .fn-welcome")
    yield "empty"
    ask(page, WHERE)
    page.wait_for_selector("#evidence-text mark")
    yield "answer with its source open"
    ask(page, PRISONER)
    page.wait_for_selector("#evidence-page img")
    yield "page of a PDF"
    ask(page, UNKNOWN)
    page.wait_for_selector("#evidence-text .fn-nearest")
    yield "refusal"
    if page.viewport_size["width"] < 900:
        page.click("#library > .toggle-button")
    give(page, orm_txt="Keeper leaves the Orm lighthouse\n\nTilda Roake left it on Friday.\n", data_xyz="?")
    yield "report of an upload with a rejected file"
    page.check("#documents input[type=checkbox] >> nth=0")
    page.click("#documents-remove:enabled")
    page.wait_for_selector("#removal-yes")
    yield "confirmation"


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (360, "light")])
def test_axe_finds_nothing_serious_on_the_page(browser: Any, chat: ChatServer, width: int, scheme: str) -> None:
    with watched(browser, chat.url, width=width, color_scheme=scheme) as seen:
        page = seen.open()
        assert {state: found for state in states(page) if (found := findings(page))} == {}


def test_axe_finds_nothing_serious_at_the_login(browser: Any, chat: ChatServer, tmp_path: Path) -> None:
    accounts = tmp_path / "accounts"
    accounts.write_text("ada:secret\n")
    accounts.chmod(0o600)
    with served(chat.collections, auth=accounts) as locked, watched(browser, locked.url) as seen:
        page = seen.context.new_page()
        page.goto(locked.url)
        page.wait_for_selector("#username")
        assert findings(page) == []
        assert [said for said in seen.wrong if "401" not in said] == []  # the browser reports the page's status
        seen.wrong.clear()


def test_what_is_serious_is_found(browser: Any) -> None:
    page = browser.new_page()
    page.set_content("<html lang=en><title>t</title><main><h1>t</h1><button></button><img src='data:,'></main>")
    assert {found.split(" ")[0] for found in findings(page)} == {"button-name", "image-alt"}
    page.close()
