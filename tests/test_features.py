"""What a question asks for, and what must hold before a sentence may answer it."""

from __future__ import annotations

import math

import pytest

from rag.features import Asked, Place, absent, holds_kind, kind_of, possible, sentence_features, written_as_names
from rag.types import Document, Hit

RARITY = {"met": 2.0, "meet": 2.0, "riyadh": 6.0}


def hit(text: str, *, title: str = "Talks", number: int = 1, score: float = 0.5) -> Hit:
    """A passage whose sentences end at each newline."""
    document = Document(text=text, path=f"/{number}.txt", title=title, sha256="0")
    sentences, start = [], 0
    for line in text.splitlines():
        sentences.append((start, start + len(line)))
        start += len(line) + 1
    return Hit(
        score=score, text=text, title=title, path=document.path, span=document.span(0, len(text)), passage_id=number,
        sentences=tuple(sentences),
    )  # fmt: skip


def places(*hits: Hit) -> list[Place]:
    return [Place(hit=one, start=a, end=b, rank=rank) for rank, one in enumerate(hits) for a, b in one.sentences]


def asked(question: str) -> Asked:
    return Asked.of(question, RARITY, 8.0)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who met in Riyadh?", "who"),
        ("With whom did Rubio meet?", "who"),
        ("Where did they meet?", "where"),
        ("In which city did they meet?", "where"),
        ("When did they meet?", "date"),
        ("In what year did it open?", "date"),
        ("On what date will Trump and Putin meet?", "day"),
        ("How many people were moved?", "number"),
        ("What percentage of votes did she win?", "number"),
        ("Why did the dockers strike?", "why"),
        ("What did Macron say in Paris?", "said"),
        ("What is the harbour made of?", "other"),
    ],
)
def test_the_wording_of_a_question_tells_what_it_asks_for(question: str, kind: str) -> None:
    assert kind_of(question) == kind


@pytest.mark.parametrize(
    ("question", "sentence", "held"),
    [
        ("On what date will they meet?", "They met on Tuesday, February 18, in Riyadh.", True),
        ("On what date will they meet?", "They have not met since 2022.", False),
        ("On what date will they meet?", "They will meet on 3 March.", True),
        ("When did they meet?", "They met in 2022.", True),
        ("When did they meet?", "They met twice.", False),
        ("Who met before 2022?", "It was 2022.", False),
        ("When was the meeting of 2022?", "The meeting of 2022 was held.", False),
        ("How many came?", "Some 1,200 came.", True),
        ("How many came?", "Nobody counted those who came.", False),
        ("How many of the 24 came?", "The 24 were invited.", False),
        ("Who met Rubio?", "Rubio met Lavrov.", True),
        ("Who met Rubio?", "Rubio slept.", False),
        ("Where did they meet?", "They met in Riyadh.", True),
        ("Where did they meet?", "They met again and again.", False),
        ("What did Macron say?", "Macron travelled to Paris.", False),
        ("What did Macron say?", "Macron said that he would wait.", True),
    ],
)
def test_a_sentence_must_hold_the_kind_of_thing_that_is_asked_for(question: str, sentence: str, held: bool) -> None:
    assert holds_kind(asked(question), sentence) is held


def test_coverage_weighs_rare_words_more() -> None:
    question = asked("Who met in Riyadh?")
    assert question.coverage({"met"}) == 2.0 / 8.0
    assert question.coverage({"riyadh"}) == 6.0 / 8.0
    assert question.coverage({"met", "riyadh", "other"}) == 1.0
    assert asked("Who was it?").coverage({"met"}) == 0.0


def test_an_unknown_stem_counts_as_rare() -> None:
    assert asked("Ushakov?").rarity == {"ushakov": 8.0}


def test_a_name_typed_in_small_letters_is_one_where_the_passages_always_capitalise_it() -> None:
    found = written_as_names([hit("Envoys met Lavrov in Riyadh.\nThe talks in Riyadh went on, and talks went well.")])
    assert {"riyadh", "lavrov"} <= found
    assert "talk" not in found
    assert Asked.of("who went to riyadh", RARITY, 8.0, found).names == {"riyadh"}


def test_names_and_numbers_that_no_passage_holds_are_absent() -> None:
    found = places(hit("Rubio met Lavrov in Riyadh.", title="Talks of 18 February"))
    assert absent(asked("What did Macron tell Lavrov on 18 March?"), found) == {"macron", "march"}
    assert absent(asked("What did Rubio tell Lavrov on 19 February?"), found) == {"19"}


def test_a_passage_without_the_number_of_the_question_is_ruled_out() -> None:
    first, second = places(hit("In 2021 Rubio met Lavrov."), hit("In 2022 Rubio met Lavrov.", number=2))
    question = asked("Whom did Rubio meet in 2022?")
    assert not possible(question, first)
    assert possible(question, second)


def test_a_passage_that_holds_none_of_the_names_is_ruled_out() -> None:
    named, other = places(hit("Rubio met Lavrov."), hit("Harrow met Berescu.", number=2))
    question = asked("Whom did Rubio meet?")
    assert possible(question, named)
    assert not possible(question, other)


def test_features_have_the_values_that_their_names_promise() -> None:
    found = places(
        hit("Rubio met Lavrov.\nThey sat in Riyadh.", score=0.7), hit("There was rain.", number=2, score=0.1)
    )
    first, second, third = sentence_features(asked("Who met in Riyadh?"), found, [0.6, 0.8, 0.1])
    assert (first["cosine"], first["passage_cosine"], third["passage_cosine"]) == (0.6, 0.8, 0.1)
    assert (first["coverage"], first["coverage_around"], first["coverage_passage"]) == (0.25, 1.0, 1.0)
    assert second["coverage"] == 0.75
    assert (first["retrieval"], third["retrieval"]) == (0.7, 0.1)
    assert (first["log_rank"], third["log_rank"]) == (0.0, math.log(2))
    assert (first["names"], second["names"], third["names_passage"]) == (0.0, 1.0, 0.0)
    assert (first["of_kind"], first["not_of_kind"]) == (1.0, 0.0)
    assert (third["of_kind"], third["not_of_kind"]) == (0.0, 1.0)
