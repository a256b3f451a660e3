"""What a question asks for, and what must hold before a sentence may answer it."""

from __future__ import annotations

import math
from dataclasses import replace

from rag.features import Asked, Place, absent, documents_read, possible, sentence_features, written_as_names
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


def allowed(question: Asked, place: Place) -> bool:
    return possible(question, place, documents_read([place])[place.hit.path])


def asked(question: str) -> Asked:
    return Asked.of(question, RARITY, 8.0)


def test_coverage_weighs_rare_words_more() -> None:
    question = asked("Who met in Riyadh?")
    assert question.coverage({"meet"}) == 2.0 / 8.0
    assert question.coverage({"riyadh"}) == 6.0 / 8.0
    assert question.coverage({"meet", "riyadh", "other"}) == 1.0
    assert asked("Who was it?").coverage({"meet"}) == 0.0


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
    assert [allowed(question, one) for one in (first, second)] == [False, True]


def test_a_passage_that_holds_none_of_the_names_is_ruled_out() -> None:
    named, other = places(hit("Rubio met Lavrov."), hit("Harrow met Berescu.", number=2))
    question = asked("Whom did Rubio meet?")
    assert [allowed(question, one) for one in (named, other)] == [True, False]


def test_what_another_passage_of_the_same_document_names_is_enough() -> None:
    first, second = hit("Rubio met Lavrov."), hit("The two men sat in Riyadh.")
    found = places(first, replace(second, passage_id=2))
    documents = documents_read(found)
    question = asked("Where did Rubio sit?")
    assert [possible(question, place, documents[place.hit.path]) for place in found] == [False, True]


def test_a_sentence_that_says_a_thing_is_not_known_does_not_give_it() -> None:
    (place,) = places(hit("No date was set for a meeting of Rubio and Lavrov in 2025."))
    assert not allowed(asked("When is the meeting of Rubio and Lavrov?"), place)
    assert allowed(asked("What did Rubio and Lavrov leave open?"), place)


def test_a_question_about_what_will_be_is_not_answered_by_what_was() -> None:
    past, future = places(hit("Rubio met Lavrov on March 3."), hit("Rubio is to meet Lavrov on March 9.", number=2))
    question = asked("On what date will Rubio meet Lavrov?")
    assert [allowed(question, one) for one in (past, future)] == [False, True]


def test_features_have_the_values_that_their_names_promise() -> None:
    found = places(
        hit("Rubio met Lavrov.\nThey sat in Riyadh.", score=0.7), hit("There was rain.", number=2, score=0.1)
    )
    first, second, third = sentence_features(asked("Who met in Riyadh?"), found, [0.6, 0.8, 0.1])
    assert (first["cosine"], first["cosine_around"], first["cosine_passage"], third["cosine_passage"]) == (
        0.6,
        0.8,
        0.8,
        0.1,
    )
    assert (first["coverage"], first["coverage_around"], first["coverage_passage"]) == (0.25, 1.0, 1.0)
    assert second["coverage"] == 0.75
    assert (first["retrieval"], third["retrieval"]) == (0.7, 0.1)
    assert (first["log_rank"], third["log_rank"]) == (0.0, math.log(2))
    assert (first["names"], second["names"], third["names_passage"]) == (0.0, 1.0, 0.0)
    assert (first["of_kind"], first["not_of_kind"]) == (1.0, 0.0)
    assert (third["of_kind"], third["not_of_kind"]) == (0.0, 1.0)


def test_talks_and_a_meeting_match_each_other() -> None:
    found = places(hit("The talks were in Riyadh."))
    features = sentence_features(asked("Where did they meet?"), found, [0.5])[0]
    assert (features["others"], features["coverage"]) == (1.0, 1.0)
