"""The chat: inert HTML, a guarded server, and the page in a real browser."""

from __future__ import annotations

import hashlib
import html.parser
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browser import ask, watched
from serving import HARVEST, NEWS, opened, served

from eval.suite import Suite
from rag.assistant import Assistant
from rag.errors import SuiteError
from rag.types import Answer, Citation, Document, Hit, Statement
from ui import feedback, render
from ui.server import ChatServer

pytestmark = [
    # Gradio leaves the handle of a temporary file to the garbage collector for every upload.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    # It sums up its own events with what the installed pandas deprecates.
    pytest.mark.filterwarnings("ignore:.*(no_silent_downcasting|copy keyword).* is deprecated"),
]

FOREIGN = "http://foreign.example"
PAYLOADS = [
    f"![x]({FOREIGN}/1.png)",
    f"![x][r]\n\n[r]: {FOREIGN}/2.png",
    f"[x]({FOREIGN}/3) <{FOREIGN}/3a> {FOREIGN}/3b www.foreign.example",
    "[x](javascript:alert(1))",
    f"<img src={FOREIGN}/4.png onerror=alert(1)>",
    f"<input type=image src={FOREIGN}/5.png>",
    f"<video src={FOREIGN}/6 poster={FOREIGN}/6a autoplay></video><audio src={FOREIGN}/6b autoplay></audio>",
    f"<picture><source srcset={FOREIGN}/7.png><img></picture>",
    f"<p style=\"background:url('{FOREIGN}/8.png')\">x</p>",
    f"<svg onload=alert(1)><image href={FOREIGN}/9.png /></svg>",
    f"<table background={FOREIGN}/10.png><tr><td>x</table>",
    "<script>alert(1)</script>",
    f"<style>@import '{FOREIGN}/11.css'</style><link rel=stylesheet href={FOREIGN}/11a.css>",
    f"<iframe src={FOREIGN}/12></iframe><object data={FOREIGN}/12a></object><embed src={FOREIGN}/12b>",
    f"<meta http-equiv=refresh content='0;url={FOREIGN}/13'><base href={FOREIGN}/>",
    f"<form action={FOREIGN}/14><button autofocus onfocus=alert(1)>x</button></form>",
    "\"><img src=x onerror=alert(1)>' onmouseover='alert(1)",
    "</mark></p></section></div><details open ontoggle=alert(1)>x",
    f"```mermaid\ngraph TD; A[<img src={FOREIGN}/15.png>]-->B\n```",
    f"$$\\href{{{FOREIGN}/16}}{{x}}\\includegraphics{{{FOREIGN}/16a}}$$ \\(x\\)",
    "# heading\n\n- list\n\n    code\n\n| a | b |\n|---|---|\n",
    "${alert(1)} {{constructor.constructor('alert(1)')()}} {alert(1)}",
    "&lt;img src=x onerror=alert(1)&gt; &#60;script&#62;",
    "<thinking>x</thinking><!-- x --><![CDATA[x]]><?x?>",
    "a\u202eb \u2028 \u0085 <\u0000img\u0000 src=x>",
]


