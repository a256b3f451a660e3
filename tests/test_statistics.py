"""Intervals, paired differences and what a suite could have seen, each against another way to reckon it."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import bootstrap
from sklearn.metrics import ndcg_score

from eval.measures import ndcg_at_k, percentile
from eval.statistics import Difference, column, difference, interval, mean_of, resamples
from eval.suite import Gold
from eval.systems import Found

NAN = float("nan")


def alone(number: int) -> list[str]:
    """As many clusters as questions."""
    return [str(i) for i in range(number)]


def test_the_interval_of_a_mean_is_that_of_scipys_bootstrap() -> None:
    values = np.random.default_rng(1).beta(2, 5, 80)
    found = interval(mean_of(values), resamples(alone(80), number=4_000))
    assert found is not None
    told = bootstrap((values,), np.mean, method="percentile", n_resamples=4_000, rng=np.random.default_rng(2))
    limits = told.confidence_interval
    assert found == pytest.approx((limits.low, limits.high), abs=0.004)


def test_documents_are_drawn_whole() -> None:
    clusters = ["a", "b", "a", "c", "b", "a"]
    members = {"a": {0, 2, 5}, "b": {1, 4}, "c": {3}}
    for drawn in resamples(clusters, number=50):
        counts = {i: int((drawn == i).sum()) for i in range(6)}
        for cluster in members.values():
            assert len({counts[i] for i in cluster}) == 1
        assert sum(counts[min(cluster)] for cluster in members.values()) == 3


def test_questions_that_go_together_widen_the_interval() -> None:
    values = np.repeat(np.random.default_rng(0).random(60), 10)
    together = interval(mean_of(values), resamples([str(i // 10) for i in range(600)]))
    apart = interval(mean_of(values), resamples(alone(600)))
    assert together is not None
    assert apart is not None
    # Sixty independent documents instead of six hundred questions: the interval is sqrt(10) times as wide.
    assert (together[1] - together[0]) / (apart[1] - apart[0]) == pytest.approx(math.sqrt(10), rel=0.15)


def test_what_does_not_apply_is_left_out_of_a_mean_and_its_interval() -> None:
    values = np.array([1.0, NAN, 0.0, NAN])
    assert mean_of(values)(np.array([0, 1, 2, 3])) == 0.5
    assert math.isnan(mean_of(values)(np.array([1, 3])))
    assert interval(mean_of(np.array([NAN, NAN])), resamples(alone(2))) is None


def test_p_is_that_of_all_sign_changes() -> None:
    first = np.array([0.9, 0.4, 0.7, 1.0, 0.2, 0.8, 0.6, 0.5, 0.9, 0.3])
    second = np.array([0.1, 0.5, 0.2, 0.6, 0.1, 0.9, 0.3, 0.1, 0.4, 0.2])
    found = compared(first, second, alone(10))
    apart = first - second
    totals = [abs(np.dot(signs, apart)) for signs in itertools.product((1, -1), repeat=10)]
    exact = np.mean([total >= abs(apart.sum()) - 1e-9 for total in totals])
    assert found.p == pytest.approx(exact, abs=0.005)
    assert found.difference == pytest.approx(apart.mean())
    assert found.low < found.difference < found.high


def test_one_document_is_no_evidence_however_many_questions_it_has() -> None:
    found = compared(np.ones(50), np.zeros(50), ["the same"] * 50)
    assert found == Difference(difference=1.0, low=None, high=None, p=1.0, n=50, detectable=None)
    assert compared(np.ones(50), np.zeros(50), alone(50)).p == pytest.approx(1 / 10_001)


def test_equal_systems_differ_by_nothing() -> None:
    values = np.array([0.0, 1.0, 0.5, NAN])
    assert compared(values, values, alone(4)) == Difference(difference=0, low=0, high=0, p=1.0, n=3, detectable=0)
    assert difference(np.array([NAN, 1.0]), np.array([1.0, NAN]), alone(2), resamples(alone(2))) is None


def test_a_difference_of_the_detectable_size_is_seen_four_times_in_five() -> None:
    chance = np.random.default_rng(3)
    noise = chance.normal(0, 0.3, 200)
    detectable = compared(noise, np.zeros(200), alone(200)).detectable
    assert detectable == pytest.approx(2.8016 * 0.3 / math.sqrt(200), rel=0.12)
    seen = [
        abs(sample.mean()) / (sample.std(ddof=1) / math.sqrt(200)) > 1.96
        for sample in chance.normal(detectable, 0.3, (1_000, 200))
    ]
    assert np.mean(seen) == pytest.approx(0.8, abs=0.06)


def test_columns_keep_apart_wrong_and_not_scored() -> None:
    found = column([{"f1": 0.5}, {"f1": None}, {"f1": 0.0}, {}, {"f1": True}], "f1")
    np.testing.assert_array_equal(found, [0.5, NAN, 0.0, NAN, 1.0])


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert [percentile([3, 1, 2], share) for share in (0, 33, 34, 50, 67, 95)] == [1, 1, 2, 2, 3, 3]
    assert percentile([], 50) is None


@pytest.mark.parametrize("seed", range(8))
def test_gain_of_documents_is_that_of_scikit_learn(seed: int) -> None:
    chance = np.random.default_rng(seed)
    names = [f"d{i}" for i in range(12)]
    relevant = set(chance.choice(names, 3, replace=False))
    ranking = list(chance.permutation(names))
    passages = [Found(doc_id=name, start=i, end=i + 1) for name in ranking for i in range(int(chance.integers(1, 3)))]
    evidence = [Gold(doc_id=name, start=0, end=5) for name in sorted(relevant)]
    told = ndcg_score([[name in relevant for name in ranking]], [[-i for i in range(12)]], k=5)
    assert ndcg_at_k(passages, evidence, 5) == pytest.approx(told)
    assert ndcg_at_k(passages, [], 5) is None
    assert ndcg_at_k([], evidence, 5) == 0.0


def compared(first: np.ndarray, second: np.ndarray, clusters: list[str]) -> Difference:
    found = difference(first, second, clusters, resamples(clusters))
    assert found is not None
    return found
