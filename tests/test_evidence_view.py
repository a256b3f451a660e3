"""The evidence side of the page: sources as inert HTML, and the view in a real browser."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import ask, watched
from conftest import StandInEncoder
from pdfs import Sheet, below, pdf
from PIL import Image
from serving import served
from test_ui import PAYLOADS, Parsed, cited, document

from rag import documents
from rag.assistant import Assistant
from rag.config import DocumentSettings
from rag.documents.pdf_image import SIZE, Mark, page_image
from rag.types import Answer, Document, Hit, Statement
from ui import feedback, source
from ui.pages import Pages

pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    # Gradio sums up its own events with what the installed pandas deprecates.
    pytest.mark.filterwarnings("ignore:.*(no_silent_downcasting|copy keyword).* is deprecated"),
]


def shown(given: Document, quote: str, *, near: int = 300) -> Parsed:
    citation = cited(given, quote).citations[0]
    start, end = (
        source.earlier(given, citation.span.start, near),
        source.later(given, citation.span.end, near),
    )
    return Parsed(source.text(given, citation.span, start=start, end=end, name="source-1-1", citation=citation))


# HTML


def test_the_marked_quote_is_the_source_letter_for_letter() -> None:
    quote = "They met  in Riyadh,\non *Tuesday* & left."
    given = document(f"First words. {quote} Last words.", pages=(0, 5), date="2026-03-14", updated="2026-03-15")
    parsed = shown(given, quote)
    assert parsed.marked == quote == given.text[13 : 13 + len(quote)]
    assert f"First words. {quote} Last words." in parsed.text
    answer = Answer(question="q", statements=(cited(given, quote),))
    head = Parsed(source.head(answer, answer.citations[0], turn=3))
    assert head.text == (
        "Back to the answer1 Delegations meet2026-03-14 · updated 2026-03-15 · p. 2/reports/riyadh.txt"
    )
    assert [a["id"] for tag, a in head.tags if tag == "section"] == ["source-3-1"]


SENTENCES = [f"Sentence {number} is one of many that stand in this text." for number in range(200)]


def test_what_stands_around_a_quote_are_whole_sentences_until_the_document_ends() -> None:
    given = document(" ".join(SENTENCES))
    at = given.text.index(SENTENCES[100])
    begins = {given.text.index(sentence) for sentence in SENTENCES}
    ends = {begin + len(sentence) for begin, sentence in zip(sorted(begins), SENTENCES, strict=True)}
    start, end = at, at + len(SENTENCES[100])
    for _ in range(20):
        earlier, later = source.earlier(given, start, 900), source.later(given, end, 900)
        assert earlier in begins
        assert later in ends
        assert earlier == 0 or 900 <= start - earlier < 1000
        assert later == len(given.text) or 900 <= later - end < 1000
        start, end = earlier, later
    assert (start, end) == (0, len(given.text))


def test_a_text_without_sentences_is_shown_in_stretches_too() -> None:
    given = document("x" * 10_000)
    assert source.earlier(given, 5_000, 900) == 4_100
    assert source.later(given, 5_000, 900) == 5_900


def test_signs_of_markdown_stand_back_and_the_quote_stays_exact() -> None:
    quote = "The **new** bridge cost forty million."
    given = document(f"Before.\n\n## What it cost\n\n{quote}", path="/a.md")
    parsed = shown(given, quote)
    citation = cited(given, quote).citations[0]
    html = source.text(given, citation.span, start=0, end=len(given.text), name="n", citation=citation)
    assert re.sub("<[^>]*>", "", html[html.index("<mark>") : html.index("</mark>")]) == source.inert(quote)
    assert [tag for tag, a in parsed.tags if a.get("class") == "fn-sign"] == ["span"] * 3
    assert "fn-sign" not in source.text(
        document(given.text), document(given.text).span(0, 3), start=0, end=9, name="n", citation=citation
    )


def everything(hostile: str) -> str:
    given = document(f"Before. {hostile} After.", title=hostile, path=hostile, date=hostile, outlet=hostile)
    near = Hit(score=0.1, text=hostile, title=hostile, path=hostile, span=given.span(0, 3), passage_id=1, date=hostile)
    both = (cited(given, hostile), cited(given, "After.", number=2))
    says = Answer(question=hostile, statements=both, short=hostile)
    refuses = Answer(question=hostile, reason=hostile, nearest=(near, near))
    citation = says.citations[0]
    parts = (
        source.sources(says, turn=1, number=1), source.head(says, citation, turn=1, notes=[hostile]),
        source.text(given, citation.span, start=0, end=len(given.text), name="source-1-1", citation=citation),
        source.sources(refuses, turn=1, number=0), source.sources(refuses, turn=1, number=2),
        source.cards(refuses, [hostile, None], turn=1), source.nearest_head(given, hostile, name="nearest-1-1"),
        source.page((), hostile, name="source-1-1"), source.told(hostile),
    )  # fmt: skip
    return "".join(parts)


@pytest.mark.parametrize("hostile", PAYLOADS)
def test_sources_are_letters_and_nothing_else(hostile: str) -> None:
    parsed, harmless = Parsed(everything(hostile)), Parsed(everything("plain"))
    assert parsed.tags == harmless.tags
    assert {name for _, attributes in parsed.tags for name in attributes} <= {
        "class", "id", "value", "type", "disabled", "hidden", "tabindex", "role",
    }  # fmt: skip


def test_the_list_goes_through_the_citations_and_ends_at_its_ends() -> None:
    given = document("One. Two. Three.", outlet="Carrow Bay Chronicle", date="2025-03-27")
    statements = tuple(cited(given, f"{word}.", number=n) for n, word in enumerate(("One", "Two", "Three"), 1))
    answer = Answer(question="q", statements=statements)
    seen = []
    for number in (1, 2, 3):
        tags = Parsed(source.sources(answer, turn=4, number=number)).tags
        buttons = {a["id"]: a for tag, a in tags if tag == "button"}
        turning = [buttons[f"evidence-{way}"] for way in ("previous", "next")]
        seen.append([None if "disabled" in button else button["value"] for button in turning])
        assert [id for id, a in buttons.items() if "fn-current" in (a.get("class") or "")] == [
            f"pill-source-4-{number}"
        ]
    assert seen == [[None, "source-4-2"], ["source-4-1", "source-4-3"], ["source-4-2", None]]
    text = Parsed(source.sources(answer, turn=4, number=2)).text
    assert "1 Carrow Bay Chronicle, 2025-03-27" in text
    assert "2 of 3" in text


def test_several_documents_that_say_the_same_are_told() -> None:
    one, other = document("They met.", path="/a"), document("They met.", path="/b")
    two = (cited(one, "They met.").citations[0], cited(other, "They met.", number=2).citations[0])
    answer = Answer(question="q", statements=(Statement(text="They met.", citations=two),))
    assert "2 documents say so: sources 1, 2." in Parsed(source.head(answer, two[1], turn=1)).text
    alone = Answer(question="q", statements=(cited(one, "They met."),))
    assert "say so" not in source.head(alone, alone.citations[0], turn=1)


def test_a_source_of_a_sentence_that_is_only_partly_supported_says_so() -> None:
    one = cited(document("They met."), "They met.")
    for support, said in (("partial", True), ("supported", False)):
        answer = Answer(question="q", statements=(Statement(text="x", citations=one.citations, support=support),))  # type: ignore[arg-type]
        head = source.head(answer, answer.citations[0], turn=1)
        assert ("only partly supported: compare the two." in Parsed(head).text) == said


def test_a_quote_is_copied_with_its_source_on_one_line() -> None:
    given = document("They met\nin  Riyadh.", outlet="Example News", date="2025-03-12", pages=(0,))
    citation = cited(given, given.text).citations[0]
    assert source.copied(citation) == (
        "“They met in Riyadh.” — Delegations meet, Example News, 2025-03-12, p. 1 (/reports/riyadh.txt)"
    )


# Pages


KEEPER = [f"Line {number} tells of the fish market and its prices." for number in range(1, 40)]
KEEPER[25:27] = ["The lighthouse keeper Ada Finch retired in October after thirty years", "of service on Skell."]


def keeper(folder: Path, pages: int = 1) -> Document:
    sheets = [Sheet("\n".join(below(70, 760, KEEPER, size=11, leading=18)))] * pages
    path = folder / "keeper.pdf"
    path.write_bytes(pdf(sheets))
    return documents.load(path).documents[0]


def yellow(address: str) -> tuple[int, int, int, int] | None:
    """The edges of what is yellow in an image."""
    assert address.startswith("data:image/webp;base64,")
    image = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGB")
    blue, red = image.getchannel("B"), image.getchannel("R")
    mask = Image.merge("RGB", (blue.point(lambda v: 255 * (v < 190)), red.point(lambda v: 255 * (v > 220)), blue))
    both = Image.composite(mask.getchannel("G"), Image.new("L", image.size), mask.getchannel("R"))
    return both.getbbox()


def test_the_lines_of_a_quote_are_marked_on_its_page(tmp_path: Path) -> None:
    given, pages = keeper(tmp_path), Pages(DocumentSettings())
    start = given.text.index("The lighthouse")
    span = given.span(start, given.text.index("Skell.") + 6)
    (sheet,), note = pages.of(given, span)
    boxes = [box for box in given.boxes if box.start < span.end and span.start < box.end]
    assert (sheet.number, note, len(boxes)) == (1, "", 2)
    assert sheet.top == pytest.approx(boxes[0].top / 842, abs=0.001)
    marked = yellow(sheet.image)
    assert marked is not None
    around = [min(b.left for b in boxes), boxes[0].top, max(b.right for b in boxes), boxes[1].bottom]
    assert [edge * 72 / 110 for edge in marked] == pytest.approx(around, abs=3)
    pages.close()


def test_of_a_line_only_what_the_quote_covers_is_marked(tmp_path: Path) -> None:
    import pypdfium2

    given, pages = keeper(tmp_path), Pages(DocumentSettings())
    with pypdfium2.PdfDocument(given.path) as file:
        text = file[0].get_textpage()
        whole = text.get_text_range()
        for quote in ("keeper Ada Finch", "The lighthouse keeper", "thirty years of service", "etired in Oct"):
            start = given.text.index(quote)
            (sheet,), _ = pages.of(given, given.span(start, start + len(quote)))
            marked = yellow(sheet.image)
            first = quote.removesuffix(" of service")
            at = whole.index(first)
            ends = [text.get_charbox(at)[0], text.get_charbox(at + len(first) - 1)[2]]
            if first == quote:
                assert [marked[0] * 72 / 110, marked[2] * 72 / 110] == pytest.approx(ends, abs=4), quote
            else:  # the end of one line and the beginning of the next
                assert marked[2] * 72 / 110 == pytest.approx(ends[1], abs=4)
                assert marked[0] * 72 / 110 == pytest.approx(70, abs=4)
        text.close()
    pages.close()


def test_a_line_that_its_page_spells_otherwise_is_marked_whole(tmp_path: Path) -> None:
    given, drawn = keeper(tmp_path), []
    (box,) = (box for box in given.boxes if given.text[box.start : box.end].startswith("The lighthouse"))
    length = len("".join(given.text[box.start : box.end].split()))
    for counts in ((0, 10, length - 10), (0, 10, length)):
        mark = Mark(box.left, box.top, box.right, box.bottom, *counts)
        image = page_image(given.path, number=1, sha256=given.sha256, boxes=[mark])[SIZE.size :]
        drawn.append(yellow("data:image/webp;base64," + base64.b64encode(image).decode()))
    assert [edges[2] * 72 / 110 for edges in drawn] == [pytest.approx(140, abs=25), pytest.approx(box.right, abs=4)]


def test_a_quote_over_two_pages_shows_both(tmp_path: Path) -> None:
    given, pages = keeper(tmp_path, pages=2), Pages(DocumentSettings())
    sheets, note = pages.of(given, given.span(given.pages[1] - 20, given.pages[1] + 20))
    assert ([sheet.number for sheet in sheets], note) == ([1, 2], "")
    assert all(yellow(sheet.image) for sheet in sheets)
    pages.close()


def test_a_page_is_not_shown_where_its_file_is_not_what_was_indexed(tmp_path: Path) -> None:
    given, pages = keeper(tmp_path), Pages(DocumentSettings())
    span, file = given.span(0, 10), Path(given.path)
    assert pages.of(given, span)[0]
    file.write_bytes(file.read_bytes() + b"\n")
    assert pages.of(given, span) == ((), "The file has changed since it was indexed; its page is not shown.")
    within = Document(
        text=given.text, path=f"{given.path}/inner.pdf", title="t", sha256=given.sha256, pages=given.pages
    )
    assert pages.of(within, within.span(0, 10)) == (
        (), "This document lies within another file; its pages are not shown.",
    )  # fmt: skip
    file.unlink()
    assert pages.of(given, span) == ((), "The file is no longer where it was; its page is not shown.")
    assert pages.of(document("They met."), document("They met.").span(0, 4)) == ((), "")
    pages.close()


def test_a_page_is_drawn_once_and_the_oldest_give_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given, pages = keeper(tmp_path, pages=3), Pages(DocumentSettings())
    drawn, real = [], pages._sandbox.page

    def page(path: str, *, number: int, **more: Any) -> Any:
        drawn.append(number)
        return real(path, number=number, **more)

    monkeypatch.setattr(pages._sandbox, "page", page)
    monkeypatch.setattr("ui.pages._KEPT", 150_000)
    for number in (1, 1, 2, 3, 3, 1):
        pages.of(given, given.span(given.pages[number - 1], given.pages[number - 1] + 5))
    assert drawn[:3] == [1, 2, 3]
    assert pages._bytes == sum(map(_size, pages._kept.values())) <= 150_000
    pages.close()


def _size(page: Any) -> int:
    return 500 + len(page.webp)


# In a browser


STORIES = {
    "a.txt": "Bridge opens in Carrow Bay\n\nThe new bridge over the Skell was opened by mayor Ines Holt on Thursday. "
    "Thousands of people came.\n",
    "b.txt": "Carrow Bay celebrates\n\nMayor Ines Holt opened the new bridge over the Skell. A band played.\n",
    "c.txt": "A day in spring\n\nThe new bridge over the Skell was opened by Ines Holt, the mayor. Fishermen spoke.\n",
}
DAYS = [f"The weather of day {number} was as the forecast had said, with wind from the hills." for number in range(60)]
CHESS = "The treasurer Olaf Brand resigned in the town of Vik after a dispute about ferries."
BRIDGE, KEPT, BRAND = (
    "Who opened the new bridge over the Skell?",
    "When did the lighthouse keeper Ada Finch retire?",
    "Where did the treasurer Olaf Brand resign?",
)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("evidence")
    reports = folder / "reports"
    reports.mkdir()
    for name, text in STORIES.items():
        (reports / name).write_text(text)
    (reports / "long.txt").write_text("\n\n".join(["Ferries", *DAYS[:30], CHESS, *DAYS[30:]]) + "\n")
    keeper(reports)
    with Assistant.open(folder / "index", documents=reports, encoder=StandInEncoder()) as assistant:
        yield assistant


@pytest.fixture(scope="module")
def address(shelf: Assistant) -> Iterator[str]:
    with served(shelf) as server:
        yield server.url


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    with watched(browser, address) as seen:
        yield seen.open()


def focus(page: Any, id: str) -> None:
    page.wait_for_function("id => document.activeElement.id === id", arg=id)


def open_id(page: Any, id: str) -> None:
    page.wait_for_selector(f"#text-{id}")
    page.wait_for_selector(f"#chat a.fn-mark[href='#{id}'][aria-current=true]")
    assert page.locator("#chat a.fn-mark[aria-current]").count() == 1


def test_the_first_source_opens_by_itself_and_a_mark_opens_its_own(page: Any) -> None:
    ask(page, BRIDGE)
    open_id(page, "source-1-1")
    assert page.evaluate("document.activeElement.id") != "evidence-title"
    assert page.locator("#evidence .fn-pill").count() == 3
    page.locator("#chat a.fn-mark").nth(2).press("Enter")
    open_id(page, "source-1-3")
    focus(page, "evidence-title")
    quote = page.text_content("#evidence mark")
    assert quote in "".join(STORIES.values())
    assert page.text_content("#chat a.fn-mark >> nth=2 >> xpath=..").startswith(quote)
    assert page.get_attribute("#pill-source-1-3", "aria-current") == "true"


def test_previous_and_next_work_by_keyboard_and_end_at_the_ends(page: Any) -> None:
    ask(page, BRIDGE)
    page.wait_for_selector("#evidence-next:enabled")
    assert page.is_disabled("#evidence-previous")
    page.focus("#evidence-next")
    page.keyboard.press("Enter")
    open_id(page, "source-1-2")
    focus(page, "evidence-next")
    page.keyboard.press("Space")
    open_id(page, "source-1-3")
    focus(page, "evidence-previous")  # the other one has come to its end
    assert page.is_disabled("#evidence-next")
    page.keyboard.press("Enter")
    open_id(page, "source-1-2")
    title = page.text_content("#evidence-title")
    page.locator(".fn-hidden[role=status]", has_text=title).wait_for(state="attached")


def test_more_of_the_document_comes_in_sentences_and_the_quote_stays_where_it_is(page: Any) -> None:
    ask(page, BRAND)
    whole = "Ferries\n\n" + "\n\n".join([*DAYS[:30], CHESS, *DAYS[30:]])
    text, mark = page.text_content("#evidence .fn-text"), page.locator("#evidence mark")
    assert mark.text_content() == CHESS
    for way in ("before", "after", "before", "after"):
        page.locator(f"#evidence-{way}").scroll_into_view_if_needed()
        top = mark.bounding_box()["y"]
        page.click(f"#evidence-{way}")
        page.wait_for_function(
            "old => document.querySelector('#evidence .fn-text').textContent.length > old", arg=len(text)
        )
        page.wait_for_function(
            "top => Math.abs(document.querySelector('#evidence mark').getBoundingClientRect().top - top) < 2", arg=top
        )
        text = page.text_content("#evidence .fn-text")
        assert text.strip("… ") in whole
        assert mark.text_content() == CHESS
    page.click("#evidence-whole")
    page.wait_for_selector("#evidence-less")
    assert page.text_content("#evidence .fn-text") == whole
    assert page.locator("#evidence-before, #evidence-after, #evidence-whole").count() == 0
    page.click("#evidence-less")
    page.wait_for_selector("#evidence-whole")


def test_the_page_of_a_pdf_is_shown_with_its_quote_marked(page: Any) -> None:
    ask(page, KEPT)
    page.wait_for_selector("#evidence-page img")
    image = page.get_attribute("#evidence-page img", "src")
    assert len(image) < 400_000
    marked = yellow(image)
    assert marked is not None
    assert marked[1] * 72 / 110 == pytest.approx(842 - 760 + 25 * 18 - 10, abs=8)  # its 26th line
    page.wait_for_function(
        "() => { const s = document.querySelector('.fn-sheets'), i = s.querySelector('img');"
        " const at = 520 / 842 * i.clientHeight; return s.scrollTop < at && at < s.scrollTop + s.clientHeight; }"
    )
    assert page.locator("#evidence mark").is_visible()
    page.click("#evidence-enlarge")
    page.wait_for_selector("dialog[open] img")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    focus(page, "evidence-enlarge")


def test_a_pdf_that_has_changed_shows_no_page_and_a_new_version_is_told(page: Any, shelf: Assistant) -> None:
    (path,) = [path for path in shelf.index.files() if path.endswith("keeper.pdf")]
    before = Path(path).read_bytes()
    ask(page, KEPT)
    page.wait_for_selector("#evidence-page img")
    ask(page, BRIDGE)
    try:
        Path(path).write_bytes(before.replace(b"thirty years", b"twenty years"))
        page.click("#chat a.fn-mark[href='#source-1-1']")
        page.get_by_text("The file has changed since it was indexed; its page is not shown.").wait_for()
        shelf.index.update(path)
        page.click("#chat a.fn-mark[href='#source-2-1']")
        open_id(page, "source-2-1")
        page.click("#chat a.fn-mark[href='#source-1-1']")
        page.get_by_text("a newer version is indexed").wait_for()
        assert "thirty years" in page.text_content("#evidence mark")
    finally:
        Path(path).write_bytes(before)
        shelf.index.update(path)


def test_a_quote_is_copied_and_it_is_said(page: Any, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    ask(page, BRIDGE)
    page.wait_for_selector("#evidence-copy")
    expected = page.text_content("#evidence-copied")
    page.click("#evidence-copy")
    page.locator(".fn-hidden[role=status]", has_text="Copied").wait_for(state="attached")
    assert page.evaluate("navigator.clipboard.readText()") == expected
    page.evaluate("navigator.clipboard.writeText('')")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true})")
    page.click("#evidence-copy")  # as over plain http
    page.evaluate("delete navigator.clipboard")
    page.wait_for_function("want => navigator.clipboard.readText().then(text => text === want)", arg=expected)


def test_a_wrong_source_is_written_down(page: Any, shelf: Assistant) -> None:
    ask(page, BRIDGE)
    page.click("#pill-source-1-2")
    open_id(page, "source-1-2")
    page.click("#evidence-wrong")
    page.get_by_text("Written down: source 2 is wrong.").wait_for()
    last = (shelf.index.folder / feedback.WRONG).read_text(encoding="utf-8").splitlines()[-1]
    assert (json.loads(last)["question"], json.loads(last)["wrong_citation"]) == (BRIDGE, 2)
    page.wait_for_selector("#evidence-wrong:disabled:has-text('Marked as wrong')")
    focus(page, "evidence-copy")
    page.click("#pill-source-1-1")
    page.wait_for_selector("#evidence-wrong:enabled")
    page.click("#pill-source-1-2")
    page.wait_for_selector("#evidence-wrong:disabled")


def test_a_refusal_lists_its_nearest_passages_and_opens_them_in_their_documents(page: Any) -> None:
    ask(page, "Who won the chess tournament in Reykjavik?")
    page.wait_for_selector("#evidence .fn-nearest")
    assert "Nearest passages, not an answer" in page.inner_text("#evidence")
    page.click("#evidence .fn-nearest button >> nth=0")
    page.wait_for_selector("#text-nearest-1-1 .fn-passage")
    assert page.locator("#evidence mark").count() == 0
    assert "It does not answer the question." in page.inner_text("#evidence")
    page.click("#evidence-list")
    page.wait_for_selector("#evidence .fn-nearest")
    page.click("#new")
    page.wait_for_selector("#evidence .fn-empty")


def test_on_a_phone_the_page_goes_to_the_evidence_and_back(page: Any) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    ask(page, BRIDGE)
    page.locator("#chat a.fn-mark").nth(1).click()
    open_id(page, "source-1-2")
    focus(page, "evidence-title")
    page.wait_for_function(
        "() => { const place = document.querySelector('#evidence mark').getBoundingClientRect();"
        " return place.top > 0 && place.bottom < innerHeight; }"
    )
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.click("#evidence-back")
    page.wait_for_function("() => document.activeElement.getAttribute('href') === '#source-1-2'")
