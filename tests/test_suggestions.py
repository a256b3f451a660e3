"""First questions made from documents: their forms, and that only answered ones are shown."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from test_ui import cited, document

from rag.assistant import Assistant
from rag.types import Answer, IndexedDocument
from ui.suggestions import OF_ONE_FORM, SHOWN, Suggestions, answered, candidates, questions


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("Moira Kell, the general secretary, left. Kell said no.", ["Who is Moira Kell?", "What did Moira Kell say?"]),
        ("Moira Kell, a secretary, left. Kell was late.", ["Who is Moira Kell?"]),
        ("The Harbour Cup, the oldest, was lost. A Cup is a cup.", []),
        ("He lived in Carrow Bay, a town. The Bay is wide.", []),
        ("Marco Rubio met Sergei Lavrov in Riyadh. Rubio left.", ["Who met Sergei Lavrov in Riyadh?"]),
        ("Marco Rubio met his wife in Riyadh. Rubio left.", []),
        ("Some 62 boats were out at night in the bay.", ["How many boats were out at night in the bay?"]),
        ("Some 62 boats were out that night in the bay.", []),
        ("Two figures have 2.5 parts.", []),
        ("nothing here", []),
    ],
)
def test_a_document_makes_questions_that_stand_on_their_own(text: str, made: list[str]) -> None:
    assert questions(document(text)) == made


def test_a_heading_that_is_a_question_is_one() -> None:
    heading = "What does the ferry cost?"
    assert questions(document(f"{heading}\n\nFour crowns.", headings=((0, len(heading)),))) == [heading]


def listed(path: str, date: str) -> IndexedDocument:
    return IndexedDocument(path=path, title="t", date=date, author=None, sha256="0", passages=1, characters=1)


def test_the_newest_documents_come_first() -> None:
    texts = {
        "/old.txt": "Ana Lisk, the mayor, left. Lisk is ill.",
        "/new.txt": "Tom Orme, the mayor, came. Orme is well.",
    }
    made = candidates(
        [listed("/old.txt", "2024-01-01"), listed("/new.txt", "2025-01-01")], lambda p: document(texts[p])
    )
    assert list(made) == [("Who is Tom Orme?", "/new.txt"), ("Who is Ana Lisk?", "/old.txt")]


def test_only_what_is_surely_answered_from_its_own_document_is_shown() -> None:
    asked: list[str] = []

    def ask(question: str) -> Answer:
        asked.append(question)
        if question == "Who is refused?":
            return Answer(question=question, reason="no")
        path = "/other.txt" if question == "Who is elsewhere?" else f"/{question}.txt"
        sure = 0.2 if question == "Who is unsure?" else 0.9
        statement = cited(document("It is so.", path=path), "It is so.")
        return Answer(question=question, statements=(statement,), short="so", confidence=sure)

    names = ["Who is refused?", "Who is elsewhere?", "Who is unsure?", "Who is A?", "Who is B?", "Who is C?"]
    more = [f"How many {letter} were lost?" for letter in "xy"] + ["What did D say?"]
    shown = list(answered([(name, f"/{name}.txt") for name in names + more], ask))
    assert shown == ["Who is A?", "Who is B?", "How many x were lost?", "How many y were lost?"]
    assert (len(shown), OF_ONE_FORM) == (SHOWN, 2)
    assert "Who is C?" not in asked  # a third of one form
    assert "What did D say?" not in asked  # there are enough


def test_they_are_worked_out_once_for_each_state_of_the_index(tmp_path: Path, encoder: Any) -> None:
    report = tmp_path / "report.txt"
    report.write_text("Marco Rubio met Sergei Lavrov in Riyadh on Monday. Rubio left.\n")
    with Assistant.open(tmp_path / "index", documents=report, encoder=encoder) as assistant:
        suggestions = Suggestions()
        assert suggestions.get("index", assistant)[1:] == ((), False)  # nobody waits for them
        deadline = time.monotonic() + 30
        while not (made := suggestions.get("index", assistant)).whole and time.monotonic() < deadline:
            time.sleep(0.02)
        assert made.questions == ("Who met Sergei Lavrov in Riyadh on Monday?",)
        report.write_text("Nothing to ask about is here.\n")
        assistant.index.update(report)
        assert suggestions.get("index", assistant)[1:] == (made.questions, False)  # the old ones stay meanwhile
        while not (made := suggestions.get("index", assistant)).whole and time.monotonic() < deadline:
            time.sleep(0.02)
        assert made.questions == ()
