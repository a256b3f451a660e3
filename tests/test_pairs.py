"""Pairs of claims and premises: what label each gets, and that they survive as arrays."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from rag.encoder import bundled, piece_counter
from rag.support_network import TRAINED
from rag.training import checker
from rag.training.data import part_of
from rag.training.judge import fitted, probabilities
from rag.training.pair_arrays import KINDS, LABELS, Pair, Pairs, arrays
from rag.training.pairs import NOT_FOUND, made_from, pairs_of
from rag.training.recipe import Recipe, SupportRecipe

TEXT = (
    "Marco Rubio met Sergei Lavrov in Riyadh on 18 February. The two ministers talked for 4 hours, Yuri Ushakov said. "
    "Volodymyr Zelensky stayed in Ankara and rejected the talks. Saudi Arabia may host another round in March. "
    "Keith Kellogg visited Warsaw with 12 officials before the talks. Donald Trump called Vladimir Putin a week later."
)
ASKED = [
    ("Who met Lavrov?", "Marco Rubio"), ("Who stayed in Ankara?", "Volodymyr Zelensky"),
    ("Where did Zelensky stay?", "Ankara"), ("Who visited Warsaw?", "Keith Kellogg"),
    ("How many officials did Kellogg bring?", "12"), ("Who called Putin?", "Donald Trump"),
]  # fmt: skip


def questions(id: str) -> list[dict[str, Any]]:
    found = [
        {"question": question, "answers": [answer], "answerable": True, "meta": {"kind": "ans", "doc_id": id},
         "evidence": [{"doc_id": id, "start": TEXT.index(answer), "end": TEXT.index(answer) + len(answer)}]}
        for question, answer in ASKED
    ]  # fmt: skip
    refused = {"question": "Who met Macron?", "answers": [], "answerable": False, "evidence": [],
               "meta": {"kind": "unans", "doc_id": id}}  # fmt: skip
    return [*found, refused]


def document(id: str, title: str = "Talks in Riyadh") -> dict[str, Any]:
    return {"id": id, "title": title, "text": TEXT}


@pytest.fixture(scope="module")
def recipe() -> SupportRecipe:
    small = {"facts": {"others": 60}, "batch": 4, "steps": 4, "warm_up": 1}
    return Recipe.load().support.model_copy(update=small)


@pytest.fixture(scope="module")
def made(recipe: SupportRecipe) -> list[Pair]:
    return [pair for i in range(6) for pair in pairs_of(document(f"d|{i}"), questions(f"d|{i}"), ["Smith"], recipe)]


def test_every_kind_of_pair_is_made_and_labelled_by_its_kind(made: list[Pair]) -> None:
    kinds = {pair.kind for pair in made}
    assert kinds >= {"true", "both", "name", "number", "negation", "roles", "opposite", "tail", "elsewhere", "crossed"}
    for pair in made:
        expected = "supported" if pair.kind in ("true", "both") else "contradicted"
        assert pair.label == ("not found" if pair.kind in NOT_FOUND else expected)


def test_a_true_pair_holds_its_words_and_a_changed_one_is_no_part_of_its_premise(made: list[Pair]) -> None:
    for pair in made:
        if pair.kind == "true" and pair.made == "verbatim":
            assert pair.claim in pair.premise
        if pair.label != "supported":
            assert pair.claim not in pair.premise


def test_a_premise_is_of_one_to_three_sentences(made: list[Pair]) -> None:
    assert {pair.premise.count(". ") + 1 for pair in made} == {1, 2, 3}


def test_the_title_is_withheld_from_some_claims_of_each_label(made: list[Pair]) -> None:
    for label in LABELS:
        shares = [pair.title == "" for pair in made if pair.label == label]
        assert 0.02 < np.mean(shares) < 0.4


def test_verbatim_and_questioned_statements_appear_under_every_label(made: list[Pair]) -> None:
    seen = Counter((pair.made, pair.label) for pair in made)
    assert all(seen[origin, label] for origin in ("verbatim", "question") for label in LABELS)


def test_the_same_document_always_makes_the_same_pairs(recipe: SupportRecipe) -> None:
    one, other = (pairs_of(document("d|1"), questions("d|1"), [], recipe) for _ in range(2))
    assert one == other


def test_an_unanswerable_question_becomes_a_statement_that_is_not_found(made: list[Pair]) -> None:
    found = [pair for pair in made if pair.kind == "unanswerable"]
    assert found
    assert all(pair.claim.endswith("met Macron.") and pair.label == "not found" for pair in found)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    titles = [str(number) for number in range(60)]
    rows = {
        "documents": [document(f"d|{title}", title) for title in titles] + [document("policyqa/x|1", "0")],
        "questions": [one for title in titles for one in questions(f"d|{title}")],
    }
    for name, some in rows.items():
        with gzip.open(folder / f"{name}.jsonl.gz", "wt") as file:
            file.writelines(json.dumps(row) + "\n" for row in some)
    return folder


def test_an_article_belongs_wholly_to_the_part_that_its_title_draws(data: Path, recipe: SupportRecipe) -> None:
    found = list(made_from(data, recipe, held_out=20))
    assert {part for part, _ in found} == {"train", "calibrate", "check"}
    assert all(part == part_of(pair.document.partition("|")[2], 20) for part, pair in found)
    assert not any(pair.document.startswith("policyqa") for _, pair in found)


def test_pairs_survive_as_arrays(made: list[Pair], tmp_path: Path) -> None:
    tokenizer = piece_counter((bundled() / "tokenizer.json").read_text(encoding="utf-8"))
    arrays([("train", pair) for pair in made], window=160).save(tmp_path / "pairs.npz")
    pairs = Pairs.load(tmp_path / "pairs.npz")
    assert len(pairs) == len(made)
    for i in range(0, len(pairs), 37):
        texts = [
            tokenizer.encode(one, add_special_tokens=False).ids
            for one in (made[i].claim, made[i].title, made[i].premise)
        ]
        assert list(pairs.texts(i)) == texts
        assert (LABELS[pairs.label[i]], KINDS[pairs.kind[i]]) == (made[i].label, made[i].kind)


def test_a_pair_longer_than_the_window_is_left_out(made: list[Pair]) -> None:
    whole = arrays([("train", pair) for pair in made], window=160)
    lengths = whole.bounds[:, 3] - whole.bounds[:, 0] + 4
    short = arrays([("train", pair) for pair in made], window=60)
    assert 0 < len(short) == int((lengths <= 60).sum()) < len(whole)


def test_training_goes_on_where_it_stopped_and_leaves_the_lowest_layers_alone(
    made: list[Pair], recipe: SupportRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checker, "EVERY", 1)
    monkeypatch.setattr(checker, "rate", lambda step, **settings: 0.5)
    parts = ["train", "train", "check"]
    found = arrays([(parts[i % 3], pair) for i, pair in enumerate(made[:60])], window=160)
    for name, courses in (("whole", [2]), ("halves", [1, 2])):
        work = tmp_path / name
        work.mkdir()
        found.save(work / "pairs.npz")
        for steps in courses:
            checker.train(work, recipe.model_copy(update={"steps": steps}))
    whole, halves = (load_file(tmp_path / name / "support.safetensors") for name in ("whole", "halves"))
    assert whole.keys() == halves.keys()
    assert all(torch.equal(whole[name], halves[name]) for name in whole)
    assert {name.split(".")[3] for name in whole if ".layer." in name} == {"2", "3", "4", "5"}
    assert not any("embeddings" in name for name in whole)
    curve = (tmp_path / "whole" / "support-curve-11.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in curve] == [2]


def test_training_on_begins_with_the_weights_given(made: list[Pair], recipe: SupportRecipe, tmp_path: Path) -> None:
    still = recipe.model_copy(update={"steps": 1, "learning_rate": 0.0, "head_rate": 0.0})
    arrays([("train" if i % 3 else "check", pair) for i, pair in enumerate(made[:30])], window=160).save(
        tmp_path / "pairs.npz"
    )
    checker.train(tmp_path, still, weights=TRAINED)
    given, kept = load_file(TRAINED), load_file(tmp_path / "support.safetensors")
    assert given.keys() == kept.keys()
    assert all(torch.equal(given[name], kept[name]) for name in given)


def test_now_and_then_the_question_stands_with_its_answer(recipe: SupportRecipe) -> None:
    often = recipe.model_copy(update={"as_asked": 0.5})
    made = [pair for i in range(6) for pair in pairs_of(document(f"d|{i}"), questions(f"d|{i}"), ["Smith"], often)]
    asked = [pair for pair in made if "? " in pair.claim]
    assert any(pair.label == "supported" and pair.claim == "Where did Zelensky stay? Ankara." for pair in asked)
    assert {pair.label for pair in asked} == {"supported", "contradicted", "not found"}


def test_calibration_undoes_logits_that_are_too_sure_and_keeps_nearly_all_that_is_true() -> None:
    chance = np.random.default_rng(0)
    labels = chance.integers(0, 3, 4000).astype(np.uint8)
    honest = chance.normal(size=(4000, 3))
    honest[np.arange(4000), labels] += 2.0
    calibration = fitted(4 * honest, labels)
    assert calibration.scale == pytest.approx(0.5, abs=0.06)  # of unit normals two apart: 2 * logits, so half of 4
    found = probabilities(4 * honest, calibration)
    assert found.sum(axis=1) == pytest.approx(1.0)
    assert (found[labels == 0, 0] >= calibration.supported).mean() == pytest.approx(0.96, abs=0.002)
    called = found[:, 1] >= calibration.contradicted
    assert (labels[called] != 0).mean() >= 0.95