class Parsed(html.parser.HTMLParser):
    """The tags, attributes and text of `source`; `marked` is the text inside <mark>."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = self.marked = self.within = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.within = tag

    def handle_endtag(self, tag: str) -> None:
        self.within = ""

    def handle_data(self, data: str) -> None:
        self.text += data
        self.marked += data if self.within == "mark" else ""


def document(text: str, *, title: str = "Delegations meet", path: str = "/reports/riyadh.txt", **more: Any) -> Document:
    return Document(text=text, path=path, title=title, sha256="0" * 64, **more)


def cited(source: Document, quote: str, *, number: int = 1) -> Statement:
    start = source.text.index(quote)
    return Statement(
        text=quote, citations=(Citation(number=number, document=source, span=source.span(start, start + len(quote))),)
    )


def everything(hostile: str) -> str:
    """All that the page can show, with `hostile` in every place that takes text."""
    source = document(f"Before. {hostile} After.", title=hostile, path=hostile, date=hostile)
    near = Hit(score=0.1, text=hostile, title=hostile, path=hostile, span=source.span(0, 3), passage_id=1, date=hostile)
    says = Answer(
        question=hostile, statements=(cited(source, hostile),), short=hostile, answered_by=hostile, notes=(hostile,)
    )
    refuses = Answer(question=hostile, reason=hostile, nearest=(near,))
    parts = (
        render.question(hostile), render.answer(says, asked="", turn=1), render.answer(refuses, asked="", turn=2),
        render.fault(hostile, remedy=hostile),
    )  # fmt: skip
    return "".join(parts)


@pytest.mark.parametrize("hostile", PAYLOADS)
def test_text_from_outside_becomes_letters_and_nothing_else(hostile: str) -> None:
    as_long = "plain" if len(hostile) <= 120 else "plain " * 30  # a long short answer is set otherwise
    shown, harmless = Parsed(everything(hostile)), Parsed(everything(as_long))
    assert shown.tags == harmless.tags
    assert {name for _, attributes in shown.tags for name in attributes} <= {
        "class", "id", "href", "title", "tabindex", "role", "aria-hidden",
    }  # fmt: skip
    marks = {a["href"] for tag, a in shown.tags if "href" in a}
    assert marks == {"#source-1-1", "#nearest-2-1"}


@pytest.mark.parametrize("hostile", PAYLOADS)
def test_inert_text_holds_nothing_that_html_or_markdown_reads_and_shows_the_same_letters(hostile: str) -> None:
    inert = render.inert(hostile)
    assert set(inert) - set("&#;0123456789 ") == {c for c in set(inert) if c.isalpha() or ord(c) > 0x9F}
    assert Parsed(inert).text == re.sub("[\0\x85\u2028\u202e]", "\ufffd", hostile)


def test_a_lone_surrogate_can_be_shown() -> None:
    assert Parsed(render.inert("a\ud800b")).text == "a?b"


def test_marks_of_an_answer_point_to_the_sources_of_its_own_turn() -> None:
    source = document("One. Two.")
    statements = (cited(source, "One."), cited(source, "Two.", number=2))
    shown = Parsed(render.answer(Answer(question="q", statements=statements, confidence=0.87), asked="q", turn=4))
    assert [a["href"] for tag, a in shown.tags if tag == "a"] == ["#source-4-1", "#source-4-2"]
    assert "One.\u00a0[1]" in shown.text
    assert "Confidence: high (87%)" in shown.text


@pytest.mark.parametrize(
    ("value", "said"), [(1.0, "high (100%)"), (0.8, "high (80%)"), (0.5, "medium (50%)"), (0.1, "low (10%)")]
)
def test_confidence_is_told_in_words_and_as_a_number(value: float, said: str) -> None:
    assert render.confidence(value) == said


def test_a_refusal_says_so() -> None:
    source = document("Grain fell.")
    near = Hit(score=0.2, text="Grain fell.", title="Grain", path="/g.txt", span=source.span(0, 5), passage_id=1)
    refusal = Answer(question="q", reason="No passage says so.", nearest=(near,))
    said = render.answer(refusal, asked="q", turn=1)
    assert Parsed(said).text == "No sure answer foundNo passage says so.Nearest passages, not an answerGrain"
    assert 'class="fn-box fn-refusal"' in said


def test_a_follow_up_shows_how_it_was_read() -> None:
    refusal = Answer(question="When did the ministers meet?", reason="Not said.")
    assert "Read as: When did the ministers meet?" in Parsed(render.answer(refusal, asked="When?", turn=1)).text
    assert "Read as" not in render.answer(refusal, asked=refusal.question, turn=1)


# The whole application


@pytest.fixture
def assistant(tmp_path: Path, encoder: Any) -> Iterator[Assistant]:
    with opened(tmp_path, encoder) as assistant:
        yield assistant


@pytest.fixture
def chat(assistant: Assistant) -> Iterator[ChatServer]:
    with served(assistant) as server:
        yield server


@pytest.fixture
def page(browser: Any, chat: ChatServer) -> Iterator[Any]:
    with watched(browser, chat.url) as seen:
        yield seen.open()


def upload(page: Any, name: str, text: str) -> str:
    page.set_input_files("#upload input[type=file]", {"name": name, "mimeType": "text/plain", "buffer": text.encode()})
    page.wait_for_selector("#report .fn-report")
    return page.inner_text("#report")


def test_an_answer_shows_its_source_with_the_quote_marked(page: Any) -> None:
    ask(page, "Where did the foreign ministers of both countries meet?")
    assert "Riyadh" in page.inner_text("#chat .fn-answer")
    quote = page.text_content("#evidence mark")
    assert quote in NEWS["riyadh.txt"]
    assert "Riyadh" in quote
    assert "Confidence:" in page.inner_text("#chat")
    page.click("#chat a.fn-mark >> nth=0")
    page.wait_for_selector("#evidence-head #source-1-1")


def test_a_refusal_looks_different_from_an_answer_and_a_new_chat_is_empty(page: Any) -> None:
    ask(page, "Who won the chess tournament in Reykjavik?")
    assert "No sure answer found" in page.inner_text("#chat .fn-refusal")
    assert page.locator("#evidence mark").count() == 0
    assert "Nearest passages, not an answer" in page.inner_text("#evidence")
    page.click("#new")
    page.wait_for_selector("#chat .fn-question", state="detached")
    assert page.locator("#evidence .fn-source").count() == 0


def test_a_hostile_document_is_shown_and_does_nothing(page: Any) -> None:
    text = "Barley harvest " + " ".join(PAYLOADS[4:12]) + "\n\n"
    text += "\n\n".join(f"The barley harvest of the valley was {payload} tons this summer." for payload in PAYLOADS)
    name = "<img src=x onerror=alert(1)>![x](http:foreign.example).txt"
    assert "img src=x onerror=alert(1)" in upload(page, name, text.replace("\0", ""))
    ask(page, f"How many tons was the barley harvest of the valley {PAYLOADS[4]} this summer?")
    page.click("#library button")
    page.wait_for_timeout(500)
    assert "onerror=alert(1)" in page.inner_text("#chat .fn-question")
    foreign = (
        "img:not([src^='data:']), iframe, object, embed, video, audio, form, [style*=url], [onerror], a[href^=http]"
    )
    for region in ("#chat", "#evidence", "#report", "#documents"):
        assert page.locator(region).locator(foreign).count() == 0


def test_the_page_fits_a_phone_without_scrolling_sideways(page: Any) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.click("#library > .toggle-button")
    upload(page, "x" * 180 + ".txt", "y" * 400 + " foreign ministers of both countries met in Riyadh.\n" + HARVEST)
    page.keyboard.press("Escape")
    page.wait_for_selector("#library .sidebar-content", state="hidden")
    ask(page, "Where did the foreign ministers of both countries meet? " + "z" * 200)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    chat, side = page.locator("#chat").bounding_box(), page.locator("#side").bounding_box()
    assert side["y"] >= chat["y"] + chat["height"]


# Thumbs


def test_a_thumb_up_makes_a_question_of_an_answer(assistant: Assistant) -> None:
    folder = assistant.index.folder
    answer = assistant.ask("Where did the foreign ministers of both countries meet?")
    hits = assistant.index.search(answer.question, k=10)
    files = assistant.index.files()
    assert feedback.right(folder, answer, hits=hits, files=files) == "q001"
    suite = Suite.load(folder / feedback.SUITE)
    assert {document.path for document in suite.documents} == set(NEWS)
    (kept,) = suite.questions
    assert (kept.question, kept.answers, kept.category) == (answer.question, (answer.short,), "chat")
    texts = {document.path: document.text for document in suite.documents}
    assert [texts[gold.doc_id][gold.start : gold.end] for gold in kept.evidence] == [
        citation.quote for citation in answer.citations
    ]
    with pytest.raises(SuiteError, match="question q001 is the same"):
        feedback.right(folder, answer, hits=hits, files=files)
    other = replace(answer, question="In what city did they meet?")
    Path(answer.citations[0].path).write_text("The ministers met elsewhere.")
    with pytest.raises(SuiteError, match=r"riyadh\.txt has changed since it was indexed"):
        feedback.right(folder, other, hits=hits, files=files)
    assert len(Suite.load(folder / feedback.SUITE).questions) == 1


def test_a_thumb_up_keeps_a_refusal_as_a_question_without_answer(assistant: Assistant) -> None:
    refusal = assistant.ask("Who won the chess tournament in Reykjavik?")
    (assistant.index.folder / feedback.SUITE).mkdir()  # an empty folder is no suite yet
    files = assistant.index.files()
    assert feedback.right(assistant.index.folder, refusal, hits=(), files=files) == "q001"
    (kept,) = Suite.load(assistant.index.folder / feedback.SUITE).questions
    assert (kept.answerable, kept.answers, kept.evidence) == (False, (), ())


def test_files_of_one_name_are_both_kept_and_one_that_is_gone_is_named(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "news.txt").write_text(f"The mayor of {name} resigned.\n")
    kept = tmp_path / "kept"
    kept.mkdir()
    files = [tmp_path / name / "news.txt" for name in ("a", "b", "a")]
    known = {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    names = [feedback._copied(str(file), kept, known) for file in files]
    assert names[0] == names[2] == "news.txt"
    assert re.fullmatch(r"news-[0-9a-f]{8}\.txt", names[1])
    assert (kept / names[1]).read_text() == "The mayor of b resigned.\n"
    with pytest.raises(SuiteError, match=r"gone\.txt: No such file.*Index the folder again"):
        feedback._copied(str(tmp_path / "gone.txt"), kept, known)
    within = f"{files[1]}/attached.pdf"
    assert feedback._copied(within, kept, known) == f"{names[1]}/attached.pdf"


def test_a_thumb_down_writes_the_answer_with_its_sources(assistant: Assistant) -> None:
    answer = assistant.ask("Where did the foreign ministers of both countries meet?")
    feedback.wrong(assistant.index.folder, answer)
    feedback.wrong(assistant.index.folder, answer)
    lines = (assistant.index.folder / feedback.WRONG).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [answer.as_dict()] * 2


def test_a_thumb_in_the_page_is_kept_and_told(page: Any, assistant: Assistant) -> None:
    ask(page, "Where did the foreign ministers of both countries meet?")
    page.click("#chat button[aria-label^=Right]")
    page.get_by_text("Kept as question q001").wait_for()
    assert len(Suite.load(assistant.index.folder / feedback.SUITE).questions) == 1
    page.click("#chat button[aria-label^=Wrong]")
    page.get_by_text("Written down with its sources").wait_for()
    assert (assistant.index.folder / feedback.WRONG).is_file()
