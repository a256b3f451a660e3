"""Reading: the order of passages and sentences, confidence, and what is absent."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from conftest import StandInEncoder
from test_features import hit, places

from rag.features import Asked, sentence_features
from rag.reader import WEIGHTS, Reader, Weights, logit, sigmoid

WEIGHED = Weights(
    sentence={"coverage": 4.0, "cosine": 1.0},
    confidence={"coverage": 6.0, "bias": -3.0},
    threshold=0.5,
    rarity={},
    unseen=1.0,
)


@pytest.fixture
def reader(encoder: StandInEncoder) -> Reader:
    return Reader(encoder, WEIGHED)


def test_the_sentence_that_covers_the_question_comes_first_and_its_passage_too(reader: Reader) -> None:
    rain = hit("Rain fell in the valley.\nThe river rose.", number=1, score=0.9)
    talks = hit("The envoys left.\nRubio met Lavrov in Riyadh.", number=2, score=0.1)
    reading = reader.read("Who met Lavrov in Riyadh?", [rain, talks])
    assert [one.passage_id for one in reading.ranked] == [2, 1]
    best = reading.candidates[0]
    assert talks.text[best.span.start : best.span.end] == "Rubio met Lavrov in Riyadh."
    assert (best.path, best.span.document_id) == (talks.path, talks.span.document_id)
    assert best.short == "Rubio"


def test_scores_and_confidence_are_the_weighted_sums_of_the_features(reader: Reader) -> None:
    reading = reader.read("Who met Lavrov?", [hit("Rubio met Lavrov.")])
    cosine = 2 / math.sqrt(2 * 3)  # two of three stems shared
    assert reading.candidates[0].score == pytest.approx(4.0 + cosine, abs=1e-5)
    assert reading.confidence == pytest.approx(sigmoid(6.0 - 3.0))


def test_a_pointer_to_another_article_is_no_candidate_and_its_names_count_as_absent(reader: Reader) -> None:
    reading = reader.read(
        "What did Syria return?", [hit("Envoys met.\nRead more: Syria returns three children to Paris")]
    )
    assert reading.absent == {"syria"}
    assert all(one.span.start == 0 for one in reading.candidates)


def test_without_a_sentence_to_read_there_is_no_candidate_and_no_confidence(reader: Reader) -> None:
    only = hit("Read more: Syria returns three children to Paris")
    reading = reader.read("What did Syria return?", [only])
    assert (reading.candidates, reading.confidence, reading.ranked) == ((), 0.0, (only,))
    assert reader.read("Who?", []).ranked == ()


def test_sentences_that_cannot_answer_are_no_candidates_but_still_rank_their_passage(reader: Reader) -> None:
    passage = hit("Rubio and Lavrov met again.")
    reading = reader.read("How many times did Rubio and Lavrov meet?", [passage])
    assert (reading.candidates, reading.confidence, reading.ranked) == ((), 0.0, (passage,))


def test_equal_scores_keep_the_order_of_retrieval(reader: Reader) -> None:
    twins = [hit("Rubio met Lavrov.", number=9), hit("Rubio met Lavrov.", number=3)]
    reading = reader.read("Who met Lavrov?", twins)
    assert [one.passage_id for one in reading.ranked] == [9, 3]
    assert [one.path for one in reading.candidates] == ["/9.txt", "/3.txt"]


def test_the_same_reading_twice_is_equal(reader: Reader) -> None:
    hits = [hit("Rubio met Lavrov in Riyadh.\nThey talked.", number=1), hit("Rain fell.", number=2)]
    assert reader.read("Who met in Riyadh?", hits) == reader.read("Who met in Riyadh?", hits)


def test_the_threshold_is_that_of_the_weights(encoder: StandInEncoder) -> None:
    assert Reader(encoder, replace(WEIGHED, threshold=0.37)).threshold == 0.37


def test_the_shipped_weights_name_known_features_only(encoder: StandInEncoder) -> None:
    weights = Weights.load(WEIGHTS)
    rows = sentence_features(Asked.of("Who met?", {}, 1.0), places(hit("They met.")), [0.5])
    assert weights.sentence.keys() - {"bias"} == rows[0].keys()
    assert weights.confidence.keys() - {"bias"} <= rows[0].keys()
    assert 0 < weights.threshold < 1
    assert weights.rarity["say"] < weights.rarity["harbor"] < weights.unseen


def test_a_feature_without_a_weight_counts_nothing() -> None:
    assert logit({"a": 2.0, "bias": 1.0}, {"a": 0.5, "b": 100.0}) == 2.0
    assert (sigmoid(0.0), sigmoid(800.0), sigmoid(-800.0)) == (0.5, 1.0, 0.0)
