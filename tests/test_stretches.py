"""Passages that follow one another in a document are read as one text, with true offsets."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.stretches import joined
from rag.types import Document, Hit

TEXT = "Ana Lesk spoke.\n\nShe left.  It rained.\nCarl Berg stayed. The end."


def hits_of(cuts: list[tuple[int, int]], *, path: str = "/a.txt", first: int = 1) -> list[Hit]:
    document = Document(text=TEXT, path=path, title="Talks", sha256="0")
    return [
        Hit(
            score=0.0, text=TEXT[start:end], title="Talks", path=path, span=document.span(start, end),
            passage_id=first + i, sentences=((start, end),),
        )
        for i, (start, end) in enumerate(cuts)
    ]  # fmt: skip


CUTS = [(0, 15), (17, 26), (28, 38), (39, 56), (57, 65)]


@given(st.permutations(range(5)), st.sets(st.integers(0, 4), min_size=1))
def test_every_passage_is_in_one_stretch_at_its_own_offsets(order: list[int], kept: set[int]) -> None:
    whole = hits_of(CUTS)
    hits = [whole[i] for i in order if i in kept]
    stretches = joined(hits)
    assert sorted(rank for one in stretches for rank in one.ranks) == list(range(len(hits)))
    for one in stretches:
        assert one.text.split() == TEXT[one.start : one.start + len(one.text)].split()
        for place, (rank, hit) in enumerate(zip(one.ranks, one.hits, strict=True)):
            assert hits[rank] is hit
            begin = hit.span.start - one.start
            assert one.text[begin : begin + len(hit.text)] == hit.text
            assert {one.at(begin), one.at(begin + len(hit.text) - 1)} == {place}
    ids = sorted(hit.passage_id for hit in hits)
    assert len(stretches) == sum(a + 1 != b for a, b in zip(ids, [*ids[1:], 99], strict=True))


def test_passages_of_two_files_are_never_one_stretch() -> None:
    first, second = hits_of(CUTS[:1]), hits_of(CUTS[1:2], path="/b.txt", first=2)
    assert [one.text for one in joined([*first, *second])] == [TEXT[:15], TEXT[17:26]]


@pytest.mark.parametrize(
    ("sections", "titles"),
    [
        (("", ""), ["Talks"]),
        (("", "Ana Lesk"), ["Talks\nAna Lesk"]),  # the first passage of a section begins with its heading
        (("", "Port"), ["Talks", "Talks\nPort"]),
        (("Port", "Port"), ["Talks\nPort"]),
        (("Port", ""), ["Talks\nPort", "Talks"]),
        (("Port", "Flood"), ["Talks\nPort", "Talks\nFlood"]),
    ],
)
def test_a_stretch_ends_with_its_section(sections: tuple[str, str], titles: list[str]) -> None:
    hits = [replace(hit, section=section) for hit, section in zip(hits_of(CUTS[:2]), sections, strict=True)]
    assert [one.title for one in joined(hits)] == titles


@pytest.mark.parametrize(
    ("title", "read"), [("000_7e7b543faa4bf352", ""), ("Port strike", "Port strike"), ("MH17", "MH17"), ("", "")]
)
def test_a_title_without_a_word_is_not_read(title: str, read: str) -> None:
    (one,) = joined([replace(hits_of(CUTS[:1])[0], title=title)])
    assert one.title == read
    (one,) = joined([replace(hits_of(CUTS[:1])[0], title=title, section="Port")])
    assert one.title == f"{read}\nPort"
