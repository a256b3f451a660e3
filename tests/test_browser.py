"""The whole page in Chromium over the real encoder and reader: one way through it after another."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Watched, ask, give, sample_chat, settled, watched

from rag.assistant import Assistant, Underway
from ui.server import ChatServer

pytestmark = [
    # Gradio leaves the handle of a temporary file to the garbage collector for every upload.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    # Gradio asks pandas for options that pandas gives up.
    pytest.mark.filterwarnings("ignore:.*(no_silent_downcasting|copy keyword).* is deprecated"),
]

TALKS = "In what building did the two foreign ministers hold their talks?"
PRISONER = "Who described the exchange as a good morning in a bad year?"
KELL = "Who is Moira Kell?"
UNKNOWN = "Who won the chess tournament in Reykjavik?"
LIGHTHOUSE = (
    "Keeper leaves the Orm lighthouse\n\nThe last keeper of the Orm lighthouse, Tilda Roake, left it on Friday. "
    "The lamp has been lit by hand since 1871.\n"
)
KEEPER = "Who was the last keeper of the Orm lighthouse?"


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    with sample_chat(tmp_path_factory.mktemp("indexes")) as served:
        yield served


@pytest.fixture
def tab(browser: Any, chat: ChatServer) -> Iterator[Watched]:
    with watched(browser, chat.url) as seen:
        yield seen


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Answers wait, after they have told what they read, until the event is set."""
    goes_on, steps = threading.Event(), Assistant.steps

    def waiting(self: Assistant, *given: Any, **more: Any) -> Iterator[Any]:
        for step in steps(self, *given, **more):
            yield step
            if isinstance(step, Underway) and step.passages:
                assert goes_on.wait(60)

    monkeypatch.setattr(Assistant, "steps", waiting)
    yield goes_on
    goes_on.set()


def marked(page: Any) -> str:
    """The quote as the evidence shows it."""
    page.wait_for_selector("#evidence-text mark")
    return str(page.text_content("#evidence-text mark"))


def test_a_file_is_added_asked_about_and_its_quote_marked_exactly(tab: Watched, chat: ChatServer) -> None:
    page = tab.open()
    give(page, orm_txt=LIGHTHOUSE)
    assert re.sub(r"\s+", " ", page.inner_text("#report")).startswith("Added: 1 orm.txt")
    ask(page, KEEPER)
    page.click("#chat a.fn-mark >> nth=0")
    page.wait_for_selector("#evidence-title:focus")
    (citation,) = chat.assistant.ask(KEEPER).citations
    text = chat.assistant.index.document(citation.path).text
    assert marked(page) == text[citation.span.start : citation.span.end] == citation.quote
    assert "Tilda Roake" in marked(page)
    chat.assistant.index.remove(citation.path)


def test_the_page_of_a_pdf_is_shown_with_its_quote_marked(tab: Watched, chat: ChatServer) -> None:
    page = tab.open()
    ask(page, PRISONER)
    page.wait_for_selector("#evidence-page figure img")
    assert page.evaluate("document.querySelector('#evidence-page img').naturalWidth") > 300
    assert "Page 1" in page.inner_text("#evidence-page figcaption")
    assert marked(page) == chat.assistant.ask(PRISONER).citations[0].quote


def test_a_refusal_names_what_is_unknown_and_opens_the_nearest_passages(tab: Watched, chat: ChatServer) -> None:
    page = tab.open()
    ask(page, UNKNOWN)
    refused = page.inner_text("#chat .fn-refusal")
    assert "No sure answer found" in refused
    assert "they do not mention Reykjavik" in refused
    assert page.locator("#evidence mark").count() == 0
    page.click("#chat a.fn-near >> nth=0")
    page.wait_for_selector("#evidence-text .fn-passage")
    nearest = chat.assistant.ask(UNKNOWN).nearest[0]
    document = chat.assistant.index.document(nearest.path)
    assert page.text_content("#evidence-text .fn-passage") == document.text[nearest.span.start : nearest.span.end]


def test_a_follow_up_shows_as_what_it_was_read(tab: Watched) -> None:
    page = tab.open()
    ask(page, KELL)
    ask(page, "When did she speak?")
    assert page.text_content("#chat .fn-read") == "Read as: When did Moira Kell speak?"
    assert page.locator("#chat .fn-question").count() == 2


def test_an_answer_is_stopped_while_it_is_read_and_can_be_asked_again(tab: Watched, held: threading.Event) -> None:
    page = tab.open()
    page.fill("#question textarea", TALKS)
    page.press("#question textarea", "Enter")
    page.wait_for_selector("#chat .fn-pending:has-text('Reading')")
    page.click("#stop")
    page.wait_for_selector("#chat .fn-stopped")
    page.wait_for_selector("#ask:enabled")
    held.set()
    assert page.locator("#chat .fn-sure").count() == 0
    page.click("#chat a.fn-again")
    page.wait_for_selector("#chat .fn-sure")
    settled(page)
    assert page.locator("#chat .fn-question").count() == 2


def test_the_page_is_dark_where_the_system_is(browser: Any, chat: ChatServer) -> None:
    for scheme, dark in (("light", False), ("dark", True)):
        with watched(browser, chat.url, color_scheme=scheme) as seen:
            page = seen.open()
            ask(page, TALKS)
            marked(page)
            ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
            red, green, blue = map(int, re.findall(r"\d+", ground)[:3])
            assert (red + green + blue < 150) == dark


