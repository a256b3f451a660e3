"""Values: what is wrong cannot be built, and what is shown has one shape."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import pytest

from rag.types import (
    Answer,
    Citation,
    Document,
    Hit,
    IndexedDocument,
    Progress,
    Span,
    Statement,
    Turn,
    UpdateReport,
    Verification,
)

TEXT = "Envoys met in Riyadh.\nNo date was named.\n\nThey parted."
REPORT = Document(text=TEXT, path="/news/talks.pdf", title="Talks", sha256="ab", date="2025-03-12", pages=(0, 42))
PLAIN = Document(text=TEXT + " ", path="/news/talks.txt", title="Plain", sha256="cd")


def citation(number: int = 1, start: int = 0, end: int = 21, document: Document = REPORT) -> Citation:
    return Citation(number=number, document=document, span=document.span(start, end))


def statement(*citations: Citation, text: str = "Envoys met\nin Riyadh.") -> Statement:
    return Statement(text=text, citations=citations)


def hit(text: str, score: float = 0.5) -> Hit:
    return Hit(score=score, text=text, title="Talks", path="/news/talks.pdf", span=REPORT.span(0, 21), passage_id=7)


@pytest.mark.parametrize("kind", [Answer, Citation, Document, Hit, IndexedDocument, Progress, Span, Statement, Turn,
                                  UpdateReport, Verification])  # fmt: skip
def test_every_value_is_frozen_slotted_and_built_by_keyword(kind: Any) -> None:
    parameters = kind.__dataclass_params__
    assert parameters.frozen
    assert not hasattr(kind, "__dict__") or "__dict__" not in kind.__slots__
    assert all(field.kw_only for field in dataclasses.fields(kind))
    with pytest.raises(TypeError):
        kind("by position")


def test_a_value_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        REPORT.title = "Other"  # type: ignore[misc]


# Spans


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 3), (4, 3), (0, 0)])
def test_a_span_needs_room_between_its_ends(start: int, end: int) -> None:
    with pytest.raises(ValueError, match=f"{start}:{end}"):
        Span(document_id="a", start=start, end=end)


@pytest.mark.parametrize(
    ("start", "end", "overlaps"), [(0, 5, False), (0, 6, True), (9, 12, True), (10, 12, False), (6, 7, True)]
)
def test_spans_overlap_where_they_share_a_character(start: int, end: int, overlaps: bool) -> None:
    middle, other = Span(document_id="a", start=5, end=10), Span(document_id="a", start=start, end=end)
    assert middle.overlaps(other) is overlaps
    assert other.overlaps(middle) is overlaps
    assert not middle.overlaps(Span(document_id="b", start=5, end=10))


# Documents


def test_a_document_is_named_by_its_text_alone() -> None:
    same = Document(text=TEXT, path="/elsewhere.md", title="Other", sha256="")
    assert REPORT.id == same.id == hashlib.sha256(TEXT.encode()).hexdigest()
    assert PLAIN.id != REPORT.id
    assert REPORT.span(3, 9) == Span(document_id=REPORT.id, start=3, end=9)


def test_even_half_a_surrogate_pair_has_a_name() -> None:
    assert len(Document(text="a\ud800", path="a", title="", sha256="").id) == 64


@pytest.mark.parametrize(("offset", "page"), [(0, 1), (41, 1), (42, 2), (54, 2)])
def test_an_offset_is_on_the_page_that_starts_at_or_before_it(offset: int, page: int) -> None:
    assert REPORT.page_at(offset) == page


def test_a_format_without_pages_has_no_page() -> None:
    assert PLAIN.page_at(0) is None


def test_the_text_is_left_out_of_a_representation() -> None:
    assert "Riyadh" not in repr(REPORT) + repr(citation())


# Citations


def test_a_quote_is_the_slice_of_its_document() -> None:
    cited = citation(start=22, end=40)
    assert cited.quote == TEXT[22:40] == "No date was named."
    assert (cited.title, cited.path, cited.date, cited.page) == ("Talks", "/news/talks.pdf", "2025-03-12", 1)
    assert citation(start=42, end=54).page == 2


@pytest.mark.parametrize(
    ("start", "end", "number", "message"),
    [
        (0, len(TEXT) + 1, 1, "ends at"),
        (40, 42, 1, "more than white space"),
        (0, 5, 0, "numbered from 1"),
    ],
)
def test_a_wrong_citation_cannot_be_built(start: int, end: int, number: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        citation(number, start, end)


def test_a_citation_of_another_version_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="another version"):
        Citation(number=1, document=PLAIN, span=REPORT.span(0, 21))


def test_the_context_is_what_stands_on_either_side_of_the_quote() -> None:
    cited = citation(start=22, end=40)
    assert cited.context() == (TEXT[:22], TEXT[40:])
    assert cited.context(3) == ("h.\n", "\n\nT")
    assert citation(start=0, end=len(TEXT)).context() == ("", "")


def test_a_citation_as_plain_values() -> None:
    assert citation(number=3).as_dict() == {
        "number": 3,
        "quote": "Envoys met in Riyadh.",
        "title": "Talks",
        "path": "/news/talks.pdf",
        "page": 1,
        "part": None,
        "outlet": None,
        "date": "2025-03-12",
        "span": {"document_id": REPORT.id, "start": 0, "end": 21},
    }


# Statements


def test_a_statement_is_one_line_with_its_marks() -> None:
    assert str(statement(citation(1), citation(2, 22, 40))) == "Envoys met in Riyadh. [1][2]"


def test_a_statement_that_is_supported_in_part_says_so_wherever_it_is_printed() -> None:
    partial = dataclasses.replace(statement(citation(1)), support="partial")
    assert str(partial) == "Envoys met in Riyadh. [1] (partly supported)"
    assert Answer(question="Who?", statements=(partial,)).text == "Envoys met in Riyadh. [1] (partly supported)"


def test_a_statement_needs_a_citation() -> None:
    with pytest.raises(ValueError, match="needs a citation"):
        statement()


@pytest.mark.parametrize("support", ["contradicted", "not found", ""])
def test_a_statement_that_is_not_supported_is_not_shown(support: Any) -> None:
    with pytest.raises(ValueError, match="not shown"):
        Statement(text="They met.", citations=(citation(),), support=support)


# Answers


def test_an_answer_has_statements_or_a_reason_and_never_both_or_neither() -> None:
    with pytest.raises(ValueError, match="one of them"):
        Answer(question="Who?")
    with pytest.raises(ValueError, match="one of them"):
        Answer(question="Who?", statements=(statement(citation()),), reason="The documents do not say.")


def test_a_refusal_has_no_short_answer() -> None:
    with pytest.raises(ValueError, match="no short answer"):
        Answer(question="Who?", reason="The documents do not say.", short="Envoys")


@pytest.mark.parametrize("confidence", [-0.01, 1.01, float("nan")])
def test_confidence_is_a_probability(confidence: float) -> None:
    with pytest.raises(ValueError, match="probability"):
        Answer(question="Who?", reason="The documents do not say.", confidence=confidence)


def test_a_number_stands_for_one_place() -> None:
    with pytest.raises(ValueError, match="two places"):
        Answer(question="Who?", statements=(statement(citation(1)), statement(citation(1, 22, 40))))
    again = Answer(question="Who?", statements=(statement(citation(1)), statement(citation(1))))
    assert [c.number for c in again.citations] == [1]


def test_citations_come_once_and_in_the_order_of_their_numbers() -> None:
    first, second, third = citation(1), citation(2, 22, 40), citation(3, 42, 54)
    answer = Answer(question="Who?", statements=(statement(third, first), statement(second, first)))
    assert answer.citations == (first, second, third)
    assert answer.text == "Envoys met in Riyadh. [3][1]\nEnvoys met in Riyadh. [2][1]"
    assert not answer.abstained


def test_an_answer_prints_its_statements_notes_and_sources() -> None:
    answer = Answer(
        question="Who met?",
        statements=(statement(citation(1), citation(2, 22, 40, PLAIN)),),
        notes=("The endpoint was down.",),
    )
    assert str(answer) == (
        "Envoys met in Riyadh. [1][2]\n"
        "(The endpoint was down.)\n"
        "\n"
        "[1] Talks (2025-03-12, p. 1, /news/talks.pdf; characters 0–21)\n"
        "    “Envoys met in Riyadh.”\n"
        "[2] Plain (/news/talks.txt; characters 22–40)\n"
        "    “No date was named.”"
    )


def test_a_refusal_prints_its_reason_and_the_nearest_passages() -> None:
    answer = Answer(
        question="When?", reason="The documents do not say.", nearest=(hit("No date\nwas named."), hit("word " * 100))
    )
    assert answer.abstained
    assert answer.citations == ()
    assert answer.text == "The documents do not say."
    assert str(answer) == (
        f"The documents do not say.\n\nNearest passages:\n  - Talks: No date was named.\n  - Talks: {'word ' * 31}word…"
    )


def test_an_answer_as_plain_values() -> None:
    answer = Answer(
        question="Who met?",
        statements=(statement(citation()),),
        short="Envoys",
        confidence=0.87654321,
        nearest=(hit("Envoys met in Riyadh.", 0.12345678),),
        config="0123456789ab",
    )
    assert answer.as_dict() == {
        "question": "Who met?",
        "text": "Envoys met in Riyadh. [1]",
        "short": "Envoys",
        "abstained": False,
        "reason": "",
        "confidence": 0.8765,
        "answered_by": "reader",
        "notes": [],
        "config": "0123456789ab",
        "statements": [{"text": "Envoys met\nin Riyadh.", "support": "supported", "citations": [1]}],
        "citations": [citation().as_dict()],
        "nearest": [
            {
                "score": 0.123457,
                "text": "Envoys met in Riyadh.",
                "title": "Talks",
                "path": "/news/talks.pdf",
                "page": None,
                "part": None,
                "date": None,
                "span": {"document_id": REPORT.id, "start": 0, "end": 21},
            }
        ],
    }


# Reports


def test_every_file_given_is_accounted_for_once() -> None:
    report = UpdateReport(
        added=("a",), updated=("b", "c"), unchanged=("d",), rejected=(("e", "damaged"),), pending=("f",),
        missing=("g",), removed=("h",), gaps=(("a", "page 2"),),
    )  # fmt: skip
    assert report.given == 6


def test_a_verification_is_well_where_it_found_nothing() -> None:
    assert Verification(documents=1, passages=2, generation=3).ok
    assert not Verification(documents=1, passages=2, generation=3, findings=("a row is missing",)).ok
