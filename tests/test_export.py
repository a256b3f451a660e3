"""A conversation as a file: everything is in it, and hostile text does nothing there."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from test_ui import FOREIGN, PAYLOADS, Parsed, cited, document

from rag.types import Answer, Hit
from ui import export
from ui.conversation import Conversation

QUOTE = "They met in Riyadh,\non Tuesday."
SOURCE = document(
    f"First. {QUOTE} Last.",
    path="/r/a.pdf",
    title="Delegations meet",
    outlet="The Post",
    date="2026-03-14",
    pages=(0, 5),
)  # fmt: skip
ANSWER = Answer(question="Where did Rubio go?", statements=(cited(SOURCE, QUOTE),), short="Riyadh", confidence=0.87)
NEAR = Hit(score=0.1, text="Grain fell.", title="Grain", path="/g.txt", span=SOURCE.span(0, 5), passage_id=1)
REFUSAL = Answer(question="Who won?", reason="They do not mention chess.", nearest=(NEAR,))


def talked(*answers: Answer, asked: str = "Where did he go?") -> Conversation:
    now = Conversation()
    for answer in answers:
        now = now.asking(asked).answering(answer, searched=24 if answer.abstained else 0)
    return now


def test_both_files_hold_question_answer_confidence_and_every_source_with_its_place() -> None:
    now = talked(ANSWER, REFUSAL)
    text = Parsed(export.html(now, collection="news", date="2026-11-25 10:00")).text
    for part in (
        "exported on 2026-11-25 10:00", "Where did he go?", "Read as: Where did Rubio go?", "Riyadh", "[1]", QUOTE,
        "Confidence: high (87%) · 1 source", "Delegations meet", "The Post · 2026-03-14 · p. 2", "/r/a.pdf",
        f"characters 7–{7 + len(QUOTE)} of the text with SHA-256 {SOURCE.id}", f"the file's SHA-256 is {SOURCE.sha256}",
        "No sure answer found", "They do not mention chess.", "Looked for won in 24 documents.", "Grain fell.",
    ):  # fmt: skip
        assert part in text
    plain = re.sub(r"\\([^\w\s])", r"\1", export.markdown(now, collection="news", date="2026-11-25 10:00"))
    for part in (
        "# Footnote: a conversation", "exported on 2026-11-25 10:00", "## 1. Where did he go?",
        "Read as: Where did Rubio go?", "**Riyadh**", "They met in Riyadh, on Tuesday. [1]",
        "> They met in Riyadh,\\\n> on Tuesday.", "[1] **Delegations meet**", "- The Post · 2026-03-14 · p. 2",
        f"- characters 7–{7 + len(QUOTE)} of the text with SHA-256 {SOURCE.id}", "**No sure answer found.**",
    ):  # fmt: skip
        assert part in plain


def test_the_html_file_needs_nothing_else_and_its_marks_lead_to_its_sources() -> None:
    shown = Parsed(export.html(talked(ANSWER, ANSWER), collection="news", date="today"))
    assert {tag for tag, _ in shown.tags} & {"script", "img", "link", "iframe", "object", "base"} == set()
    policy = next(a["content"] for _, a in shown.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    marks = [a["href"] for tag, a in shown.tags if tag == "a"]
    assert marks == ["#source-1-1", "#source-2-1"]
    assert [f"#{a['id']}" for tag, a in shown.tags if tag == "li"] == marks


@pytest.mark.parametrize("hostile", PAYLOADS)
def test_hostile_text_is_letters_in_html(hostile: str) -> None:
    def tags(text: str) -> list[tuple[str, dict[str, str | None]]]:
        return Parsed(export.html(hostile_talk(text), collection=text, date="today")).tags

    assert tags(hostile) == tags("plain")


@pytest.mark.parametrize("hostile", PAYLOADS)
def test_hostile_text_is_letters_in_markdown(hostile: str) -> None:
    markdown_it = pytest.importorskip("markdown_it")
    reader = markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"])

    def tags(text: str) -> list[str]:
        made = reader.render(export.markdown(hostile_talk(text), collection=text, date="today"))
        return [tag for tag, _ in Parsed(made).tags if tag not in ("br", "p")]

    assert tags(hostile) == tags("plain")
    written = export.markdown(hostile_talk(hostile), collection=hostile, date="today")
    assert FOREIGN not in written
    assert not re.search(r"(?<!\\)[<`]|(?<!\\)\]\(", written)


def hostile_talk(text: str) -> Conversation:
    source = document(f"Before. {text} After.", title=text, path=text, date=text)
    says = Answer(question=text, statements=(cited(source, text),), short=text, answered_by=text, notes=(text,))
    near = replace(NEAR, text=text, title=text, path=text)
    return talked(says, Answer(question=text, reason=text, nearest=(near,)), asked=text)


def test_notes_and_partial_support_are_told_before_the_sources() -> None:
    part = replace(ANSWER.statements[0], support="partial")
    note = "The documents disagree: 12 or 14."
    noted = talked(replace(ANSWER, statements=(part,), notes=(note,)), replace(REFUSAL, notes=("The model failed.",)))
    shown = Parsed(export.html(noted, collection="news", date="today")).text
    plain = re.sub(r"\\([^\w\s])", r"\1", export.markdown(noted, collection="news", date="today")).replace("**", "")
    for text in (shown, plain):
        places = [text.index(word) for word in ("(partly supported)", f"Note: {note}", "Confidence:", "SHA-256")]
        assert places == sorted(places)
        assert text.index("chess.") < text.index("Note: The model failed.") < text.index("Nearest passages")


def test_what_was_stopped_or_failed_is_told() -> None:
    now = talked(ANSWER).asking("And?").stopped().asking("Why?").failing("<p>x</p>", trouble="The index is damaged.")
    for written in (export.html(now, collection="c", date="d"), export.markdown(now, collection="c", date="d")):
        assert "Stopped." in written
        assert "The index is damaged." in written
