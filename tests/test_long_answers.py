"""Answers with many sentences, notes, sentences that are only partly supported, and those of a language model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from axe import findings
from browser import ask, watched
from conftest import StandInEncoder
from serving import opened, served
from test_ui import Parsed, cited, document

from rag.assistant import Assistant
from rag.types import Answer
from ui import export, render
from ui.api import told
from ui.conversation import Conversation
from ui.server import ChatServer

# Gradio sums up its own events with a method that the installed pandas deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:.*(no_silent_downcasting|copy keyword).* is deprecated")

ONE = Answer(question="q", statements=(cited(document("One. Two."), "One."),), short="one", confidence=0.9)
DISAGREE = "The documents disagree: [1] says 12, [2] says 14."
REMOVED = "2 sentences of tiny removed: not supported by the passages cited."


def many(count: int, **more: Any) -> Answer:
    """An answer with a statement from each of so many documents."""
    said = [f"Rubio was in town {number}." for number in range(1, count + 1)]
    given = (cited(document(one, path=f"/{n}.txt"), one, number=n) for n, one in enumerate(said, 1))
    return Answer(question="Where was Rubio?", statements=tuple(given), confidence=0.7, **more)


def test_many_sentences_are_folded_behind_the_first_and_none_is_lost() -> None:
    few, lots = (Parsed(render.answer(many(count), asked="q", turn=1)) for count in (8, 40))
    assert [tag for tag, _ in few.tags].count("details") == 0
    assert [tag for tag, _ in lots.tags].count("details") == 1
    first, _, rest = lots.text.partition("34 more sentences, each with its source")
    assert first.endswith("Rubio was in town 6.\u00a0[6]")
    assert rest.startswith("Rubio was in town 7.\u00a0[7]")
    assert "Rubio was in town 40.\u00a0[40]Confidence: medium (70%) · 40 sources" in rest
    assert [a["href"] for tag, a in lots.tags if tag == "a"] == [f"#source-1-{n}" for n in range(1, 41)]
    assert render.announcement(many(40)) == (
        "Answer complete: Rubio was in town 1. Confidence medium (70%), 40 sentences, 40 sources."
    )


def test_a_sentence_with_many_sources_shows_every_mark() -> None:
    one, *others = many(12).citations
    same = [replace(other, number=other.number) for other in others]
    said = Answer(question="q", statements=(replace(many(1).statements[0], citations=(one, *same)),))
    shown = Parsed(render.answer(said, asked="q", turn=1)).text
    assert " ".join(f"[{number}]" for number in range(1, 13)) in shown


def test_a_long_short_answer_is_no_headline() -> None:
    classes = [
        a["class"]
        for short in ("Riyadh", "; ".join(["Marco Rubio"] * 12))
        for _, a in Parsed(render.answer(replace(ONE, short=short), asked="q", turn=1)).tags
        if "fn-short" in (a.get("class") or "")
    ]
    assert classes == ["fn-short", "fn-short fn-long"]
    heard = render.announcement(replace(ONE, short="; ".join(["Marco Rubio"] * 200)))
    assert len(heard) < 400


def test_notes_stand_between_the_sentences_and_the_confidence_and_are_heard() -> None:
    notes = ("The documents disagree: 12 in [1], 14 in [2].", "2 sentences of tiny removed: not supported.")
    noted = replace(ONE, notes=notes, answered_by="tiny")
    shown = Parsed(render.answer(noted, asked="q", turn=1))
    assert shown.text == (
        f"oneOne.\u00a0[1]Note: {notes[0]}Note: {notes[1]}Confidence: high (90%) · 1 source · answered by tiny"
    )
    assert [a["class"] for tag, a in shown.tags if tag == "p"][2:4] == ["fn-told"] * 2
    assert render.announcement(noted).endswith(f"1 source. Note: {notes[0]} Note: {notes[1]}")
    refused = Answer(question="q", reason="They do not say.", notes=notes[:1])
    assert Parsed(render.answer(refused, asked="q", turn=1)).text.endswith(f"Note: {notes[0]}")
    assert render.announcement(refused) == f"No sure answer. They do not say. Note: {notes[0]}"


def test_an_answer_that_a_language_model_writes_grows_and_says_who_writes() -> None:
    whole = many(10, answered_by="tiny")
    for count in range(1, 11):
        part = replace(whole, statements=whole.statements[:count], complete=False)
        shown = Parsed(render.answer(part, asked="q", turn=1))
        assert shown.text.endswith("Still writing…")
        assert f"Rubio was in town {count}.\u00a0[{count}]" in shown.text
        assert "Confidence" not in shown.text
    assert Parsed(render.answer(whole, asked="q", turn=1)).text.endswith("answered by tiny")


def test_every_sentence_note_and_source_is_in_the_export_and_for_programs() -> None:
    whole = many(40, notes=(DISAGREE, REMOVED))
    whole = replace(whole, statements=(*whole.statements[:39], replace(whole.statements[39], support="partial")))
    now = Conversation().asking("q").answering(whole)
    page = Parsed(export.html(now, collection="c", date="d")).text
    plain = export.markdown(now, collection="c", date="d").replace("\\", "")
    for text in (page, plain):
        assert text.count("Rubio was in town 40.") == 2  # the sentence and its quote
        assert "(partly supported)" in text
        assert text.index("town 40.") < text.index(DISAGREE) < text.index(REMOVED) < text.index("Confidence")
    given = told(whole.as_dict())
    assert (given["notes"], len(given["statements"]), len(given["citations"])) == ([DISAGREE, REMOVED], 40, 40)
    assert [one["support"] for one in given["statements"]] == ["supported"] * 39 + ["partial"]
    assert given["citations"][39]["document"] == "/40.txt"


# In a browser


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    with opened(tmp_path_factory.mktemp("long"), StandInEncoder()) as assistant, served(assistant) as chat:
        yield chat


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every question has the same long answer, which grows."""
    whole = many(40, answered_by="tiny", notes=(DISAGREE, REMOVED))
    part = [replace(one, support="partial") if n % 3 == 0 else one for n, one in enumerate(whole.statements)]
    whole = replace(whole, statements=tuple(part))

    def steps(self: Assistant, question: str, **_: Any) -> Iterator[Answer]:
        for count in (1, 20):
            yield replace(whole, question=question, statements=whole.statements[:count], complete=False)
        yield replace(whole, question=question)

    monkeypatch.setattr(Assistant, "steps", steps)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_a_long_answer_is_read_by_eye_by_ear_and_by_keyboard(
    browser: Any, chat: ChatServer, answers: None, width: int, scheme: str, tmp_path: Path
) -> None:
    with watched(browser, chat.url, width=width, height=740, color_scheme=scheme) as seen:
        page = seen.open()
        ask(page, "Where was Rubio?")
        heard = page.locator(".fn-live")
        heard.get_by_text("40 sentences, 40 sources, 14 partly supported. Note: The documents disagree").wait_for(
            state="attached"
        )
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.locator("#chat .fn-told").all_inner_texts() == [f"Note: {DISAGREE}", f"Note: {REMOVED}"]
        assert page.locator("#chat a.fn-mark").locator("visible=true").count() == 6
        page.focus("#chat .fn-rest summary")
        page.keyboard.press("Enter")
        page.locator("#chat a.fn-mark").nth(39).press("Enter")
        page.wait_for_selector("#evidence-title:focus")
        assert page.text_content("#evidence mark") == "Rubio was in town 40."
        assert "only partly supported" in page.inner_text("#evidence-head")
        assert page.locator("#evidence .fn-pill").nth(39).is_visible()
        assert findings(page) == []
        if width == 360:
            page.click("#chat .fn-rest summary")  # what is folded opens again for whoever comes back to it
            page.click("#evidence-back")
            assert page.locator("#chat a.fn-mark").nth(39).is_visible()
