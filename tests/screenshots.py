"""Takes the pictures of every state of the page for ui/screenshots: `make screenshots`.

The chat runs over the sample reports with the real encoder and reader, at fixed sizes of the window.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browser import SAMPLE, ask, give, sample_chat, settled, watched
from PIL import Image
from serving import chromium, served

from rag.assistant import Assistant
from rag.errors import IndexDamaged
from ui.server import ChatServer

FOLDER = Path(__file__).parents[1] / "ui" / "screenshots"
LARGEST, ALL = 90_000, 900_000  # bytes of one picture, and of all
TALKS = "In what building did the two foreign ministers hold their talks?"
PRISONER = "Who described the exchange as a good morning in a bad year?"
UNKNOWN = "Who won the chess tournament in Reykjavik?"
TEXT = "The harbour of Brackford was dredged in the ninth week of the year, and {} boats came in before dark.\n"


def main() -> int:
    """Take them all, and check their sizes."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.webp"):
        old.unlink()
    with prepared() as folder, sample_chat(folder, documents=folder / "reports") as chat, chromium() as browser:
        wide(browser, chat)
        documents(browser, chat)
        narrow(browser, chat)
        login(browser, chat, folder)
        exported(browser, chat, folder)
        fault(browser, chat)
    sizes = {file.name: file.stat().st_size for file in sorted(FOLDER.glob("*.webp"))}
    sys.stdout.write("".join(f"{size / 1000:6.1f} kB  {name}\n" for name, size in sizes.items()))
    return int(max(sizes.values()) > LARGEST or sum(sizes.values()) > ALL)


@contextmanager
def prepared() -> Iterator[Path]:
    """A folder of always the same name, for its path is seen in the pictures, with the sample reports in it."""
    folder = Path(tempfile.gettempdir()) / "footnote"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(SAMPLE, folder / "reports")
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def taken(page: Any, name: str) -> None:
    """Save what the window shows, once nothing moves, no larger than LARGEST."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(400)  # fades and slides have no event
    picture = Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide"))).convert("RGB")
    for quality in (80, 70, 60, 50, 40, 30):
        picture.save(FOLDER / f"{name}.webp", quality=quality, method=6)
        if (FOLDER / f"{name}.webp").stat().st_size <= LARGEST:
            return


def wide(browser: Any, chat: ChatServer) -> None:
    with watched(browser, chat.url) as seen:
        page = seen.open()
        page.wait_for_selector("#chat .fn-suggestion")
        taken(page, "empty")
        ask(page, TALKS)
        page.wait_for_selector("#evidence-text mark")
        taken(page, "answer")
        ask(page, PRISONER)
        page.wait_for_selector("#evidence-page img")
        taken(page, "pdf")
        ask(page, UNKNOWN)
        page.wait_for_selector("#evidence-text .fn-nearest")
        taken(page, "refusal")
    with watched(browser, chat.url, color_scheme="dark") as seen:
        page = seen.open()
        ask(page, TALKS)
        page.wait_for_selector("#evidence-text mark")
        taken(page, "dark")


def documents(browser: Any, chat: ChatServer) -> None:
    with watched(browser, chat.url) as seen:
        page = seen.open()
        page.set_input_files("#upload input[type=file]", [
            {"name": f"harbour-{number:02}.txt", "mimeType": "text/plain",
             "buffer": "".join(TEXT.format(number * 100 + line) for line in range(400)).encode()}
            for number in range(12)
        ])  # fmt: skip
        page.wait_for_selector("#upload-progress:has-text('left')")
        taken(page, "adding")
        page.click("#upload-cancel")
        page.wait_for_selector("#report .fn-report")
        page.click("#upload-discard")
        page.wait_for_selector("#report .fn-report", state="detached")
        page.wait_for_selector("#chat .fn-suggestion")
        give(page, orm_txt="Keeper leaves the Orm lighthouse\n\nTilda Roake left it on Friday.\n", ledger_xyz="?")
        taken(page, "report")
        page.fill("#documents-words input, #documents-words textarea", "recount")
        page.wait_for_selector("#documents-found:has-text('match')")
        page.check("#documents input >> nth=0")
        page.wait_for_selector("#scope .fn-scope")
        page.locator("#documents").scroll_into_view_if_needed()
        taken(page, "documents")
    for one in chat.assistant.index.documents():
        if "/uploads/" in one.path:
            chat.assistant.index.remove(one.path)


def narrow(browser: Any, chat: ChatServer) -> None:
    with watched(browser, chat.url, width=360, height=740) as seen:
        page = seen.open()
        ask(page, TALKS)
        page.wait_for_selector("#evidence-text mark")
        taken(page, "phone-answer")
        page.click("#chat a.fn-mark >> nth=0")
        page.wait_for_selector("#evidence-title:focus")
        taken(page, "phone-evidence")
        page.click("#library > .toggle-button")
        page.wait_for_selector("#library.open")
        taken(page, "phone-documents")


def login(browser: Any, chat: ChatServer, folder: Path) -> None:
    accounts = folder / "accounts.txt"
    accounts.write_text("ada:secret\n", encoding="utf-8")
    accounts.chmod(0o600)
    with served(chat.collections, auth=accounts) as locked:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(locked.url)
        taken(page, "login")
        page.close()


def exported(browser: Any, chat: ChatServer, folder: Path) -> None:
    with watched(browser, chat.url) as seen:
        page = seen.open()
        ask(page, TALKS)
        ask(page, UNKNOWN)
        with page.expect_download() as downloading:
            page.click("#export-html")
        downloading.value.save_as(folder / "conversation.html")
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto((folder / "conversation.html").as_uri())
    taken(page, "export")
    page.close()


def fault(browser: Any, chat: ChatServer) -> None:
    """The index is damaged while somebody asks."""

    def damaged(*_: object, **__: object) -> Iterator[Any]:
        raise IndexDamaged("sample", "the catalog is damaged.", remedy="Run `rag verify --repair`.")

    Assistant.steps = damaged  # type: ignore[method-assign]
    with watched(browser, chat.url) as seen:
        page = seen.open()
        page.fill("#question textarea", TALKS)
        page.press("#question textarea", "Enter")
        page.wait_for_selector("#chat .fn-fault")
        settled(page)
        taken(page, "error")


if __name__ == "__main__":
    sys.exit(main())
