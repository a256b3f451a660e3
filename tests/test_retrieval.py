"""What is read for a question, and the retriever that llama-index users get."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import StandInEncoder

from rag.config import Config, PassageSettings
from rag.index import Index
from rag.retrieval import PassageRetriever, to_read

STORY = "\n\n".join(
    f"Paragraph {number} speaks of {topic} and of nothing else that anybody would ever want to know about."
    for number, topic in enumerate(["apples", "bridges", "cranes", "dockers", "elections"])
)


@pytest.fixture
def index(tmp_path: Path, encoder: StandInEncoder) -> Iterator[Index]:
    (tmp_path / "story.txt").write_text(STORY)
    (tmp_path / "other.txt").write_text("Dockers walked out.")
    config = Config(passages=PassageSettings(pieces=30))
    with Index.open(tmp_path / "index", config=config, encoder=encoder, create=True) as opened:
        opened.update([tmp_path / "story.txt", tmp_path / "other.txt"])
        yield opened


def test_neighbours_of_the_best_passages_are_read_after_the_best(index: Index) -> None:
    hits = to_read(index, "cranes", k=1)
    assert ["cranes" in hits[0].text, "bridges" in hits[1].text, "dockers" in hits[2].text] == [True] * 3
    assert len(hits) == 3


def test_no_passage_is_read_twice(index: Index) -> None:
    hits = to_read(index, "bridges cranes dockers", k=4)
    assert len({hit.passage_id for hit in hits}) == len(hits)


def test_the_llama_index_retriever_gives_the_hits_of_search_with_true_offsets(index: Index) -> None:
    found = PassageRetriever(index, k=3).retrieve("dockers elections")
    hits = index.search("dockers elections", k=3)
    assert [one.score for one in found] == [hit.score for hit in hits]
    for one, hit in zip(found, hits, strict=True):
        text = index.document(hit.path).text
        assert one.node.get_content() == text[one.node.start_char_idx : one.node.end_char_idx] == hit.text  # type: ignore[attr-defined]
        assert one.node.metadata["path"] == hit.path


def test_the_retriever_keeps_within_the_documents_given(index: Index, tmp_path: Path) -> None:
    found = PassageRetriever(index, k=9, within=[tmp_path / "other.txt"], mode="dense").retrieve("dockers")
    assert [one.node.get_content() for one in found] == ["Dockers walked out."]