def test_a_phone_shows_one_column_and_a_drawer(browser: Any, chat: ChatServer) -> None:
    with watched(browser, chat.url, width=360, height=740) as seen:
        page = seen.open()
        ask(page, TALKS)
        marked(page)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        above, below = (page.locator(name).bounding_box() for name in ("#question", "#evidence-text"))
        assert below["y"] >= above["y"] + above["height"]
        page.click("#library > .toggle-button")
        page.wait_for_selector("#library.open #documents input")
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        page.keyboard.press("Escape")
        page.wait_for_selector("#library:not(.open)", state="attached")


def press_to(page: Any, selector: str, *, most: int = 120) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(most):
        if page.evaluate("selector => document.activeElement?.matches(selector) ?? false", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no way to {selector} with Tab")


def test_everything_works_with_the_keyboard_alone(tab: Watched) -> None:
    page = tab.open()
    press_to(page, "#question textarea")
    page.keyboard.type(TALKS)
    page.keyboard.press("Enter")
    page.wait_for_selector("#chat .fn-sure")
    settled(page)
    marked(page)
    press_to(page, "#chat a.fn-mark")
    page.keyboard.press("Enter")
    page.wait_for_selector("#evidence-title:focus")
    press_to(page, "#evidence-next")
    page.keyboard.press("Enter")
    page.wait_for_selector("#evidence-head section#source-1-2")
    page.wait_for_selector("#evidence :focus")
    press_to(page, "#evidence-previous")
    page.keyboard.press("Enter")
    page.wait_for_selector("#evidence-head section#source-1-1")
    press_to(page, "#documents input[type=checkbox]")
    page.keyboard.press("Space")
    page.wait_for_selector("#scope .fn-scope")
    page.wait_for_selector("#documents-all:enabled")
    press_to(page, "#documents-all")
    page.keyboard.press("Enter")
    page.wait_for_selector("#scope .fn-scope", state="detached")


@pytest.mark.parametrize(("button", "ending"), [("#export-markdown", ".md"), ("#export-html", ".html")])
def test_an_exported_conversation_stands_on_its_own(
    tab: Watched, browser: Any, tmp_path: Path, button: str, ending: str
) -> None:
    page = tab.open()
    ask(page, TALKS)
    ask(page, UNKNOWN)
    quote = marked_of(page)
    with page.expect_download() as downloading:
        page.click(button)
    assert downloading.value.suggested_filename.endswith(ending)
    kept = tmp_path / f"conversation{ending}"
    downloading.value.save_as(kept)
    text = kept.read_text(encoding="utf-8")
    if ending == ".md":
        shown = re.sub(r"\\(?=\W)", "", text)
    else:
        alone, asked = browser.new_context(offline=True, java_script_enabled=False), []
        alone.on("request", lambda request: asked.append(request.url))
        read = alone.new_page()
        read.goto(kept.as_uri())
        shown = read.inner_text("body")
        assert asked == [kept.as_uri()]
        alone.close()
    for part in (TALKS, UNKNOWN, "[1]", "[2]", "No sure answer found", "they do not mention Reykjavik"):
        assert part in shown
    words = " ".join(quote.split())
    assert words in " ".join(shown.split())


def marked_of(page: Any) -> str:
    """The quote of the first source of the first answer."""
    page.click("#chat a.fn-mark >> nth=0")
    page.wait_for_selector("#evidence-head section#source-1-1")
    return marked(page)


def test_two_sessions_see_nothing_of_each_other(tab: Watched, browser: Any, chat: ChatServer) -> None:
    page = tab.open()
    with watched(browser, chat.url) as other:
        beside = other.open()
        ask(page, TALKS)
        ask(beside, KELL)
        assert page.locator("#chat .fn-question").all_inner_texts() == [TALKS]
        assert beside.locator("#chat .fn-question").all_inner_texts() == [KELL]
        give(page, orm_txt=LIGHTHOUSE)
        assert beside.locator("#report .fn-report").count() == 0
        for one, asked in ((beside, KELL), (page, TALKS)):
            one.reload()
            one.wait_for_selector("#chat .fn-sure")
            assert one.locator("#chat .fn-question").all_inner_texts() == [asked]
        page.click("#new")
        page.wait_for_selector("#chat .fn-question", state="detached")
        assert beside.locator("#chat .fn-question").all_inner_texts() == [KELL]
    (path,) = [one.path for one in chat.assistant.index.documents() if one.path.endswith("orm.txt")]
    chat.assistant.index.remove(path)


def test_a_new_collection_holds_what_is_added_to_it_and_nothing_else(tab: Watched, chat: ChatServer) -> None:
    before = len(chat.assistant.index.documents())
    page = tab.open()
    page.click("#new-collection button >> nth=0")
    page.fill("#collection-name input, #collection-name textarea", "Harbour")
    page.click("#collection-create")
    page.wait_for_selector("#report:has-text('Harbour was created')")
    give(page, orm_txt=LIGHTHOUSE)
    ask(page, TALKS)
    assert page.locator("#chat .fn-refusal").count() == 1
    ask(page, KEEPER)
    page.wait_for_selector("#evidence-head section[id^=source-2-]")
    assert "Tilda Roake" in marked(page)
    assert [one.title for one in chat.collections.documents("Harbour")] == ["Keeper leaves the Orm lighthouse"]
    assert len(chat.assistant.index.documents()) == before


def test_only_the_ticked_documents_are_asked(tab: Watched) -> None:
    page = tab.open()
    page.fill("#documents-words input, #documents-words textarea", "mayor faces")
    page.wait_for_selector("#documents-found:has-text('1 of')")
    page.locator("#documents input").nth(1).wait_for(state="detached")
    page.check("#documents input[type=checkbox] >> nth=0")
    page.wait_for_selector("#scope .fn-scope")
    ask(page, KELL)
    assert page.locator("#chat .fn-refusal").count() == 1
