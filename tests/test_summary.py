"""Summaries: sentences of the documents that stand for the rest, each cited, none said twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import StandInEncoder

from rag import Assistant, Config
from rag.summary import called, centrality, chosen, coverage, most_telling, near, stands_alone
from rag.types import Document, IndexedDocument, text_id


def unit(rows: list[list[float]]) -> np.ndarray:
    given = np.array(rows, dtype=np.float32)
    return given / np.linalg.norm(given, axis=1, keepdims=True)


def test_centrality_is_the_stationary_distribution_of_the_walk() -> None:
    vectors = unit(np.random.default_rng(7).random((12, 5)).tolist())
    similar = np.clip(vectors.astype(np.float64) @ vectors.T.astype(np.float64), 0, None)
    walk = 0.85 * similar / similar.sum(axis=1, keepdims=True) + 0.15 / 12
    values, left = np.linalg.eig(walk.T)
    oracle = np.abs(np.real(left[:, np.argmax(np.real(values))]))
    assert np.allclose(centrality(vectors), oracle / oracle.sum(), atol=1e-4)


def test_the_sentence_that_most_others_are_like_is_the_most_central() -> None:
    vectors = unit([[1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    scores = centrality(vectors)
    assert int(scores.argmax()) == 0
    assert scores.sum() == pytest.approx(1.0, abs=1e-4)
    assert int(centrality(vectors, unit([[0, 0, 1]])[0])[1:].argmax()) + 1 == 3


def test_no_chosen_sentence_repeats_another() -> None:
    vectors = unit([[1, 0.1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    scores = np.array([0.4, 0.3, 0.2, 0.1], dtype=np.float32)
    assert chosen(vectors, scores, 3) == [0, 2, 3]
    assert chosen(vectors, scores, 3, [vectors[2]]) == [0, 3]
    assert chosen(vectors, scores, 0) == []


def test_coverage_is_whole_where_all_is_chosen_and_nothing_where_none_is() -> None:
    vectors = unit([[1, 0], [0, 1]])
    assert coverage(vectors, [0, 1]) == 1.0
    assert coverage(vectors, [0]) == 0.5
    assert coverage(vectors, []) == 0.0


def test_the_first_passage_of_a_long_document_is_always_read() -> None:
    vectors = unit([[0, 0, 1], *[[1, 0.1 * i, 0] for i in range(9)]])
    kept = most_telling(vectors, 4)
    assert kept[0] == 0
    assert (len(kept), kept) == (4, sorted(set(kept)))
    assert most_telling(vectors[:3], 4) == [0, 1, 2]


@pytest.mark.parametrize(
    ("sentence", "alone"),
    [
        ("The union and the port operator signed an agreement on Thursday.", True),
        ("“One port should not decide,” Lisk said on Thursday afternoon.", True),
        ("She said that the agreement was signed on Thursday.", False),
        ("The two were taken to a hospital in the town.", False),
        ("This was the first meeting of the two governments.", False),
        ("But the union was asking for a raise of 9 percent.", False),
        ("“You cannot ask an orange to wait,” she said on Monday.", False),
        ("A raise of 9 percent, he said, would cost 31 million crowns.", False),
        ("Read more: Dockers walk out at the port of Carrow Bay.", False),
        ("Photo: The port of Carrow Bay on Monday morning at six.", False),
        ("By Siobhan Tully, our reporter in the port of Carrow Bay.", False),
        ("Dockers walk out at Carrow Bay as pay talks fail", False),
        ("Ships | 14 | at anchor | on Monday | in the bay.", False),
        ("It rained.", False),
    ],
)
def test_only_what_can_be_understood_alone_is_taken(sentence: str, alone: bool) -> None:
    own = Document(text=sentence, path="/a.txt", title="", sha256=text_id(sentence))
    assert stands_alone(own, 0, len(sentence)) is alone


def listed(path: str, title: str) -> IndexedDocument:
    return IndexedDocument(path=path, title=title, date=None, author=None, sha256="", passages=1, characters=9)


SHELF = [
    listed("/reports/dockers.md", "Dockers go back to work"),
    listed("/reports/old/ferry.txt", "A ferry for the lower town"),
    listed("/reports/new/ferry.txt", "The ferry is closed"),
]


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("dockers.md", ["/reports/dockers.md"]),
        ("/reports/dockers.md", ["/reports/dockers.md"]),
        ("old/ferry.txt", ["/reports/old/ferry.txt"]),
        ("ferry.txt", ["/reports/old/ferry.txt", "/reports/new/ferry.txt"]),
        ("ferry", ["/reports/old/ferry.txt", "/reports/new/ferry.txt"]),
        ("dockers go BACK to work", ["/reports/dockers.md"]),
        ("for the lower town", ["/reports/old/ferry.txt"]),
        ("kers.md", []),
        ("Dockers go forward", []),
    ],
)
def test_a_document_is_called_by_path_file_or_title(name: str, paths: list[str]) -> None:
    assert [one.path for one in called(name, SHELF, certain=False)] == paths


def test_titles_near_a_wrong_name_are_told() -> None:
    assert near("Dockers go forward", SHELF) == ["Dockers go back to work"]
    assert near("Xylophone", SHELF) == []


REPORT = """---
title: "{0}"
date: {1}
---

