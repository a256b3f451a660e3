"""Our measures against independent implementations: trec_eval for rankings, SQuAD's rules by hand for short answers."""

from __future__ import annotations

import numpy as np
import pytest
import pytrec_eval

from eval import measures
from eval.suite import Gold
from eval.systems import Found


@pytest.mark.parametrize("seed", range(20))
def test_rankings_score_as_trec_eval_scores_them(seed: int) -> None:
    chance = np.random.default_rng(seed)
    names = [f"d{i:02}" for i in range(30)]
    relevant = sorted(chance.choice(names, int(chance.integers(1, 5)), replace=False))
    ranking = list(chance.permutation(names))[: int(chance.integers(1, 30))]
    passages = [Found(doc_id=name, start=0, end=10) for name in ranking]
    evidence = [Gold(doc_id=name, start=2, end=5) for name in relevant]
    evaluator = pytrec_eval.RelevanceEvaluator(
        {"q": dict.fromkeys(relevant, 1)}, {"success_1,5,10", "recip_rank", "ndcg_cut_5,10"}
    )
    told = evaluator.evaluate({"q": {name: float(-rank) for rank, name in enumerate(ranking)}})["q"]
    for k in (1, 5, 10):
        assert measures.recall_at_k(passages, evidence, k) == told[f"success_{k}"]
    for k in (5, 10):
        assert measures.ndcg_at_k(passages, evidence, k) == pytest.approx(told[f"ndcg_cut_{k}"], abs=1e-9)
    assert measures.reciprocal_rank(passages, evidence, len(passages)) == pytest.approx(told["recip_rank"])


# Reckoned by hand after the published rules: lower case, no ASCII punctuation, no articles, white space collapsed;
# F1 of the words that both share, each as often as it stands in both; the best of the gold answers counts.
BY_HAND = [
    # short, gold answers, exact match, shared words, words of the short answer, words of the best gold answer
    ("Denver Broncos", ["Denver Broncos", "The Broncos"], 1, 2, 2, 2),
    ("the Denver Broncos", ["Denver Broncos"], 1, 2, 2, 2),
    ("Broncos", ["Denver Broncos"], 0, 1, 1, 2),
    ("February 7, 2016", ["February 7"], 0, 2, 3, 2),
    ("7 February", ["February 7"], 0, 2, 2, 2),
    ("on February 7", ["7 February 2016"], 0, 2, 3, 3),
    ("Levi's Stadium", ["Levis stadium"], 1, 2, 2, 2),
    ("Santa Clara, California", ["Santa Clara"], 0, 2, 3, 2),
    ("gold", ["golden"], 0, 0, 1, 1),
    ("an apple an hour", ["the apple hour"], 1, 2, 2, 2),
    ("A", ["the"], 1, 0, 0, 0),
    ("a", ["apple"], 0, 0, 0, 1),
    ("$5 million", ["5 million dollars"], 0, 2, 2, 3),
    ("well-known", ["well known"], 0, 0, 1, 2),
    ("no no yes", ["no yes yes"], 0, 2, 3, 3),
    ("the the cat", ["cat"], 1, 1, 1, 1),
    ("theory", ["the ory"], 0, 0, 1, 1),
    ("1,200", ["1200"], 1, 1, 1, 1),
    ("U.N.", ["un"], 1, 1, 1, 1),
    ("six Soviet republics", ["15 republics", "six republics"], 0, 2, 3, 2),
]


@pytest.mark.parametrize(("short", "answers", "exact", "shared", "given", "gold"), BY_HAND)
def test_short_answers_score_as_reckoned_by_hand(
    short: str, answers: list[str], exact: int, shared: int, given: int, gold: int
) -> None:
    assert measures.exact_match(short, answers) == exact
    if given and gold:
        precision, recall = shared / given, shared / gold
        f1 = 2 * precision * recall / (precision + recall) if shared else 0.0
    else:
        f1 = float(given == gold)
    assert measures.f1(short, answers) == pytest.approx(f1)


def test_citation_f1_is_the_harmonic_mean() -> None:
    assert measures.harmonic(0.5, 1.0) == pytest.approx(2 / 3)
    assert measures.harmonic(0.0, 0.0) == 0.0
    assert measures.harmonic(None, 1.0) is None
    assert measures.refusal_f1([True, True, False, False], [False, True, False, True]) == 0.5
    assert measures.refusal_f1([False, False], [True, False]) == 0.0
    assert measures.refusal_f1([False, False], [True, True]) is None


def test_a_quote_is_true_where_every_character_is() -> None:
    texts = {"a": "Dr. Berg’s plan"}
    true, false = Found(doc_id="a", start=4, end=10, quote="Berg’s"), Found(doc_id="a", start=4, end=10, quote="Berg's")
    assert measures.quote_fidelity([true, false], texts) == 0.5
    assert measures.quote_fidelity([Found(doc_id="gone", start=0, end=3, quote="Dr.")], texts) == 0.0
    assert measures.quote_fidelity([Found(doc_id="a", start=0, end=3)], texts) is None
