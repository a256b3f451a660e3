from __future__ import annotations

import pytest

from rag.fusion import fuse, query_words


def test_the_score_is_the_weighted_sum_of_cosine_and_bm25_over_the_best_bm25() -> None:
    fused = fuse({1: 0.8, 2: 0.5}, {1: 2.0, 2: 8.0}, weight=0.25)
    assert fused == pytest.approx({1: 0.25 * 0.8 + 0.75 * 0.25, 2: 0.25 * 0.5 + 0.75 * 1.0})


def test_a_passage_that_one_search_did_not_return_scores_nothing_there() -> None:
    fused = fuse({1: 0.6}, {2: 3.0}, weight=0.4)
    assert fused == pytest.approx({1: 0.24, 2: 0.6})


def test_without_lexical_matches_the_order_is_that_of_the_cosines() -> None:
    assert fuse({1: 0.1, 2: -0.4}, {}, weight=0.5) == pytest.approx({1: 0.05, 2: -0.2})


def test_the_scale_of_bm25_does_not_matter() -> None:
    dense = {1: 0.3, 2: 0.2, 3: 0.1}
    assert fuse(dense, {2: 1.0, 3: 4.0}, weight=0.5) == pytest.approx(fuse(dense, {2: 2.5, 3: 10.0}, weight=0.5))


@pytest.mark.parametrize(("weight", "expected"), [(1.0, {1: 0.7, 2: 0.2}), (0.0, {1: 0.5, 2: 1.0})])
def test_at_either_end_of_the_weight_one_search_decides(weight: float, expected: dict[int, float]) -> None:
    assert fuse({1: 0.7, 2: 0.2}, {1: 5.0, 2: 10.0}, weight=weight) == pytest.approx(expected)


def test_nothing_found_fuses_to_nothing() -> None:
    assert fuse({}, {}) == {}


def test_bm25_of_zero_throughout_divides_nothing() -> None:
    assert fuse({1: 0.5}, {1: 0.0}, weight=0.5) == {1: 0.25}


def test_stop_words_are_left_out_of_a_query_unless_it_has_no_other_words() -> None:
    assert query_words("Who met the minister in Riyadh?") == "met minister riyadh"
    assert query_words("who was it") == "who was it"


def test_a_name_that_looks_like_a_stop_word_is_searched() -> None:
    assert query_words("What did the US demand in May?") == "demand us may"
    assert query_words("May they tell us who it is?") == "tell"
    assert query_words("WHO TOLD US") == "told"


def test_a_letter_without_an_accent_to_lose_is_searched_in_both_spellings() -> None:
    assert query_words("the port of Łódź") == "port lodz łódź"


def test_a_long_number_is_searched_in_both_spellings() -> None:
    assert query_words("the 40,000 boats of 1999, not 400") == "40000 boats 1999 400 40,000 1,999"
    assert query_words("40000") == "40000 40,000"
    assert query_words("9" * 5000) == "9" * 5000