The {0} began in the harbour on Monday with 40 boats and a band. It was cold. {0} tickets for the harbour were sold out.

He said that it was over. The mayor opened the {0} with a speech about boats in the harbour. A ship from the north won
the {0} after a race of two hours in the harbour. Read more: Another race

Nobody from the town council wanted to say what the {0} had cost the taxpayers.
"""
NAMES = ("Regatta", "Festival", "Market", "Concert")


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("reports")
    for day, name in enumerate(NAMES, start=1):
        (folder / f"{name.lower()}.md").write_text(REPORT.format(name, f"2025-05-0{day}"))
    with Assistant.open(folder / "index", documents=folder, encoder=StandInEncoder(), config=Config()) as opened:
        yield opened


def test_a_summary_of_one_document_is_three_to_five_of_its_sentences_in_order(assistant: Assistant) -> None:
    for question in ("Summarise regatta.md", "Summarise the report Regatta", "What is the report Regatta about?"):
        answer = assistant.ask(question)
        assert 3 <= len(answer.statements) <= 5
        assert {Path(c.path).name for c in answer.citations} == {"regatta.md"}
        starts = [c.span.start for c in answer.citations]
        assert starts == sorted(starts)
        for citation in answer.citations:
            assert (
                citation.quote == assistant.index.document(citation.path).text[citation.span.start : citation.span.end]
            )
            assert not citation.quote.startswith(("He", "It", "Read"))


def test_a_summary_of_a_selection_takes_from_each_and_says_nothing_twice(assistant: Assistant) -> None:
    paths = [one.path for one in assistant.index.documents() if "market" in one.path or "concert" in one.path]
    answer = assistant.ask("Summarise these documents", within=paths)
    assert {citation.path for citation in answer.citations} == set(paths)
    assert 2 <= len(answer.statements) <= 4
    order = [(c.date, c.span.start) for c in answer.citations]
    assert order == sorted(order)
    assert answer == assistant.ask("Summarise these documents", within=paths)


def test_what_documents_say_of_a_topic_comes_from_those_that_speak_of_it(assistant: Assistant) -> None:
    answer = assistant.ask("What do the reports say about the concert in short?")
    assert {Path(c.path).name for c in answer.citations} == {"concert.md"}
    assert answer.notes == ("From 1 document that speaks of “the concert”.",)
    assert all("Concert" in statement.text for statement in answer.statements)


def test_a_document_that_is_not_there_is_refused_with_the_titles_near_it(assistant: Assistant) -> None:
    answer = assistant.ask('Summarise "Regata"')
    assert answer.reason == "There is no document called “Regata” here. The nearest titles: “Regatta”, “Market”."
    assert answer.citations == ()
    assert assistant.ask("Summarise the volcano").reason == "The documents do not say anything about “the volcano”."


def test_of_very_many_documents_the_newest_are_summarised_and_the_answer_says_so(
    tmp_path: Path, encoder: StandInEncoder
) -> None:
    for number in range(12):
        words = f"alpha{number} beta{number} gamma{number} delta{number}"
        text = (
            f"---\ntitle: T{number}\ndate: 2025-01-{number + 1:02}\n---\n\nThe {words} omega{number} theta{number}.\n"
        )
        (tmp_path / f"{number}.md").write_text(text)
    with Assistant.open(tmp_path / "index", documents=tmp_path, encoder=encoder, config=Config()) as opened:
        answer = opened.ask("Give me a summary")
    assert [c.date for c in answer.citations] == [f"2025-01-{day:02}" for day in range(3, 13)]
    assert answer.notes[0].startswith("These are the 10 newest of 12 documents.")
